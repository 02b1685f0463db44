"""Compressed requests: the SDKs gzip large inputs of operations whose model allows it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace

from cumulet.gateway.http import Request
from cumulet.gateway.protocols.codec import MalformedInput, Params, Parse

LARGEST = 32 * 1024 * 1024
"""Bytes after decompression. CloudWatch, the one service that uses this, takes one megabyte compressed."""

_GZIP = 16 + zlib.MAX_WBITS


def parser(parse: Parse, malformed: str) -> Parse:
    """The same parser for bodies that may be compressed; what cannot be read has the error code `malformed`."""

    def parse_decompressed(request: Request, labels: Mapping[str, str] | None = None) -> Params:
        if "gzip" in request.headers.get("content-encoding", ""):
            try:
                request = replace(request, body=decompress(request.body))
            except (ValueError, zlib.error) as problem:
                raise MalformedInput(malformed, f"The compressed body cannot be read: {problem}") from problem
        return parse(request, labels)

    return parse_decompressed


def decompress(body: object) -> bytes:
    """What a gzip body holds. Raises ValueError or zlib.error."""
    if not isinstance(body, bytes):
        raise ValueError("it is a stream")
    stream = zlib.decompressobj(_GZIP)
    content = stream.decompress(body, LARGEST)
    if not stream.eof:
        raise ValueError("it is cut short" if len(content) < LARGEST else "it is too large")
    return content
