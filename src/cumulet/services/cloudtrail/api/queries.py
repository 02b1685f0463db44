"""Queries of event data stores. They run in a process of their own (../sandbox.py)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction
from cumulet.services.cloudtrail import digests, engine, lake, queries, records, samples, stores, trails
from cumulet.services.cloudtrail.api.collecting import Collecting
from cumulet.services.cloudtrail.engine import Failed
from cumulet.services.cloudtrail.errors import (
    InvalidDateRangeException,
    InvalidNextTokenException,
    InvalidParameterException,
    InvalidQueryStatementException,
)
from cumulet.services.cloudtrail.queries import Query
from cumulet.services.cloudtrail.stores import DataStore

_LARGEST_PAGE = 1000
_MOST_SCANNED = 4 << 30
_DAY = timedelta(days=1)
_SHORTEST_TOKEN = 4


class Queries(Collecting):
    async def start_query(
        self, *, QueryStatement: str | None = None, DeliveryS3Uri: str | None = None, QueryAlias: str | None = None,
        QueryParameters: Sequence[str] = (), EventDataStoreOwnerAccountId: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if QueryStatement is None and QueryAlias is not None:
            QueryStatement = await self._statement_of_widget(QueryAlias)
        if QueryStatement is None:
            raise InvalidParameterException("A query statement, or the alias of a widget's, has to be given.")
        if DeliveryS3Uri is not None:
            queries.check_delivery(DeliveryS3Uri)
        query = await self._checked_query(
            QueryStatement, QueryParameters, EventDataStoreOwnerAccountId, delivery=DeliveryS3Uri or "",
            alias=QueryAlias or "",
        )  # fmt: skip
        await self.store.write(queries.start, query)
        told = {"QueryId": query.id}
        return told | ({"EventDataStoreOwnerAccountId": query.owner} if query.owner else {})

    async def describe_query(
        self, *, EventDataStore: str | None = None, QueryId: str | None = None, QueryAlias: str | None = None,
        RefreshId: str | None = None, EventDataStoreOwnerAccountId: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if QueryId is not None:
            return queries.as_wire(await self.store.read(queries.find, self.scope, QueryId))
        if QueryAlias is None:
            raise InvalidParameterException("A query ID or a query alias has to be given.")
        return queries.as_wire(await self.store.read(queries.latest, self.scope, QueryAlias, RefreshId or ""))

    async def get_query_results(
        self, *, QueryId: str, EventDataStore: str | None = None, NextToken: str | None = None,
        MaxQueryResults: int | None = None, EventDataStoreOwnerAccountId: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        query = await self.store.read(queries.find, self.scope, QueryId)
        rows, following = await self.store.read(queries.page, query, NextToken, MaxQueryResults or _LARGEST_PAGE)
        told: dict[str, Any] = {
            "QueryStatus": query.status,
            "QueryStatistics": {
                "ResultsCount": len(rows),
                "TotalResultsCount": query.rows,
                "BytesScanned": query.bytes_scanned,
            },
            "QueryResultRows": [
                [{name: value} for name, value in zip(query.names, row, strict=True)] for row in rows
            ],
        }  # fmt: skip
        if query.error:
            told["ErrorMessage"] = query.error[:1000]
        return told | ({"NextToken": following} if following is not None else {})

    async def list_queries(
        self, *, EventDataStore: str, NextToken: str | None = None, MaxResults: int | None = None,
        StartTime: datetime | None = None, EndTime: datetime | None = None, QueryStatus: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if StartTime is not None and EndTime is not None and StartTime >= EndTime:
            raise InvalidDateRangeException("The start time must be before the end time.")
        store = await self.store.read(stores.active, self.scope, EventDataStore)
        every = await self.store.read(queries.listed, self.scope)
        wanted = [
            query
            for query in every
            if store.arn in query.stores
            and (QueryStatus is None or query.status == QueryStatus)
            and (StartTime is None or query.created >= StartTime)
            and (EndTime is None or query.created <= EndTime)
        ]
        first = _place(NextToken)
        page = wanted[first : first + (MaxResults or _LARGEST_PAGE)]
        told: dict[str, Any] = {
            "Queries": [{"QueryId": each.id, "QueryStatus": each.status, "CreationTime": each.created} for each in page]
        }
        end = first + len(page)
        return told | ({"NextToken": f"{end:0{_SHORTEST_TOKEN}}"} if end < len(wanted) else {})

    async def cancel_query(
        self, *, QueryId: str, EventDataStore: str | None = None, EventDataStoreOwnerAccountId: str | None = None
    ) -> dict[str, Any]:
        query = await self.store.write(queries.cancel, self.scope, QueryId)
        told = {"QueryId": query.id, "QueryStatus": query.status}
        return told | ({"EventDataStoreOwnerAccountId": query.owner} if query.owner else {})

    async def search_sample_queries(
        self, *, SearchPhrase: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        found = samples.search(SearchPhrase)
        first = _place(NextToken)
        page = found[first : first + (MaxResults or samples.LARGEST_PAGE)]
        end = first + len(page)
        told: dict[str, Any] = {"SearchResults": page}
        return told | ({"NextToken": f"{end:0{_SHORTEST_TOKEN}}"} if end < len(found) else {})

    @job
    async def run_query(self, *, QueryId: str) -> None:
        """Find the answer of a query, unless it is cancelled before."""
        query = await self.store.read(queries.kept, self.scope, QueryId)
        query = query and await self.store.write(queries.change, query, status=queries.RUNNING)
        if query is None:
            return
        with self.store.waiter(queries.waiting(query)) as waiter:
            work = asyncio.ensure_future(self._answer(query))
            cancelled = asyncio.ensure_future(waiter.wait(until=self.clock.now() + 3650 * _DAY))
            try:
                await asyncio.wait({work, cancelled}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done() and not cancelled.done():
                    return
            finally:
                for task in (work, cancelled):
                    if not task.done():
                        task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def _checked_query(self, statement: str, parameters: Sequence[str], owner: str | None, **more: Any) -> Query:
        """A query that may run. Raises InvalidQueryStatementException and others."""
        engine.require()
        queries.check_parameters(statement, parameters)
        try:
            reads = await engine.check(queries.quoted(statement))
        except Failed as error:
            raise InvalidQueryStatementException(str(error)) from None
        named = queries.names_in(statement)
        if not reads["tables"] or not set(reads["tables"]) <= set(named):
            raise InvalidQueryStatementException("The FROM clause has to name an event data store by its ID.")
        found = await self.store.read(self._stores_of, reads["tables"], owner)
        return Query(
            scope=self.scope, id=self.kernel.ids.uuid(), statement=statement, created=self.clock.now(),
            stores=tuple(store.arn for store in found), tables=tuple(reads["tables"]),
            columns=None if reads["columns"] is None else tuple(reads["columns"]), since=reads["since"],
            until=reads["until"], parameters=tuple(parameters), owner=owner or "", **more,
        )  # fmt: skip

    def _stores_of(self, tx: ReadTransaction, tables: Sequence[str], owner: str | None) -> list[DataStore]:
        home = Scope(account=owner or self.scope.account, region=self.scope.region)
        return [stores.active(tx, home, name) for name in tables]

    async def _answer(self, query: Query) -> None:
        began = asyncio.get_running_loop().time()
        counted = [0]
        try:
            found = [await self._current(arn) for arn in query.stores]
            now = self.clock.now()
            kept_since = {
                table: lake.kept_since(store, now).replace(tzinfo=None).isoformat()
                for table, store in zip(query.tables, found, strict=True)
            }
            asked = {
                "statement": queries.quoted(query.statement), "parameters": query.parameters, "tables": query.tables,
                "columns": query.columns, "now": now.isoformat(), "kept_since": kept_since,
            }  # fmt: skip
            names, rows, scanned = await engine.run(asked, self._frames(query, found, counted))
        except (Failed, ServiceError) as error:
            words = error.message if isinstance(error, ServiceError) else str(error)
            await self.store.write(queries.change, query, status=queries.FAILED, error=words, ended=self.clock.now())
            return
        millis = int((asyncio.get_running_loop().time() - began) * 1000)
        done = await self.store.write(
            queries.finish, query, names, rows, scanned=scanned, bytes_scanned=counted[0], millis=millis
        )
        if done is not None and done.delivery:
            await self.store.write(queries.delivered, done, await self._deliver_results(done, names, rows))

    async def _current(self, arn: str) -> DataStore:
        """A store with all that it has to hold by now."""
        store = await self.store.read(stores.active, self.scope, arn)
        await self._collect(store)
        return store

    async def _frames(self, query: Query, found: Sequence[DataStore], counted: list[int]) -> AsyncIterator[bytes]:
        for store in found:
            since = lake.kept_since(store, self.clock.now())
            if query.since is not None:
                since = max(since, records.parse(query.since))
            until = records.parse(query.until) if query.until is not None else datetime.max.replace(tzinfo=UTC)
            following = await self.store.read(lake.held, store, since, None)
            while following is not None:
                if following[1].first <= until:
                    counted[0] += following[1].size
                    if counted[0] > _MOST_SCANNED:
                        raise Failed("The query reads too much: limit its eventTime.")
                    yield await asyncio.to_thread(lake.text_of, following[1])
                following = await self.store.read(lake.held, store, since, following[0])
            yield b""

    async def _deliver_results(self, query: Query, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Put the results and their signature into the bucket. The status of it."""
        bucket, prefix = queries.check_delivery(query.delivery)
        at = queries.folder(query, prefix)
        body = await asyncio.to_thread(queries.as_csv, names, rows)
        files = {"result_1.csv.gz": queries.hash_of(body)}
        key = await self._signing_key()
        signature = await asyncio.to_thread(digests.sign, key, self.kernel.keyring, " ".join(files.values()))
        completed = records.stamp(query.ended or self.clock.now())
        signed = queries.sign_file(query, completed, files, signature, key.fingerprint)
        s3 = self.kernel.client(trails.cloudtrail(query.scope, query.stores[0]), "s3", query.scope.region)
        try:
            await s3.put_object(Bucket=bucket, Key=at + "result_1.csv.gz", Body=body)
        except ServiceError as error:
            return _DELIVERY.get(error.code, "FAILED")
        try:
            await s3.put_object(Bucket=bucket, Key=at + "result_sign.json", Body=signed)
        except ServiceError as error:
            return "ACCESS_DENIED_SIGNING_FILE" if error.code == "AccessDenied" else "FAILED_SIGNING_FILE"
        return "SUCCESS"

    async def _statement_of_widget(self, alias: str) -> str:
        raise InvalidParameterException(f"No widget of a dashboard has the query alias {alias}.")


_DELIVERY: Mapping[str, str] = {"AccessDenied": "ACCESS_DENIED", "NoSuchBucket": "RESOURCE_NOT_FOUND"}


def _place(token: str | None) -> int:
    if token is not None and not (token.isdecimal() and len(token) < 10):
        raise InvalidNextTokenException("The next token is not valid.")
    return int(token or 0)
