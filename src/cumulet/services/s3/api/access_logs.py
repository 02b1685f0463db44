"""Server access logging as clients set it up, and its delivery. The rules are in ../access_logs.py."""

from __future__ import annotations

import logging
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.records import replace
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import access_logs, acls, buckets, objects
from cumulet.services.s3.acls import Grants
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.buckets import Bucket

log = logging.getLogger("cumulet.s3")


class AccessLogs(S3Base):
    async def put_bucket_logging(
        self,
        *,
        Bucket: str,
        BucketLoggingStatus: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(_configure, Bucket, BucketLoggingStatus.get("LoggingEnabled"))
        return {}

    async def get_bucket_logging(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        found = await self.store.read(buckets.configuration, Bucket, access_logs.KIND)
        return {} if found is None else {"LoggingEnabled": found}

    @job
    async def deliver_access_logs(self, *, Bucket: str) -> None:
        """Put the lines collected for a bucket into its target, one object a run. Undeliverable lines are dropped, as
        S3 drops them: a log must not grow because nobody may have it."""
        source, settings = await self.store.read(_settings, Bucket)
        lines = await self.store.read(access_logs.collected, Bucket)
        if source is not None and settings is not None and lines:
            key = access_logs.object_key(source, settings, lines[0][0], self.clock.now())
            try:
                await self._deliver(source, settings, key, "".join(line for _, line in lines))
            except ServiceError as error:
                log.warning("access logs of %s were not delivered: %s", Bucket, error)
        await self.store.write(access_logs.forget, Bucket, [key for key, _ in lines])

    async def _deliver(self, source: Bucket, settings: dict[str, Any], key: str, text: str) -> None:
        s3 = self.kernel.client(access_logs.deliverer(source), "s3", source.region)
        target = settings["TargetBucket"]
        await s3.put_object(Bucket=target, Key=key, Body=text.encode(), ContentType="text/plain")
        if settings.get("TargetGrants"):
            await self.store.write(_grant, target, key, settings["TargetGrants"])


def _configure(tx: Transaction, name: str, wanted: dict[str, Any] | None) -> None:
    if wanted is None:
        buckets.unconfigure(tx, name, access_logs.KIND)
        return
    access_logs.check(tx, buckets.get(tx, name), wanted)
    buckets.configure(tx, name, access_logs.KIND, wanted)


def _settings(tx: ReadTransaction, name: str) -> tuple[Bucket | None, dict[str, Any] | None]:
    return buckets.find(tx, name), buckets.configuration(tx, name, access_logs.KIND)


def _grant(tx: Transaction, bucket: str, key: str, grants: Grants) -> None:
    owner = buckets.get(tx, bucket)
    found = objects.find(tx, bucket, key)
    objects.update(tx, bucket, replace(found, acl={"Grants": [*acls.own(owner.account), *grants]}))
