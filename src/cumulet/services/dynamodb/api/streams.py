"""Streams: what Amazon DynamoDB Streams, a service of its own, is told by the tables, and what keeps streams going."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.service import internal, job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import items, policies, stream_records, streams, tables
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ResourceNotFoundException
from cumulet.services.dynamodb.stream_records import Page
from cumulet.services.dynamodb.streams import Stream

Answer = dict[str, Any]


class Streams(DynamoBase):
    @internal
    async def streams(self, *, table: str | None, after: str | None, limit: int) -> list[Answer]:
        """The streams of a table, or of all, as ListStreams shows them; `after` is an ARN."""
        path = after.split("/") if after is not None else []
        start = (path[1], path[3]) if len(path) == 4 else None
        found = await self.store.read(streams.listed, self.scope, table, start, limit)
        return [{"StreamArn": s.arn, "TableName": s.table, "StreamLabel": s.label} for s in found]

    @internal
    async def stream(self, *, arn: str, after: str | None, limit: int, children_of: str | None) -> Answer:
        """As DescribeStream shows it. Raises ResourceNotFoundException."""

        def describe(tx: ReadTransaction) -> Answer:
            return stream_records.described(tx, self._stream(tx, arn), after, limit, children_of)

        return await self.store.read(describe)

    @internal
    async def stream_position(
        self, *, arn: str, shard: str, kind: str, sequence: str | None, since: datetime | None
    ) -> int:
        """Where an iterator of this type begins to read a shard. Raises ResourceNotFoundException,
        TrimmedDataAccessException or ValidationException."""

        def find(tx: ReadTransaction) -> int:
            stream = self._stream(tx, arn)
            return stream_records.position(tx, stream, streams.shard(tx, stream, shard), kind, sequence, since)

        return await self.store.read(find)

    @internal
    async def stream_records(self, *, arn: str, shard: str, since: int, limit: int, wait_seconds: float = 0) -> Page:
        """A page of a shard from a position on. With `wait_seconds`, waits until there is a record, or the shard ends,
        or that time has passed. Raises ResourceNotFoundException or TrimmedDataAccessException."""

        def read(tx: ReadTransaction) -> Page:
            stream = self._stream(tx, arn)
            return stream_records.page(tx, stream, streams.shard(tx, stream, shard), since, limit)

        page = await self.store.read(read)
        if wait_seconds <= 0 or page.records or page.next is None:
            return page
        give_up = self.clock.now() + timedelta(seconds=wait_seconds)
        stream = await self.store.read(self._stream, arn)
        with self.store.waiter(streams.channel(stream.scope, stream.id)) as waiter:
            while not (page := await self.store.read(read)).records and page.next is not None:
                if not await waiter.wait(until=give_up):
                    break
        return page

    @internal
    async def stream_policy(self, *, arn: str) -> str | None:
        """The resource policy of a stream, as text, if it has one."""

        def find(tx: ReadTransaction) -> str | None:
            stream = streams.find_by_arn(tx, arn)
            table = None if stream is None else tables.find(tx, stream.scope, stream.table)
            policy = None if table is None else policies.of_stream(tx, table, arn)
            return None if policy is None else policy.text

        return await self.store.read(find)

    def _stream(self, tx: ReadTransaction, arn: str) -> Stream:
        """A stream of this Region. Raises ResourceNotFoundException."""
        found = streams.find_by_arn(tx, arn)
        if found is None or found.scope.region != self.scope.region:
            raise ResourceNotFoundException(f"Requested resource not found: Stream: {arn} not found")
        return found

    @job
    async def tend_stream(self, *, table: str, label: str) -> None:
        def tend(tx: Transaction) -> None:
            stream = tx.get(self.scope.key("dynamodb", "streams", table, label))
            if stream is None:
                return
            writer = tables.find(tx, self.scope, table) if stream.disabled is None else None
            size = items.totals(tx, writer).bytes if writer is not None else 0
            streams.tend(tx, stream, writer, size)

        await self.store.write(tend)
