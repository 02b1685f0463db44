"""The encryption of objects as clients change it. The rules are in ../object_encryption.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3 import object_encryption
from cumulet.services.s3.api.base import S3Base


class ObjectEncryption(S3Base):
    async def update_object_encryption(
        self,
        *,
        Bucket: str,
        Key: str,
        ObjectEncryption: dict[str, Any],
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
    ) -> dict[str, Any]:
        new = object_encryption.wanted(ObjectEncryption, self.bucket)
        await self.store.write(object_encryption.update, self.bucket, Key, VersionId, new)
        return {}
