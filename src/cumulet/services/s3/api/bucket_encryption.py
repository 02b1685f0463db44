"""A bucket's default encryption as clients set it. The rules are in ../bucket_encryption.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3 import bucket_encryption, buckets
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.bucket_encryption import KIND


class BucketEncryption(S3Base):
    async def get_bucket_encryption(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        found = await self.store.read(buckets.configuration, Bucket, KIND)
        return {"ServerSideEncryptionConfiguration": found or bucket_encryption.DEFAULT}

    async def put_bucket_encryption(
        self,
        *,
        Bucket: str,
        ServerSideEncryptionConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        kept = bucket_encryption.checked(ServerSideEncryptionConfiguration)
        await self.store.write(buckets.configure, Bucket, KIND, kept)
        return {}

    async def delete_bucket_encryption(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, KIND)
        return {}
