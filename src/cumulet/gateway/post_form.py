"""multipart/form-data as browsers post it to a bucket: a few small fields, then one file of any size.

The fields are read at once and bounded; the file streams. What follows the file is read and ignored, as S3 does.
Source: RFC 7578; S3 API Reference, "POST Object" (form fields, 20 KB before the file)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

LARGEST_PREFIX = 20 * 1024 + 8192
"""Bytes before the file: S3's 20 KB of fields, and room for their frames."""

LARGEST_FIELDS = 20 * 1024
MOST_FIELDS = 200
LONGEST_BOUNDARY = 70
LONGEST_DISPOSITION = 4096

_CONTENT_TYPE = re.compile(r"""multipart/form-data\s*;(?:.*;)?\s*boundary=("[^"]+"|[^\s;"]+)\s*(?:;.*)?""", re.I)
_PARAMETER = re.compile(r""";\s*([A-Za-z*]+)=("(?:[^"\\]|\\.)*"|[^;"]*)""")


class FormError(Exception):
    """A form that S3 refuses to read; code, words and status are S3's."""

    def __init__(self, code: str, message: str, status: int = 400, extra: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.extra = code, message, status, extra or {}


@dataclass(slots=True)
class Form:
    """The fields by lower-case name (of a repeated one the first), and the file, to be iterated once."""

    fields: dict[str, str]
    filename: str
    file: AsyncIterator[bytes]
    file_type: str | None = None
    """The Content-Type that the browser gave the file; a field of that name wins over it."""


async def read(source: AsyncIterable[bytes], content_type: str) -> Form:
    """Read up to the file. Raises FormError, also later while the file is iterated."""
    reader = _Reader(source, _boundary(content_type))
    fields: dict[str, str] = {}
    size = 0
    await reader.to_first_part()
    for _ in range(MOST_FIELDS):
        head = _head(await reader.until(b"\r\n\r\n"))
        name = _parameter(head, "name").lower()
        if name == "file":
            filename = _parameter(head, "filename")
            return Form(fields, filename, reader.file(), head.get("content-type"))
        value = await reader.until(reader.delimiter)
        size += len(name) + len(value)
        if size > LARGEST_FIELDS:
            raise _too_long()
        fields.setdefault(name, value.decode("utf-8", "replace"))
        if await reader.at_end():
            message = "POST requires exactly one file upload per request."
            raise FormError("IncorrectNumberOfFilesInPostRequest", message)
    raise _too_long()


class _Reader:
    """Bytes of the body, as far as they are needed; before the file at most LARGEST_PREFIX are held."""

    def __init__(self, source: AsyncIterable[bytes], boundary: bytes) -> None:
        self._source = source.__aiter__()
        self._held = b"\r\n"  # so that the first delimiter looks like all others
        self._consumed = 0
        self.delimiter = b"\r\n--" + boundary

    async def to_first_part(self) -> None:
        await self.until(self.delimiter)
        if await self.at_end():
            raise _malformed()

    async def until(self, mark: bytes) -> bytes:
        """The bytes before the mark, which is consumed."""
        start = 0
        while (at := self._held.find(mark, start)) < 0:
            start = max(0, len(self._held) - len(mark) + 1)
            await self._more()
        found, self._held = self._held[:at], self._held[at + len(mark) :]
        return found

    async def at_end(self) -> bool:
        """What follows a delimiter: a line end before the next part, or "--" behind the last."""
        while len(self._held) < 2:
            await self._more()
        mark, self._held = self._held[:2], self._held[2:]
        if mark == b"--":
            return True
        if mark != b"\r\n":
            raise _malformed()
        return False

    async def file(self) -> AsyncIterator[bytes]:
        """All up to the next delimiter; a possible beginning of one is held back until more has come."""
        keep = len(self.delimiter) - 1
        while (at := self._held.find(self.delimiter)) < 0:
            if len(self._held) > keep:
                yield self._held[:-keep]
                self._held = self._held[-keep:]
            self._held += await self._next()
        if at:
            yield self._held[:at]
        self._held = b""
        async for _ in self._source:
            pass  # what follows the file is ignored

    async def _more(self) -> None:
        data = await self._next()
        # One piece may hold the beginning of a large file: only what lies before it counts, and it is consumed soon.
        if self._consumed > LARGEST_PREFIX:
            raise _too_long()
        self._consumed += len(data)
        self._held += data

    async def _next(self) -> bytes:
        try:
            return await anext(self._source)
        except StopAsyncIteration:
            raise _malformed() from None


def _boundary(content_type: str) -> bytes:
    found = _CONTENT_TYPE.fullmatch(content_type[:1000].strip())
    boundary = found[1].strip('"').encode("latin-1", "replace") if found else b""
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise _malformed()
    return boundary


def _head(text: bytes) -> dict[str, str]:
    """The part's headers by lower-case name."""
    lines = (line.partition(":") for line in text.decode("utf-8", "replace").split("\r\n"))
    head = {name.strip().lower(): value.strip() for name, colon, value in lines if colon}
    if "content-disposition" not in head:
        raise _malformed()
    return head


def _parameter(head: dict[str, str], name: str) -> str:
    """A parameter of Content-Disposition; quoted text may hold what looks like another parameter."""
    for key, value in _PARAMETER.findall(head["content-disposition"][:LONGEST_DISPOSITION]):
        if key.lower() == name:
            return _unquoted(value)
    return ""


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value.strip()


def _malformed() -> FormError:
    return FormError("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")


def _too_long() -> FormError:
    message = "Your POST request fields preceding the upload file were too large."
    return FormError("MaxPostPreDataLengthExceeded", message)
