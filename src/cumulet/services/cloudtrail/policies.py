"""Policies of event data stores, channels and dashboards: who else may use them.

Source: CloudTrail API Reference, PutResourcePolicy; User Guide, resource-based policy examples."""

from __future__ import annotations

import re

from cumulet.kernel.authz import MalformedPolicy, PolicyKind
from cumulet.kernel.authz import policies as language
from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail.errors import (
    ResourceARNNotValidException,
    ResourcePolicyNotFoundException,
    ResourcePolicyNotValidException,
    ResourceTypeNotSupportedException,
)

_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}):([a-z]+)/(.+)")
KINDS = ("eventdatastore", "channel", "dashboard")


def check_arn(arn: str) -> str:
    """The kind of what an ARN names. Raises ResourceARNNotValidException, ResourceTypeNotSupportedException."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise ResourceARNNotValidException("The provided resource ARN is not valid.")
    if found[2] not in KINDS:
        raise ResourceTypeNotSupportedException("The resource type does not support resource policies.")
    return found[2]


def check(text: str, arn: str) -> None:
    """Raises ResourcePolicyNotValidException."""
    try:
        policy = language.parse(text, PolicyKind.RESOURCE, arn)
    except MalformedPolicy as error:
        raise ResourcePolicyNotValidException(f"The resource policy is not valid: {error}") from None
    if not policy.statements:
        raise ResourcePolicyNotValidException("The resource policy has no statements.")


def put(tx: Transaction, arn: str, text: str) -> None:
    tx.put(_key(arn), text)


def find(tx: ReadTransaction, arn: str) -> str | None:
    found: str | None = tx.get(_key(arn))
    return found


def of(tx: ReadTransaction, arn: str) -> str:
    """Raises ResourcePolicyNotFoundException."""
    found = find(tx, arn)
    if found is None:
        raise ResourcePolicyNotFoundException("The resource policy was not found.")
    return found


def forget(tx: Transaction, arn: str) -> None:
    tx.delete(_key(arn))


def _key(arn: str) -> Key:
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    return ("cloudtrail", account, "policy", arn)
