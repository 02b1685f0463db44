"""Requests as bytes, and what comes back for them: no client library stands between a test and the server."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE_SECONDS = 10.0
"""How long a server may take to answer, or to close."""
_IDLE_SECONDS = 0.1
"""After which a server that says nothing is told that nothing more will come."""


class Hung(AssertionError):
    """The server neither answered nor closed."""


@dataclass
class Raw:
    """One request. `framed` adds a true Content-Length; without, the headers say whatever they say."""

    method: bytes = b"GET"
    target: bytes = b"/"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    framed: bool = True
    version: bytes = b"HTTP/1.1"
    name: str = ""
    """What it was before it was mutated, for messages."""

    def encode(self, host: bytes) -> bytes:
        lines = [self.method + b" " + self.target + b" " + self.version]
        if not any(name.lower() == b"host" for name, _ in self.headers):
            lines.append(b"Host: " + host)
        lines += [name + b": " + value for name, value in self.headers]
        if self.framed and (self.body or self.method in (b"PUT", b"POST")):
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"", b""]) + self.body

    def header(self, name: bytes) -> bytes | None:
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    def without(self, name: bytes) -> list[tuple[bytes, bytes]]:
        return [(given, value) for given, value in self.headers if given.lower() != name.lower()]


@dataclass
class Heard:
    """What came back. `status` is 0 where the connection was closed without an answer."""

    status: int
    data: bytes
    closed: bool

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


class Wire:
    """Connections to a server, one kept alive as long as the server keeps it."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        self._address = (at.hostname, at.port)
        self.host = at.netloc.encode()
        self._kept: socket.socket | None = None

    def send(self, request: Raw) -> Heard:
        """Raises Hung."""
        return self.exchange(request.encode(self.host), is_head=request.method == b"HEAD", whole=request.framed)

    def exchange(self, data: bytes, *, is_head: bool = False, whole: bool = True) -> Heard:
        """Send bytes, read one answer. Where they are not a whole request, the server may wait for more: then we go
        away, and only a server that does not let us is hung."""
        connection, self._kept = self._kept or self._connect(), None
        with contextlib.suppress(OSError):  # it may refuse, and close, before it has read all
            connection.sendall(data)
        heard = _read(connection, is_head, PATIENCE_SECONDS if whole else _IDLE_SECONDS)
        if heard is None and not whole:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            heard = _read(connection, is_head, PATIENCE_SECONDS)
        if heard is None:
            connection.close()
            raise Hung(f"no answer to {data[:600]!r}")
        if heard.closed or not whole or not heard.status:
            connection.close()
        else:
            self._kept = connection
        return heard

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _connect(self) -> socket.socket:
        return socket.create_connection(self._address, timeout=PATIENCE_SECONDS)


def _read(connection: socket.socket, is_head: bool, patience: float) -> Heard | None:
    """One answer, its body by its own framing; None when nothing whole came in time."""
    connection.settimeout(patience)
    data = b""
    while True:
        while data.startswith(b"HTTP/1.1 100") and b"\r\n\r\n" in data:
            data = data.partition(b"\r\n\r\n")[2]
        if b"\r\n\r\n" in data and _is_whole(data, is_head):
            return Heard(_status(data), data, closed=b"\r\nconnection: close" in data.partition(b"\r\n\r\n")[0].lower())
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            return None
        except OSError:
            piece = b""
        if not piece:
            return Heard(_status(data), data, closed=True)
        data += piece


def _status(data: bytes) -> int:
    parts = data.split(b" ", 2)
    return int(parts[1][:3]) if data.startswith(b"HTTP/") and len(parts) > 1 and parts[1][:3].isdigit() else 0


def _is_whole(data: bytes, is_head: bool) -> bool:
    head, _, body = data.partition(b"\r\n\r\n")
    if is_head or _status(data) in (204, 304):
        return True
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(fields.get(b"content-length", b"0"))
