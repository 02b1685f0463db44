"""The door before the gateway. It is shut for the moment in which a cloud exchanges its state, and nobody notices
more than a pause: newcomers wait outside, and a call that takes long is answered 503, which clients repeat."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_PATIENCE_SECONDS = 2.0
"""How long calls under way may take to end by themselves."""
_LAST_WORD_SECONDS = 0.5


class Door:
    """An ASGI application that passes every request to `app`, which may be changed while the door is shut."""

    app: App

    def __init__(self) -> None:
        self._inside: set[asyncio.Task[Any]] = set()
        self._opened: asyncio.Event | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        while self._opened is not None:
            await self._opened.wait()
        task = asyncio.current_task()
        assert task is not None
        self._inside.add(task)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if self._opened is None:
                raise
            await _try_again(send)
        finally:
            self._inside.discard(task)

    @asynccontextmanager
    async def shut(self) -> AsyncIterator[None]:
        """Nobody but the caller is inside. Two who want to shut it come one after the other."""
        while self._opened is not None:
            await self._opened.wait()
        self._opened = asyncio.Event()
        try:
            await self._empty()
            yield
        finally:
            opened, self._opened = self._opened, None
            opened.set()

    async def _empty(self) -> None:
        others = self._inside - {asyncio.current_task()}
        if not others:
            return
        _, late = await asyncio.wait(others, timeout=_PATIENCE_SECONDS)
        while late:
            for task in late:
                task.cancel()
            _, late = await asyncio.wait(late, timeout=_PATIENCE_SECONDS)


async def _try_again(send: Any) -> None:
    """Where the answer had begun already, the server refuses to begin it twice (RuntimeError) and cuts it short; so it
    is with a client that has stopped reading, for which sending would wait (TimeoutError)."""
    headers = [(b"content-length", b"0"), (b"retry-after", b"1"), (b"connection", b"close")]
    with contextlib.suppress(RuntimeError, TimeoutError):
        async with asyncio.timeout(_LAST_WORD_SECONDS):
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
