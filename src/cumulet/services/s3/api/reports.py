"""What inventories and analyses share: S3 writes a report into a bucket that lets it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.events import Event
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.buckets import Bucket

UNDELIVERED = "s3.ReportUndelivered"
"""The event that says that a report could not be written, and why."""


class Reports(S3Base):
    async def _put_report(
        self, source: Bucket, destination: str, how: dict[str, Any], body: bytes | AsyncIterator[bytes]
    ) -> None:
        """Put a file of a report, as S3 itself for the sake of `source`. Raises NoSuchBucket or AccessDenied."""
        target = await self.store.read(buckets.get, destination)
        client = self.client("s3", account=target.account, region=target.region, source_arn=source.arn)
        await client.put_object(Bucket=destination, ACL="bucket-owner-full-control", **how, Body=body)

    async def _reported(self, source: Bucket, destination: str, write: Callable[[], Awaitable[None]]) -> None:
        """Have `write` write a report. What the destination refuses is lost, as it is in AWS, but the log says so."""
        try:
            await write()
        except ServiceError as refusal:
            await self.store.write(_tell_undelivered, source, destination, str(refusal))


def _tell_undelivered(tx: Transaction, source: Bucket, destination: str, reason: str) -> None:
    scope = Scope(account=source.account, region=source.region)
    detail = {"destination": f"arn:aws:s3:::{destination}", "reason": reason}
    tx.emit(Event(id=tx.uuid(), type=UNDELIVERED, time=tx.now, scope=scope, resource=source.arn, detail=detail))
