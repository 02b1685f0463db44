"""SELECT: which ranges it reads, and page by page what it shows of them.

A page ends with 1 MB of items, or as many items as Limit says, before they are filtered. What a page ended with is
in its NextToken, along with a digest of the statement that it belongs to.

Source: DynamoDB Developer Guide, "PartiQL select statements"; API Reference, ExecuteStatement."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import indexes, values
from cumulet.services.dynamodb.errors import INVALID, ValidationException
from cumulet.services.dynamodb.expressions import KeyCondition
from cumulet.services.dynamodb.partiql import columns, places, ranges, wording
from cumulet.services.dynamodb.partiql.places import Sought
from cumulet.services.dynamodb.partiql.ranges import Position, Range
from cumulet.services.dynamodb.partiql.syntax import Select
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.tables import CREATING, Index, Table
from cumulet.services.dynamodb.values import Item, Value

MOST_BYTES = 1024 * 1024
_MOST_HASHES = 50
"""Partitions that one statement may name (Developer Guide, PartiQL operators: IN)."""


class Token(msgspec.Struct, array_like=True):
    """Where a page ended: in the n-th range, at a position."""

    digest: bytes
    number: int
    position: tuple[int | bytes, ...]


class Page(NamedTuple):
    shown: list[Item]
    bytes_read: int
    last: Item | None
    """The key of the last item that was looked at, where there may be more."""
    token: str | None


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(Token).decode


def read(
    tx: ReadTransaction, table: Table, index: Index | None, statement: Select, parameters: Sequence[Value],
    limit: int | None, token: str | None,
) -> Page:  # fmt: skip
    """One page. Raises ValidationException."""
    schema = table.schema if index is None else index.schema
    _check_columns(table, index, statement)
    sought = places.sought(schema, statement.where, parameters)
    _check_order(schema, statement, sought)
    within = _ranges(table, index, schema, sought, parameters, statement)
    holds = wording.condition(sought.rest, parameters, "FilterExpression")
    digest = hashlib.blake2b(_encode([statement, parameters]), digest_size=16).digest()
    begin = _opened(token, digest, len(within))

    shown: list[Item] = []
    looked_at = size = 0
    for number in range(begin.number, len(within)):
        behind = begin.position if number == begin.number and begin.position else None
        for met in ranges.walk(tx, table, index, within[number], behind):
            item = met.item if index is None else _seen(table, index, met.item, statement)
            looked_at += 1
            size += values.item_size(item)
            if holds is None or holds.holds(item):
                shown.append(columns.of(item, statement.columns))
            if looked_at == limit or size >= MOST_BYTES:
                return Page(shown, size, _key(table, index, met.item), _closed(digest, number, met.position))
    return Page(shown, size, None, None)


def index_of(table: Table, statement: Select, *, is_consistent: bool) -> Index | None:
    """The index that a SELECT reads, if it reads one. Raises ValidationException."""
    if not statement.index:
        return None
    index = table.index(statement.index)
    if index.is_global and is_consistent:
        raise ValidationException("Consistent reads are not supported on global secondary indexes")
    if index.status == CREATING:
        raise ValidationException(f"Cannot read from backfilling global secondary index: {index.name}")
    return index


def _check_columns(table: Table, index: Index | None, statement: Select) -> None:
    """A global index shows what it projects, and nothing else."""
    if index is None or not index.is_global or index.projection == "ALL" or statement.columns is None:
        return
    there = {*table.schema.names, *index.schema.names, *index.included}
    missing = [str(path.steps[0]) for path in statement.columns if path.steps[0] not in there]
    if missing:
        raise ValidationException(
            f"{INVALID}Global secondary index {index.name} does not project [{', '.join(missing)}]"
        )


def _seen(table: Table, index: Index, item: Item, statement: Select) -> Item:
    """What an index shows of an item; from a local one, columns are fetched that it does not project."""
    if not index.is_global and statement.columns is not None:
        return item
    return indexes.projected(table, index, item)


def _key(table: Table, index: Index | None, item: Item) -> Item:
    key = table.schema.key_of(item)
    return key if index is None else key | index.schema.key_of(item)


# Order and ranges


def _check_order(schema: Schema, statement: Select, sought: Sought) -> None:
    if not statement.order:
        return
    if statement.where is None:
        raise ValidationException("Must have WHERE clause in the statement when using ORDER BY clause.")
    if sought.hashes is None:
        raise ValidationException(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    for name, _ in statement.order:
        if name not in schema.names:
            raise ValidationException(f"Variable reference {name} in ORDER BY clause must be part of the primary key")
    if len(sought.hashes) > 1 and schema.hash not in dict(statement.order):
        raise ValidationException(
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
        )


def _ranges(
    table: Table, index: Index | None, schema: Schema, sought: Sought, parameters: Sequence[Value], statement: Select
) -> list[Range]:
    if sought.hashes is None:
        return [ranges.whole(table, index)]
    if len(sought.hashes) > _MOST_HASHES:
        raise ValidationException(f"Too many hash key values: at most {_MOST_HASHES} are supported")
    downwards = dict(statement.order)
    hashes = sought.hashes
    conditions = [wording.key_condition(schema, value, sought.ranged, parameters) for value in hashes]
    if schema.hash in downwards:
        conditions.sort(key=_by_hash, reverse=downwards[schema.hash])
    is_downwards = downwards.get(schema.range, False)
    return [ranges.of_partition(table, index, each, is_downwards=is_downwards) for each in conditions]


def _by_hash(condition: KeyCondition) -> bytes:
    return values.sortable(condition.hash)


# Tokens


def _closed(digest: bytes, number: int, position: Position) -> str:
    return base64.b64encode(_encode(Token(digest, number, position))).decode()


def _opened(token: str | None, digest: bytes, count: int) -> Token:
    """Raises ValidationException for a token that is not of this statement."""
    if token is None:
        return Token(digest, 0, ())
    try:
        found = _decode(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise ValidationException("Invalid NextToken") from None
    if found.digest != digest or not 0 <= found.number < count or len(found.position) > 6:
        raise ValidationException("NextToken does not match request")
    return found
