"""Storage class analyses as clients configure them, and their exports. The rules are in ../analytics.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import analytics, buckets, destinations, named_configurations
from cumulet.services.s3.analytics import KIND, Survey
from cumulet.services.s3.api.reports import Reports
from cumulet.services.s3.buckets import Bucket


class Analytics(Reports):
    async def put_bucket_analytics_configuration(
        self, *, Bucket: str, Id: str, AnalyticsConfiguration: dict[str, Any], ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        named_configurations.check_id(Id, AnalyticsConfiguration)
        analytics.check(AnalyticsConfiguration)
        await self.store.write(analytics.put, Bucket, AnalyticsConfiguration)
        self.reply.status = 204
        return {}

    async def get_bucket_analytics_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"AnalyticsConfiguration": await self.store.read(named_configurations.get, Bucket, KIND, Id)}

    async def list_bucket_analytics_configurations(
        self, *, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return await self.store.read(
            named_configurations.listed, Bucket, KIND, "AnalyticsConfigurationList", ContinuationToken
        )

    async def delete_bucket_analytics_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(analytics.remove, Bucket, Id)
        return {}

    @job
    async def write_analysis(self, bucket: str, config_id: str) -> None:
        """Write the day's export and have the next one written."""
        source = await self.store.read(buckets.find, bucket)
        wanted = await self.store.read(buckets.configuration, bucket, KIND, config_id)
        where = None if wanted is None else analytics.export_of(wanted)
        if source is None or wanted is None or where is None:
            return
        destination = destinations.name_of(where["Bucket"])
        await self._reported(source, destination, lambda: self._write_export(source, destination, wanted))
        await self.store.write(_go_on, bucket, config_id)

    async def _write_export(self, source: Bucket, destination: str, wanted: dict[str, Any]) -> None:
        found: Survey = {}
        after: str | None = ""
        while after is not None:
            found, after = await self.store.read(analytics.survey, source.name, wanted, after, found)
        text = await self.store.read(analytics.export, source.name, wanted, found)
        await self._put_report(source, destination, {"Key": analytics.export_key(source.name, wanted)}, text.encode())


def _go_on(tx: Transaction, bucket: str, config_id: str) -> None:
    source, wanted = buckets.find(tx, bucket), buckets.configuration(tx, bucket, KIND, config_id)
    if source is not None and wanted is not None:
        analytics.forget_reads(tx, bucket, config_id)
        analytics.schedule(tx, source, wanted)
