"""An object's bytes on their way to the record readers: counted, cut to the scan range, decompressed.

Everything is done in pieces of at most CHUNK bytes, so that a few bytes that inflate to terabytes cost time,
which the caller rations, and never memory.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import errors

CHUNK = 32 * 1024

_PATIENCE = 1024
"""Pieces that may pass without a byte before the caller gets a turn."""

_COMPRESSIONS = ("NONE", "GZIP", "BZIP2")


class Meter:
    """How many bytes were read from the object, and how many they were once decompressed."""

    def __init__(self) -> None:
        self.scanned = 0
        self.processed = 0


def chunks(source: Iterable[bytes], compression: str, meter: Meter) -> Iterator[bytes]:
    """The object's content in pieces of at most CHUNK bytes, few of them much shorter.

    Raises InvalidCompressionFormat and TruncatedInput."""
    pieces = _counted(source, meter)
    if compression == "GZIP":
        pieces = _inflated(pieces, lambda: zlib.decompressobj(wbits=31))
    elif compression == "BZIP2":
        pieces = _inflated(pieces, bz2.BZ2Decompressor)
    for chunk in _regrouped(pieces):
        meter.processed += len(chunk)
        yield chunk


def compression_of(serialization: dict[str, Any]) -> str:
    compression = serialization.get("CompressionType") or "NONE"
    if compression not in _COMPRESSIONS:
        raise errors.InvalidCompressionFormat
    return str(compression)


def _counted(source: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    for piece in source:
        for at in range(0, len(piece), CHUNK):
            part = bytes(piece[at : at + CHUNK])
            meter.scanned += len(part)
            yield part


def _regrouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in even pieces: readers look again at what they could not finish, so slivers would cost.

    After many pieces that held nothing comes an empty one, so that whoever waits can do something else."""
    waiting, idle = bytearray(), 0
    for piece in pieces:
        waiting += piece
        idle += 1
        if len(waiting) >= CHUNK or idle >= _PATIENCE:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
            idle = 0
    if waiting:
        yield bytes(waiting)


def _inflated(pieces: Iterable[bytes], new: Callable[[], Any]) -> Iterator[bytes]:
    """Any number of compressed streams one after another, as gzip and bzip2 files may hold."""
    stream, started, finished = new(), False, False
    for piece in pieces:
        data = piece
        while data := data.lstrip(b"\0") if finished and not started else data:  # tools pad files with zeros
            started = True
            yield from _drained(stream, data)
            data = stream.unused_data if stream.eof else b""
            if stream.eof:
                stream, started, finished = new(), False, True
    if started or not finished:
        raise errors.TruncatedInput


def _drained(stream: Any, data: bytes) -> Iterator[bytes]:
    """All that a decompressor makes of some input, CHUNK bytes at a time."""
    try:
        yield stream.decompress(data, CHUNK)
        while not stream.eof:
            more = stream.decompress(getattr(stream, "unconsumed_tail", b""), CHUNK)
            if not more:
                return
            yield more
    except (zlib.error, OSError, EOFError, ValueError):
        raise errors.InvalidCompressionFormat from None


def ranged(
    pieces: Iterable[bytes], delimiter: bytes, start: int, end: int | None, *, keep_first: bool
) -> Iterator[bytes]:
    """The records whose first byte is between `start` and `end` inclusive, whole even when they end beyond it.

    With `keep_first` the first record, the header, is kept too. Records end at the delimiter; nothing is
    quoted. Source: S3 API Reference, SelectObjectContent, ScanRange."""
    record, wanted, held = 0, start == 0 or keep_first, b""
    for piece in pieces:
        data, at = held + piece, 0
        while (found := data.find(delimiter, at)) >= 0:
            after = found + len(delimiter)
            yield data[at:after] if wanted else b""
            record, at = record + after - at, after
            if end is not None and record > end:
                return
            wanted = record >= start
        # A delimiter may begin in the last bytes, so they wait for the next piece.
        cut = max(len(data) - len(delimiter) + 1, at)
        yield data[at:cut] if wanted else b""
        record, held = record + cut - at, data[cut:]
    if wanted:
        yield held
