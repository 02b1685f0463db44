"""What an import reads: lines of objects, which may be compressed, and the items in them.

Every item is on a line of its own. What cannot be read, or cannot be an item of the table, is an error of that line
alone; only where an object cannot be decompressed is the rest of it lost.

Source: DynamoDB Developer Guide, "Amazon S3 import formats for DynamoDB", "Import format quotas and validation"."""

from __future__ import annotations

import base64
import binascii
import csv
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec

from cumulet.services.dynamodb import indexes, ion, values
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item, Value

CSV, JSON, ION = "CSV", "DYNAMODB_JSON", "ION"
GZIP, NONE, ZSTD = "GZIP", "NONE", "ZSTD"
LONGEST_LINE = 8 * 1024 * 1024
"""An item has 400 KB, which Base64 and escapes make longer."""
_SLICE = 1024 * 1024
_GZIP = 31
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Reads = Callable[[bytes], Item | None]
"""Tells the item in a line; None for a header."""

_json = msgspec.json.Decoder(dict[str, Any]).decode


class NotAnItem(ValueError):
    """A line, or the rest of an object, cannot be imported."""


async def lines(body: bytes | AsyncIterator[bytes], compression: str) -> AsyncIterator[bytes]:
    """The lines of an object, without their ends; one that is too long comes cut off. Raises NotAnItem."""
    kept: list[bytes] = []
    length = 0
    pieces = _alone(body) if isinstance(body, bytes) else body
    async for piece in _unzipped(pieces) if compression == GZIP else pieces:
        first, *others = piece.split(b"\n")
        if length <= LONGEST_LINE:
            kept.append(first[: LONGEST_LINE + 1 - length])
            length += len(kept[-1])
        for following in others:
            yield b"".join(kept)
            kept, length = [following], len(following)
    if length:
        yield b"".join(kept)


async def _alone(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _unzipped(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """In slices, however well it was compressed. Several members may follow each other."""
    inflater = zlib.decompressobj(_GZIP)
    is_begun = False
    async for piece in body:
        while piece:
            if inflater.eof:
                inflater, is_begun = zlib.decompressobj(_GZIP), False
            is_begun = True
            yield _inflated(inflater, piece)
            piece = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    while is_begun and not inflater.eof:
        plain = _inflated(inflater, b"")  # what no longer fitted in the last slice
        if not plain:
            raise NotAnItem("the object ends within compressed data")
        yield plain


def _inflated(inflater: Any, piece: bytes) -> bytes:
    try:
        return inflater.decompress(piece, _SLICE)
    except zlib.error:
        raise NotAnItem("the object is not compressed with gzip") from None


def reader(table: Table, given: Mapping[str, Any]) -> Reads:
    """Reads the lines of one object. What it returns raises NotAnItem, or ValidationException for an item that the
    table cannot hold."""
    parse = _parser(table, given)

    def read(line: bytes) -> Item | None:
        if len(line) > LONGEST_LINE:
            raise NotAnItem("the line is too long")
        parsed = parse(line)
        if parsed is None:
            return None
        item = values.checked_item(parsed)
        if values.item_size(item) > values.LARGEST_ITEM_BYTES:
            raise ValidationException("Item size has exceeded the maximum allowed size")
        table.schema.place_of_item(item)
        indexes.check_put(table, item)
        return item

    return read


def _parser(table: Table, given: Mapping[str, Any]) -> Reads:
    if given["InputFormat"] == CSV:
        return _Rows(table, (given.get("InputFormatOptions") or {}).get("Csv") or {})
    return _from_ion if given["InputFormat"] == ION else _from_json


# CSV


class _Rows:
    """Names come from the request, or from the first line; only keys can be other than strings."""

    def __init__(self, table: Table, options: Mapping[str, Any]) -> None:
        self._types = table.types
        self._keys = frozenset(table.schema.names)
        self._delimiter = options.get("Delimiter") or ","
        self._names: list[str] | None = options.get("HeaderList")

    def __call__(self, line: bytes) -> Item | None:
        cells = self._cells(line)
        if self._names is None:
            self._names = cells
            return None
        if len(cells) != len(self._names):
            raise NotAnItem(f"the line has {len(cells)} columns, the header has {len(self._names)}")
        pairs = zip(self._names, cells, strict=True)
        return {name: self._value(name, cell) for name, cell in pairs if cell or name not in self._types}

    def _cells(self, line: bytes) -> list[str]:
        try:
            text = line.removeprefix(_BYTE_ORDER_MARK).decode()
            return next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error, StopIteration) as problem:
            raise NotAnItem(f"the line is no CSV: {problem}") from None

    def _value(self, name: str, cell: str) -> Value:
        kind = self._types.get(name, "S")
        return {kind: _bytes(cell)} if kind == "B" else {kind: cell}


# DynamoDB JSON


def _from_json(line: bytes) -> Item:
    try:
        record = _json(line.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise NotAnItem(f"the line is no JSON object: {problem}") from None
    item = record.get("Item")
    if not isinstance(item, dict):
        raise NotAnItem("the line has no Item")
    return {name: _value(value) for name, value in item.items()}


def _value(given: Any) -> Value:
    """A value as JSON has it, binary ones in Base64. Raises NotAnItem."""
    if not isinstance(given, dict) or len(given) != 1:
        raise NotAnItem("a value has exactly one type")
    ((kind, content),) = given.items()
    match kind, content:
        case (("S" | "N"), str()):
            return {kind: content}
        case "B", str():
            return {"B": _bytes(content)}
        case (("BOOL" | "NULL"), bool()):
            return {kind: content}
        case "M", dict():
            return {"M": {name: _value(each) for name, each in content.items()}}
        case "L", list():
            return {"L": [_value(each) for each in content]}
        case (("SS" | "NS"), list()) if all(isinstance(each, str) for each in content):
            return {kind: content}
        case "BS", list() if all(isinstance(each, str) for each in content):
            return {"BS": [_bytes(each) for each in content]}
    raise NotAnItem(f"no value of type {str(kind)[:10]}")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotAnItem("a binary value is written in Base64") from None


# Ion


def _from_ion(line: bytes) -> Item:
    try:
        record = ion.read(line.decode())
    except (ion.NotIon, UnicodeDecodeError) as problem:
        raise NotAnItem(f"the line is no Ion: {problem}") from None
    item = record["M"].get("Item", {}).get("M") if "M" in record else None
    if item is None:
        raise NotAnItem("the line has no Item")
    found: Item = item
    return found
