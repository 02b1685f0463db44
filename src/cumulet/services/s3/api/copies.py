"""Copies inside S3: of whole objects, and of ranges as parts of an upload."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from cumulet.kernel import identity
from cumulet.kernel.blobs import Blobs, Draft
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import (
    access,
    attributes,
    buckets,
    conditions,
    contents,
    encryption,
    multipart,
    object_annotations,
    objects,
    ranges,
    storage_classes,
)
from cumulet.services.s3.api.base import shown
from cumulet.services.s3.api.writing import LARGEST_PUT, Writing
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.encryption import HeldKey
from cumulet.services.s3.errors import AccessDenied, InvalidArgument, InvalidRequest
from cumulet.services.s3.integrity import Checks
from cumulet.services.s3.multipart import Upload
from cumulet.services.s3.objects import Object
from cumulet.services.s3.ranges import Span
from cumulet.services.s3.versions import NULL

_SELF_COPY = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)


class Source(NamedTuple):
    """What x-amz-copy-source names."""

    bucket: str
    key: str
    version_id: str | None


class Copies(Writing):
    async def copy_object(self, *, Bucket: str, Key: str, CopySource: str, **given: Any) -> dict[str, Any]:
        conditions.check_write_headers(given)
        source = _parse_source(CopySource)
        found, body = await self._open_source(source, given, None)
        if found.size > LARGEST_PUT:
            raise InvalidRequest(
                f"The specified copy source is larger than the maximum allowable size for a copy source: {LARGEST_PUT}"
            )
        wanted = await self._wanted(Key, source, found, given)
        algorithm = given.get("ChecksumAlgorithm") or (found.checksum.algorithm if found.checksum else None)
        checks = Checks({}, {}, {}, kept=algorithm)
        wanted, held = await self.protected(wanted, given)
        data_key, wrapped = encryption.new_data_key(held, self.kernel.ids)
        with await self.blobs.write(body, *checks.digests, key=data_key) as draft:
            made = self.filled(wanted, draft, checks, wrapped)
            rule = self.telling("ObjectCreated:Copy", _put_copy)
            shelf = _annotations(found, made, given)
            made = await self.store.write(rule, self.blobs, self.bucket, made, draft, given, shelf)
        result = {"ETag": f'"{made.etag}"', "LastModified": shown(made.modified), **attributes.checksum_of(made)}
        answer = {"CopyObjectResult": result, **attributes.encryption_of(made), **await self.expiration(made)}
        if self.bucket.versioning:
            answer["VersionId"] = made.version
        if found.version != NULL:
            answer["CopySourceVersionId"] = found.version
        return answer

    async def upload_part_copy(
        self, *, Bucket: str, Key: str, CopySource: str, PartNumber: int, UploadId: str, **given: Any
    ) -> dict[str, Any]:
        upload = await self.store.read(multipart.find, Bucket, Key, UploadId)
        text = given.get("CopySourceRange")
        found, body = await self._open_source(_parse_source(CopySource), given, text)
        part = await self.add_part(upload, PartNumber, body, Checks({}, {}, {}, kept=_kept(upload)), given)
        result = {"ETag": f'"{part.etag}"', "LastModified": shown(part.modified), **_part_checksum(upload, part)}
        answer = {"CopyPartResult": result, **attributes.encryption_of(upload.draft)}
        if found.version != NULL:
            answer["CopySourceVersionId"] = found.version
        return answer

    async def _open_source(
        self, source: Source, given: dict[str, Any], copy_range: str | None
    ) -> tuple[Object, bytes | AsyncIterator[bytes]]:
        asked = {"Bucket": source.bucket, "Key": source.key, "VersionId": source.version_id}
        # The rules that let a page into one bucket say nothing about what is in another.
        is_strange = self.is_believed and source.bucket != self.bucket.name
        visitor = self.visitor._replace(caller=identity.ANONYMOUS) if is_strange else self.visitor
        bucket, needs = await self.store.read(access.permitted, visitor, "get_object", asked)
        self.needs_asked = [*self.needs_asked, *needs]
        access.check_owner(bucket, given.get("ExpectedSourceBucketOwner"))
        held = self.customer_key(given, "CopySource")
        return await self.opened(_open, self.blobs, source, given, copy_range, held=held)

    async def _wanted(self, key: str, source: Source, found: Object, given: dict[str, Any]) -> Object:
        """The copy as described: the source's metadata and tags, or what the request puts in their place."""
        wanted = await self.new_object(key, given)
        directive = given.get("MetadataDirective") or "COPY"
        if directive not in ("COPY", "REPLACE"):
            raise InvalidArgument(
                "Unknown metadata directive.", ArgumentName="x-amz-metadata-directive", ArgumentValue=directive
            )
        if directive == "COPY":
            headers = {k: v for k, v in found.headers.items() if k != "WebsiteRedirectLocation"}
            if "WebsiteRedirectLocation" in given:
                headers["WebsiteRedirectLocation"] = given["WebsiteRedirectLocation"]
            wanted = replace(wanted, headers=headers, metadata=found.metadata)
        if (given.get("TaggingDirective") or "COPY") == "COPY":
            wanted = replace(wanted, tags=found.tags)
        in_place = (source.bucket, source.key) == (self.bucket.name, key) and source.version_id is None
        if in_place and directive == "COPY" and not self._changes_something(found, wanted, given):
            raise InvalidRequest(_SELF_COPY)
        return wanted

    def _changes_something(self, found: Object, wanted: Object, given: dict[str, Any]) -> bool:
        asks = (
            "StorageClass",
            "WebsiteRedirectLocation",
            "ServerSideEncryption",
            "SSECustomerKey",
            "ChecksumAlgorithm",
        )
        return any(given.get(name) is not None for name in asks) or self.bucket.has("encryption")


def _parse_source(text: str) -> Source:
    """`bucket/key[?versionId=...]`, percent-encoded, with or without a leading slash. Raises InvalidArgument."""
    path, _, query = text.partition("?")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not key:
        raise InvalidArgument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName="x-amz-copy-source",
            ArgumentValue=text,
        )
    version_ids = parse_qs(query, keep_blank_values=True).get("versionId")
    return Source(bucket, key, version_ids[0] if version_ids else None)


def _open(
    tx: ReadTransaction,
    blobs: Blobs,
    source: Source,
    given: dict[str, Any],
    copy_range: str | None,
    held: HeldKey | None,
) -> tuple[Object, bytes | AsyncIterator[bytes]]:
    bucket = buckets.get(tx, source.bucket)
    if given.get("ExpectedSourceBucketOwner") not in (None, bucket.account):
        raise AccessDenied
    found = objects.find(tx, source.bucket, source.key, source.version_id)
    conditions.check_copy_source(found, given)
    storage_classes.check_readable(found, tx.now)
    whole = Span(0, found.size, found.size)
    span = ranges.parse_copy(copy_range, found.size) if copy_range is not None else whole
    return found, contents.open_span(tx, blobs, found, span, held)


def _put_copy(
    tx: Transaction, blobs: Blobs, bucket: Bucket, made: Object, draft: Draft, given: dict[str, Any], shelf: str
) -> Object:
    conditions.check_write(objects.current(tx, bucket.name, made.key), made.key, given)
    beside = object_annotations.copied(tx, blobs, shelf)
    return objects.put(tx, blobs, bucket, replace(made, blob=draft.adopt(tx), modified=tx.now, annotations=beside))


def _annotations(found: Object, wanted: Object, given: dict[str, Any]) -> str:
    """The shelf of annotations that goes with a copy. Raises InvalidArgument, or InvalidRequest where the copy cannot
    have any."""
    directive = given.get("AnnotationDirective") or "COPY"
    if directive not in ("COPY", "EXCLUDE"):
        raise InvalidArgument(
            "Unknown annotation directive.", ArgumentName="x-amz-object-annotation-directive", ArgumentValue=directive
        )
    if directive == "EXCLUDE" or not found.annotations:
        return ""
    object_annotations.check_encryption(wanted)
    return found.annotations


def _kept(upload: Upload) -> str | None:
    return upload.checksum_algorithm or None


def _part_checksum(upload: Upload, part: multipart.Part) -> dict[str, str]:
    return {f"Checksum{upload.checksum_algorithm}": part.checksum} if upload.checksum_algorithm else {}
