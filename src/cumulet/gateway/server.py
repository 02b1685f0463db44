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
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Server:
    """Serves `app` on one address."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        self._host = host
        self._port = port
        config = uvicorn.Config(
            app, http=_Protocol, ws="none", lifespan="off", access_log=False, log_config=None, server_header=False,
            date_header=False, timeout_keep_alive=75, timeout_graceful_shutdown=5, backlog=2048,
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
    """Counts the bytes and seconds that a client spends before its request's headers are complete."""

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES + len(data):
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._forget_head()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
