"""Replication as clients set it, and the job that copies. The rules are in ../replication.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import internal, job
from cumulet.services.s3 import buckets, replication, replication_rules
from cumulet.services.s3.access import Visitor
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import InvalidRequest


class Replication(S3Base):
    async def put_bucket_replication(
        self,
        *,
        Bucket: str,
        ReplicationConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        Token: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(replication_rules.configure, self.bucket, ReplicationConfiguration)
        return {}

    async def get_bucket_replication(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"ReplicationConfiguration": await self.store.read(replication_rules.configuration, Bucket)}

    async def delete_bucket_replication(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, replication_rules.KIND)
        return {}

    @internal
    async def replicate_existing(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> str:
        """Bring over a version written before the rules were (S3 Batch Replication). Returns its replication status.

        Raises InvalidRequest where no rule is for it."""
        writer = await self._in_role(Bucket)
        done = await self.store.write(replication.replicate_existing, self.blobs, writer, Bucket, Key, VersionId)
        if done is None:
            raise InvalidRequest("The object is not eligible for replication")
        return done.replication

    @job
    async def replicate(self, bucket: str, key: str, version: str) -> None:
        writer = await self._in_role(bucket)
        await self.store.write(replication.replicate, self.blobs, writer, bucket, key, version)

    async def _in_role(self, bucket: str) -> Visitor | None:
        """S3 in the role that the bucket's replication names; None if the role does not let it."""
        role = await self.store.read(replication.role, bucket)
        if not role:
            return None
        try:
            caller = await self.assume(role, "s3-replication", source_arn=f"arn:aws:s3:::{bucket}")
        except ServiceError:
            return None
        return self.visitor._replace(caller=caller)
