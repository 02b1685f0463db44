"""Restores: a readable copy of an archived object, after some hours and for some days.

What can be read is computed from the record and the time; the jobs only tell the events and tidy up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import midnights, notifications, objects, storage_classes
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    GlacierExpeditedRetrievalNotAvailable,
    InvalidArgument,
    InvalidObjectState,
    MalformedXML,
    RestoreAlreadyInProgress,
)
from cumulet.services.s3.objects import Object

FINISH = "s3.finish_restore"
_ARRIVED, _EXPIRED = "Completed", "Delete"
"""What a job is about, as the event is called that tells of it."""

WAITS = {
    "GLACIER": {"Expedited": timedelta(minutes=3), "Standard": timedelta(hours=4), "Bulk": timedelta(hours=8)},
    "DEEP_ARCHIVE": {"Standard": timedelta(hours=12), "Bulk": timedelta(hours=48)},
}
"""How long a restore takes. AWS gives ranges (1-5 minutes, 3-5 and 5-12 hours); ours lie inside them."""
_LIKE = {"ARCHIVE_ACCESS": "GLACIER", "DEEP_ARCHIVE_ACCESS": "DEEP_ARCHIVE"}


class Restored(NamedTuple):
    found: Object
    already: bool
    """Whether the copy was there before, so that only its days were changed."""


def request(tx: Transaction, bucket: Bucket, key: str, version_id: str | None, wanted: dict[str, Any]) -> Restored:
    """Begin a restore, hasten one under way, or change the days of one that has arrived.

    Raises InvalidObjectState for an object that is in no archive, RestoreAlreadyInProgress, MalformedXML and others.
    Source: S3 API Reference, RestoreObject."""
    found = objects.find(tx, bucket.name, key, version_id)
    if not storage_classes.is_archived(found):
        words = "Restore is not allowed for the object's current storage class"
        raise InvalidObjectState(words, StorageClass=found.storage_class)
    days, ready = _days(found, wanted), tx.now + _wait(found, wanted)
    if storage_classes.is_restored(found, tx.now):
        return Restored(_keep(tx, bucket, replace(found, restored_until=_until(tx.now, days))), already=True)
    if found.restore_ready is not None and tx.now < found.restore_ready:
        if ready >= found.restore_ready:
            raise RestoreAlreadyInProgress
        # A faster tier hastens the restore but leaves its days as they were.
        days = None if found.restored_until is None else (found.restored_until - found.restore_ready).days
    return Restored(
        _keep(tx, bucket, replace(found, restore_ready=ready, restored_until=_until(ready, days))), already=False
    )


def finish(tx: Transaction, bucket: Bucket, key: str, version: str, stage: str) -> None:
    """A restore arrived (`stage` is Completed), or its copy expired (Delete).

    An object of Intelligent-Tiering is then back in its frequent access tier, for good."""
    found = objects.version(tx, bucket.name, key, version)
    if found is None or found.restore_ready is None or tx.now < found.restore_ready:
        return
    _tell(tx, bucket, stage, found)
    if stage == _EXPIRED:
        objects.update(tx, bucket.name, replace(found, restore_ready=None, restored_until=None))
    elif found.archive_tier:
        back = replace(found, archive_tier="", accessed=found.restore_ready, restore_ready=None, restored_until=None)
        objects.update(tx, bucket.name, back)
    elif found.restored_until is not None:
        _schedule(tx, bucket, found, found.restored_until, _EXPIRED)


def _keep(tx: Transaction, bucket: Bucket, found: Object) -> Object:
    objects.update(tx, bucket.name, found)
    assert found.restore_ready is not None
    if tx.now < found.restore_ready:
        _schedule(tx, bucket, found, found.restore_ready, _ARRIVED)
    elif found.restored_until is not None:
        _schedule(tx, bucket, found, found.restored_until, _EXPIRED)
    return found


def _tell(tx: Transaction, bucket: Bucket, name: str, found: Object) -> None:
    if not bucket.has(notifications.KIND):
        return
    until = found.restored_until
    data = {
        "lifecycleRestorationExpiryTime": (until or tx.now).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lifecycleRestoreStorageClass": found.storage_class,
    }
    extra = {"glacierEventData": {"restoreEventData": data}} if name == _ARRIVED else None
    notifications.emit(tx, bucket, f"ObjectRestore:{name}", found, notifications.by_s3(tx.uuid()), extra)


def _schedule(tx: Transaction, bucket: Bucket, found: Object, at: datetime, stage: str) -> None:
    payload = {"bucket": bucket.name, "key": found.key, "version": found.version, "stage": stage}
    scope = Scope(account=bucket.account, region=bucket.region)
    tx.schedule(at, FINISH, payload, scope=scope, key=f"{bucket.name}/{found.version}/{found.key}")


def _days(found: Object, wanted: dict[str, Any]) -> int | None:
    """For how many days; None for Intelligent-Tiering, which takes no days since it moves the object itself."""
    days = wanted.get("Days")
    if found.archive_tier:
        if days is not None:
            raise MalformedXML
        return None
    if days is None:
        raise MalformedXML
    if days < 1:
        raise InvalidArgument("restoration days should be at least 1", ArgumentName="Days", ArgumentValue=str(days))
    return int(days)


def _until(start: datetime, days: int | None) -> datetime | None:
    return None if days is None else midnights.after(start, days)


def _wait(found: Object, wanted: dict[str, Any]) -> timedelta:
    tier = (wanted.get("GlacierJobParameters") or {}).get("Tier") or wanted.get("Tier") or "Standard"
    waits = WAITS[_LIKE.get(found.archive_tier, found.storage_class)]
    if tier not in ("Standard", "Bulk", "Expedited"):
        raise MalformedXML
    if tier not in waits:
        raise GlacierExpeditedRetrievalNotAvailable(
            "Glacier expedited retrievals are not available for this storage class"
        )
    return waits[tier]
