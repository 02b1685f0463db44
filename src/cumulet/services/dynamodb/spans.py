"""Spans: the part of a table or an index that a Query or a Scan goes through, and where it begins or goes on.

Source: DynamoDB API Reference, Query and Scan (ExclusiveStartKey, Segment, TotalSegments)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cumulet.kernel.keys import Key
from cumulet.services.dynamodb import values
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import KeyCondition
from cumulet.services.dynamodb.schema import HASHES, hash_of
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item, Value

_INVALID_START = "The provided starting key is invalid"
_OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
# What AWS says of another partition's key where the sort key has a condition too, whichever it is. A page of one row
# by its whole key does go on, to an empty page: paginators ask for it when the limit is one.
_ONE_ROW = "The query can return at most one row and cannot be restarted"
_NOT_THE_SCHEMA = "The provided key element does not match the schema"

Position = tuple[Any, ...]
"""Where something lies in the source of a span: of an item its place, of an entry its place and then its item's."""


class Bounds(NamedTuple):
    """What a condition says of a sort key, as the store takes it."""

    since: bytes | None = None
    after: bytes | None = None
    until: bytes | None = None
    before: bytes | None = None

    def hold(self, ranged: bytes) -> bool:
        return (
            (self.since is None or ranged >= self.since)
            and (self.after is None or ranged > self.after)
            and (self.until is None or ranged <= self.until)
            and (self.before is None or ranged < self.before)
        )


class Span(NamedTuple):
    prefix: Key
    fixed: int
    """How many elements of a position are in the prefix already."""
    bounds: Mapping[str, Any]
    is_reverse: bool = False

    def beyond(self, position: Position) -> Span:
        """What is left of the span behind this position."""
        rest = position[self.fixed :]
        end, taken = ("until", "before") if self.is_reverse else ("since", "after")
        bounds = {name: bound for name, bound in self.bounds.items() if name != end}
        return self._replace(bounds={**bounds, taken: rest})


def source(table: Table, index: Index | None) -> Key:
    return table.key("items") if index is None else table.key("index", index.id)


# Query


def of_query(
    table: Table, index: Index | None, condition: KeyCondition, start: Item | None, *, is_reverse: bool
) -> Span:
    """Raises ValidationException for a starting key that does not lie in the span."""
    hashed = values.sortable(condition.hash)
    bounds = _bounds(condition)
    prefix = (*source(table, index), hash_of(hashed), hashed)
    given = {name: bound for name, bound in bounds._asdict().items() if bound is not None}
    span = Span(prefix, 2, given, is_reverse)
    if start is None:
        return span
    position = _position(table, index, start, _INVALID_START)
    if not bounds.hold(position[2]):
        raise ValidationException("The provided starting key does not match the range key predicate")
    if position[1] != hashed:
        raise ValidationException(_ONE_ROW if given else _OUTSIDE)
    return span.beyond(position)


def _bounds(condition: KeyCondition) -> Bounds:
    operands = [values.sortable(operand) for operand in condition.operands]
    match condition.operator:
        case "=":
            return Bounds(since=operands[0], until=operands[0])
        case "<":
            return Bounds(before=operands[0])
        case "<=":
            return Bounds(until=operands[0])
        case ">":
            return Bounds(after=operands[0])
        case ">=":
            return Bounds(since=operands[0])
        case "BETWEEN":
            return Bounds(since=operands[0], until=operands[1])
        case "begins_with":
            return Bounds(since=operands[0], before=_behind(operands[0]))
    return Bounds()


def _behind(start: bytes) -> bytes | None:
    """The first of all bytes that are behind those which begin so; None if nothing is."""
    stripped = start.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,)) if stripped else None


# Scan


def of_scan(table: Table, index: Index | None, start: Item | None, segment: int = 0, segments: int = 1) -> Span:
    """Raises ValidationException for a starting key that is none, or lies in another segment."""
    edges = segment * HASHES // segments, (segment + 1) * HASHES // segments
    span = Span(source(table, index), 0, {"since": edges[0], "before": edges[1]} if segments > 1 else {})
    if start is None:
        return span
    position = _position(table, index, start, f"{_INVALID_START}: {_NOT_THE_SCHEMA}")
    if not edges[0] <= position[0] < edges[1]:
        raise ValidationException(
            f"{_INVALID_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
            f"TotalSegments: {segments} Segment: {segment}"
        )
    return span.beyond(position)


def check_segments(segment: int | None, segments: int | None) -> None:
    """Raises ValidationException."""
    if segment is None and segments is None:
        return
    if segments is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
            "present"
        )
    if segment is None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
            "present"
        )
    if segment >= segments:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {segments}"
        )


# Keys of positions


def position_of(table: Table, index: Index | None, item: Mapping[str, Value]) -> Position:
    """Of an item that is there."""
    place = table.schema.place_of_item(item)
    if index is None:
        return place
    at = index.schema.place_in_index(item)
    assert at is not None, "who is in no index has no place there"
    return (*at, *place)


def key_of(table: Table, index: Index | None, item: Mapping[str, Value]) -> Item:
    """LastEvaluatedKey: what leads back to this item."""
    if index is None:
        return table.schema.key_of(item)
    return {**table.schema.key_of(item), **index.schema.key_of(item)}


def _position(table: Table, index: Index | None, start: Item, otherwise: str) -> Position:
    """Where a starting key lies, whether an item is there or not. Raises ValidationException."""
    names = {*table.schema.names, *(index.schema.names if index is not None else ())}
    if start.keys() != names:
        raise ValidationException(otherwise)
    if any(table.types[name] not in value for name, value in start.items()):
        raise ValidationException(otherwise)
    return position_of(table, index, start)
