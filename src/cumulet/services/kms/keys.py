"""KMS keys: what is known of each, its state, and where it is found.

The state follows from the record and the time, so it needs nobody to change it: a key whose day of deletion has come
is gone, and one whose imported material has expired waits for import, before any job has run.

Source: KMS Developer Guide, key states; KMS API Reference, KeyMetadata."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cumulet.kernel.keys import Key as StoreKey
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms.errors import DisabledException, KMSInvalidStateException, NotFoundException

ENABLED, DISABLED, PENDING_IMPORT = "Enabled", "Disabled", "PendingImport"
PENDING_DELETION, PENDING_REPLICA_DELETION = "PendingDeletion", "PendingReplicaDeletion"
AWS_KMS, EXTERNAL = "AWS_KMS", "EXTERNAL"

_WORDS = {
    PENDING_IMPORT: "pending import",
    PENDING_DELETION: "pending deletion",
    PENDING_REPLICA_DELETION: "pending replica deletion",
}


class Key(Record):
    """`manager` is CUSTOMER, or AWS for the key that `service` uses by default."""

    id: str
    account: str
    region: str
    created: datetime
    spec: str
    usage: str
    policy: str
    origin: str = AWS_KMS
    manager: str = "CUSTOMER"
    service: str = ""
    description: str = ""
    enabled: bool = True
    multi_region: bool = False
    deletion: datetime | None = None
    window_days: int | None = None
    """Of a key that waits for its replicas to be deleted: how long it waits then."""
    imported: bool = False
    """Whether all material that has to be imported was; `expires` is when the first of it expires."""
    expires: datetime | None = None
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    policy_ids: dict[str, str] = {}  # noqa: RUF012
    """The unique ids of the users and roles that the policy names; `bound_policy` is the policy with them, if any."""
    bound_policy: str = ""

    @property
    def evaluated_policy(self) -> str:
        """The text that decides."""
        return self.bound_policy or self.policy

    @property
    def arn(self) -> str:
        return self.scope.arn("kms", f"key/{self.id}")

    @property
    def scope(self) -> Scope:
        return Scope(account=self.account, region=self.region)

    @property
    def shares_material(self) -> bool:
        """Whether its material is that of all its related keys."""
        return self.multi_region and self.origin == AWS_KMS

    def state(self, now: datetime) -> str:
        if self.deletion is not None:
            return PENDING_DELETION
        if self.window_days is not None:
            return PENDING_REPLICA_DELETION
        if self.origin == EXTERNAL and (not self.imported or (self.expires is not None and now >= self.expires)):
            return PENDING_IMPORT
        return ENABLED if self.enabled else DISABLED


def find(tx: ReadTransaction, scope: Scope, key_id: str) -> Key | None:
    found: Key | None = tx.get(scope.key("kms", "keys", key_id))
    if found is not None and found.deletion is not None and tx.now >= found.deletion:
        return None
    return found


def existing(tx: ReadTransaction, scope: Scope, key_id: str) -> Key:
    """Raises NotFoundException."""
    found = find(tx, scope, key_id)
    if found is None:
        raise NotFoundException.key(scope.arn("kms", f"key/{key_id}"))
    return found


def put(tx: Transaction, key: Key) -> None:
    tx.put(key.scope.key("kms", "keys", key.id), key)


def forget(tx: Transaction, key: Key) -> None:
    tx.delete(key.scope.key("kms", "keys", key.id))


def listed(tx: ReadTransaction, scope: Scope, after: str | None, at_most: int) -> list[Key]:
    found = tx.range(scope.key("kms", "keys"), after=after)
    return list(_first((key for key in found if key.deletion is None or tx.now < key.deletion), at_most))


def require_usable(tx: ReadTransaction, key: Key) -> None:
    """For cryptography, and what else a key must be enabled for. Raises DisabledException or KMSInvalidState..."""
    state = key.state(tx.now)
    if state == DISABLED:
        raise DisabledException(key.arn)
    refuse(tx, key, PENDING_IMPORT, PENDING_DELETION, PENDING_REPLICA_DELETION)


def require_kept(tx: ReadTransaction, key: Key) -> None:
    """For what is changed of a key, which a key to be deleted does not bear."""
    refuse(tx, key, PENDING_DELETION, PENDING_REPLICA_DELETION)


def refuse(tx: ReadTransaction, key: Key, *states: str) -> None:
    """Raises KMSInvalidStateException if the key is in one of the states."""
    state = key.state(tx.now)
    if state in states:
        raise KMSInvalidStateException(f"{key.arn} is {_WORDS[state]}.")


def last_use(key: Key) -> StoreKey:
    """Where the last use of a key is kept."""
    return key.scope.key("kms", "used", key.id)


def plain_metadata(key: Key, now: datetime) -> dict[str, Any]:
    """What DescribeKey tells of the key itself; see descriptions.py for the rest."""
    state = key.state(now)
    told: dict[str, Any] = {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": state == ENABLED,
        "Description": key.description,
        "KeyState": state,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "MultiRegion": key.multi_region,
    }
    if key.deletion is not None:
        told["DeletionDate"] = key.deletion
    if key.window_days is not None and key.deletion is None:
        told["PendingDeletionWindowInDays"] = key.window_days
    return told


def _first(found: Iterator[Key], count: int) -> Iterator[Key]:
    return (key for _, key in zip(range(count), found, strict=False))
