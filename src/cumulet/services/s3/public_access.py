"""Block Public Access and object ownership: what a bucket's policy and ACLs can do at most.

A new bucket has all four blocks on, and no ACLs. An account can have blocks of its own; the stricter setting counts.
Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", "Controlling ownership of objects"."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import MalformedXML

KIND = "public-access-block"
BLOCK_ACLS, IGNORE_ACLS = "BlockPublicAcls", "IgnorePublicAcls"
BLOCK_POLICY, RESTRICT = "BlockPublicPolicy", "RestrictPublicBuckets"
SETTINGS = (BLOCK_ACLS, IGNORE_ACLS, BLOCK_POLICY, RESTRICT)

ENFORCED, PREFERRED, WRITER = "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"
OWNERSHIPS = (ENFORCED, PREFERRED, WRITER)


def protect(tx: Transaction, name: str) -> None:
    """Give a new bucket the blocks that every bucket begins with (since April 2023)."""
    buckets.configure(tx, name, KIND, dict.fromkeys(SETTINGS, True))


def normalised(configuration: dict[str, Any]) -> dict[str, bool]:
    """All four settings; what is not mentioned is off. Raises MalformedXML for a configuration that says nothing."""
    if not configuration:
        raise MalformedXML
    return {name: bool(configuration.get(name)) for name in SETTINGS}


def of_account(tx: ReadTransaction, account: str) -> dict[str, bool] | None:
    """The account's own blocks, if it has set any."""
    configuration: dict[str, bool] | None = tx.get(_of_account(account))
    return configuration


def set_of_account(tx: Transaction, account: str, configuration: dict[str, Any] | None) -> None:
    """Set the account's own blocks; None takes them away. Raises MalformedXML."""
    if configuration is None:
        tx.delete(_of_account(account))
    else:
        tx.put(_of_account(account), normalised(configuration))


def in_force(tx: ReadTransaction, bucket: Bucket) -> frozenset[str]:
    """The blocks that count for a bucket: its own and its account's."""
    found = [of_account(tx, bucket.account)]
    if bucket.has(KIND):
        found.append(buckets.configuration(tx, bucket.name, KIND))
    return frozenset(name for settings in found if settings for name, on in settings.items() if on)


def has_acls(bucket: Bucket) -> bool:
    """Whether ACLs mean anything: they do not where the bucket's owner owns all objects."""
    return bucket.ownership != ENFORCED


def ownership_of(controls: dict[str, Any]) -> str:
    """The one setting in OwnershipControls. Raises MalformedXML."""
    rules = controls.get("Rules") or []
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise MalformedXML
    ownership: str = rules[0]["ObjectOwnership"]
    return ownership


def _of_account(account: str) -> Key:
    return ("s3", "account", account, KIND)
