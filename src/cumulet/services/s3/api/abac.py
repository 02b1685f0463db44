"""Whether a bucket's tags count in access control (ABAC). Kept until policies can ask for them."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import stored
from cumulet.services.s3 import buckets
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import MalformedXML

KIND = "abac"


class Abac(S3Base):
    @stored
    async def put_bucket_abac(
        self,
        *,
        Bucket: str,
        AbacStatus: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        if AbacStatus.get("Status") not in ("Enabled", "Disabled"):
            raise MalformedXML
        await self.store.write(buckets.configure, Bucket, KIND, {"Status": AbacStatus["Status"]})
        return {}

    @stored
    async def get_bucket_abac(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        """A bucket begins without (S3 User Guide, "Enabling ABAC in general purpose buckets")."""
        return {"AbacStatus": await self.store.read(buckets.configuration, Bucket, KIND) or {"Status": "Disabled"}}
