"""Lifecycle configurations as clients set them, and the job that goes through the buckets.

The rules are in ../lifecycle.py, what they do to objects in ../ageing.py."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from cumulet.kernel.scope import Scope
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import ageing, buckets, lifecycle, midnights, tiering
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import MalformedXML

_VERSIONS_PER_READ = 250
_KEYS_PER_WRITE = 25
_READS_PER_RUN = 200
_UPLOADS = 250


class Lifecycle(S3Base):
    async def put_bucket_lifecycle_configuration(
        self,
        *,
        Bucket: str,
        LifecycleConfiguration: dict[str, Any] | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
        TransitionDefaultMinimumObjectSize: str | None = None,
    ) -> dict[str, Any]:
        if not LifecycleConfiguration or not LifecycleConfiguration.get("Rules"):
            raise MalformedXML
        rules = LifecycleConfiguration["Rules"]
        minimum = await self.store.write(lifecycle.configure, Bucket, rules, TransitionDefaultMinimumObjectSize)
        return {"TransitionDefaultMinimumObjectSize": minimum}

    async def get_bucket_lifecycle_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return await self.store.read(lifecycle.configuration, Bucket)

    async def delete_bucket_lifecycle(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, lifecycle.KIND)
        return {}

    @job
    async def apply_lifecycle(
        self,
        bucket: str,
        as_of: datetime,
        position: list[Any] | None = None,
        earliest: datetime | None = None,
        begun: datetime | None = None,
    ) -> None:
        """Go through a bucket as of a midnight, in slices; a large bucket takes several runs of this job.

        `earliest` is when something is due that an earlier run saw, `begun` when the first run began."""
        held = await self.store.read(_policy, bucket)
        if held is None:
            return
        begun = begun or self.clock.now()
        place: tuple[int, str] | None = None if position is None else (position[0], position[1])
        place, found = await self._age(bucket, held, as_of, place)
        earliest = _earlier(earliest, found)
        if place is not None:
            rest = {"as_of": as_of, "position": list(place), "earliest": earliest, "begun": begun}
            await self.store.write(_schedule, bucket, self.scope, None, rest)
            return
        earliest = _earlier(earliest, await self.store.write(ageing.abort_uploads, self.blobs, bucket, as_of, _UPLOADS))
        await self.store.write(_plan_next, bucket, self.scope, earliest, begun)

    async def _age(
        self, bucket: str, held: ageing.Policy, as_of: datetime, place: tuple[int, str] | None
    ) -> tuple[tuple[int, str] | None, datetime | None]:
        """As many slices as one run takes. Returns where to go on, and when something is due that was seen."""
        earliest: datetime | None = None
        for _ in range(_READS_PER_RUN):
            found = await self.store.read(ageing.survey, bucket, held, as_of, place, _VERSIONS_PER_READ)
            earliest = _earlier(earliest, found.earliest)
            for start in range(0, len(found.due), _KEYS_PER_WRITE):
                keys = found.due[start : start + _KEYS_PER_WRITE]
                earliest = _earlier(earliest, await self.store.write(ageing.age, self.blobs, bucket, keys, as_of))
            place = found.position
            if place is None:
                break
            await asyncio.sleep(0)
        return place, earliest


def _policy(tx: ReadTransaction, name: str) -> ageing.Policy | None:
    bucket = buckets.find(tx, name)
    if bucket is None or not (bucket.has(lifecycle.KIND) or bucket.has(tiering.KIND)):
        return None
    return ageing.policy(tx, bucket)


def _plan_next(tx: Transaction, name: str, scope: Scope, earliest: datetime | None, begun: datetime) -> None:
    """The midnight on which something that was seen is due, or something that was put since we began may be."""
    bucket = buckets.find(tx, name)
    if bucket is None:
        return
    quiet = midnights.after(begun, ageing.quiet_days(ageing.policy(tx, bucket), bucket))
    at = quiet if earliest is None else min(earliest, quiet)
    _schedule(tx, name, scope, at, {"as_of": at})


def _schedule(tx: Transaction, bucket: str, scope: Scope, at: datetime | None, payload: dict[str, Any]) -> None:
    tx.schedule(at or tx.now, lifecycle.JOB, {"bucket": bucket, **payload}, scope=scope, key=bucket)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
