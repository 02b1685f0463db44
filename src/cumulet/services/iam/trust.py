"""Trust policies: who may assume a role.

A user or role that a trust policy names has to exist, and is remembered by its unique id. So a later namesake is not
trusted, and a renamed user still is; what is shown is the ARN of today, or the id of one that is gone.
Source: IAM User Guide, AWS JSON policy elements: Principal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cumulet.kernel.authz import PolicyKind
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import documents, entities
from cumulet.services.iam.errors import LimitExceeded, MalformedPolicyDocument

LARGEST = 2048
_ARN = re.compile(r"arn:(aws[a-z-]*):(iam|sts)::([0-9]{12}):(.+)", re.DOTALL)
_ACCOUNT = re.compile(r"[0-9]{12}")
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,124}")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazon\.com|aws\.com)")
_PROVIDERS = {"cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"}


def check(tx: ReadTransaction, text: str) -> dict[str, str]:
    """The unique ids of the users and roles that a trust policy names, by ARN.

    Raises MalformedPolicyDocument or LimitExceeded."""
    if documents.size(text) > LARGEST:
        raise LimitExceeded.of("ACLSizePerRole", LARGEST)
    documents.check(text, PolicyKind.TRUST)
    ids: dict[str, str] = {}
    for kind, named in _named(json.loads(text)):
        known = _CHECKS.get(kind, _refuse)(tx, named)
        if known is None:
            raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind.upper()}":"{named[:1000]}"')
        if known:
            ids[named] = known
    return ids


def shown(tx: ReadTransaction, text: str, ids: Mapping[str, str]) -> str:
    """The policy with those whom it names as they are called now."""
    now = {arn: entities.arn_of(tx, entities.account_of(arn), known) or known for arn, known in ids.items()}
    if all(arn == current for arn, current in now.items()):
        return text
    document = json.loads(text)
    for statement in _statements(document):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and "AWS" in named:
                named["AWS"] = _replaced(named["AWS"], now)
    return json.dumps(document)


def _replaced(named: Any, now: Mapping[str, str]) -> Any:
    return [now.get(name, name) for name in named] if isinstance(named, list) else now.get(named, named)


def _statements(document: Any) -> list[dict[str, Any]]:
    every = document["Statement"]
    return every if isinstance(every, list) else [every]


def _named(document: Any) -> Iterator[tuple[str, str]]:
    """Kinds and names of all principals."""
    for statement in _statements(document):
        for element in ("Principal", "NotPrincipal"):
            given = statement.get(element, {})
            for kind, names in (given if isinstance(given, dict) else {"AWS": given}).items():
                for name in names if isinstance(names, list) else [names]:
                    yield kind, name


def _aws(tx: ReadTransaction, named: str) -> str | None:
    """The id of a user or role; "" for what has none: accounts, everybody, sessions, those who are gone."""
    if named == "*" or _ACCOUNT.fullmatch(named) or _UNIQUE_ID.fullmatch(named):
        return ""
    parts = _ARN.fullmatch(named)
    if parts is None or "*" in named:
        return None
    service, account, resource = parts[2], parts[3], parts[4]
    if service == "sts":
        return _session(tx, account, resource)
    return "" if resource == "root" else entities.id_of(tx, named)


def _session(tx: ReadTransaction, account: str, resource: str) -> str | None:
    """Sessions have no id of their own, but the role has to exist; a federated user's name is free."""
    kind, _, name = resource.partition("/")
    if kind == "federated-user" and name:
        return ""
    role, _, session = name.partition("/")
    return "" if kind == "assumed-role" and session and entities.has_role(tx, account, role) else None


def _service(tx: ReadTransaction, named: str) -> str | None:
    return "" if _SERVICE.fullmatch(named) else None


def _federated(tx: ReadTransaction, named: str) -> str | None:
    parts = _ARN.fullmatch(named)
    if parts is not None:
        return "" if parts[4].startswith(("saml-provider/", "oidc-provider/")) else None
    return "" if named in _PROVIDERS else None


def _refuse(tx: ReadTransaction, named: str) -> str | None:
    return None


_CHECKS: dict[str, Callable[[ReadTransaction, str], str | None]] = {
    "AWS": _aws,
    "Service": _service,
    "Federated": _federated,
}
