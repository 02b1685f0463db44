"""One SelectObjectContent from its parameters to its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from cumulet.kernel.errors import NotImplementedYet

from . import csv, errors, json, parser, timestamps
from .csv import PAUSE
from .evaluator import Compiler
from .output import Fields, Writer, writer
from .scopes import CsvScope, JsonScope, Scope
from .source import Meter, chunks, compression_of, ranged
from .syntax import Column, Name, Path, Query
from .timestamps import Timestamp

Event = dict[str, Any]

_PAYLOAD = 64 * 1024
"""Bytes of results after which they are sent; one record of at most 1 MB may come on top."""
_QUIET_CHUNKS = 2
"""Chunks without results after which a Cont event gives the caller a turn."""
_PROGRESS_BYTES = 4 * 1024 * 1024
_MAXIMUM_RECORD = 1024 * 1024


def run(
    expression: str,
    expression_type: str,
    input_serialization: dict[str, Any],
    output_serialization: dict[str, Any],
    source: Iterable[bytes],
    *,
    now: datetime,
    size: int | None = None,
    scan_range: dict[str, int] | None = None,
    request_progress: bool = False,
) -> Iterator[Event]:
    """Run a query over an object's plain bytes and answer the events of the stream, Stats and End last.

    What is wrong with the request raises here, before the first event; what is wrong with the data raises
    from the iterator, so a caller takes the first event before it promises success (AWS answers a missing
    header with a plain 400). Each step of the iterator takes milliseconds: where results are rare it is a Cont.
    `size`, the object's length in bytes, is needed only for a scan range that counts from the end."""
    if str(expression_type).upper() != "SQL":
        raise errors.InvalidExpressionType
    query = parser.parse(expression)
    write = writer(output_serialization)
    form = _form(input_serialization)
    reader = _READERS[form](query, input_serialization, timestamps.of(now))
    compression = compression_of(input_serialization)
    limits = _limits(scan_range, size)
    if limits is not None:
        reader.check_scannable(compression)
    if limits is not None:
        source = ranged(source, reader.record_delimiter, *limits, keep_first=reader.has_header)
    meter = Meter()
    results = reader.results(chunks(source, compression, meter))
    return _Run(query, write, meter, progress=request_progress).events(results)


def _form(serialization: dict[str, Any]) -> str:
    given = [form for form in ("CSV", "JSON", "Parquet") if serialization.get(form) is not None]
    if not given:
        raise errors.MissingRequiredParameter("InputSerialization needs CSV, JSON or Parquet.")
    if len(given) > 1:
        raise errors.ObjectSerializationConflict
    if given == ["Parquet"]:
        raise NotImplementedYet("S3 Select reads CSV and JSON here; it has no reader for Parquet yet.")
    return given[0]


def _limits(scan_range: dict[str, int] | None, size: int | None) -> tuple[int, int | None] | None:
    """First and last byte of the scan range. An End alone counts bytes from the object's end."""
    start, end = (scan_range or {}).get("Start"), (scan_range or {}).get("End")
    if start is None and end is None:
        return None
    if (start or 0) < 0 or (end or 0) < 0 or (start is not None and end is not None and start > end):
        raise errors.InvalidScanRange
    if start is not None:
        return start, end
    assert size is not None, "a scan range from the end needs the object's size"
    return max(size - (end or 0), 0), None


Results = Iterator[Any]
"""Lists of fields, and PAUSE."""


class _Reader:
    """What the two input forms share: records that become results."""

    record_delimiter = b"\n"
    has_header = False

    def __init__(self, query: Query, serialization: dict[str, Any], now: Timestamp) -> None:
        self._query, self._now = query, now

    def check_scannable(self, compression: str) -> None:
        """Raises UnsupportedScanRangeInput where records cannot be found from the middle of the object."""
        if compression != "NONE":
            raise errors.UnsupportedScanRangeInput

    def results(self, pieces: Iterable[bytes]) -> Results:
        raise NotImplementedError


class _CsvReader(_Reader):
    def __init__(self, query: Query, serialization: dict[str, Any], now: Timestamp) -> None:
        super().__init__(query, serialization, now)
        if query.path:
            raise errors.InvalidKeyPath("A path in FROM works with JSON objects only.")
        self._dialect = csv.dialect(serialization["CSV"])
        self.record_delimiter = self._dialect.record_delimiter.encode()
        self.has_header = self._dialect.header != "NONE"
        if self._dialect.header != "USE":
            self._compile(None)  # so that what is wrong with the query shows before the data is read

    def check_scannable(self, compression: str) -> None:
        super().check_scannable(compression)
        if self._dialect.quoted_record_delimiters:
            raise errors.UnsupportedScanRangeInput

    def _compile(self, headers: list[str] | None) -> Callable[[Results], Results]:
        return _compiled(self._query, CsvScope(self._query, headers), self._now)

    def results(self, pieces: Iterable[bytes]) -> Results:
        records = csv.records(pieces, self._dialect)
        headers = None
        if self.has_header:
            headers = yield from _first(records)
        used = headers if self._dialect.header == "USE" else None
        yield from self._compile(used)(records)


class _JsonReader(_Reader):
    def __init__(self, query: Query, serialization: dict[str, Any], now: Timestamp) -> None:
        super().__init__(query, serialization, now)
        kind = serialization["JSON"].get("Type")
        if kind is None:
            raise errors.MissingRequiredParameter("InputSerialization of JSON needs its Type.")
        if kind not in ("DOCUMENT", "LINES"):
            raise errors.InvalidJsonType
        self._lines = kind == "LINES"
        self._select = _compiled(query, JsonScope(query), now)

    def check_scannable(self, compression: str) -> None:
        super().check_scannable(compression)
        if not self._lines:
            raise errors.UnsupportedScanRangeInput

    def results(self, pieces: Iterable[bytes]) -> Results:
        read = json.lines if self._lines else json.documents
        return self._select(read(pieces, self._query.path))


_READERS = {"CSV": _CsvReader, "JSON": _JsonReader}


def _first(records: Iterator[Any]) -> Any:
    """The first record, as a generator that passes PAUSE on."""
    for record in records:
        if record is not PAUSE:
            return record
        yield PAUSE
    return None


def _compiled(query: Query, scope: Scope, now: Timestamp) -> Callable[[Results], Results]:
    """The query as a function from records to results, PAUSE passing through both."""
    compiler = Compiler(scope, now)
    where = compiler.condition(query.where) if query.where is not None else None

    def kept(records: Results) -> Results:
        if where is None:
            return records
        return (record for record in records if record is PAUSE or where(record) is True)

    if query.columns is None:
        return lambda records: (_mapped(record, scope.fields) for record in kept(records))
    names = [_name(column, position) for position, column in enumerate(query.columns, 1)]
    getters = compiler.columns([column.expression for column in query.columns])

    def project(record: Any) -> Fields:
        return [(name, get(record)) for name, get in zip(names, getters, strict=True)]

    if not compiler.accumulators:
        return lambda records: (_mapped(record, project) for record in kept(records))

    def aggregated(records: Results) -> Results:
        for record in kept(records):
            if record is PAUSE:
                yield PAUSE
                continue
            for accumulator in compiler.accumulators:
                accumulator.feed(record)
        yield project(None)

    return aggregated


def _mapped(record: Any, function: Callable[[Any], Fields]) -> Any:
    return record if record is PAUSE else function(record)


def _name(column: Column, position: int) -> str:
    """An alias, else the last name of a path, else the position."""
    if column.alias is not None:
        return column.alias
    if isinstance(column.expression, Path):
        last = (column.expression.root, *column.expression.steps)[-1]
        if isinstance(last, Name):
            return last.text
    return f"_{position}"


class _Run:
    """Results gathered into events."""

    def __init__(self, query: Query, write: Writer, meter: Meter, *, progress: bool) -> None:
        self._limit, self._write, self._meter, self._progress = query.limit, write, meter, progress
        self._waiting: list[str] = []
        self._waiting_size = self._returned = self._quiet = self._reported = 0

    def events(self, results: Results) -> Iterator[Event]:
        try:
            if self._limit != 0:
                yield from self._gathered(results)
        except RecursionError:
            raise errors.JSONParsingError("The data nests too deeply.") from None
        yield from self._flush()
        if self._progress:
            yield {"Progress": {"Details": self._details()}}
        yield {"Stats": {"Details": self._details()}}
        yield {"End": {}}

    def _gathered(self, results: Results) -> Iterator[Event]:
        count = 0
        for result in results:
            if result is PAUSE:
                yield from self._paused()
                continue
            self._add(self._write(result))
            count += 1
            if count == self._limit:
                return
            if self._waiting_size >= _PAYLOAD:
                yield from self._flush()

    def _add(self, text: str) -> None:
        if len(text) > _MAXIMUM_RECORD:
            raise errors.OverMaxRecordSize
        self._waiting.append(text)
        self._waiting_size += len(text)

    def _flush(self) -> Iterator[Event]:
        if self._waiting:
            payload = "".join(self._waiting).encode("utf-8", "surrogatepass")
            self._waiting, self._waiting_size, self._quiet = [], 0, 0
            self._returned += len(payload)
            yield {"Records": {"Payload": payload}}

    def _paused(self) -> Iterator[Event]:
        self._quiet += 1
        if self._progress and self._meter.processed - self._reported >= _PROGRESS_BYTES:
            self._reported = self._meter.processed
            yield {"Progress": {"Details": self._details()}}
        elif self._quiet >= _QUIET_CHUNKS:
            self._quiet = 0
            yield {"Cont": {}}

    def _details(self) -> dict[str, int]:
        return {
            "BytesScanned": self._meter.scanned,
            "BytesProcessed": self._meter.processed,
            "BytesReturned": self._returned,
        }
