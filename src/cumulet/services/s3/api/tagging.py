"""The tags of objects."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import attributes, objects
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.objects import Object


class Tagging(S3Base):
    async def get_object_tagging(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        found = await self.store.read(objects.find, Bucket, Key, VersionId)
        return {"TagSet": attributes.tag_set(found.tags), **self._version(found)}

    async def put_object_tagging(
        self,
        *,
        Bucket: str,
        Key: str,
        Tagging: dict[str, Any],
        VersionId: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        tags = attributes.tags_from_set(Tagging["TagSet"])
        return self._version(
            await self.store.write(self.telling("ObjectTagging:Put", _set_tags), Bucket, Key, VersionId, tags)
        )

    async def delete_object_tagging(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        return self._version(
            await self.store.write(self.telling("ObjectTagging:Delete", _set_tags), Bucket, Key, VersionId, {})
        )

    def _version(self, found: Object) -> dict[str, Any]:
        return {"VersionId": found.version} if self.bucket.versioning else {}


def _set_tags(tx: Transaction, bucket: str, key: str, version_id: str | None, tags: dict[str, str]) -> Object:
    changed = replace(objects.find(tx, bucket, key, version_id), tags=tags)
    objects.update(tx, bucket, changed)
    return changed
