"""Intelligent-Tiering configurations as clients set them. The rules are in ../tiering.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3 import tiering
from cumulet.services.s3.api.base import S3Base


class IntelligentTiering(S3Base):
    async def put_bucket_intelligent_tiering_configuration(
        self,
        *,
        Bucket: str,
        Id: str,
        IntelligentTieringConfiguration: dict[str, Any],
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(tiering.configure, Bucket, Id, IntelligentTieringConfiguration)
        self.reply.status = 204
        return {}

    async def get_bucket_intelligent_tiering_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"IntelligentTieringConfiguration": await self.store.read(tiering.configuration, Bucket, Id)}

    async def list_bucket_intelligent_tiering_configurations(
        self, *, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        found, more = await self.store.read(tiering.page, Bucket, ContinuationToken or "")
        answer: dict[str, Any] = {"IsTruncated": more is not None}
        if found:
            answer["IntelligentTieringConfigurationList"] = found
        if ContinuationToken is not None:
            answer["ContinuationToken"] = ContinuationToken
        if more is not None:
            answer["NextContinuationToken"] = more
        return answer

    async def delete_bucket_intelligent_tiering_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(tiering.remove, Bucket, Id)
        return {}
