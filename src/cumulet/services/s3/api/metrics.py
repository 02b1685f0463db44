"""Metrics configurations as clients set them. The rules are in ../metrics.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import stored
from cumulet.services.s3 import metrics, named_configurations
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.metrics import KIND


class Metrics(S3Base):
    @stored
    async def put_bucket_metrics_configuration(
        self, *, Bucket: str, Id: str, MetricsConfiguration: dict[str, Any], ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        named_configurations.check_id(Id, MetricsConfiguration)
        metrics.check(MetricsConfiguration)
        await self.store.write(named_configurations.put, Bucket, KIND, MetricsConfiguration)
        self.reply.status = 204
        return {}

    @stored
    async def get_bucket_metrics_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"MetricsConfiguration": await self.store.read(named_configurations.get, Bucket, KIND, Id)}

    @stored
    async def list_bucket_metrics_configurations(
        self, *, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return await self.store.read(
            named_configurations.listed, Bucket, KIND, "MetricsConfigurationList", ContinuationToken
        )

    @stored
    async def delete_bucket_metrics_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(named_configurations.remove, Bucket, KIND, Id)
        return {}
