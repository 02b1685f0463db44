"""Restores from the archives as clients ask for them. The rules are in ../restores.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import buckets, restores
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import MalformedXML


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
        restored = await self.store.write(restores.request, self.bucket, Key, VersionId, RestoreRequest)
        self.reply.status = 200 if restored.already else 202
        return {}

    @job
    async def finish_restore(self, bucket: str, key: str, version: str) -> None:
        await self.store.write(_finish, bucket, key, version)


def _finish(tx: Transaction, name: str, key: str, version: str) -> None:
    bucket = buckets.find(tx, name)
    if bucket is not None:
        restores.finish(tx, bucket, key, version)
