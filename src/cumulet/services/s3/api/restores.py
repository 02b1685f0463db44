"""Restores from the archives as clients ask for them. The rules are in ../restores.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import buckets, notifications, restores
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import MalformedXML
from cumulet.services.s3.notifications import Cause
from cumulet.services.s3.restores import Restored


class Restores(S3Base):
    async def restore_object(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        RestoreRequest: dict[str, Any] | None = None,
        RequestPayer: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        if RestoreRequest is None:
            raise MalformedXML
        if RestoreRequest.get("Type") is not None or RestoreRequest.get("OutputLocation") is not None:
            raise NotImplementedYet("Cumulet does not implement restores with a SELECT query yet.")
        restored = await self.store.write(_request, self.bucket, Key, VersionId, RestoreRequest, self.cause())
        self.reply.status = 200 if restored.already else 202
        return {}

    @job
    async def finish_restore(self, bucket: str, key: str, version: str, stage: str) -> None:
        await self.store.write(_finish, bucket, key, version, stage)


def _request(
    tx: Transaction, bucket: Bucket, key: str, version_id: str | None, wanted: dict[str, Any], cause: Cause
) -> Restored:
    restored = restores.request(tx, bucket, key, version_id, wanted)
    if not restored.already and bucket.has(notifications.KIND):
        notifications.emit(tx, bucket, "ObjectRestore:Post", restored.found, cause)
    return restored


def _finish(tx: Transaction, name: str, key: str, version: str, stage: str) -> None:
    bucket = buckets.find(tx, name)
    if bucket is not None:
        restores.finish(tx, bucket, key, version, stage)
