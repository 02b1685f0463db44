"""MFA Delete: with it on, versions are deleted and versioning is changed only by the root of the bucket's account, and
only with a code that the root's device shows now.

Source: S3 User Guide, "Configuring MFA delete"."""

from __future__ import annotations

from cumulet.kernel import identity, totp
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, lifecycle, replication_rules
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    AccessDenied,
    InvalidBucketState,
    InvalidRequest,
    MalformedXML,
    NotDeviceOwnerError,
)

_NO_CODE = "Mfa Authentication must be used for this request"
_STATES = ("Enabled", "Disabled")


def check(tx: ReadTransaction, bucket: Bucket, caller: Caller, header: str | None) -> None:
    """Whether a request proves that the owner of the root's device makes it.

    `header` is x-amz-mfa: the device's serial number, a space, and the code. Raises AccessDenied or
    NotDeviceOwnerError."""
    if header is None or caller.kind is not Kind.ROOT or caller.account != bucket.account:
        raise AccessDenied(_NO_CODE)
    serial, _, code = header.strip().rpartition(" ")
    device = identity.root_mfa(tx, bucket.account)
    if device is None or serial != device.serial:
        raise NotDeviceOwnerError
    if not totp.is_valid(device.seed, code, tx.now):
        raise AccessDenied(_NO_CODE)


def set_versioning(
    tx: Transaction, name: str, caller: Caller, header: str | None, status: str | None, wanted: str | None
) -> None:
    """Change the versioning of a bucket, or whether MFA Delete is on, or both.

    Raises MalformedXML, InvalidBucketState while something needs versioning, and what `check` raises."""
    bucket = buckets.get(tx, name)
    if status not in (buckets.ENABLED, buckets.SUSPENDED) or wanted not in (None, *_STATES):
        raise MalformedXML
    mfa_delete = bucket.mfa_delete if wanted is None else wanted == "Enabled"
    if bucket.mfa_delete or mfa_delete:
        check(tx, bucket, caller, header)
    if status == buckets.SUSPENDED:
        _check_suspension(bucket)
    if mfa_delete and bucket.has(lifecycle.KIND):
        raise InvalidRequest(lifecycle.NOT_WITH_MFA_DELETE)
    bucket = buckets.change(tx, name, versioning=status, mfa_delete=mfa_delete)
    if bucket.has(lifecycle.KIND):
        lifecycle.schedule(tx, bucket)  # the rules may now be about more than they were


def _check_suspension(bucket: Bucket) -> None:
    if bucket.object_lock:
        raise InvalidBucketState(
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        )
    if bucket.has(replication_rules.KIND):
        raise InvalidBucketState(
            "A replication configuration is present on this bucket, so you cannot change the versioning state. To "
            "change the versioning state, first delete the replication configuration."
        )
