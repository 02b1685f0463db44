"""SELECT: which spans it reads, and page by page what it shows of them.

A page ends with 1 MB of items, or as many items as Limit says, before they are filtered. What a page ended with is
in its NextToken, along with a digest of the statement that it belongs to.

Source: DynamoDB Developer Guide, "PartiQL select statements"; API Reference, ExecuteStatement."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import NamedTuple, cast

import msgspec

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import pages, selections, spans, values
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import KeyCondition, Projection
from cumulet.services.dynamodb.pages import Wanted
from cumulet.services.dynamodb.partiql import places, wording
from cumulet.services.dynamodb.partiql.columns import Columns
from cumulet.services.dynamodb.partiql.places import Sought
from cumulet.services.dynamodb.partiql.syntax import Select
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.spans import Position, Span
from cumulet.services.dynamodb.tables import CREATING, Index, Table
from cumulet.services.dynamodb.values import Item, Value

_MOST_HASHES = 50
"""Partitions that one statement may name (Developer Guide, PartiQL operators: IN)."""


class Token(msgspec.Struct, array_like=True):
    """Where a page ended: in the n-th span, behind a position; none is its beginning."""

    digest: bytes
    number: int
    position: tuple[int | bytes, ...]


class Found(NamedTuple):
    """A page of what a SELECT finds."""

    shown: list[Item]
    sizes: list[int]
    """Of what was read; empty where nobody wanted to know."""
    fetched_sizes: list[int]
    """Of what had to be fetched from the table besides, item by item."""
    last: Item | None
    """The key of the last item that was looked at, where there may be more."""
    token: str | None


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(Token).decode


def read(
    tx: ReadTransaction, table: Table, index: Index | None, statement: Select, parameters: Sequence[Value],
    limit: int | None, token: str | None, *, is_weighing: bool,
) -> Found:  # fmt: skip
    """One page. Raises ValidationException."""
    schema = table.schema if index is None else index.schema
    sought = places.sought(schema, statement.where, parameters)
    _check_order(schema, statement, sought)
    within = _spans(table, index, schema, sought, parameters, statement)
    condition = wording.condition(sought.rest, parameters, "FilterExpression")
    selection = selections.of(table, index, None, _projection(statement), condition)
    digest = hashlib.blake2b(_encode([statement, parameters]), digest_size=16).digest()
    begin = _opened(token, digest, len(within))

    is_weighing = is_weighing or len(within) > 1
    found = Found([], [], [], None, None)
    looked_at = 0
    for number in range(begin.number, len(within)):
        span = within[number]
        if number == begin.number and begin.position:
            span = span.beyond(begin.position)
        left = None if limit is None else limit - looked_at
        wanted = Wanted(
            left, pages.filtering(condition), selection.see, selection.show, selection.weigh, is_counting=False,
            is_weighing=is_weighing,
        )  # fmt: skip
        page = pages.read(tx, table, index, span, wanted)
        looked_at += page.scanned
        found.shown.extend(page.shown)
        found.sizes.extend(page.sizes)
        if selection.fetches:
            found.fetched_sizes.extend(page.whole_sizes)
        if page.last is not None:
            position = spans.position_of(table, index, page.last)
            key = spans.key_of(table, index, page.last)
            return found._replace(last=key, token=_closed(digest, number, position))
        if sum(found.sizes) >= pages.MOST_BYTES and number + 1 < len(within):
            return found._replace(token=_closed(digest, number + 1, ()))
    return found


def _projection(statement: Select) -> Projection | None:
    """The columns stand for a projection: they tell names, and what they show of an item."""
    return None if statement.columns is None else cast(Projection, Columns(statement.columns))


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


# Order and spans


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
            raise ValidationException(f"Attribute {name} in ORDER BY clause must be part of the primary key")
    if len(sought.hashes) > 1 and schema.hash not in dict(statement.order):
        raise ValidationException(
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
        )


def _spans(
    table: Table, index: Index | None, schema: Schema, sought: Sought, parameters: Sequence[Value], statement: Select
) -> list[Span]:
    if sought.hashes is None:
        return [spans.of_scan(table, index, None)]
    if len(sought.hashes) > _MOST_HASHES:
        raise ValidationException(f"Too many hash key values: at most {_MOST_HASHES} are supported")
    downwards = dict(statement.order)
    conditions = [wording.key_condition(schema, value, sought.ranged, parameters) for value in sought.hashes]
    if schema.hash in downwards:
        conditions.sort(key=_by_hash, reverse=downwards[schema.hash])
    is_reverse = downwards.get(schema.range, False)
    return [spans.of_query(table, index, each, None, is_reverse=is_reverse) for each in conditions]


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
