"""JSON objects as records: the values that the FROM path finds, one in memory at a time.

A DOCUMENT is any number of JSON values one after another, each as long as it likes: the reader walks down the
path as the text streams by, skips what the path does not name, and decodes only the values at its end.
LINES has one value a line, which is decoded whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, DecimalException
from typing import Any

import msgspec

from . import errors
from .csv import MAXIMUM_RECORD, PAUSE
from .scopes import spread
from .syntax import Name, Step, Wildcard
from .values import MISSING

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[-+.\w]++")
_PLAIN = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]|\\.)*+")*+', re.DOTALL)
"""What holds no bracket outside of its strings; stops before a string that has not ended."""
_MARK = b"\xef\xbb\xbf"


def lines(chunks: Iterable[bytes], path: tuple[Step, ...]) -> Iterator[Any]:
    """The records of a LINES object and PAUSE after each chunk. Raises JSONParsingError, InvalidTextEncoding,
    OverMaxRecordSize."""
    waiting, first = b"", True
    for chunk in chunks:
        waiting += chunk
        if first and len(waiting) >= len(_MARK):
            waiting, first = waiting.removeprefix(_MARK), False
        *whole, waiting = waiting.split(b"\n") if b"\n" in chunk else [waiting]
        for line in whole:
            if line and not line.isspace():
                yield from spread(_decode(line), path)
        if len(waiting) > MAXIMUM_RECORD:
            raise errors.OverMaxRecordSize
        yield PAUSE
    if waiting and not waiting.isspace():
        yield from spread(_decode(waiting), path)


def documents(chunks: Iterable[bytes], path: tuple[Step, ...]) -> Iterator[Any]:
    """The records of a DOCUMENT object and PAUSE now and then. Raises as `lines` does."""
    walker = _Walker(chunks)
    yield from walker.skip_mark()
    while True:
        yield from walker.space()
        if walker.at_end:
            return
        yield from walker.records(path)


def _decode(text: bytes) -> Any:
    if len(text) > MAXIMUM_RECORD:
        raise errors.OverMaxRecordSize
    try:
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise errors.InvalidTextEncoding from None
    except (msgspec.MsgspecError, DecimalException, RecursionError, ValueError):
        raise errors.JSONParsingError from None


class _Walker:
    """A place in the stream. Every method is a generator of PAUSE, one for each chunk it had to wait for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._text, self._at = b"", 0
        self._ended = False

    @property
    def at_end(self) -> bool:
        """Whether nothing is left; to be asked after `space`."""
        return self._ended and self._at >= len(self._text)

    def _more(self) -> Iterator[Any]:
        """Wait for text beyond what there is. Raises at the end of the object."""
        if self._ended:
            raise errors.JSONParsingError
        yield from self._fill()

    def _fill(self) -> Iterator[Any]:
        chunk = next(self._chunks, None)
        if chunk is None:
            self._ended = True
            return
        self._text, self._at = self._text[self._at :] + chunk, 0
        yield PAUSE

    def skip_mark(self) -> Iterator[Any]:
        while not self._ended and len(self._text) < len(_MARK):
            yield from self._fill()
        if self._text.startswith(_MARK):
            self._at = len(_MARK)

    def space(self) -> Iterator[Any]:
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it may be empty
            if self._at < len(self._text) or self._ended:
                return
            yield from self._fill()

    def _peek(self) -> Iterator[Any]:
        """Stand at the next character, which must be there."""
        yield from self.space()
        if self.at_end:
            raise errors.JSONParsingError

    @property
    def _next(self) -> bytes:
        return self._text[self._at : self._at + 1]

    def _take(self, expected: bytes) -> Iterator[Any]:
        yield from self._peek()
        if self._next != expected:
            raise errors.JSONParsingError
        self._at += 1

    def records(self, path: tuple[Step, ...]) -> Iterator[Any]:
        """The records below the value that comes next, which is consumed."""
        yield from self._peek()
        if not path:
            yield from self._whole()
        elif self._next == b"{":
            yield from self._struct(path[0], path[1:])
        elif self._next == b"[":
            yield from self._list(path[0], path[1:])
        else:
            yield from self._skip()
            yield MISSING

    def _whole(self) -> Iterator[Any]:
        """Decode the next value as a record."""
        size = yield from self._measure(discard=False)
        value = _decode(self._text[self._at : self._at + size])
        self._at += size
        yield value

    def _skip(self) -> Iterator[Any]:
        nested = self._next in (b"{", b"[")
        size = yield from self._measure(discard=True)
        if not nested:
            _decode(self._text[self._at : self._at + size])  # refuses what is no JSON
        self._at += size

    def _struct(self, step: Step, rest: tuple[Step, ...]) -> Iterator[Any]:
        found = 0
        yield from self._take(b"{")
        yield from self._peek()
        while self._next != b"}":
            key = yield from self._key()
            yield from self._take(b":")
            if self._leads(step, key):
                found += 1
                if found > 1 and isinstance(step, Name):
                    raise errors.AmbiguousFieldName
                yield from self.records(rest)
            else:
                yield from self._peek()
                yield from self._skip()
            yield from self._separator(b"}")
        self._at += 1
        if not found:
            yield MISSING

    @staticmethod
    def _leads(step: Step, key: str) -> bool:
        if isinstance(step, Name):
            return step.matches(key)
        return isinstance(step, Wildcard) and not step.of_list

    def _list(self, step: Step, rest: tuple[Step, ...]) -> Iterator[Any]:
        index = found = 0
        yield from self._take(b"[")
        yield from self._peek()
        while self._next != b"]":
            if step == index or (isinstance(step, Wildcard) and step.of_list):
                found += 1
                yield from self.records(rest)
            else:
                yield from self._skip()
            index += 1
            yield from self._separator(b"]")
        self._at += 1
        if not found:
            yield MISSING

    def _separator(self, closing: bytes) -> Iterator[Any]:
        """Step over a comma to what must follow it, or stand at the closing bracket."""
        yield from self._peek()
        if self._next == closing:
            return
        yield from self._take(b",")
        yield from self._peek()
        if self._next in (b"}", b"]"):
            raise errors.JSONParsingError

    def _key(self) -> Any:
        yield from self._peek()
        if self._next != b'"':
            raise errors.JSONParsingError
        size = yield from self._measure(discard=False)
        key = _decode(self._text[self._at : self._at + size])
        self._at += size
        return key

    def _measure(self, *, discard: bool) -> Any:
        """The length of the value here, once all of it has come; with `discard`, of what is still to be skipped.

        A generator that returns the length. Raises OverMaxRecordSize when what must be kept grows too long."""
        if self._next in (b"{", b"["):
            return (yield from self._measure_nested(discard=discard))
        expression = _STRING if self._next == b'"' else _SCALAR
        while True:
            found = expression.match(self._text, self._at)
            # A number that touches the end of the text may go on.
            if found and (found.end() < len(self._text) or self._ended or expression is _STRING):
                return found.end() - self._at
            if not found and expression is _SCALAR:
                raise errors.JSONParsingError
            self._refuse_long()
            if self._ended:
                raise errors.JSONParsingError
            yield from self._fill()

    def _measure_nested(self, *, discard: bool) -> Any:
        depth = size = 0
        while True:
            size = _PLAIN.match(self._text, self._at + size).end() - self._at  # type: ignore[union-attr]
            bracket = self._text[self._at + size : self._at + size + 1]
            if bracket in (b"", b'"'):
                if discard:
                    self._at, size = self._at + size, 0
                self._refuse_long()
                yield from self._more()
                continue
            size += 1
            depth += 1 if bracket in b"{[" else -1
            if depth == 0:
                return size

    def _refuse_long(self) -> None:
        if len(self._text) - self._at > MAXIMUM_RECORD:
            raise errors.OverMaxRecordSize
