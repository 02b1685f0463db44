"""Who pays for requests, and the accelerated address. The rules are in ../request_payment.py, ../acceleration.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import Transaction
from cumulet.services.s3 import acceleration, buckets, request_payment
from cumulet.services.s3.api.base import S3Base


class RequestPayment(S3Base):
    async def put_bucket_request_payment(
        self,
        *,
        Bucket: str,
        RequestPaymentConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(_set_payer, Bucket, request_payment.payer_in(RequestPaymentConfiguration))
        return {}

    async def get_bucket_request_payment(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"Payer": request_payment.REQUESTER if self.bucket.has(request_payment.KIND) else request_payment.OWNER}

    async def put_bucket_accelerate_configuration(
        self,
        *,
        Bucket: str,
        AccelerateConfiguration: dict[str, Any],
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        acceleration.check(AccelerateConfiguration, Bucket)
        wanted = {"Status": AccelerateConfiguration["Status"]}
        await self.store.write(buckets.configure, Bucket, acceleration.KIND, wanted)
        return {}

    async def get_bucket_accelerate_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None, RequestPayer: str | None = None
    ) -> dict[str, Any]:
        return await self.store.read(buckets.configuration, Bucket, acceleration.KIND) or {}


def _set_payer(tx: Transaction, name: str, payer: str) -> None:
    if payer == request_payment.REQUESTER:
        buckets.configure(tx, name, request_payment.KIND, {"Payer": payer})
    else:
        buckets.unconfigure(tx, name, request_payment.KIND)
