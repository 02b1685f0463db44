"""GetObjectAttributes: what HeadObject and ListParts tell, in one answer."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import encryption, multipart, objects
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.api.listings import listing_limit
from cumulet.services.s3.encryption import CustomerKey
from cumulet.services.s3.errors import InvalidArgument
from cumulet.services.s3.multipart import Part
from cumulet.services.s3.objects import Object

_ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class ObjectAttributes(S3Base):
    async def get_object_attributes(
        self,
        *,
        Bucket: str,
        Key: str,
        ObjectAttributes: list[str],
        VersionId: str | None = None,
        MaxParts: int | None = None,
        PartNumberMarker: int | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        asked = _checked(ObjectAttributes)
        found = await self.store.read(_look_up, Bucket, Key, VersionId, self.customer_key(given))
        answer: dict[str, Any] = {"LastModified": found.modified}
        if self.bucket.versioning:
            answer["VersionId"] = found.version
        told: dict[str, Any] = {"ETag": found.etag, "StorageClass": found.storage_class, "ObjectSize": found.size}
        if found.checksum is not None:
            value = found.checksum.value.partition("-")[0]  # here without the number of parts
            told["Checksum"] = {f"Checksum{found.checksum.algorithm}": value, "ChecksumType": found.checksum.type}
        if "ObjectParts" in asked and found.parts:
            limit = listing_limit(MaxParts, "max-parts")
            told["ObjectParts"] = await self.store.read(_parts, found, int(PartNumberMarker or 0), limit)
        return answer | {name: value for name, value in told.items() if name in asked}


def _checked(names: list[str]) -> set[str]:
    """Raises InvalidArgument for a name that is no attribute."""
    asked = {name.strip() for name in names}
    if not asked or not asked <= set(_ATTRIBUTES):
        raise InvalidArgument(
            "Invalid attribute name specified.",
            ArgumentName="x-amz-object-attributes",
            ArgumentValue=",".join(names),
        )
    return asked


def _look_up(
    tx: ReadTransaction, bucket: str, key: str, version_id: str | None, customer: CustomerKey | None
) -> Object:
    found = objects.find(tx, bucket, key, version_id)
    encryption.check_key(found.encryption, customer)
    return found


def _parts(tx: ReadTransaction, found: Object, after: int, limit: int) -> dict[str, Any]:
    """Their number; and where the object's checksum is made of the parts', the parts themselves."""
    answer: dict[str, Any] = {"TotalPartsCount": found.parts}
    if found.checksum is None or found.checksum.type != multipart.COMPOSITE:
        return answer
    listed = multipart.parts(tx, found.upload, after=after, limit=limit + 1)
    page = listed[:limit]
    return answer | {
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(listed) > limit,
        "Parts": [_part(found, part) for part in page],
    }


def _part(found: Object, part: Part) -> dict[str, Any]:
    assert found.checksum is not None
    return {"PartNumber": part.number, "Size": part.size, f"Checksum{found.checksum.algorithm}": part.checksum}
