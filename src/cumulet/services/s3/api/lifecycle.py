"""Lifecycle configurations as clients set them, and the job that goes through the buckets.

The rules are in ../lifecycle.py, what they do to objects in ../ageing.py."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from cumulet.kernel.scope import Scope
from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import ageing, buckets, lifecycle, midnights, tiering
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import MalformedXML

_VERSIONS_PER_READ = 500
_KEYS_PER_WRITE = 50
_READS_PER_RUN = 100


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
    ) -> None:
        """Go through a bucket as of a midnight, in slices; a large bucket takes several runs of this job."""
        held = await self.store.read(_policy, bucket)
        if held is None:
            return
        place: tuple[int, str] | None = None if position is None else (position[0], position[1])
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
        if place is None:
            following, more = await self.store.write(
                ageing.abort_uploads, self.blobs, bucket, as_of, _VERSIONS_PER_READ
            )
            earliest = as_of if more else _earlier(earliest, following)
        await self.store.write(_go_on, bucket, self.scope, as_of, place, earliest)


def _policy(tx: Any, name: str) -> ageing.Policy | None:
    bucket = buckets.find(tx, name)
    if bucket is None or not (bucket.has(lifecycle.KIND) or bucket.has(tiering.KIND)):
        return None
    return ageing.policy(tx, bucket)


def _go_on(
    tx: Transaction,
    bucket: str,
    scope: Scope,
    as_of: datetime,
    place: tuple[int, str] | None,
    earliest: datetime | None,
) -> None:
    """The rest of the bucket, or the next midnight on which something is due, or, if that is to come, tomorrow:
    what is due then may be put today."""
    at = tx.now
    payload: dict[str, Any] = {"bucket": bucket, "as_of": as_of}
    if place is not None:
        payload |= {"position": list(place), "earliest": earliest}
    elif earliest is not None and earliest <= tx.now:
        payload["as_of"] = earliest
    else:
        payload["as_of"] = at = midnights.after(tx.now)
    tx.schedule(at, lifecycle.JOB, payload, scope=scope, key=bucket)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
