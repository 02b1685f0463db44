"""Annotations of objects as clients set and read them. The rules are in ../object_annotations.py."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Any

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import access, object_annotations
from cumulet.services.s3.api.writing import Writing
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    AccessDenied,
    EntityTooLarge,
    InvalidArgument,
    InvalidRequest,
    UnsupportedMediaType,
)
from cumulet.services.s3.integrity import Checks
from cumulet.services.s3.object_annotations import Annotation
from cumulet.services.s3.objects import Object

_BYPASS = "x-amz-bypass-governance-retention"
_PAGE = 1000


class ObjectAnnotations(Writing):
    async def put_object_annotation(
        self,
        *,
        Bucket: str,
        Key: str,
        AnnotationName: str,
        AnnotationPayload: bytes | AsyncIterator[bytes],
        VersionId: str | None = None,
        ObjectIfMatch: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        object_annotations.check_name(AnnotationName)
        bypass = await self._bypasses(Key)
        checks = Checks(given, self.request.trailers, self.request.headers)
        text = await _text(AnnotationPayload)
        with await self.blobs.write(text, *checks.digests) as draft:
            checks.verify()
            made = Annotation(
                name=AnnotationName, size=len(text), etag=checks.etag, checksum=checks.checksum, blob=draft.blob,
                modified=self.clock.now(),
            )  # fmt: skip
            rule = self.telling("ObjectAnnotation:Put", object_annotations.put)
            which = (self.bucket, Key, VersionId, ObjectIfMatch)
            found = await self.store.write(rule, self.blobs, *which, made, draft, bypass=bypass)
        told = {"Key": Key, "AnnotationName": AnnotationName, "ETag": f'"{made.etag}"'}
        return {**told, **_checksum(made), **_encryption(found), **self._which(found)}

    async def get_object_annotation(
        self,
        *,
        Bucket: str,
        Key: str,
        AnnotationName: str,
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        ChecksumMode: str | None = None,
    ) -> dict[str, Any]:
        which = (self.bucket, Key, VersionId)
        found, held, payload = await self.store.read(_open, self.blobs, *which, AnnotationName)
        answer = {"LastModified": held.modified, "ContentLength": held.size, "ETag": f'"{held.etag}"'}
        if ChecksumMode == "ENABLED":
            answer |= _checksum(held)
        if found.replication:
            answer["ReplicationStatus"] = found.replication
        return {**answer, **_encryption(found), **self._which(found), "AnnotationPayload": payload}

    async def list_object_annotations(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        MaxAnnotationResults: int | None = None,
        AnnotationPrefix: str | None = None,
        ContinuationToken: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        prefix = AnnotationPrefix or ""
        object_annotations.check_prefix(prefix)
        limit = _PAGE if MaxAnnotationResults is None else MaxAnnotationResults
        if not 1 <= limit <= _PAGE:
            raise InvalidArgument(
                "The value must be from 1 to 1000.", ArgumentName="max-annotation-results", ArgumentValue=str(limit)
            )
        after = None if ContinuationToken is None else _decode_token(ContinuationToken)
        which = (self.bucket, Key, VersionId)
        found, page = await self.store.read(_list, *which, prefix, after, limit + 1)
        answer: dict[str, Any] = {"Bucket": Bucket, "Key": Key, "MaxAnnotationResults": limit}
        answer |= {"AnnotationCount": len(page[:limit]), "Annotations": [_entry(each, found) for each in page[:limit]]}
        if AnnotationPrefix is not None:
            answer["AnnotationPrefix"] = AnnotationPrefix
        if ContinuationToken is not None:
            answer["ContinuationToken"] = ContinuationToken
        if len(page) > limit:
            answer["NextContinuationToken"] = _encode_token(page[limit - 1].name)
        return {**answer, **self._which(found)}

    async def delete_object_annotation(
        self,
        *,
        Bucket: str,
        Key: str,
        AnnotationName: str,
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        ObjectIfMatch: str | None = None,
    ) -> dict[str, Any]:
        bypass = await self._bypasses(Key)
        rule = self.telling("ObjectAnnotation:Delete", object_annotations.delete)
        which = (self.bucket, Key, VersionId, ObjectIfMatch, AnnotationName)
        return self._which(await self.store.write(rule, self.blobs, *which, bypass=bypass))

    async def _bypasses(self, key: str) -> bool:
        """Whether a GOVERNANCE retention is passed by; the model does not have the header that asks for it.

        Raises InvalidArgument in a bucket without Object Lock, AccessDenied for who may not."""
        asked = self.request.headers.get(_BYPASS)
        wanted = self.bypasses_governance(None if asked is None else asked.lower() == "true")
        who = (self.bucket, self.visitor, "s3:BypassGovernanceRetention", key)
        if wanted and not await self.store.read(access.may, *who):
            raise AccessDenied
        return wanted

    def _which(self, found: Object) -> dict[str, Any]:
        return {"ObjectVersionId": found.version} if self.bucket.versioning else {}


async def _text(body: bytes | AsyncIterator[bytes]) -> bytes:
    """The payload. Raises EntityTooLarge, InvalidRequest for none, or UnsupportedMediaType for what is no UTF-8."""
    text = bytes(body) if isinstance(body, bytes | bytearray) else b""
    if not isinstance(body, bytes | bytearray):
        async for piece in body:
            text += piece
            if len(text) > object_annotations.LARGEST_BYTES:
                break
    if len(text) > object_annotations.LARGEST_BYTES:
        raise EntityTooLarge(MaxSizeAllowed=str(object_annotations.LARGEST_BYTES))
    if not text:
        raise InvalidRequest("The annotation payload must have at least 1 byte.")
    try:
        text.decode()
    except UnicodeDecodeError:
        raise UnsupportedMediaType from None
    return text


def _open(
    tx: ReadTransaction, blobs: Blobs, bucket: Bucket, key: str, version_id: str | None, name: str
) -> tuple[Object, Annotation, bytes | AsyncIterator[bytes]]:
    found = object_annotations.find(tx, bucket, key, version_id)
    held = object_annotations.get(tx, found, name)
    return found, held, blobs.read(tx, held.blob)


def _list(
    tx: ReadTransaction, bucket: Bucket, key: str, version_id: str | None, prefix: str, after: str | None, limit: int
) -> tuple[Object, list[Annotation]]:
    found = object_annotations.find(tx, bucket, key, version_id)
    return found, object_annotations.listed(tx, found, prefix, after, limit)


def _entry(held: Annotation, found: Object) -> dict[str, Any]:
    entry = {
        "AnnotationName": held.name, "LastModified": held.modified, "ETag": f'"{held.etag}"', "Size": held.size,
    }  # fmt: skip
    return {**entry, "ReplicationStatus": found.replication} if found.replication else entry


def _checksum(held: Annotation) -> dict[str, str]:
    return {f"Checksum{held.checksum.algorithm}": held.checksum.value, "ChecksumType": held.checksum.type}


def _encryption(found: Object) -> dict[str, str]:
    """An annotation is encrypted as its object is."""
    return {"ServerSideEncryption": found.encryption.algorithm if found.encryption else "AES256"}


def _encode_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode()


def _decode_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        raise InvalidArgument(
            "The continuation token provided is incorrect",
            ArgumentName="continuation-token",
            ArgumentValue=token[:1024],
        ) from None
