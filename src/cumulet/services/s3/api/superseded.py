"""The first forms of lifecycle and notification configurations, for callers in process: requests over HTTP are taken
for the newer operations, which read both. The translation is in ../superseded.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3 import superseded
from cumulet.services.s3.api.lifecycle import Lifecycle
from cumulet.services.s3.api.notifications import Notifications


class Superseded(Lifecycle, Notifications):
    async def put_bucket_lifecycle(
        self,
        *,
        Bucket: str,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        LifecycleConfiguration: dict[str, Any] | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        now = superseded.lifecycle_as_now(LifecycleConfiguration or {})
        await self.put_bucket_lifecycle_configuration(Bucket=Bucket, LifecycleConfiguration=now)
        return {}

    async def get_bucket_lifecycle(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return superseded.lifecycle_as_then(await self.get_bucket_lifecycle_configuration(Bucket=Bucket))

    async def put_bucket_notification(
        self,
        *,
        Bucket: str,
        NotificationConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        now = superseded.notification_as_now(NotificationConfiguration)
        return await self.put_bucket_notification_configuration(Bucket=Bucket, NotificationConfiguration=now)

    async def get_bucket_notification(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return superseded.notification_as_then(await self.get_bucket_notification_configuration(Bucket=Bucket))
