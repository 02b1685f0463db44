"""Objects: the versions of a key, which of them is current, and where its bytes are.

The current version lies under the key itself, so listing a bucket is one range; older versions lie beside, newest
first. Where a delete marker is current it lies in a range of its own, so that a listing never wades through markers.
Whether a version "null" is among the older ones is noted, so that it is found at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cumulet.kernel.blobs import Blob, Blobs
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, versions
from cumulet.services.s3.buckets import ENABLED, SUSPENDED, Bucket
from cumulet.services.s3.errors import InvalidArgument, MethodNotAllowed, NoSuchKey, NoSuchVersion
from cumulet.services.s3.versions import NULL


class Checksum(Record):
    """`algorithm` as in ChecksumAlgorithm, `value` in base64 (composites end in -N), type FULL_OBJECT or COMPOSITE."""

    algorithm: str
    value: str
    type: str = "FULL_OBJECT"


class Encryption(Record):
    """How the bytes are encrypted, as the API tells it. With a customer's key: its MD5, the data key wrapped by it.

    With a KMS key: the key that KMS generated, encrypted (`kms_blob`, for `kms_context`), and the data key wrapped by
    that."""

    algorithm: str = "AES256"
    kms_key: str = ""
    bucket_key: bool = False
    customer_key_md5: str = ""
    wrapped_key: bytes = b""
    kms_blob: bytes = b""
    kms_context: dict[str, str] = {}  # noqa: RUF012 - records are frozen

    @property
    def is_held_by_owner(self) -> bool:
        """Whether the data keys are wrapped by a key that is not the cloud's."""
        return bool(self.customer_key_md5 or self.kms_blob)


class Object(Record):
    """One version of a key. Either `blob` or, for a multipart object, `upload` says where its bytes are."""

    key: str
    sequence: int
    modified: datetime
    version: str = NULL
    size: int = 0
    etag: str = ""
    """Without quotes."""
    blob: Blob | None = None
    upload: str = ""
    parts: int = 0
    delete_marker: bool = False
    headers: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    """The system metadata that the client set, by their members' names: ContentType, CacheControl ..."""
    metadata: dict[str, str] = {}  # noqa: RUF012
    tags: dict[str, str] = {}  # noqa: RUF012
    checksum: Checksum | None = None
    storage_class: str = "STANDARD"
    encryption: Encryption | None = None
    acl: dict[str, Any] | None = None
    owner: str = ""
    """The account that wrote it, where that is not the bucket's."""
    lock_mode: str = ""
    lock_until: datetime | None = None
    legal_hold: str = ""
    """ON or OFF, once it was ever set."""
    replication: str = ""
    """PENDING, COMPLETED, FAILED or REPLICA, while a rule applies."""
    restored_until: datetime | None = None
    restore_ready: datetime | None = None
    """When a restore under way will have arrived, or did arrive."""
    accessed: datetime | None = None
    """When it was last read, as far as Intelligent-Tiering needs to know."""
    archive_tier: str = ""
    """The archive tier that Intelligent-Tiering put it into: ARCHIVE_ACCESS or DEEP_ARCHIVE_ACCESS."""
    annotations: str = ""
    """The shelf on which its annotations lie, if it has any."""


def current(tx: ReadTransaction, bucket: str, key: str) -> Object | None:
    """The current version, which may be a delete marker."""
    found: Object | None = tx.get(_key(bucket, key))
    return found if found is not None else tx.get(_hidden(bucket, key))


def currents(
    tx: ReadTransaction,
    bucket: str,
    *,
    since: Any = None,
    after: Any = None,
    until: Any = None,
    limit: int | None = None,
) -> Iterator[Object]:
    """The current versions of all keys, delete markers among them, by key. Bounds as for `tx.range`; up to `limit`
    are read of either kind."""
    living, hidden = (
        tx.range(("s3", space, bucket), since=since, after=after, until=until, limit=limit)
        for space in ("object", "hidden")
    )
    return heapq.merge(living, hidden, key=lambda each: each.key)


def find(tx: ReadTransaction, bucket: str, key: str, version_id: str | None = None) -> Object:
    """A version to be read. Raises NoSuchKey, NoSuchVersion, or MethodNotAllowed for a delete marker asked for by id.

    Source: S3 User Guide, "Working with delete markers"."""
    if version_id is None:
        found = current(tx, bucket, key)
        if found is None:
            raise NoSuchKey(Key=key)
        if found.delete_marker:
            raise with_headers(NoSuchKey(Key=key), _marker_headers(found))
        return found
    found = version(tx, bucket, key, version_id)
    if found is None:
        raise NoSuchVersion(Key=key, VersionId=version_id)
    if found.delete_marker:
        error = MethodNotAllowed(Method="GET", ResourceType="DeleteMarker")
        raise with_headers(error, {**_marker_headers(found), "last-modified": http_date(found.modified)})
    return found


def version(tx: ReadTransaction, bucket: str, key: str, version_id: str) -> Object | None:
    """The version with this id, or None. Raises InvalidArgument for what cannot be an id."""
    latest = current(tx, bucket, key)
    if latest is not None and latest.version == version_id:
        return latest
    if version_id == NULL:
        sequence = tx.get(_null(bucket, key))
    else:
        sequence = versions.sequence_of(version_id)
        if sequence is None:
            raise InvalidArgument("Invalid version id specified", ArgumentName="versionId", ArgumentValue=version_id)
    if sequence is None:
        return None
    found: Object | None = tx.get(_older(bucket, key, sequence, version_id))
    return found if found is not None and found.version == version_id else None


def put(tx: Transaction, blobs: Blobs, bucket: Bucket, made: Object) -> Object:
    """Make `made` the current version of its key, as the bucket's versioning says. Returns it as stored.

    Raises NoSuchBucket if the bucket went while the bytes came in."""
    bucket = buckets.still(tx, bucket)
    latest = current(tx, bucket.name, made.key)
    sequence = versions.next_sequence(tx.now, latest.sequence if latest else 0)
    if bucket.versioning == ENABLED:
        made = replace(made, sequence=sequence, version=versions.make_id(sequence, tx.ids))
    else:
        made = replace(made, sequence=sequence, version=NULL)
        if bucket.versioning == SUSPENDED:
            _remove_null(tx, blobs, bucket.name, made.key, latest)
    if latest is not None:
        if latest.version == made.version == NULL:
            release(tx, blobs, latest)
        else:
            _demote(tx, bucket.name, latest)
    _seat(tx, bucket.name, made, latest)
    return made


def put_version(tx: Transaction, blobs: Blobs, bucket: Bucket, made: Object) -> Object:
    """Store a version that keeps the id and the sequence it has (a replica), in its place by age.

    One of the same id that is there already is replaced."""
    existing = version(tx, bucket.name, made.key, made.version)
    if existing is not None:
        delete_version(tx, blobs, bucket, made.key, made.version)
    latest = current(tx, bucket.name, made.key)
    if latest is None:
        _seat(tx, bucket.name, made, None)
    elif latest.sequence < made.sequence:
        _demote(tx, bucket.name, latest)
        _seat(tx, bucket.name, made, latest)
    else:
        _demote(tx, bucket.name, made)
    return made


def update(tx: Transaction, bucket: str, changed: Object) -> None:
    """Store a version whose members changed, in its place."""
    latest = current(tx, bucket, changed.key)
    if latest is not None and latest.version == changed.version:
        _seat(tx, bucket, changed, latest)
    else:
        place = _older(bucket, changed.key, changed.sequence, changed.version)
        assert tx.get(place) is not None, "update of a version that is gone"
        tx.put(place, changed)


def delete(tx: Transaction, blobs: Blobs, bucket: Bucket, key: str, *, owner: str = "") -> Object | None:
    """Delete a key without naming a version. Returns the delete marker, where versioning makes one."""
    bucket = buckets.still(tx, bucket)
    latest = current(tx, bucket.name, key)
    if not bucket.versioning:
        if latest is not None:
            release(tx, blobs, latest)
            tx.delete(_key(bucket.name, key))
        return None
    marker = Object(key=key, sequence=0, modified=tx.now, delete_marker=True, owner=owner)
    return put(tx, blobs, bucket, marker)


def delete_version(tx: Transaction, blobs: Blobs, bucket: Bucket, key: str, version_id: str) -> Object | None:
    """Delete one version for good; if it was current, the next newest takes its place. Returns what was deleted."""
    doomed = version(tx, bucket.name, key, version_id)
    if doomed is None:
        return None
    release(tx, blobs, doomed)
    latest = current(tx, bucket.name, key)
    if latest is not None and latest.version == version_id:
        _promote(tx, bucket.name, key)
    else:
        _forget_older(tx, bucket.name, doomed)
    return doomed


def release(tx: Transaction, blobs: Blobs, doomed: Object) -> None:
    """Give back the bytes of a version that is going, and of its annotations."""
    if doomed.blob is not None:
        blobs.release(tx, doomed.blob)
    if doomed.upload:
        for part in tx.range(("s3", "part", doomed.upload)):
            blobs.release(tx, part.blob)
        tx.delete_range(("s3", "part", doomed.upload))
    release_annotations(tx, blobs, doomed.annotations)


def release_annotations(tx: Transaction, blobs: Blobs, shelf: str) -> None:
    """Take a shelf of annotations away, if there is one."""
    if shelf:
        for held in tx.range(("s3", "annotation", shelf)):
            blobs.release(tx, held.blob)
        tx.delete_range(("s3", "annotation", shelf))


def older(
    tx: ReadTransaction, bucket: str, key: str, *, after: tuple[int, str] | None = None, limit: int | None = None
) -> list[Object]:
    """The versions behind the current one, newest first; `after` is the sequence and id of one to begin behind."""
    bound = None if after is None else (-after[0], after[1])
    return list(tx.range(("s3", "version", bucket, key), after=bound, limit=limit))


def with_headers(error: Any, headers: dict[str, str]) -> Any:
    error.headers = headers
    return error


def http_date(instant: datetime) -> str:
    return instant.strftime("%a, %d %b %Y %H:%M:%S GMT")


def _marker_headers(marker: Object) -> dict[str, str]:
    return {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version}


def _seat(tx: Transaction, bucket: str, made: Object, before: Object | None) -> None:
    """Make `made` the current version, where `before` was."""
    place, other = _key(bucket, made.key), _hidden(bucket, made.key)
    if made.delete_marker:
        place, other = other, place
    tx.put(place, made)
    if before is not None and before.delete_marker != made.delete_marker:
        tx.delete(other)


def _demote(tx: Transaction, bucket: str, made: Object) -> None:
    tx.put(_older(bucket, made.key, made.sequence, made.version), made)
    if made.version == NULL:
        tx.put(_null(bucket, made.key), made.sequence)


def _promote(tx: Transaction, bucket: str, key: str) -> None:
    following: Object | None = next(tx.range(("s3", "version", bucket, key), limit=1), None)
    if following is None:
        tx.delete(_key(bucket, key))
        tx.delete(_hidden(bucket, key))
        return
    _forget_older(tx, bucket, following)
    _seat(tx, bucket, following, current(tx, bucket, key))


def _forget_older(tx: Transaction, bucket: str, gone: Object) -> None:
    tx.delete(_older(bucket, gone.key, gone.sequence, gone.version))
    if gone.version == NULL:
        tx.delete(_null(bucket, gone.key))


def _remove_null(tx: Transaction, blobs: Blobs, bucket: str, key: str, latest: Object | None) -> None:
    """While versioning is suspended, a new version replaces the one called "null", wherever that is."""
    if latest is not None and latest.version == NULL:
        return
    sequence = tx.get(_null(bucket, key))
    if sequence is not None:
        doomed: Object = tx.get(_older(bucket, key, sequence, NULL))
        release(tx, blobs, doomed)
        _forget_older(tx, bucket, doomed)


def _key(bucket: str, key: str) -> Key:
    return ("s3", "object", bucket, key)


def _hidden(bucket: str, key: str) -> Key:
    return ("s3", "hidden", bucket, key)


def _older(bucket: str, key: str, sequence: int, version_id: str) -> Key:
    # The id makes the difference between a version and a replica that were made in the same microsecond.
    return ("s3", "version", bucket, key, -sequence, version_id)


def _null(bucket: str, key: str) -> Key:
    return ("s3", "null", bucket, key)
