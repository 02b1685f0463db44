"""CORS rules as clients set them, and the preflights that browsers send. The rules are in ../cors.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import RawAnswer
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import buckets, cors
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import NoSuchCORSConfiguration


class Cors(S3Base):
    async def put_bucket_cors(
        self,
        *,
        Bucket: str,
        CORSConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        rules = CORSConfiguration.get("CORSRules") or []
        cors.check(rules)
        await self.store.write(buckets.configure, Bucket, cors.KIND, {"CORSRules": rules})
        return {}

    async def get_bucket_cors(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        found = await self.store.read(buckets.configuration, Bucket, cors.KIND)
        if found is None:
            raise NoSuchCORSConfiguration(BucketName=Bucket)
        return found

    async def delete_bucket_cors(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, cors.KIND)
        return {}

    async def preflight(self, *, Bucket: str, Key: str | None = None) -> RawAnswer:
        """OPTIONS: whether a page may make the request that it describes. Asks for no permission: it reads nothing."""
        asked = cors.asked_by(self.request.headers, self.request.method)
        resource = "BUCKET" if Key is None else "OBJECT"
        rules = await self.store.read(self._rules, Bucket, asked.method, resource)
        headers = cors.headers_for(rules, asked, preflight=True)
        if headers is None:
            raise cors.refusal(asked.method, resource)
        self.reply.cors = headers
        return RawAnswer(status=200)

    def _rules(self, tx: ReadTransaction, name: str, method: str, resource: str) -> cors.Rules:
        bucket = buckets.find(tx, name)
        if bucket is None:
            raise cors.refusal("OPTIONS", "BUCKET", "CORSResponse: Bucket not found")
        self.admit(tx, bucket)
        found = buckets.configuration(tx, name, cors.KIND) if bucket.has(cors.KIND) else None
        if found is None:
            raise cors.refusal(method, resource, "CORSResponse: CORS is not enabled for this bucket.")
        rules: cors.Rules = found["CORSRules"]
        return rules
