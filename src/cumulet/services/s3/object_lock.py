"""Object Lock: versions that cannot be deleted before a date (retention), or until a hold is lifted (legal hold).

Retention in COMPLIANCE mode binds everybody; in GOVERNANCE mode those with a permission of their own may pass it by.
A lock protects a version: a delete marker can always be put before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidBucketState,
    InvalidRequest,
    MalformedXML,
    NoSuchObjectLockConfiguration,
    ObjectLockConfigurationNotFoundError,
)
from cumulet.services.s3.objects import Object

KIND = "object-lock"
COMPLIANCE, GOVERNANCE = "COMPLIANCE", "GOVERNANCE"
_ON, _OFF = "ON", "OFF"
_MOST_YEARS = 100
_MOST_DAYS = 36_500
_PROTECTED = "Access Denied because object protected by object lock."
_MODE, _UNTIL = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"
_BYPASS = "x-amz-bypass-governance-retention"


def configure(tx: Transaction, name: str, configuration: dict[str, Any]) -> None:
    """Turn Object Lock on for a bucket (never off again), with or without a default retention.

    Raises InvalidBucketState unless the bucket is versioned, MalformedXML or InvalidArgument for a bad default."""
    bucket = buckets.get(tx, name)
    check_configuration(configuration)
    if bucket.versioning != buckets.ENABLED:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    buckets.change(tx, name, object_lock=True)
    buckets.configure(tx, name, KIND, configuration)


def configuration(tx: ReadTransaction, bucket: Bucket) -> dict[str, Any]:
    """Raises ObjectLockConfigurationNotFoundError."""
    if not bucket.object_lock:
        raise ObjectLockConfigurationNotFoundError(BucketName=bucket.name)
    return buckets.configuration(tx, bucket.name, KIND) or {"ObjectLockEnabled": "Enabled"}


def check_configuration(configuration: dict[str, Any]) -> None:
    """Raises MalformedXML or InvalidArgument."""
    if configuration.get("ObjectLockEnabled") != "Enabled":
        raise MalformedXML
    if "Rule" not in configuration:
        return
    default = configuration["Rule"].get("DefaultRetention") or {}
    _check_no_event_hold(default)
    days, years = default.get("Days"), default.get("Years")
    if default.get("Mode") not in (COMPLIANCE, GOVERNANCE) or (days is None) == (years is None):
        raise MalformedXML
    name, most = ("Days", _MOST_DAYS) if years is None else ("Years", _MOST_YEARS)
    period: int = default[name]
    if period < 1:
        words = "Default retention period must be a positive integer value."
        raise InvalidArgument(words, ArgumentName=name, ArgumentValue=str(period))
    if period > most:
        raise InvalidArgument(
            f"Default retention period in {name.lower()} is greater than the maximum of {most}",
            ArgumentName=name,
            ArgumentValue=str(period),
        )


def for_new(bucket: Bucket, given: dict[str, Any], default: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """The members of a new object that lock it: as its request says, or as the bucket's default does.

    Raises InvalidRequest in a bucket without Object Lock, InvalidArgument for half a retention or a past date."""
    mode, until = given.get("ObjectLockMode"), given.get("ObjectLockRetainUntilDate")
    hold = given.get("ObjectLockLegalHoldStatus")
    _check_no_event_hold(given)
    if mode is None and until is None and hold is None:
        return _defaults(default, now)
    if not bucket.object_lock:
        raise InvalidRequest("Bucket is missing Object Lock Configuration")
    if hold is not None and hold not in (_ON, _OFF):
        words = "Legal Hold must be either of 'ON' or 'OFF'"
        raise InvalidArgument(words, ArgumentName="x-amz-object-lock-legal-hold", ArgumentValue=hold)
    return {"legal_hold": hold or "", **(_retention(mode, until, now) or _defaults(default, now))}


def retain(
    tx: Transaction, bucket: Bucket, key: str, version_id: str | None, wanted: dict[str, Any], *, bypass: bool
) -> Object:
    """Set, extend or (without mode and date) take away the retention of a version.

    Raises AccessDenied for what would weaken a retention that still holds, unless GOVERNANCE is bypassed."""
    _check_bucket(bucket)
    found = objects.find(tx, bucket.name, key, version_id)
    mode, until = wanted.get("Mode"), wanted.get("RetainUntilDate")
    _check_no_event_hold(wanted)
    if (mode is None) != (until is None) or mode not in (None, COMPLIANCE, GOVERNANCE):
        raise MalformedXML
    if until is not None:
        _check_date(until, tx.now)
    if is_retained(found, tx.now) and weakens(found, mode, until) and not (bypass and found.lock_mode == GOVERNANCE):
        raise AccessDenied(_PROTECTED)
    changed = replace(found, lock_mode=mode or "", lock_until=until)
    objects.update(tx, bucket.name, changed)
    return changed


def hold(tx: Transaction, bucket: Bucket, key: str, version_id: str | None, status: str | None) -> Object:
    """Raises MalformedXML unless `status` is ON or OFF."""
    _check_bucket(bucket)
    found = objects.find(tx, bucket.name, key, version_id)
    if status not in (_ON, _OFF):
        raise MalformedXML
    changed = replace(found, legal_hold=status)
    objects.update(tx, bucket.name, changed)
    return changed


def retention(tx: ReadTransaction, bucket: Bucket, key: str, version_id: str | None) -> dict[str, Any]:
    """Raises NoSuchObjectLockConfiguration for a version without a retention."""
    _check_bucket(bucket)
    found = objects.find(tx, bucket.name, key, version_id)
    if not found.lock_mode:
        raise NoSuchObjectLockConfiguration
    return {"Mode": found.lock_mode, "RetainUntilDate": found.lock_until}


def legal_hold(tx: ReadTransaction, bucket: Bucket, key: str, version_id: str | None) -> dict[str, Any]:
    """Raises NoSuchObjectLockConfiguration for a version that never had a hold."""
    _check_bucket(bucket)
    found = objects.find(tx, bucket.name, key, version_id)
    if not found.legal_hold:
        raise NoSuchObjectLockConfiguration
    return {"Status": found.legal_hold}


def is_locked(found: Object, now: datetime) -> bool:
    return found.legal_hold == _ON or is_retained(found, now)


def check_delete(found: Object | None, now: datetime, *, bypass: bool = False) -> None:
    """Whether a version may be deleted for good. Raises AccessDenied."""
    if found is None or not is_locked(found, now):
        return
    if bypass and found.legal_hold != _ON and found.lock_mode == GOVERNANCE:
        return
    raise AccessDenied(_PROTECTED)


def check_unverified(wanted: Object) -> None:
    """What is to be locked has to arrive as it was sent. Raises InvalidRequest for an upload without any checksum."""
    if wanted.lock_mode or wanted.legal_hold:
        raise InvalidRequest(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
        )


def check_bypass(bucket: Bucket, bypass: bool | None) -> None:
    """Raises InvalidArgument for the bypass header (of whatever value) where there is nothing to bypass."""
    if bypass is not None and not bucket.object_lock:
        raise InvalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.", ArgumentName=_BYPASS
        )


def _check_bucket(bucket: Bucket) -> None:
    if not bucket.object_lock:
        raise InvalidRequest("Bucket is missing Object Lock Configuration")


def is_retained(found: Object, now: datetime) -> bool:
    """Whether a retention, of either mode, still runs."""
    return found.lock_until is not None and now < found.lock_until


def weakens(found: Object, mode: str | None, until: datetime | None) -> bool:
    """Whether this retention would protect a version less than the one it has."""
    if mode is None or until is None or found.lock_until is None:
        return True
    return until < found.lock_until or (found.lock_mode == COMPLIANCE and mode == GOVERNANCE)


def _retention(mode: str | None, until: datetime | None, now: datetime) -> dict[str, Any]:
    if (mode is None) != (until is None):
        raise InvalidArgument(
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            ArgumentName=_UNTIL if until is None else _MODE,
        )
    if mode is None or until is None:
        return {}
    if mode not in (COMPLIANCE, GOVERNANCE):
        raise InvalidArgument("Unknown wormMode directive.", ArgumentName=_MODE, ArgumentValue=mode)
    _check_date(until, now)
    return {"lock_mode": mode, "lock_until": until}


def _check_date(until: datetime, now: datetime) -> None:
    text = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    if until <= now:
        raise InvalidArgument("The retain until date must be in the future!", ArgumentName=_UNTIL, ArgumentValue=text)
    if until > now + timedelta(days=366 * _MOST_YEARS):
        words = f"The retain until date must be within {_MOST_YEARS} years."
        raise InvalidArgument(words, ArgumentName=_UNTIL, ArgumentValue=text)


def _check_no_event_hold(given: dict[str, Any]) -> None:
    """Holds that end with an event, and begin a retention then, are not here yet."""
    if any("EventHold" in name for name in given):
        raise NotImplementedYet("Cumulet does not implement event holds of Object Lock yet.")


def _defaults(configured: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    default = ((configured or {}).get("Rule") or {}).get("DefaultRetention")
    if not default:
        return {}
    # A year of retention is 365 days, as in the limit of 100 years and 36,500 days.
    days = default["Days"] if default.get("Days") is not None else 365 * default["Years"]
    return {"lock_mode": default["Mode"], "lock_until": now + timedelta(days=days)}
