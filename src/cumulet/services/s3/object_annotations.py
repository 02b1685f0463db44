"""Annotations: named texts beside a version of an object, set and taken away without touching it.

They lie on a shelf that the version names, so a version without any costs nothing, and they go when it goes. They
have no versions of their own.

Source: S3 API Reference, PutObjectAnnotation and its sisters; S3 User Guide, "Annotating your objects"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.blobs import Blob, Blobs, Draft
from cumulet.kernel.keys import Key, StartsWith
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import object_lock, objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    AnnotationLimitExceeded,
    AnnotationNameTooLong,
    InvalidAnnotationName,
    InvalidPrefix,
    InvalidRequest,
    NoSuchAnnotation,
    PreconditionFailed,
)
from cumulet.services.s3.objects import Checksum, Object

MOST = 1000
"""On one version of an object."""
LARGEST_BYTES = 1024 * 1024
LONGEST_NAME_BYTES = 512
_RESERVED = ("aws", "s3")


class Annotation(Record):
    """`etag` is without quotes."""

    name: str
    size: int
    etag: str
    checksum: Checksum
    blob: Blob
    modified: datetime


def check_name(name: str) -> None:
    """Raises InvalidAnnotationName or AnnotationNameTooLong; the limit counts UTF-8 bytes."""
    if not name or name.lower().startswith(_RESERVED):
        raise InvalidAnnotationName(AnnotationName=name[:LONGEST_NAME_BYTES])
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME_BYTES:
        raise AnnotationNameTooLong


def check_prefix(prefix: str) -> None:
    """Raises InvalidPrefix for what no name can begin with."""
    if len(prefix.encode("utf-8", "surrogatepass")) > LONGEST_NAME_BYTES:
        raise InvalidPrefix


def check_encryption(found: Object) -> None:
    """Raises InvalidRequest: S3 could not read what only a key of the customer's opens."""
    if found.encryption is not None and found.encryption.customer_key_md5:
        raise InvalidRequest("Objects encrypted with customer-provided keys (SSE-C) cannot have annotations.")


def put(
    tx: Transaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    expected: str | None,
    made: Annotation,
    draft: Draft,
    *,
    bypass: bool,
) -> Object:
    """Set an annotation, in the place of one of the same name. Returns the version of the object.

    Raises NoSuchKey and others, PreconditionFailed, AnnotationLimitExceeded, or AccessDenied where Object Lock keeps
    what would be replaced."""
    found = find(tx, bucket, key, version_id, expected)
    check_encryption(found)
    shelf = found.annotations or tx.ids.alphanumeric(32)
    existing: Annotation | None = tx.get(_key(shelf, made.name))
    if existing is not None:
        object_lock.check_delete(found, tx.now, bypass=bypass)
        blobs.release(tx, existing.blob)
    elif found.annotations and len(list(tx.items(_key(shelf), limit=MOST))) >= MOST:
        raise AnnotationLimitExceeded
    tx.put(_key(shelf, made.name), replace(made, blob=draft.adopt(tx), modified=tx.now))
    return _noted(tx, bucket, found, shelf)


def get(tx: ReadTransaction, found: Object, name: str) -> Annotation:
    """Raises NoSuchAnnotation."""
    held: Annotation | None = tx.get(_key(found.annotations, name)) if found.annotations else None
    if held is None:
        raise NoSuchAnnotation(AnnotationName=name[:LONGEST_NAME_BYTES])
    return held


def listed(tx: ReadTransaction, found: Object, prefix: str, after: str | None, limit: int) -> list[Annotation]:
    """The annotations whose names begin with `prefix`, by name, behind `after`."""
    if not found.annotations:
        return []
    start: dict[str, Any] = {"after": after} if after is not None and after >= prefix else {"since": StartsWith(prefix)}
    return list(tx.range(_key(found.annotations), **start, until=StartsWith(prefix), limit=limit))


def delete(
    tx: Transaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    expected: str | None,
    name: str,
    *,
    bypass: bool,
) -> Object:
    """Take an annotation away for good, if it is there. Returns the version of the object. Raises as `put`."""
    found = find(tx, bucket, key, version_id, expected)
    held: Annotation | None = tx.get(_key(found.annotations, name)) if found.annotations else None
    if held is None:
        return found
    object_lock.check_delete(found, tx.now, bypass=bypass)
    blobs.release(tx, held.blob)
    tx.delete(_key(found.annotations, name))
    is_empty = next(tx.items(_key(found.annotations), limit=1), None) is None
    return _noted(tx, bucket, found, "" if is_empty else found.annotations)


def find(tx: ReadTransaction, bucket: Bucket, key: str, version_id: str | None, expected: str | None = None) -> Object:
    """The version that a request is about. Raises NoSuchKey and others, or PreconditionFailed for another ETag."""
    found = objects.find(tx, bucket.name, key, version_id)
    if expected is not None and expected.strip('"') not in ("*", found.etag):
        raise PreconditionFailed(Condition="x-amz-object-if-match")
    return found


def copied(tx: Transaction, blobs: Blobs, shelf: str) -> str:
    """A new shelf with the same annotations, their bytes shared; "" for an empty one."""
    held: list[Annotation] = list(tx.range(_key(shelf))) if shelf else []
    if not held:
        return ""
    twin = tx.ids.alphanumeric(32)
    for each in held:
        tx.put(_key(twin, each.name), replace(each, blob=blobs.share(tx, each.blob)))
    return twin


def mirrored(tx: Transaction, blobs: Blobs, source: str, existing: str) -> str:
    """The shelf of a replica, brought up to its source's."""
    if _contents(tx, source) == _contents(tx, existing):
        return existing
    objects.release_annotations(tx, blobs, existing)
    return copied(tx, blobs, source)


def _contents(tx: ReadTransaction, shelf: str) -> list[tuple[str, datetime]]:
    return [(each.name, each.modified) for each in tx.range(_key(shelf))] if shelf else []


def _noted(tx: Transaction, bucket: Bucket, found: Object, shelf: str) -> Object:
    """The version with its shelf, stored if that changed."""
    if found.annotations == shelf:
        return found
    changed = replace(found, annotations=shelf)
    objects.update(tx, bucket.name, changed)
    return changed


def _key(shelf: str, *rest: str) -> Key:
    return ("s3", "annotation", shelf, *rest)
