"""Request bodies as they come off the wire: bounded, and no further in memory than they have to be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]


class BodyTooLarge(Exception):
    """More bytes than the operation can take."""


class BodyCutShort(Exception):
    """The client went away, or fell silent, before the body was whole."""


class Body:
    """The body of one request, read once: whole with `read`, or piece by piece as an async iterator."""

    def __init__(self, receive: Receive, headers: dict[str, str]) -> None:
        self._receive = receive
        length = headers.get("content-length", "")
        self.length = int(length) if length.isascii() and length.isdigit() else None
        self.is_empty = self.length == 0 or (self.length is None and "transfer-encoding" not in headers)

    async def read(self, at_most: int) -> bytes:
        """All of it. Raises BodyTooLarge before anything beyond `at_most` bytes is kept."""
        if self.is_empty:
            return b""
        if self.length is not None and self.length > at_most:
            raise BodyTooLarge
        message = await self._next()
        if message["type"] == "http.disconnect":
            raise BodyCutShort
        first: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(first) > at_most:
                raise BodyTooLarge
            return first  # as most bodies come
        pieces = [first]
        size = len(first)
        async for piece in self:
            size += len(piece)
            if size > at_most:
                raise BodyTooLarge
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = not self.is_empty
        while more:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise BodyCutShort
            more = message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece

    async def departure(self) -> None:
        """Return when the client has gone away. Only once the body is read: what comes in here is dropped."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next(self) -> dict[str, Any]:
        """The next message. The server cuts off a client that falls silent, which arrives here as its departure."""
        return await self._receive()


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Bytes that are here already, as a stream."""
    if data:
        yield data
