"""Objects as clients write, read and delete them. The rules are in ../objects.py and the modules it stands on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from cumulet.kernel.blobs import Blobs, Draft
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import (
    attributes,
    conditions,
    contents,
    encryption,
    notifications,
    object_lock,
    objects,
    ranges,
    storage_classes,
    tiering,
)
from cumulet.services.s3.api.writing import Writing
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.encryption import CustomerKey
from cumulet.services.s3.errors import (
    InvalidPartNumber,
    InvalidRequest,
)
from cumulet.services.s3.integrity import Checks
from cumulet.services.s3.notifications import Cause
from cumulet.services.s3.objects import Object
from cumulet.services.s3.ranges import Span

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
}


class Objects(Writing):
    async def put_object(
        self, *, Bucket: str, Key: str, Body: bytes | AsyncIterator[bytes] = b"", **given: Any
    ) -> dict[str, Any]:
        conditions.check_write_headers(given)
        wanted = await self.new_object(Key, given)
        checks = Checks(given, self.request.trailers, self.request.headers)
        customer = self.customer_key(given)
        data_key, wrapped = encryption.new_data_key(customer, self.kernel.ids)
        with await self.take(Body, checks, data_key) as draft:
            checks.verify()
            made = replace(
                wanted, size=draft.blob.size, etag=checks.etag, checksum=checks.checksum,
                encryption=replace(wanted.encryption, wrapped_key=wrapped),
            )  # fmt: skip
            made = await self.store.write(
                self.telling("ObjectCreated:Put", _put), self.blobs, self.bucket, made, draft, given
            )
        return {**self.written(made), **await self.expiration(made)}

    async def get_object(self, *, Bucket: str, Key: str, **given: Any) -> dict[str, Any]:
        opened = await self.store.read(_open, self.blobs, self.bucket, Key, given, self.customer_key(given))
        found = opened.found
        if tiering.wants_note(found, self.clock.now()):
            await self.store.write(tiering.note_read, Bucket, Key, found.version)
        return {**self._described(opened, given), **await self.expiration(found), "Body": opened.body}

    async def head_object(self, *, Bucket: str, Key: str, **given: Any) -> dict[str, Any]:
        found = await self.store.read(_look_up, self.bucket, Key, given, self.customer_key(given))
        return {**self._described(found, given), **await self.expiration(found.found)}

    async def delete_object(
        self,
        *,
        Bucket: str,
        Key: str,
        MFA: str | None = None,
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        BypassGovernanceRetention: bool | None = None,
        ExpectedBucketOwner: str | None = None,
        IfMatch: str | None = None,
        IfMatchLastModifiedTime: Any = None,
        IfMatchSize: int | None = None,
    ) -> dict[str, Any]:
        bypass = self.bypasses_governance(BypassGovernanceRetention)
        return await self.store.write(
            _delete, self.blobs, self.bucket, Key, VersionId, IfMatch, self.cause(), bypass=bypass
        )

    async def delete_objects(
        self,
        *,
        Bucket: str,
        Delete: dict[str, Any],
        MFA: str | None = None,
        RequestPayer: str | None = None,
        BypassGovernanceRetention: bool | None = None,
        ExpectedBucketOwner: str | None = None,
        ChecksumAlgorithm: str | None = None,
    ) -> dict[str, Any]:
        deleted = []
        bypass = self.bypasses_governance(BypassGovernanceRetention)
        for each in Delete["Objects"]:
            version_id = each.get("VersionId")
            gone = await self.store.write(
                _delete, self.blobs, self.bucket, each["Key"], version_id, None, self.cause(), bypass=bypass
            )
            deleted.append({"Key": each["Key"], **gone})
        return {} if Delete.get("Quiet") else {"Deleted": deleted}

    def _described(self, opened: Opened, given: dict[str, Any]) -> dict[str, Any]:
        made, span = opened.found, opened.span
        whole = span is None or span.length == made.size
        with_checksum = given.get("ChecksumMode") == "ENABLED" and (whole or opened.part is not None)
        answer = attributes.described(made, versioned=bool(self.bucket.versioning), with_checksum=with_checksum)
        answer["ContentLength"] = span.length if span is not None else made.size
        if span is not None:
            answer["ContentRange"] = span.content_range
            self.reply.status = 206
        if given.get("PartNumber") is not None and made.parts:
            answer["PartsCount"] = made.parts
        answer |= {name: given[key] for key, name in _OVERRIDES.items() if given.get(key) is not None}
        restore = storage_classes.restore_header(made, self.clock.now())
        if restore is not None:
            answer["Restore"] = restore
        if "Expires" in made.headers:
            self.reply.headers["expires"] = made.headers["Expires"]
        return answer


class Opened(NamedTuple):
    """An object found for a reader. `span` is None for the whole of it."""

    found: Object
    span: Span | None
    part: Any = None
    body: bytes | AsyncIterator[bytes] = b""


def _put(tx: Transaction, blobs: Blobs, bucket: Bucket, made: Object, draft: Draft, given: dict[str, Any]) -> Object:
    conditions.check_write(objects.current(tx, bucket.name, made.key), made.key, given)
    return objects.put(tx, blobs, bucket, replace(made, blob=draft.adopt(tx), modified=tx.now))


def _look_up(
    tx: ReadTransaction, bucket: Bucket, key: str, given: dict[str, Any], customer: CustomerKey | None
) -> Opened:
    found = objects.find(tx, bucket.name, key, given.get("VersionId"))
    conditions.check_read(found, given)
    encryption.check_key(found.encryption, customer)
    number = given.get("PartNumber")
    if number is None:
        return Opened(found, ranges.parse(given.get("Range"), found.size))
    if given.get("Range") is not None:
        raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
    if not 1 <= number <= (found.parts or 1):
        raise InvalidPartNumber(ActualPartCount=str(found.parts or 1), PartNumberRequested=str(number))
    if not found.parts:
        return Opened(found, Span(0, found.size, found.size) if found.size else None)
    return Opened(found, *contents.part_span(tx, found, number))


def _open(
    tx: ReadTransaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    given: dict[str, Any],
    customer: CustomerKey | None,
) -> Opened:
    opened = _look_up(tx, bucket, key, given, customer)
    storage_classes.check_readable(opened.found, tx.now)
    span = opened.span or Span(0, opened.found.size, opened.found.size)
    return opened._replace(body=contents.open_span(tx, blobs, opened.found, span, customer))


def _delete(
    tx: Transaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    if_match: str | None,
    cause: Cause,
    *,
    bypass: bool = False,
) -> dict[str, Any]:
    if if_match is not None:
        conditions.check_write(objects.current(tx, bucket.name, key), key, {"IfMatch": if_match})
    if version_id is None:
        doomed = objects.current(tx, bucket.name, key)
        marker = objects.delete(tx, blobs, bucket, key)
        notifications.deleted(tx, bucket, doomed, marker, cause)
        return {} if marker is None else {"DeleteMarker": True, "VersionId": marker.version}
    if bucket.object_lock:
        object_lock.check_delete(objects.version(tx, bucket.name, key, version_id), tx.now, bypass=bypass)
    gone = objects.delete_version(tx, blobs, bucket, key, version_id)
    notifications.deleted(tx, bucket, gone, None, cause)
    answer: dict[str, Any] = {"VersionId": version_id}
    if gone is not None and gone.delete_marker:
        answer["DeleteMarker"] = True
    return answer
