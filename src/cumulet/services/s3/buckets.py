"""Buckets: names that are unique over all accounts and Regions, and what is configured on them.

A configuration (CORS, lifecycle, policy ...) is a record of its own, kept as the API's own dict. The bucket's record
says which kinds there are, so that a request looks only for what exists."""

from __future__ import annotations

import ipaddress
import itertools
import re
from datetime import datetime
from typing import Any

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.keys import Key, StartsWith
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    BucketHasAccessPointsAttached,
    BucketNotEmpty,
    InvalidBucketName,
    NoSuchBucket,
    TooManyBuckets,
)

QUOTA = 10_000
"""Buckets an account may have (S3 quotas)."""
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FORBIDDEN_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_FORBIDDEN_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

ENABLED, SUSPENDED = "Enabled", "Suspended"


class Bucket(Record):
    """`versioning` is "" until it is first enabled. `configured` names the kinds of configuration there are."""

    name: str
    account: str
    region: str
    created: datetime
    location: str = ""
    """What its maker called the Region, where that is not its name: EU."""
    versioning: str = ""
    mfa_delete: bool = False
    object_lock: bool = False
    ownership: str = "BucketOwnerEnforced"
    configured: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    def has(self, kind: str) -> bool:
        """Whether a configuration of this kind is set."""
        return kind in self.configured


def check_name(name: str) -> None:
    """Raises InvalidBucketName. Source: S3 User Guide, general purpose bucket naming rules."""
    if (
        not _NAME.fullmatch(name)
        or ".." in name
        or name.startswith(_FORBIDDEN_STARTS)
        or name.endswith(_FORBIDDEN_ENDS)
        or _is_address(name)
    ):
        raise InvalidBucketName(BucketName=name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def create(tx: Transaction, bucket: Bucket) -> None:
    """Raises BucketAlreadyOwnedByYou, BucketAlreadyExists or TooManyBuckets.

    In us-east-1 creating one's own bucket again succeeds and changes nothing (CreateBucket, for old clients' sake)."""
    existing: Bucket | None = tx.get(_key(bucket.name))
    if existing is not None:
        if existing.account != bucket.account:
            raise BucketAlreadyExists(BucketName=bucket.name)
        if bucket.region == existing.region == "us-east-1":
            return
        raise BucketAlreadyOwnedByYou(BucketName=bucket.name)
    if _count(tx, bucket.account) >= QUOTA:
        raise TooManyBuckets
    tx.put(_key(bucket.name), bucket)
    tx.put(_owned(bucket.account, bucket.name), None)
    tx.put(("s3", "quota", bucket.account), _count(tx, bucket.account) + 1)


def get(tx: ReadTransaction, name: str) -> Bucket:
    """Raises NoSuchBucket."""
    bucket: Bucket | None = tx.get(_key(name))
    if bucket is None:
        raise NoSuchBucket(BucketName=name)
    return bucket


def still(tx: ReadTransaction, seen: Bucket) -> Bucket:
    """A bucket seen in an earlier transaction, as it is now. Raises NoSuchBucket, also if another has its name."""
    bucket = get(tx, seen.name)
    if bucket.account != seen.account or bucket.created != seen.created:
        raise NoSuchBucket(BucketName=seen.name)
    return bucket


def find(tx: ReadTransaction, name: str) -> Bucket | None:
    bucket: Bucket | None = tx.get(_key(name))
    return bucket


def change(tx: Transaction, name: str, **changes: Any) -> Bucket:
    """Change members of the bucket's record. Raises NoSuchBucket."""
    bucket = replace(get(tx, name), **changes)
    tx.put(_key(name), bucket)
    return bucket


def delete(tx: Transaction, blobs: Blobs, name: str) -> None:
    """Raises NoSuchBucket or BucketNotEmpty. Unfinished uploads go with the bucket."""
    bucket = get(tx, name)
    if any(next(tx.range(("s3", space, name), limit=1), None) for space in ("object", "hidden", "version")):
        words = "" if not bucket.versioning else ". You must delete all versions in the bucket."
        raise BucketNotEmpty(BucketNotEmpty.message + words, BucketName=name)
    if bucket.has("access-points"):
        raise BucketHasAccessPointsAttached(BucketName=name)
    tx.delete(_key(name))
    tx.delete(_owned(bucket.account, name))
    tx.put(("s3", "quota", bucket.account), _count(tx, bucket.account) - 1)
    tx.delete_range(("s3", "config", name))
    for upload in list(tx.range(("s3", "upload", name))):
        for part in tx.range(("s3", "part", upload.id)):
            blobs.release(tx, part.blob)
        tx.delete_range(("s3", "part", upload.id))
    tx.delete_range(("s3", "upload", name))


def owned_by(
    tx: ReadTransaction, account: str, *, after: str | None = None, prefix: str = "", region: str | None = None,
    limit: int | None = None,
) -> list[Bucket]:  # fmt: skip
    """An account's buckets, in all Regions or in one, by name."""
    start: dict[str, Any] = {"after": after} if after is not None and after >= prefix else {"since": StartsWith(prefix)}
    names = (key[-1] for key, _ in tx.items(_owned(account), **start, until=StartsWith(prefix)))
    found = (get(tx, name) for name in names)
    return list(itertools.islice((b for b in found if region in (None, b.region)), limit))


# Configurations


def configure(tx: Transaction, name: str, kind: str, value: dict[str, Any], config_id: str = "") -> None:
    """Set a configuration; kinds of which there can be several (inventory, metrics ...) have ids."""
    bucket = get(tx, name)
    tx.put(("s3", "config", name, kind, config_id), value)
    if not bucket.has(kind):
        tx.put(_key(name), replace(bucket, configured=(*bucket.configured, kind)))


def configuration(tx: ReadTransaction, name: str, kind: str, config_id: str = "") -> dict[str, Any] | None:
    """A configuration as it was set, or None."""
    value: dict[str, Any] | None = tx.get(("s3", "config", name, kind, config_id))
    return value


def configurations(tx: ReadTransaction, name: str, kind: str) -> list[dict[str, Any]]:
    """All configurations of a kind, by id."""
    return list(tx.range(("s3", "config", name, kind)))


def unconfigure(tx: Transaction, name: str, kind: str, config_id: str = "") -> None:
    """Take a configuration away, if it is there."""
    bucket = get(tx, name)
    tx.delete(("s3", "config", name, kind, config_id))
    if next(tx.range(("s3", "config", name, kind), limit=1), None) is None and bucket.has(kind):
        tx.put(_key(name), replace(bucket, configured=tuple(k for k in bucket.configured if k != kind)))


def _count(tx: ReadTransaction, account: str) -> int:
    return tx.get(("s3", "quota", account)) or 0


def _key(name: str) -> Key:
    return ("s3", "bucket", name)


def _owned(account: str, *rest: str) -> Key:
    return ("s3", "owned", account, *rest)
