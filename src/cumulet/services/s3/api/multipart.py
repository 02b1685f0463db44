"""Multipart uploads as clients drive them. The rules are in ../multipart.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from cumulet.services.s3 import ageing, attributes, conditions, lifecycle, multipart
from cumulet.services.s3.api.base import shown
from cumulet.services.s3.api.listings import initiator, listing_limit
from cumulet.services.s3.api.writing import Writing
from cumulet.services.s3.errors import InvalidArgument, InvalidRequest
from cumulet.services.s3.integrity import DEFAULT_ALGORITHM, Checks
from cumulet.services.s3.multipart import Part, Upload
from cumulet.services.s3.owners import owner


class MultipartUploads(Writing):
    async def create_multipart_upload(self, *, Bucket: str, Key: str, **given: Any) -> dict[str, Any]:
        algorithm, kind = multipart.check_checksum_type(given.get("ChecksumAlgorithm"), given.get("ChecksumType"))
        draft, _ = await self.protected(await self.new_object(Key, given), given)
        upload = Upload(
            id=multipart.new_id(self.clock.now(), Key, self.kernel.ids),
            key=Key,
            begun=self.clock.now(),
            draft=draft,
            initiator=self.caller.account,
            checksum_algorithm=algorithm,
            checksum_type=kind,
        )
        await self.store.write(multipart.begin, self.bucket, upload)
        answer = {"Bucket": Bucket, "Key": Key, "UploadId": upload.id, **attributes.encryption_of(upload.draft)}
        if algorithm:
            answer |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
        return answer | await self._abort_date(upload)

    async def upload_part(
        self,
        *,
        Bucket: str,
        Key: str,
        PartNumber: int,
        UploadId: str,
        Body: bytes | AsyncIterator[bytes] = b"",
        **given: Any,
    ) -> dict[str, Any]:
        upload = await self.store.read(multipart.find, Bucket, Key, UploadId)
        kept = upload.checksum_algorithm or DEFAULT_ALGORITHM
        checks = Checks(given, self.request.trailers, self.request.headers, kept=kept, is_part=True)
        if upload.checksum_algorithm and checks.algorithm not in (None, upload.checksum_algorithm):
            raise InvalidRequest(
                f"Checksum Type mismatch occurred, expected checksum Type: {upload.checksum_algorithm.lower()}, "
                f"actual checksum Type: {(checks.algorithm or 'null').lower()}"
            )
        part = await self.add_part(upload, PartNumber, Body, checks, given)
        told = _checksum_of(upload, part) or checks.sent()
        return {"ETag": f'"{part.etag}"', **told, **attributes.encryption_of(upload.draft)}

    async def complete_multipart_upload(
        self, *, Bucket: str, Key: str, UploadId: str, MultipartUpload: dict[str, Any] | None = None, **given: Any
    ) -> dict[str, Any]:
        conditions.check_write_headers(given)
        wanted = (MultipartUpload or {}).get("Parts") or []
        rule = self.telling("ObjectCreated:CompleteMultipartUpload", multipart.complete)
        made = await self.store.write(rule, self.blobs, self.bucket, Key, UploadId, wanted, given)
        location = f"{self.request.endpoint}/{Bucket}/{quote(Key)}"
        told = {name: value for name, value in self.written(made).items() if not name.startswith("SSECustomer")}
        return {"Bucket": Bucket, "Key": Key, "Location": location, **told, **await self.expiration(made)}

    async def abort_multipart_upload(
        self,
        *,
        Bucket: str,
        Key: str,
        UploadId: str,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        IfMatchInitiatedTime: datetime | None = None,
    ) -> dict[str, Any]:
        upload = await self.store.read(multipart.find, Bucket, Key, UploadId)
        await self.store.write(multipart.abort, self.blobs, Bucket, upload)
        return {}

    async def list_parts(
        self,
        *,
        Bucket: str,
        Key: str,
        UploadId: str,
        MaxParts: int | None = None,
        PartNumberMarker: int | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        SSECustomerAlgorithm: str | None = None,
        SSECustomerKey: str | None = None,
        SSECustomerKeyMD5: str | None = None,
    ) -> dict[str, Any]:
        upload = await self.store.read(multipart.find, Bucket, Key, UploadId)
        limit = listing_limit(MaxParts, "max-parts")
        marker = _marker(PartNumberMarker)
        found = await self.store.read(multipart.parts, UploadId, after=marker, limit=limit + 1)
        page = found[:limit]
        answer: dict[str, Any] = {
            "Bucket": Bucket,
            "Key": Key,
            "UploadId": UploadId,
            "PartNumberMarker": marker,
            "NextPartNumberMarker": page[-1].number if page else 0,
            "MaxParts": limit,
            "IsTruncated": len(found) > limit,
            "Parts": [_listed(upload, part) for part in page],
            "Initiator": initiator(upload),
            "Owner": owner(self.bucket.account),
            "StorageClass": upload.draft.storage_class,
        }
        if upload.checksum_algorithm:
            answer |= {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_type}
        return answer | await self._abort_date(upload)

    async def _abort_date(self, upload: Upload) -> dict[str, Any]:
        if not self.bucket.has(lifecycle.KIND):
            return {}
        return await self.store.read(ageing.abort_date, self.bucket.name, upload)


def _listed(upload: Upload, part: Part) -> dict[str, Any]:
    entry = {
        "PartNumber": part.number,
        "LastModified": shown(part.modified),
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    return {**entry, **_checksum_of(upload, part)}


def _checksum_of(upload: Upload, part: Part) -> dict[str, str]:
    return {f"Checksum{upload.checksum_algorithm}": part.checksum} if upload.checksum_algorithm else {}


def _marker(number: int | None) -> int:
    if number is not None and number < 0:
        raise InvalidArgument(
            "Argument part-number-marker must be an integer between 0 and 2147483647",
            ArgumentName="part-number-marker",
            ArgumentValue=str(number),
        )
    return number or 0
