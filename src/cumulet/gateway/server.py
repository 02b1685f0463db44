"""The HTTP server before the gateway: uvicorn, with limits on what a client may do before a request is whole.

Another ASGI server can stand in its place: nothing else knows of uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD_BYTES = 64 * 1024
"""The most that a request line and its headers may take (S3 allows 8 KB of headers, presigned URLs carry more)."""
_HEAD_SECONDS = 30.0
"""How long a client may take to send them."""
_BODY_SILENCE_SECONDS = 60.0
"""How long a client may say nothing in the middle of a body."""
_WATCH_SECONDS = 5.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Server:
    """Serves `app` on one address."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        self._host = host
        self._port = port
        config = uvicorn.Config(
            app, http=_Protocol, ws="none", lifespan="off", access_log=False, log_config=None, server_header=False,
            date_header=False, proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=5, backlog=2048,
        )  # fmt: skip
        self._server = _Uvicorn(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Return once the socket takes connections. Raises OSError when the address cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family, backlog=2048)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started:
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Refuse new connections, and give the requests under way five seconds."""
        self._server.should_exit = True
        if self._serving is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving


class _Uvicorn(uvicorn.Server):
    """Signals are the business of whoever runs the event loop."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


class _Protocol(HttpToolsProtocol):
    """Cuts off clients that make us wait: for a request's head, or in the middle of its body."""

    _head_bytes = 0
    _head_since: float | None = None
    _heard: float = 0.0
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_since = self._heard = self.loop.time()
        self._watch = self.loop.call_later(_WATCH_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        if self._head_since is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES + len(data):
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_since is None:
            self._head_since, self._head_bytes = self._heard, 0

    def on_headers_complete(self) -> None:
        self._head_since = None
        super().on_headers_complete()

    def _look(self) -> None:
        now = self.loop.time()
        silent_in_body = self.cycle is not None and self.cycle.more_body and not self.flow.read_paused
        if (self._head_since is not None and now - self._head_since > _HEAD_SECONDS) or (
            self._head_since is None and silent_in_body and now - self._heard > _BODY_SILENCE_SECONDS
        ):
            self.transport.close()
        else:
            self._watch = self.loop.call_later(_WATCH_SECONDS, self._look)
