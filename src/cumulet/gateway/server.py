"""The HTTP server before the gateway: uvicorn, with limits on what a client may do before a request is whole.

Another ASGI server can stand in its place: nothing else knows of uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD_BYTES = 64 * 1024
"""The most that a request line and its headers may take (S3 allows 8 KB of headers, presigned URLs carry more)."""
_LEAST_BYTES = 1024
"""What a client has to send of a body while our patience lasts."""
_JOINED_BYTES = 64 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True)
class Patience:
    """How many seconds a client may take: for the head of a request, for each kilobyte of its body, and until it reads
    on in an answer that does not fit on the way. `look` is how often that is looked at."""

    head: float = 30.0
    body: float = 60.0
    answer: float = 60.0
    look: float = 5.0


class Server:
    """Serves `app` on one address."""

    def __init__(self, app: Any, host: str, port: int, patience: Patience = Patience()) -> None:
        self._host = host
        self._port = port
        config = uvicorn.Config(
            app, http=_patient(patience), ws="none", lifespan="off", access_log=False, log_config=None,
            server_header=False, date_header=False, proxy_headers=False, timeout_keep_alive=75,
            timeout_graceful_shutdown=5, backlog=2048,
        )  # fmt: skip
        self._server = _Uvicorn(config)
        self._patience = patience
        self._serving: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

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
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Refuse new connections, and give the requests under way five seconds."""
        self._server.should_exit = True
        if self._serving is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        """One watch for all connections: ten thousand idle ones must cost nothing."""
        while True:
            await asyncio.sleep(self._patience.look)
            for connection in list(self._server.server_state.connections):
                assert isinstance(connection, _Protocol)
                connection.look()


class _Uvicorn(uvicorn.Server):
    """Signals are the business of whoever runs the event loop."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


def _patient(patience: Patience) -> type[_Protocol]:
    """uvicorn makes the protocols itself, and tells them nothing but its own settings."""
    return type("_Patient", (_Protocol,), {"patience": patience})


class _Protocol(HttpToolsProtocol):
    """Cuts off clients that make us wait: for a request's head, in the middle of its body, or to take the answer."""

    patience: Patience
    _head_bytes = 0
    _head_since: float | None = None
    _body_since: float = 0.0
    _body_bytes = 0
    _stuck_since: float | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport = _Joined(transport, self.loop)  # type: ignore[assignment]
        self._head_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        if self._head_since is None:
            self._count(len(data))
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
            self._head_since, self._head_bytes = self.loop.time(), 0

    def on_headers_complete(self) -> None:
        self._head_since = None
        self._body_since, self._body_bytes = self.loop.time(), 0
        super().on_headers_complete()

    def pause_writing(self) -> None:
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stuck_since = None
        super().resume_writing()

    def _count(self, size: int) -> None:
        """Bytes that are not of a head: they belong to a body, or else, whatever they are, they begin a next head."""
        if self.cycle is not None and self.cycle.response_complete and not self.cycle.more_body:
            self._head_since, self._head_bytes = self.loop.time(), 0
            return
        self._body_bytes += size
        if self._body_bytes >= _LEAST_BYTES:
            self._body_since, self._body_bytes = self.loop.time(), 0

    def look(self) -> None:
        """Cut the client off if it makes us wait too long."""
        if self.flow.read_paused:
            self._body_since = self.loop.time()  # it is we who make the client wait
        if self._is_too_slow():
            self.transport.abort()

    def _is_too_slow(self) -> bool:
        now = self.loop.time()
        if self._stuck_since is not None and now - self._stuck_since > self.patience.answer:
            return True
        if self._head_since is not None:
            return now - self._head_since > self.patience.head
        in_body = self.cycle is not None and self.cycle.more_body
        return in_body and now - self._body_since > self.patience.body


class _Joined:
    """A transport that sends what is written in one turn of the event loop together: the head of an answer and its
    body cost one system call, and arrive as one."""

    __slots__ = ("_call_soon", "_pending", "_size", "_transport")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._pending: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._call_soon(self._flush)
        self._pending.append(data)
        self._size += len(data)
        if self._size > _JOINED_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._pending.clear()
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._pending:
            pending, self._pending, self._size = self._pending, [], 0
            self._transport.write(pending[0] if len(pending) == 1 else b"".join(pending))
