"""Byte ranges (RFC 9110, 14): S3 answers one range; what it cannot read, it ignores."""

from __future__ import annotations

import re
from typing import NamedTuple

from cumulet.services.s3.errors import InvalidArgument, InvalidRange

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)


class Span(NamedTuple):
    """The bytes from `start` up to, not including, `stop`, of `size`."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def parse(text: str | None, size: int) -> Span | None:
    """The span that a Range header asks for; None for none, or one that is not understood. Raises InvalidRange."""
    found = _RANGE.fullmatch(text.strip()) if text else None
    if found is None or not (found[1] or found[2]) or len(found[1] + found[2]) > 40:
        return None
    first, last = found[1], found[2]
    if not first:
        start, stop = max(0, size - int(last)), size
        satisfiable = int(last) > 0 and size > 0
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
        satisfiable = start < size
    if not satisfiable:
        raise InvalidRange(ActualObjectSize=str(size), RangeRequested=text)
    return Span(start, stop, size)


def parse_copy(text: str, size: int) -> Span:
    """The span of x-amz-copy-source-range, which has to be exact. Raises InvalidArgument."""
    found = _RANGE.fullmatch(text)
    if found is None or not found[1] or not found[2] or int(found[1]) > int(found[2]):
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=text,
        )
    if int(found[2]) >= size:
        raise InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=text,
        )
    return Span(int(found[1]), int(found[2]) + 1, size)
