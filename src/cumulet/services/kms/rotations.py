"""Rotation: a new material for what is encrypted from now on, by the calendar or on demand.

A key that is disabled or about to be deleted skips its day, and rotates at once when it is enabled again.
Source: KMS Developer Guide, rotating keys; KMS API Reference, EnableKeyRotation, RotateKeyOnDemand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.keyring import Keyring
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys, materials, multi_region, specs
from cumulet.services.kms.errors import (
    KMSInvalidStateException,
    LimitExceededException,
    UnsupportedOperationException,
    ValidationException,
)
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Material, Ring

USUAL_DAYS, FEWEST_DAYS, MOST_DAYS = 365, 90, 2560
MOST_ON_DEMAND = 25


def enable(tx: Transaction, key: Key, days: int | None) -> None:
    """Rotate every so many days from now on. Without a number, a schedule that is there stays."""
    _require_configurable(tx, key)
    if days is not None and not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ValidationException(f"RotationPeriodInDays must be between {FEWEST_DAYS} and {MOST_DAYS} (inclusive).")
    old = materials.ring(tx, key)
    if old.rotates and days is None:
        return
    _plan(tx, key, replace(old, rotates=True, period_days=days or USUAL_DAYS))


def disable(tx: Transaction, key: Key) -> None:
    _require_configurable(tx, key)
    materials.put_ring(tx, key, replace(materials.ring(tx, key), rotates=False, next=None))
    stop(tx, key)


def begin_yearly(tx: Transaction, key: Key) -> None:
    """For the keys that AWS manages."""
    _plan(tx, key, replace(materials.ring(tx, key), rotates=True, period_days=USUAL_DAYS))


def stop(tx: Transaction, key: Key) -> None:
    tx.unschedule("kms.rotate", _job(key))


def resume(tx: Transaction, key: Key) -> None:
    """Make up for a rotation that was skipped while the key could not be used."""
    ring = materials.ring(tx, key)
    if ring.next is not None and ring.next <= tx.now:
        _schedule(tx, key, tx.now)


def rotate(tx: Transaction, key: Key, successor: Material) -> None:
    """The calendar's rotation, if it is due. Safe to repeat."""
    ring = materials.ring(tx, key)
    if ring.next is None or tx.now < ring.next or key.state(tx.now) != keys.ENABLED:
        return
    _plan(tx, key, materials.rotated(ring, successor, materials.AUTOMATIC, tx.now), since=ring.next)


def rotate_on_demand(tx: Transaction, key: Key, keyring: Keyring, secret: bytes) -> None:
    """Rotate now; the calendar stays. A key with imported material takes that which was imported for it.

    Raises UnsupportedOperationException, LimitExceededException and those of the key's state."""
    _require_rotating_kind(key)
    _require_not_aws(key)
    keys.require_usable(tx, key)
    if not multi_region.is_primary(tx, key):
        raise UnsupportedOperationException(f"{key.arn} is not a multi-region primary key.")
    ring = materials.ring(tx, key)
    if ring.on_demand >= MOST_ON_DEMAND:
        raise LimitExceededException(f"{key.arn} was rotated on demand {MOST_ON_DEMAND} times, the most there can be.")
    if key.origin == keys.EXTERNAL:
        successor = _imported_successor(ring, key)
    else:
        successor = materials.made(key.id, materials.Fresh(secret=secret), keyring, tx.now)
    turned = materials.rotated(ring, successor, materials.ON_DEMAND, tx.now)
    materials.put_ring(tx, key, replace(turned, on_demand=ring.on_demand + 1))


def status(tx: ReadTransaction, key: Key) -> dict[str, Any]:
    """As GetKeyRotationStatus tells it. Raises UnsupportedOperationException for keys that never rotate."""
    if specs.SPECS[key.spec].is_asymmetric:
        raise UnsupportedOperationException.spec(key.arn, key.spec)
    keys.refuse(tx, key, keys.PENDING_IMPORT)
    ring = materials.ring(tx, key)
    told: dict[str, Any] = {"KeyId": key.arn, "KeyRotationEnabled": ring.rotates and key.deletion is None}
    if told["KeyRotationEnabled"]:
        told |= {"RotationPeriodInDays": ring.period_days, "NextRotationDate": ring.next}
    return told


def listed(tx: ReadTransaction, key: Key, *, every_material: bool) -> list[dict[str, Any]]:
    """As ListKeyRotations tells them, oldest first; with `every_material`, that which no rotation brought too."""
    _require_rotating_kind(key)
    found = materials.ring(tx, key).materials
    return [_as_wire(key, m, tx.now) for m in found if every_material or m.rotated is not None]


def _as_wire(key: Key, material: Material, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "KeyId": key.arn, "KeyMaterialId": material.id, "KeyMaterialState": material.state,
    }  # fmt: skip
    if material.rotated is not None:
        told |= {"RotationDate": material.rotated, "RotationType": material.rotation}
    if key.origin == keys.EXTERNAL:
        told["ImportState"] = "IMPORTED" if material.is_present(now) else "PENDING_IMPORT"
        told["ExpirationModel"] = material.expiration_model
        if material.expires is not None:
            told["ValidTo"] = material.expires
        if material.description:
            told["KeyMaterialDescription"] = material.description
    return told


def _imported_successor(ring: Ring, key: Key) -> Material:
    pending = next((material for material in ring.materials if material.state == materials.PENDING), None)
    if pending is None or not pending.wrapped:
        raise KMSInvalidStateException(f"No available key material pending rotation for the key: {key.arn}.")
    return pending


def _plan(tx: Transaction, key: Key, ring: Ring, since: datetime | None = None) -> None:
    following = (since or tx.now) + timedelta(days=ring.period_days)
    materials.put_ring(tx, key, replace(ring, next=following))
    _schedule(tx, key, following)


def _schedule(tx: Transaction, key: Key, at: datetime) -> None:
    tx.schedule(at, "kms.rotate", {"key_id": key.id}, scope=key.scope, key=_job(key))


def _job(key: Key) -> str:
    """One for all related keys, whichever of them is the primary."""
    return f"{key.account}/{'' if key.shares_material else key.region}/{key.id}"


def _require_configurable(tx: ReadTransaction, key: Key) -> None:
    _require_not_aws(key)
    _require_rotating_kind(key)
    if key.origin != keys.AWS_KMS:
        raise UnsupportedOperationException.origin(key.arn, key.origin)
    keys.require_usable(tx, key)
    if not multi_region.is_primary(tx, key):
        raise UnsupportedOperationException(f"{key.arn} is not a multi-region primary key.")


def _require_rotating_kind(key: Key) -> None:
    if not specs.SPECS[key.spec].is_symmetric:
        raise UnsupportedOperationException.spec(key.arn, key.spec)


def _require_not_aws(key: Key) -> None:
    if key.manager == "AWS":
        raise UnsupportedOperationException(f"{key.arn} is an AWS managed key, whose rotation is not configurable.")
