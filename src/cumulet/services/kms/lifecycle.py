"""How keys come, are switched off and on, and go.

Source: KMS Developer Guide, deleting keys; KMS API Reference, CreateKey, ScheduleKeyDeletion."""

from __future__ import annotations

from datetime import timedelta

from cumulet.kernel.records import replace
from cumulet.kernel.store import Transaction
from cumulet.services.kms import aliases, grants, keys, materials, multi_region, rotations
from cumulet.services.kms.errors import KMSInvalidStateException, ValidationException
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Material, Ring

SHORTEST_WAIT_DAYS, LONGEST_WAIT_DAYS = 7, 30
_GRANTS_AT_ONCE = 1000


def create(tx: Transaction, key: Key, material: Material | None) -> Key:
    """A new key, with its first material unless that has to be imported."""
    keys.put(tx, key)
    if key.multi_region:
        multi_region.found(tx, key)
    if material is not None:
        materials.put_ring(tx, key, Ring(materials=(material,)))
    return key


def enable(tx: Transaction, key: Key) -> None:
    keys.refuse(tx, key, keys.PENDING_DELETION, keys.PENDING_REPLICA_DELETION, keys.PENDING_IMPORT)
    keys.put(tx, replace(key, enabled=True))
    rotations.resume(tx, key)


def disable(tx: Transaction, key: Key) -> None:
    keys.refuse(tx, key, keys.PENDING_DELETION, keys.PENDING_REPLICA_DELETION, keys.PENDING_IMPORT)
    keys.put(tx, replace(key, enabled=False))


def schedule_deletion(tx: Transaction, key: Key, days: int) -> Key:
    """A primary key waits for its replicas to be deleted, and then as long as it was told.

    Raises ValidationException or KMSInvalidStateException."""
    if not SHORTEST_WAIT_DAYS <= days <= LONGEST_WAIT_DAYS:
        raise ValidationException(
            f"PendingWindowInDays must be between {SHORTEST_WAIT_DAYS} and {LONGEST_WAIT_DAYS} (inclusive)."
        )
    keys.require_kept(tx, key)
    waits = key.multi_region and multi_region.is_primary(tx, key) and bool(multi_region.family(tx, key).replicas)
    if waits:
        waiting = replace(key, window_days=days, enabled=False)
        keys.put(tx, waiting)
        return waiting
    return _begin_wait(tx, replace(key, window_days=days))


def cancel_deletion(tx: Transaction, key: Key) -> None:
    """The key is disabled then. Raises KMSInvalidStateException."""
    if key.state(tx.now) not in (keys.PENDING_DELETION, keys.PENDING_REPLICA_DELETION):
        raise KMSInvalidStateException(f"{key.arn} is not pending deletion.")
    keys.put(tx, replace(key, deletion=None, window_days=None, enabled=False))
    tx.unschedule("kms.delete", key.arn)


def delete(tx: Transaction, key: Key) -> bool:
    """Forget a key whose time has come, and all that hangs on it; returns whether everything was done."""
    if not grants.delete_all(tx, key, _GRANTS_AT_ONCE):
        return False
    aliases.delete_all(tx, key)
    tx.delete(keys.last_use(key))
    if not key.multi_region or multi_region.is_primary(tx, key) or not key.shares_material:
        materials.forget(tx, key)
        rotations.stop(tx, key)
    if key.multi_region:
        primary = multi_region.leave(tx, key)
        if primary is not None and primary.state(tx.now) == keys.PENDING_REPLICA_DELETION:
            _begin_wait(tx, primary)
    keys.forget(tx, key)
    return True


def _begin_wait(tx: Transaction, key: Key) -> Key:
    assert key.window_days is not None
    doomed = replace(key, deletion=tx.now + timedelta(days=key.window_days), enabled=False)
    keys.put(tx, doomed)
    assert doomed.deletion is not None
    tx.schedule(doomed.deletion, "kms.delete", {"key_id": key.id}, scope=key.scope, key=key.arn)
    return doomed
