"""One connection of a client: HTTP/1.1 in and out (RFC 9112), and for each request a call of the ASGI application.

Clients that make us wait are cut off: for a request's head, in the middle of its body, to take the answer, or with
nothing to ask."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

log = logging.getLogger("cumulet.server")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_HEAD_BYTES = 64 * 1024
"""The most that a request line and its headers may take (S3 allows 8 KB of headers, presigned URLs carry more)."""
_LEAST_BYTES = 1024
"""What a client has to send of a body while our patience lasts."""
_HELD_BYTES = 64 * 1024
"""What is held of a body that nobody reads; then the client has to wait."""
_BAD_NAME = re.compile(rb'[\x00-\x20\x7f-\xff()<>@,;:\[\]={}\\"/?]')
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_VERSIONS = {"asgi": {"version": "3.0", "spec_version": "2.3"}, "type": "http", "root_path": "", "scheme": "http"}


@dataclass(frozen=True)
class Patience:
    """How many seconds a client may take: for the head of a request, for each kilobyte of its body, until it reads on
    in an answer that does not fit on the way, and between two requests. `look` is how often that is looked at."""

    head: float = 30.0
    body: float = 60.0
    answer: float = 60.0
    idle: float = 75.0
    look: float = 5.0


@dataclass(slots=True, eq=False)
class House:
    """What all connections of a server share."""

    app: App
    patience: Patience
    loop: asyncio.AbstractEventLoop
    connections: set[Connection] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    is_closing: bool = False


class Connection(asyncio.Protocol):
    """Serves one request after the other, in the order in which they came."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.is_gone = False
        self.writable: asyncio.Future[None] | None = None
        """While the client does not read, what those wait for who write."""
        self._now = house.loop.time
        self._current: Exchange | None = None
        self._arriving: Exchange | None = None
        """Whose body is being read: the current one, or the last that waits."""
        self._waiting: deque[Exchange] = deque()
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._head_since: float | None = self._now()
        self._rested_since = self._body_since = 0.0
        self._body_bytes = 0
        self._stuck_since: float | None = None
        self._is_paused = False

    # What the event loop calls

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # it is dropped, and does no harm
        self._from = {**_VERSIONS, "client": _address(transport, "peername"), "server": _address(transport, "sockname")}
        self.house.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.house.connections.discard(self)
        self.is_gone = True
        del self._parser  # which refers to us
        self._waiting.clear()
        self.resume_writing()
        if self._current is not None:
            self._current.wake()

    def eof_received(self) -> None:
        """The client will send no more; the transport closes itself."""

    def data_received(self, data: bytes) -> None:
        if self._head_since is None:
            self._count(len(data))
        if self._head_since is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES + len(data):
                self._refuse(431)
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_after_this()  # we speak nothing else, and what follows would not be HTTP
        except httptools.HttpParserError:
            self._refuse(400)

    def pause_writing(self) -> None:
        self._stuck_since = self._now()
        self.writable = self.house.loop.create_future()

    def resume_writing(self) -> None:
        self._stuck_since = None
        writable, self.writable = self.writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # What the parser calls

    def on_message_begin(self) -> None:
        self._url, self._headers = b"", []
        if self._head_since is None:
            self._head_since, self._head_bytes = self._now(), 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        self._head_since = None
        self._body_since, self._body_bytes = self._now(), 0
        path, query = _target(self._url)
        version = parser.get_http_version()
        headers, self._headers = self._headers, []  # trailers, which come later, go nowhere
        scope = {
            **self._from, "http_version": version, "method": parser.get_method().decode("ascii"), "headers": headers,
            "path": unquote_to_bytes(path).decode("utf-8", "replace"), "raw_path": path, "query_string": query,
        }  # fmt: skip
        lasts = version != "1.0" and parser.should_keep_alive() and not self.house.is_closing
        exchange = self._arriving = Exchange(self, scope, lasts)
        if self._current is None:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self.pause_reading()

    def on_body(self, body: bytes) -> None:
        assert self._arriving is not None
        if self._arriving.take(body) > _HELD_BYTES:
            self.pause_reading()

    def on_message_complete(self) -> None:
        assert self._arriving is not None
        self._arriving.take_end()

    # What exchanges call

    def pause_reading(self) -> None:
        if not self._is_paused and not self.is_gone:
            self._is_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_paused and not self._waiting and not self.is_gone:
            self._is_paused = False
            self.transport.resume_reading()

    def answered(self, exchange: Exchange) -> None:
        """An answer is complete: go on with the next request."""
        self._current = None
        if not exchange.lasts:
            self.transport.close()
        elif self._waiting:
            self._begin(self._waiting.popleft())
        else:
            self._rested_since = self._now()
            self.resume_reading()

    # What the server calls

    def end(self) -> None:
        """Close as soon as the request under way is answered."""
        if self._current is None:
            self.transport.close()
        else:
            self._end_after_this()

    def look(self) -> None:
        """Cut the client off if it makes us wait too long."""
        if self._is_paused:
            self._body_since = self._now()  # it is we who make the client wait
        if self._is_too_slow():
            self.transport.abort()

    def _is_too_slow(self) -> bool:
        now, patience = self._now(), self.house.patience
        if self._stuck_since is not None and now - self._stuck_since > patience.answer:
            return True
        if self._head_since is not None:
            return now - self._head_since > patience.head
        if self._arriving is not None and self._arriving.more_body:
            return now - self._body_since > patience.body
        return self._current is None and now - self._rested_since > patience.idle

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        exchange.task = self.house.loop.create_task(exchange.run(self.house.app))
        self.house.tasks.add(exchange.task)

    def _count(self, size: int) -> None:
        """Bytes that are not of a head: they belong to a body, or else, whatever they are, they begin a next head."""
        if self._current is None and self._arriving is not None and not self._arriving.more_body:
            self._head_since, self._head_bytes = self._now(), 0
            return
        self._body_bytes += size
        if self._body_bytes >= _LEAST_BYTES:
            self._body_since, self._body_bytes = self._now(), 0

    def _end_after_this(self) -> None:
        self._waiting.clear()
        if self._current is not None:
            self._current.lasts = False

    def _refuse(self, status: int) -> None:
        """What comes is no request. Where an answer has begun, the end of the connection has to say so."""
        if self._current is None or not self._current.has_begun:
            self.transport.write(_final(status))
        self.is_gone = True
        self.transport.close()
        if self._current is not None:
            self._current.wake()


class Exchange:
    """One request and its answer, as ASGI has them: the request's body is received, the answer sent in messages."""

    __slots__ = (
        "_arrival", "_awaits_continue", "_body", "_chunked", "_connection", "_held", "_is_bodiless", "_is_complete",
        "_is_new", "_left", "_scope", "_start", "lasts", "more_body", "task",
    )  # fmt: skip

    def __init__(self, connection: Connection, scope: dict[str, Any], lasts: bool) -> None:
        self._connection = connection
        self._scope = scope
        self.lasts = lasts
        """Whether the connection goes on after the answer."""
        self.task: asyncio.Task[None] | None = None
        self.more_body = True
        self._body: list[bytes] = []
        self._held = 0
        self._is_new = False
        """Whether there is something that was not received yet: bytes, or the end."""
        self._arrival: asyncio.Future[None] | None = None
        self._awaits_continue = any(n == b"expect" and v.lower() == b"100-continue" for n, v in scope["headers"])
        self._start: bytes | None = None
        """The head of the answer, from when it is known until it is written with what follows it."""
        self._left: int | None = None
        """Bytes of the answer's body still to come; None until its head is known."""
        self._chunked = self._is_bodiless = self._is_complete = False

    @property
    def has_begun(self) -> bool:
        """Whether anything of the answer has been written."""
        return self._left is not None and self._start is None

    async def run(self, app: App) -> None:
        """Let `app` answer. One that fails, or gives up in the middle, ends the connection."""
        try:
            await app(self._scope, self.receive, self.send)
            if self._left is None and not self._connection.is_gone:
                log.error("a request was left without an answer")
        except Exception:
            log.exception("a request failed by a bug")
        finally:
            assert self.task is not None
            self._connection.house.tasks.discard(self.task)
            if not self._is_complete and not self._connection.is_gone:
                self._break_off()

    def take(self, body: bytes) -> int:
        """More of the request's body has come. Returns how many bytes wait to be received."""
        if self._is_complete:
            return 0
        self._awaits_continue = False
        self._body.append(body)
        self._held += len(body)
        self.wake()
        return self._held

    def take_end(self) -> None:
        self.more_body = False
        self.wake()

    def wake(self) -> None:
        """There is something to receive, be it that the client has gone."""
        self._is_new = True
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def receive(self) -> Message:
        connection = self._connection
        if self._awaits_continue and not connection.is_gone:
            self._awaits_continue = False
            connection.transport.write(_CONTINUE)
        while not (self._is_new or self._is_complete or connection.is_gone):
            connection.resume_reading()
            self._arrival = connection.house.loop.create_future()
            await self._arrival
        if self._is_complete or connection.is_gone:
            return {"type": "http.disconnect"}
        self._is_new = False
        body, self._body, self._held = self._body, [], 0
        return {
            "type": "http.request",
            "body": body[0] if len(body) == 1 else b"".join(body),
            "more_body": self.more_body,
        }

    async def send(self, message: Message) -> None:
        """The head of an answer is written with the first piece of its body, as ASGI has it: an empty piece sends it.

        Raises RuntimeError for what is no answer, which an application must not send."""
        connection = self._connection
        while connection.writable is not None and not connection.is_gone:
            await asyncio.shield(connection.writable)
        if connection.is_gone:
            return
        if message["type"] == "http.response.start":
            if self._left is not None:
                raise RuntimeError("the answer has begun already")
            self._start = self._head(message["status"], message["headers"])
            return
        if self._left is None or self._is_complete:
            raise RuntimeError("a body before its head, or after its end")
        more = message.get("more_body", False)
        written = self._piece(message.get("body", b""), more)
        if self._start is not None:
            written = self._start + written
            self._start = None
        if written:
            connection.transport.write(written)
        if not more:
            self._complete()

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        lines = [_status_line(status)]
        length = None
        for name, value in headers:
            name = _header_name(name)
            if _BAD_VALUE.search(value):
                raise RuntimeError("a header's value with control characters")
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and b"close" in value.lower():
                self.lasts = False
                continue
            lines.append(b"%b: %b\r\n" % (name, value))
        self._is_bodiless = self._scope["method"] == "HEAD" or status in (204, 304)
        self._chunked = length is None and not self._is_bodiless
        self._left = 0 if self._is_bodiless or length is None else length
        if self._awaits_continue:
            self.lasts = False  # the client may send the body or not: nobody could tell where its next request begins
        if self._chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.lasts:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _piece(self, body: bytes, more: bool) -> bytes:
        assert self._left is not None
        if self._is_bodiless:
            return b""
        if self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        self._left -= len(body)
        if self._left < 0 or (self._left and not more):
            raise RuntimeError("a body of another length than its head says")
        return body

    def _complete(self) -> None:
        self._is_complete = True
        self._body.clear()
        if self._arrival is not None:
            self.wake()
        self._connection.answered(self)

    def _break_off(self) -> None:
        """An answer that nobody will complete."""
        connection = self._connection
        if not self.has_begun:
            connection.transport.write(_final(500))
        connection.transport.close()


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int] | None:
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None


def _target(url: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request's target. Raises ValueError, or HttpParserError, for none that we could serve."""
    if not url.isascii():
        raise ValueError("a request's target is ASCII")
    if url.startswith(b"/") and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = httptools.parse_url(url)  # with scheme and host, as proxies are asked
    return parsed.path or b"/", parsed.query or b""


@lru_cache(maxsize=128)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


def _final(status: int) -> bytes:
    """The last answer on a connection, with nothing to read."""
    return _status_line(status) + b"connection: close\r\ncontent-length: 0\r\n\r\n"


@lru_cache(maxsize=1024)
def _header_name(name: bytes) -> bytes:
    if not name or _BAD_NAME.search(name):
        raise RuntimeError("the name of a header is none")
    return name.lower()
