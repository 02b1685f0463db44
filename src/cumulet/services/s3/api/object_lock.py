"""Object Lock as clients set it. The rules are in ../object_lock.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3 import object_lock
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import MalformedXML


class ObjectLock(S3Base):
    async def put_object_lock_configuration(
        self,
        *,
        Bucket: str,
        ObjectLockConfiguration: dict[str, Any] | None = None,
        RequestPayer: str | None = None,
        Token: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        if ObjectLockConfiguration is None:
            raise MalformedXML
        await self.store.write(object_lock.configure, Bucket, ObjectLockConfiguration)
        return {}

    async def get_object_lock_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"ObjectLockConfiguration": await self.store.read(object_lock.configuration, self.bucket)}

    async def put_object_retention(
        self,
        *,
        Bucket: str,
        Key: str,
        Retention: dict[str, Any] | None = None,
        RequestPayer: str | None = None,
        VersionId: str | None = None,
        BypassGovernanceRetention: bool | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        bypass = self.bypasses_governance(BypassGovernanceRetention)
        wanted = Retention or {}
        rule = self.replicating(object_lock.retain)
        await self.store.write(rule, self.bucket, Key, VersionId, wanted, bypass=bypass)
        return {}

    async def get_object_retention(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        return {"Retention": await self.store.read(object_lock.retention, self.bucket, Key, VersionId)}

    async def put_object_legal_hold(
        self,
        *,
        Bucket: str,
        Key: str,
        LegalHold: dict[str, Any] | None = None,
        RequestPayer: str | None = None,
        VersionId: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        status = (LegalHold or {}).get("Status")
        await self.store.write(self.replicating(object_lock.hold), self.bucket, Key, VersionId, status)
        return {}

    async def get_object_legal_hold(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        return {"LegalHold": await self.store.read(object_lock.legal_hold, self.bucket, Key, VersionId)}
