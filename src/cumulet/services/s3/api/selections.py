"""S3 Select as clients call it. The engine is in ../select."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import contents, encryption, objects, select, storage_classes
from cumulet.services.s3.api.kms_keys import KmsKeys
from cumulet.services.s3.encryption import HeldKey
from cumulet.services.s3.objects import Object
from cumulet.services.s3.ranges import Span

Event = dict[str, Any]
_BODY_SECONDS = 60
"""How long to wait for a piece of the object."""


class Selections(KmsKeys):
    async def select_object_content(
        self,
        *,
        Bucket: str,
        Key: str,
        Expression: str,
        ExpressionType: str,
        InputSerialization: dict[str, Any],
        OutputSerialization: dict[str, Any],
        RequestProgress: dict[str, Any] | None = None,
        ScanRange: dict[str, int] | None = None,
        ExpectedBucketOwner: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        """The query runs on a thread of its own: both the SQL and the data may take long to read.

        The first event is awaited before anything is answered: what is wrong from the start is a plain error."""
        found, body = await self.opened(_open, self.blobs, Bucket, Key, held=self.customer_key(given))
        query = partial(
            select.run, Expression, ExpressionType, InputSerialization, OutputSerialization, _Source(body),
            now=self.clock.now(), size=found.size, scan_range=ScanRange,
            request_progress=bool((RequestProgress or {}).get("Enabled")),
        )  # fmt: skip
        events = _Events(query, body)
        first = await events.next()
        return {"Payload": events.all(first)}


class _Source:
    """An object's bytes for the thread of the query, fetched on the loop."""

    def __init__(self, body: bytes | AsyncIterator[bytes]) -> None:
        self._body = body
        self._loop = asyncio.get_running_loop()

    def __iter__(self) -> Iterator[bytes]:
        if isinstance(self._body, bytes):
            yield self._body
            return
        while (piece := self._fetch(self._body)) is not None:
            yield piece

    def _fetch(self, body: AsyncIterator[bytes]) -> bytes | None:
        return asyncio.run_coroutine_threadsafe(_next_piece(body), self._loop).result(_BODY_SECONDS)


class _Events:
    """The events of a running query, one at a time; its thread ends with it."""

    def __init__(self, query: Any, body: bytes | AsyncIterator[bytes]) -> None:
        self._query = query
        self._body = body
        self._events: Iterator[Event] | None = None
        self._is_closed = False
        # Not the loop's own threads: those read the body that this one waits for.
        self._thread = ThreadPoolExecutor(1, "select")

    async def next(self) -> Event | None:
        """The next event, or None at the end. Raises what is wrong with the query or the data."""
        try:
            event = await asyncio.get_running_loop().run_in_executor(self._thread, self._advance)
        except BaseException:
            await self.close()
            raise
        return event

    async def all(self, first: Event | None) -> AsyncIterator[Event]:
        event = first
        try:
            while event is not None:
                yield event
                event = await self.next()
        finally:
            await self.close()

    async def close(self) -> None:
        """End the thread after the step under way, which may be waiting for a piece of the body, then the body."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)
        close = getattr(self._body, "aclose", None)
        if close is not None:
            await close()

    def _advance(self) -> Event | None:
        if self._events is None:
            self._events = self._query()
        return next(self._events, None)

    def _drop(self) -> None:
        self._events = None


async def _next_piece(body: AsyncIterator[bytes]) -> bytes | None:
    return await anext(body, None)


def _open(
    tx: ReadTransaction, blobs: Blobs, bucket: str, key: str, held: HeldKey | None
) -> tuple[Object, bytes | AsyncIterator[bytes]]:
    found = objects.find(tx, bucket, key)
    encryption.check_key(found.encryption, held)
    storage_classes.check_readable(found, tx.now)
    return found, contents.open_span(tx, blobs, found, Span(0, found.size, found.size), held)
