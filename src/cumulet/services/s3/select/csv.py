"""CSV objects as records: lists of strings, one record in memory at a time.

A record ends at the record delimiter. Inside quotes the delimiter belongs to the field if
AllowQuotedRecordDelimiter says so, and is an error if not. Empty lines are no records, nor are comments.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from . import errors

PAUSE = object()
"""Yielded among the records after each piece of input, so that whoever reads can do something else."""

MAXIMUM_RECORD = 1024 * 1024
"""Characters of one record (OverMaxRecordSize)."""

_HEADER_USES = ("NONE", "USE", "IGNORE")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is written; the members of CSVInput by their own names, defaults filled in."""

    record_delimiter: str = "\n"
    field_delimiter: str = ","
    quote: str = '"'
    """Empty when nothing is quoted."""
    escape: str = '"'
    comments: str = "#"
    header: str = "NONE"
    quoted_record_delimiters: bool = False


def dialect(settings: dict[str, Any]) -> Dialect:
    """The dialect that CSVInput describes. Raises InvalidFileHeaderInfo and InvalidRequestParameter."""
    header = str(settings.get("FileHeaderInfo") or "NONE").upper()
    if header not in _HEADER_USES:
        raise errors.InvalidFileHeaderInfo
    quote = character(settings, "QuoteCharacter", '"')
    return Dialect(
        record_delimiter=delimiter(settings, "RecordDelimiter", "\n"),
        field_delimiter=delimiter(settings, "FieldDelimiter", ","),
        quote=quote,
        escape=character(settings, "QuoteEscapeCharacter", '"') or quote,
        comments=character(settings, "Comments", "#"),
        header=header,
        quoted_record_delimiters=bool(settings.get("AllowQuotedRecordDelimiter")),
    )


def delimiter(settings: dict[str, Any], member: str, default: str) -> str:
    """A delimiter of one character or a few."""
    value = settings.get(member)
    if value is None:
        return default
    if not 1 <= len(value) <= 16:
        raise errors.InvalidRequestParameter(f"{member} must be 1 to 16 characters long.")
    return str(value)


def character(settings: dict[str, Any], member: str, default: str) -> str:
    """A single character, or none."""
    value = settings.get(member)
    if value is None:
        return default
    if len(value) > 1:
        raise errors.InvalidRequestParameter(f"{member} must be a single character.")
    return str(value)


def records(chunks: Iterable[bytes], written: Dialect) -> Iterator[Any]:
    """The records, the header among them, and PAUSE after each chunk.

    Raises InvalidTextEncoding, OverMaxRecordSize, CSVEscapingRecordDelimiter, CSVUnescapedQuote."""
    reader = _Reader(written)
    for chunk in chunks:
        if chunk:
            yield from reader.feed(chunk)
        yield PAUSE
    yield from reader.feed(b"", final=True)


class _Reader:
    """Text that has come and is not yet a whole record, and the way to cut records from it."""

    def __init__(self, written: Dialect) -> None:
        self._written = written
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._quoted = _quoted_field(written.quote, written.escape)
        self._field = _field(self._quoted.pattern, written.field_delimiter)
        delimiters = sorted((written.field_delimiter, written.record_delimiter), key=len, reverse=True)
        self._stops = re.compile("|".join(map(re.escape, delimiters)))

    def feed(self, chunk: bytes, *, final: bool = False) -> Iterator[list[str]]:
        try:
            text = self._text + self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            raise errors.InvalidTextEncoding from None
        at = 0
        while at < len(text):
            cut = self._cut(text, at, final=final)
            if cut is None:
                break
            record, after = cut
            if after - at > MAXIMUM_RECORD:
                raise errors.OverMaxRecordSize
            if record is not None:
                yield record
            at = after
        self._text = text[at:]
        if len(self._text) > MAXIMUM_RECORD:
            raise errors.OverMaxRecordSize

    def _cut(self, text: str, start: int, *, final: bool) -> tuple[list[str] | None, int] | None:
        """The record that starts here and where the next one does; None while its end has not come."""
        written = self._written
        end = text.find(written.record_delimiter, start)
        if end < 0 and not final:
            return None
        after = end + len(written.record_delimiter) if end >= 0 else len(text)
        line = text[start:end] if end >= 0 else text[start:]
        if not line or (written.comments and line[0] == written.comments):
            return None, after
        if not written.quote or written.quote not in line:
            return line.split(written.field_delimiter), after
        if (record := self._whole_line(line)) is not None:
            return record, after
        if written.quoted_record_delimiters:
            return self._fields(text, start, final=final)
        found = self._fields(line, 0, final=True, unclosed=_UNCLOSED[end >= 0])
        return (found[0], after) if found else None

    def _whole_line(self, line: str) -> list[str] | None:
        """The fields of a line whose quotes all close, which is nearly every line; else None."""
        found = self._field.findall(line + self._written.field_delimiter)
        if any(rest.startswith(self._written.quote) for _, rest in found):
            return None
        return [self._unescaped(quoted) + rest if quoted else rest for quoted, rest in found]

    def _fields(
        self, text: str, at: int, *, final: bool, unclosed: type[errors.SelectError] = errors.CSVUnescapedQuote
    ) -> tuple[list[str], int] | None:
        """The fields up to a record delimiter outside of quotes, or up to the end if that is final."""
        fields: list[str] = []
        while True:
            value = ""
            if text.startswith(self._written.quote, at):
                found = self._quoted.match(text, at)
                if found is None and final:
                    raise unclosed
                if found is None or (found.end() == len(text) and not final):
                    return None
                value, at = self._unescaped(found[1]), found.end()
            # What stands between a closing quote and the next delimiter belongs to the field as it is.
            stop = self._stops.search(text, at)
            if stop is None and not final:
                return None
            fields.append(value + text[at : stop.start() if stop else len(text)])
            if stop is None:
                return fields, len(text)
            at = stop.end()
            if stop[0] == self._written.record_delimiter:
                return fields, at

    def _unescaped(self, text: str) -> str:
        quote, escape = self._written.quote, self._written.escape
        if escape not in text:
            return text
        return re.sub(re.escape(escape) + f"([{re.escape(escape + quote)}])", r"\1", text)


_UNCLOSED = {True: errors.CSVEscapingRecordDelimiter, False: errors.CSVUnescapedQuote}
"""What an unclosed quote is: by whether a record delimiter comes after it."""


def _quoted_field(quote: str, escape: str) -> re.Pattern[str]:
    """A quoted field and its inside. The possessive repeats never go back, so a match takes linear time."""
    q, e = re.escape(quote), re.escape(escape)
    inside = f"[^{q}]*+(?:{q}{q}[^{q}]*+)*+" if quote == escape else f"(?:[^{q}{e}]|{e}.)*+"
    return re.compile(f"{q}({inside}){q}" if quote else "(?!)", re.DOTALL)


def _field(quoted: str, delimiter: str) -> re.Pattern[str]:
    """The inside of a quoted start, if there is one, and what else there is before the delimiter."""
    end = re.escape(delimiter)
    plain = f"[^{end}]" if len(delimiter) == 1 else f"(?:(?!{end}).)"
    return re.compile(f"(?:{quoted})?+({plain}*+){end}", re.DOTALL)
