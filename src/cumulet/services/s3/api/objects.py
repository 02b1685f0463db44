"""Objects as clients write, read and delete them. The rules are in ../objects.py and the modules it stands on."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from cumulet.kernel.access import Need
from cumulet.kernel.blobs import Blobs, Draft
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Kind
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import (
    access,
    analytics,
    attributes,
    conditions,
    contents,
    encryption,
    mfa_delete,
    multipart,
    notifications,
    object_lock,
    objects,
    ranges,
    replication,
    replication_rules,
    storage_classes,
    tiering,
)
from cumulet.services.s3.api.writing import Writing
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.encryption import HeldKey
from cumulet.services.s3.errors import (
    InvalidArgument,
    InvalidPartNumber,
    InvalidRequest,
    MalformedXML,
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
    "ResponseExpires": "Expires",
}


_MOST_DELETED = 1000
"""Keys of one DeleteObjects (S3 quotas)."""
_DELETED_TOGETHER = 50
"""How many share a commit, and the time before others have their turn."""


class Objects(Writing):
    async def put_object(
        self, *, Bucket: str, Key: str, Body: bytes | AsyncIterator[bytes] = b"", **given: Any
    ) -> dict[str, Any]:
        return await self.store_object("ObjectCreated:Put", Key, Body, given)

    async def store_object(
        self, event: str, key: str, body: bytes | AsyncIterator[bytes], given: dict[str, Any]
    ) -> dict[str, Any]:
        """Make an object as a request describes it; `event` is what notifications call that."""
        conditions.check_write_headers(given)
        wanted = await self.new_object(key, given)
        checks = Checks(given, self.request.trailers, self.request.headers)
        if self.request.headers and checks.algorithm is None and given.get("ContentMD5") is None:
            object_lock.check_unverified(wanted)
        wanted, held = await self.protected(wanted, given)
        data_key, wrapped = encryption.new_data_key(held, self.kernel.ids)
        with await self.take(body, checks, data_key) as draft:
            checks.verify()
            made = self.filled(wanted, draft, checks, wrapped)
            rule = self.telling(event, _put)
            made = await self.store.write(rule, self.blobs, self.bucket, made, draft, given)
        return {**self.written(made), **await self.expiration(made)}

    async def get_object(self, *, Bucket: str, Key: str, **given: Any) -> dict[str, Any]:
        reading = self.opened(_open, self.blobs, self.bucket, Key, given, held=self.customer_key(given))
        opened = await self.noting_absence(reading)
        found = opened.found
        if found.storage_class == tiering.CLASS and tiering.wants_note(found, self.clock.now()):
            await self.store.write(tiering.note_read, Bucket, Key, found.version)
        if self.bucket.has(analytics.KIND):
            size = found.size if opened.span is None else opened.span.length
            await self.store.write(analytics.note_read, Bucket, found, size)
        return {**self._described(opened, given), **await self.expiration(found), "Body": opened.body}

    async def head_object(self, *, Bucket: str, Key: str, **given: Any) -> dict[str, Any]:
        reading = self.store.read(_look_up, self.bucket, Key, given, self.customer_key(given))
        found = await self.noting_absence(reading)
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
        if self.bucket.mfa_delete and VersionId is not None:
            await self.store.read(mfa_delete.check, self.bucket, self.caller, MFA)
        bypass = self.bypasses_governance(BypassGovernanceRetention)
        expected = {
            "IfMatch": IfMatch, "IfMatchLastModifiedTime": IfMatchLastModifiedTime, "IfMatchSize": IfMatchSize,
        }  # fmt: skip
        return await self.store.write(
            _delete, self.blobs, self.bucket, Key, VersionId, expected, self.cause(), bypass=bypass
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
        wanted = Delete["Objects"]
        if not 1 <= len(wanted) <= _MOST_DELETED:
            raise MalformedXML
        if self.bucket.mfa_delete and any(each.get("VersionId") for each in Delete["Objects"]):
            await self.store.read(mfa_delete.check, self.bucket, self.caller, MFA)
        bypass = self.bypasses_governance(BypassGovernanceRetention)
        outcomes: list[dict[str, Any]] = []
        self.needs_asked = asked = list(self.needs_asked)
        for first in range(0, len(wanted), _DELETED_TOGETHER):
            some = wanted[first : first + _DELETED_TOGETHER]
            outcomes += await asyncio.gather(*(self._delete_one(each, bypass, asked) for each in some))
        answer: dict[str, Any] = {}
        if deleted := [each for each in outcomes if "Code" not in each and not Delete.get("Quiet")]:
            answer["Deleted"] = deleted
        if failed := [each for each in outcomes if "Code" in each]:
            answer["Errors"] = failed
        return answer

    async def _delete_one(self, wanted: dict[str, Any], bypass: bool, asked: list[Need]) -> dict[str, Any]:
        """What DeleteObjects tells of one of its objects: that it is deleted, or the error. What had to be permitted
        is added to `asked`."""
        key, version_id = wanted["Key"], wanted.get("VersionId")
        named = {"Key": key} if version_id is None else {"Key": key, "VersionId": version_id}
        expected = {
            "IfMatch": wanted.get("ETag"),
            "IfMatchLastModifiedTime": wanted.get("LastModifiedTime"),
            "IfMatchSize": wanted.get("Size"),
        }
        rule = functools.partial(_delete, bypass=bypass)
        try:
            who = (self.bucket, self.visitor, key, version_id, self.via)
            asked += await self.store.read(access.check_deletion, *who)
            gone = await self.store.write(rule, self.blobs, self.bucket, key, version_id, expected, self.cause())
        except ServiceError as error:
            self.note("BATCH.DELETE.OBJECT", named, error.status or 400, error.code)
            return {**named, "Code": error.code, "Message": error.message}
        self.note("BATCH.DELETE.OBJECT", named, 204)
        if gone.get("DeleteMarker"):
            named |= {"DeleteMarker": True, "DeleteMarkerVersionId": gone["VersionId"]}
        return named

    def _described(self, opened: Opened, given: dict[str, Any]) -> dict[str, Any]:
        made, span = opened.found, opened.span
        self.touched = made
        whole = span is None or span.length == made.size
        with_checksum = given.get("ChecksumMode") == "ENABLED" and whole and opened.part is None
        answer = attributes.described(made, versioned=bool(self.bucket.versioning), with_checksum=with_checksum)
        answer["ContentLength"] = span.length if span is not None else made.size
        if span is not None:
            answer["ContentRange"] = span.content_range
            self.reply.status = 206
        if opened.part is not None:
            answer["PartsCount"] = made.parts
            if given.get("ChecksumMode") == "ENABLED":
                answer |= multipart.checksum_of_part(made, opened.part)
        answer |= self._overrides(given)
        if made.restore_ready is not None and (restore := storage_classes.restore_header(made, self.clock.now())):
            answer["Restore"] = restore
        return answer

    def _overrides(self, given: dict[str, Any]) -> dict[str, Any]:
        """The headers that a signed request wants in place of the object's own. Raises InvalidRequest or
        InvalidArgument."""
        asked = {name: given[name] for name in _OVERRIDES if given.get(name) is not None}
        if asked and self.caller.kind is Kind.ANONYMOUS:
            raise InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
        for name, value in asked.items():
            if not all(ord(character) < 256 for character in str(value)):
                raise InvalidArgument(
                    "Header value cannot be represented using ISO-8859-1.",
                    ArgumentName=_query_name(name),
                    ArgumentValue=value,
                )
        return {_OVERRIDES[name]: value for name, value in asked.items()}


def _query_name(member: str) -> str:
    """ResponseCacheControl as the query string spells it: response-cache-control."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "-", member).lower()


class Opened(NamedTuple):
    """An object found for a reader. `span` is None for the whole of it."""

    found: Object
    span: Span | None
    part: Any = None
    body: bytes | AsyncIterator[bytes] = b""


def _put(tx: Transaction, blobs: Blobs, bucket: Bucket, made: Object, draft: Draft, given: dict[str, Any]) -> Object:
    conditions.check_write(objects.current(tx, bucket.name, made.key), made.key, given)
    return objects.put(tx, blobs, bucket, replace(made, blob=draft.adopt(tx), modified=tx.now))


def _look_up(tx: ReadTransaction, bucket: Bucket, key: str, given: dict[str, Any], held: HeldKey | None) -> Opened:
    found = objects.find(tx, bucket.name, key, given.get("VersionId"))
    conditions.check_read(found, given)
    encryption.check_key(found.encryption, held)
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
    held: HeldKey | None,
) -> Opened:
    opened = _look_up(tx, bucket, key, given, held)
    found = opened.found
    if storage_classes.is_archived(found):
        storage_classes.check_readable(found, tx.now)
    span = opened.span or Span(0, found.size, found.size)
    return Opened(found, opened.span, opened.part, contents.open_span(tx, blobs, found, span, held))


def _delete(
    tx: Transaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    expected: dict[str, Any],
    cause: Cause,
    *,
    bypass: bool = False,
) -> dict[str, Any]:
    conditions.check_delete(objects.current(tx, bucket.name, key), key, expected)
    if version_id is None:
        doomed = objects.current(tx, bucket.name, key)
        marker = objects.delete(tx, blobs, bucket, key)
        notifications.deleted(tx, bucket, doomed, marker, cause)
        if marker is not None and bucket.has(replication_rules.KIND):
            replication.marked(tx, bucket, marker)
        return {} if marker is None else {"DeleteMarker": True, "VersionId": marker.version}
    if bucket.object_lock:
        object_lock.check_delete(objects.version(tx, bucket.name, key, version_id), tx.now, bypass=bypass)
    gone = objects.delete_version(tx, blobs, bucket, key, version_id)
    notifications.deleted(tx, bucket, gone, None, cause)
    answer: dict[str, Any] = {"VersionId": version_id}
    if gone is not None and gone.delete_marker:
        answer["DeleteMarker"] = True
    return answer
