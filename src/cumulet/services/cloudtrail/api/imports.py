"""Imports of log files from S3 into event data stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import job
from cumulet.services.cloudtrail import imports, selectors, stores
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.errors import (
    InvalidEventDataStoreCategoryException,
    InvalidParameterException,
)
from cumulet.services.cloudtrail.imports import Import
from cumulet.services.cloudtrail.stores import DataStore

_LARGEST_PAGE = 1000


class Imports(Base):
    async def start_import(
        self, *, Destinations: Sequence[str] = (), ImportSource: Mapping[str, Any] | None = None,
        StartEventTime: datetime | None = None, EndEventTime: datetime | None = None, ImportId: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if ImportId is not None:
            new = await self.store.read(imports.resumable, self.scope, ImportId)
        elif ImportSource is None or not Destinations:
            raise InvalidParameterException("A destination and a source, or the ID of an import, have to be given.")
        else:
            imports.check_source(ImportSource)
            store = await self.store.read(stores.active, self.scope, Destinations[0])
            if selectors.category(store.selectors) not in ("Management", "Data"):
                raise InvalidEventDataStoreCategoryException("The event data store has to be for CloudTrail events.")
            if StartEventTime is not None and EndEventTime is not None and StartEventTime > EndEventTime:
                raise InvalidParameterException("The start time must be before the end time.")
            now = self.clock.now()
            new = Import(
                scope=self.scope, id=self.kernel.ids.uuid(), destination=store.arn, source=dict(ImportSource),
                status=imports.INITIALIZING, created=now, updated=now, since=StartEventTime, until=EndEventTime,
            )  # fmt: skip
        await self.store.write(imports.start, new)
        return imports.as_wire(new)

    async def get_import(self, *, ImportId: str) -> dict[str, Any]:
        found = await self.store.read(imports.find, self.scope, ImportId)
        return {**imports.as_wire(found), "ImportStatistics": imports.statistics(found)}

    async def stop_import(self, *, ImportId: str) -> dict[str, Any]:
        found = await self.store.write(imports.switch, self.scope, ImportId, imports.STOPPED)
        return {**imports.as_wire(found), "ImportStatistics": imports.statistics(found)}

    async def list_imports(
        self, *, MaxResults: int | None = None, Destination: str | None = None, ImportStatus: str | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        store = Destination and await self.store.read(stores.find, self.scope, Destination)
        every = await self.store.read(imports.listed, self.scope)
        wanted = [
            each
            for each in every
            if (not store or each.destination == store.arn) and (ImportStatus is None or each.status == ImportStatus)
        ]
        ids = [each.id for each in wanted]
        first = ids.index(NextToken) + 1 if NextToken in ids else 0
        page = wanted[first : first + (MaxResults or _LARGEST_PAGE)]
        names = ("ImportId", "ImportStatus", "Destinations", "CreatedTimestamp", "UpdatedTimestamp")
        told: dict[str, Any] = {
            "Imports": [{name: imports.as_wire(each)[name] for name in names} for each in page],
        }  # fmt: skip
        return told | ({"NextToken": page[-1].id} if first + len(page) < len(wanted) else {})

    async def list_import_failures(
        self, *, ImportId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        going = await self.store.read(imports.find, self.scope, ImportId)
        limit = MaxResults or _LARGEST_PAGE
        found = await self.store.read(imports.failures, going, NextToken, limit + 1)
        told: dict[str, Any] = {
            "Failures": [
                {
                    "Location": each.location,
                    "Status": "FAILED",
                    "ErrorType": each.kind,
                    "ErrorMessage": each.message,
                    "LastUpdatedTime": each.updated,
                }
                for each in found[:limit]
            ]
        }
        bucket = f"s3://{going.place[0]}/"
        return told | ({"NextToken": found[limit - 1].location.removeprefix(bucket)} if len(found) > limit else {})

    @job
    async def run_import(self, *, ImportId: str) -> None:
        """Read file after file, from where an earlier run ended."""
        going = await self.store.read(imports.kept, self.scope, ImportId)
        if going is None or going.status not in (imports.INITIALIZING, imports.IN_PROGRESS):
            return
        going = await self.store.write(imports.switch, self.scope, ImportId, imports.IN_PROGRESS)
        try:
            store = await self.store.read(stores.active, self.scope, going.destination)
            caller = await self.assume(going.role, "CloudTrailImport", source_arn=store.arn)
            s3 = self.kernel.client(caller, "s3", going.source["S3"]["S3BucketRegion"])
            ended = await self._import(s3, going, store)
        except ServiceError:
            ended = imports.FAILED
        if ended:
            await self.store.write(imports.switch, self.scope, ImportId, ended)

    async def _import(self, s3: Any, going: Import, store: DataStore) -> str:
        """How the import has ended; nothing if it was stopped."""
        bucket, prefix = going.place
        async for listed in _listed(s3, bucket, prefix, going.last):
            body = await _fetched(s3, bucket, listed)
            found: Any = body
            if not isinstance(body, str):
                found = await asyncio.to_thread(imports.read, body, going, store, self.clock.now())
            moved = await self.store.write(imports.take, going, store, listed["Key"], found)
            if moved is None:
                return ""
            going = moved
        return imports.COMPLETED if not going.failures else imports.FAILED


async def _listed(s3: Any, bucket: str, prefix: str, after: str) -> AsyncIterator[Mapping[str, Any]]:
    """The log files of a bucket in the order of their keys."""
    token: dict[str, str] = {"StartAfter": after} if after else {}
    while True:
        answer = await s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
        for each in answer.get("Contents", ()):
            if imports.is_log_file(each["Key"]):
                yield each
        if not answer.get("IsTruncated"):
            return
        token = {"ContinuationToken": answer["NextContinuationToken"]}


async def _fetched(s3: Any, bucket: str, listed: Mapping[str, Any]) -> bytes | str:
    """A file, or why there is none."""
    if listed["Size"] > imports.LARGEST_FILE:
        return "The file is too large."
    try:
        body = (await s3.get_object(Bucket=bucket, Key=listed["Key"]))["Body"]
    except ServiceError as error:
        return f"{error.code}: {error.message}"[:500]
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])
