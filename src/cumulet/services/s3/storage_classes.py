"""Storage classes: what AWS says of each, and which objects cannot be read until they are restored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from cumulet.services.s3.errors import InvalidObjectState, InvalidStorageClass
from cumulet.services.s3.objects import Object, http_date

_KIB = 1024
SMALLEST_TRANSITIONED = 128 * _KIB
"""Bytes below which lifecycle leaves an object where it is, unless a rule's filter speaks of sizes."""


class StorageClass(NamedTuple):
    """Source: S3 User Guide, "Understanding and managing Amazon S3 storage classes"."""

    name: str
    minimum_days: int = 0
    """Days billed even if the object goes earlier."""
    minimum_bytes: int = 0
    """Bytes billed even if the object is smaller."""
    retrieval_charged: bool = False
    archive: bool = False
    """Whether objects have to be restored before they can be read."""
    zones: int = 3
    depth: int = 0
    """Lifecycle moves objects to greater depths only."""


CLASSES = {
    each.name: each
    for each in (
        StorageClass("STANDARD"),
        StorageClass("REDUCED_REDUNDANCY"),
        StorageClass("STANDARD_IA", 30, 128 * _KIB, retrieval_charged=True, depth=1),
        StorageClass("INTELLIGENT_TIERING", depth=2),
        StorageClass("ONEZONE_IA", 30, 128 * _KIB, retrieval_charged=True, zones=1, depth=3),
        StorageClass("GLACIER_IR", 90, 128 * _KIB, retrieval_charged=True, depth=3),
        StorageClass("GLACIER", 90, 40 * _KIB, retrieval_charged=True, archive=True, depth=4),
        StorageClass("DEEP_ARCHIVE", 180, 40 * _KIB, retrieval_charged=True, archive=True, depth=5),
    )
}


def check(name: str) -> str:
    """Raises InvalidStorageClass for a class that a general purpose bucket does not have."""
    if name not in CLASSES:
        raise InvalidStorageClass(StorageClassRequested=name)
    return name


def is_archived(found: Object) -> bool:
    """Whether the object lies in an archive: by its class, or in a tier that Intelligent-Tiering archives to."""
    return CLASSES[found.storage_class].archive or bool(found.archive_tier)


def is_restored(found: Object, now: datetime) -> bool:
    """Whether a temporary copy of an archived object can be read now."""
    ready, until = found.restore_ready, found.restored_until
    return ready is not None and ready <= now and (until is None or now < until)


def check_readable(found: Object, now: datetime) -> None:
    """Raises InvalidObjectState for what lies in an archive and has not been restored."""
    if is_archived(found) and not is_restored(found, now):
        members = {"AccessTier": found.archive_tier} if found.archive_tier else {}
        raise InvalidObjectState(StorageClass=found.storage_class, **members)


def restore_status(found: Object, now: datetime) -> dict[str, Any] | None:
    """Whether a restore is under way, or until when its copy can be read, as listings tell it."""
    if found.restore_ready is None:
        return None
    if now < found.restore_ready:
        return {"IsRestoreInProgress": True}
    if found.restored_until is None or now >= found.restored_until:
        return None
    return {"IsRestoreInProgress": False, "RestoreExpiryDate": found.restored_until}


def restore_header(found: Object, now: datetime) -> str | None:
    """The same as x-amz-restore tells it."""
    status = restore_status(found, now)
    if status is None:
        return None
    if status["IsRestoreInProgress"]:
        return 'ongoing-request="true"'
    return f'ongoing-request="false", expiry-date="{http_date(status["RestoreExpiryDate"])}"'
