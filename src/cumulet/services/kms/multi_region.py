"""Multi-Region keys: a primary and its replicas, of one id and one material, each with a life of its own besides.

Source: KMS Developer Guide, multi-Region keys; KMS API Reference, ReplicateKey, UpdatePrimaryRegion."""

from __future__ import annotations

from typing import Any

from cumulet.kernel import regions
from cumulet.kernel.keys import Key as StoreKey
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys
from cumulet.services.kms.errors import (
    AlreadyExistsException,
    UnsupportedOperationException,
    ValidationException,
)
from cumulet.services.kms.keys import Key


class Family(Record):
    """The Regions of related keys."""

    primary: str
    replicas: tuple[str, ...] = ()


def family(tx: ReadTransaction, key: Key) -> Family:
    found: Family | None = tx.get(_place(key))
    assert found is not None, "every multi-Region key has a family"
    return found


def found(tx: Transaction, key: Key) -> None:
    """Begin a family with its primary key."""
    tx.put(_place(key), Family(primary=key.region))


def is_primary(tx: ReadTransaction, key: Key) -> bool:
    """Whether the key is no replica."""
    return not key.multi_region or family(tx, key).primary == key.region


def require_primary(tx: ReadTransaction, key: Key) -> None:
    """Raises UnsupportedOperationException for a replica, or a key of one Region."""
    if not key.multi_region or not is_primary(tx, key):
        raise UnsupportedOperationException(f"{key.arn} is not a multi-region primary key.")


def related(tx: ReadTransaction, key: Key) -> list[Key]:
    """The primary and all replicas, the key itself among them."""
    members = family(tx, key)
    found = (keys.find(tx, Scope(account=key.account, region=r), key.id) for r in (members.primary, *members.replicas))
    return [member for member in found if member is not None]


def replicate(tx: Transaction, primary: Key, region: str, policy: str, description: str, tags: dict[str, str]) -> Key:
    """Raises UnsupportedOperationException, AlreadyExistsException or ValidationException."""
    require_primary(tx, primary)
    keys.require_usable(tx, primary)
    members = family(tx, primary)
    if not regions.exists(region) or Scope(region=region).partition != primary.scope.partition:
        raise ValidationException(f"{region} is not a Region that {primary.arn} can be replicated to.")
    if region in (members.primary, *members.replicas):
        raise AlreadyExistsException(f"Unable to replicate key {primary.arn} to {region}: a related key exists there.")
    replica = replace(
        primary, region=region, created=tx.now, policy=policy, description=description, tags=tags, enabled=True,
        imported=False, expires=None,
    )  # fmt: skip
    tx.put(_place(primary), replace(members, replicas=(*members.replicas, region)))
    keys.put(tx, replica)
    return replica


def move_primary(tx: Transaction, key: Key, region: str) -> None:
    """Make the replica in `region` the primary, and the primary a replica."""
    require_primary(tx, key)
    keys.require_usable(tx, key)
    members = family(tx, key)
    if region == key.region:
        raise ValidationException(f"{region} is already the primary Region of {key.arn}.")
    successor = keys.existing(tx, Scope(account=key.account, region=region), key.id)
    keys.require_usable(tx, successor)
    replicas = tuple(members.primary if replica == region else replica for replica in members.replicas)
    tx.put(_place(key), Family(primary=region, replicas=replicas))


def leave(tx: Transaction, key: Key) -> Key | None:
    """Take a key that is gone out of its family; returns the primary if that is now alone."""
    members = family(tx, key)
    if members.primary == key.region:
        tx.delete(_place(key))
        return None
    left = replace(members, replicas=tuple(region for region in members.replicas if region != key.region))
    tx.put(_place(key), left)
    alone = not left.replicas
    return keys.find(tx, Scope(account=key.account, region=left.primary), key.id) if alone else None


def as_wire(tx: ReadTransaction, key: Key) -> dict[str, Any]:
    members = family(tx, key)

    def told(region: str) -> dict[str, str]:
        return {"Arn": replace(key, region=region).arn, "Region": region}

    return {
        "MultiRegionKeyType": "PRIMARY" if members.primary == key.region else "REPLICA",
        "PrimaryKey": told(members.primary),
        "ReplicaKeys": [told(region) for region in members.replicas],
    }


def _place(key: Key) -> StoreKey:
    return ("kms", key.account, "", "families", key.id)
