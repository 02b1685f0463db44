"""A request and a response as the gateway sees them: bytes and names, nothing of ASGI, nothing of AWS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

Headers = dict[str, str]
"""Header names in lower case. Repeated headers are joined with "," as HTTP says (RFC 9110, 5.3)."""


@dataclass(slots=True)
class Request:
    """One HTTP request. `path` and `query` are as on the wire: still percent-encoded, without "?"."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes | AsyncIterator[bytes] = b""
    source_ip: str = "127.0.0.1"
    secure: bool = False
    """Whether the request came over TLS."""


@dataclass(slots=True)
class Response:
    """One HTTP response. A streamed body is an iterator; its length, where known, is a header."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
