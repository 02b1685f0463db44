"""The ranges of keys in which a SELECT looks: partitions of a table or an index, or all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import indexes, items, schema, values
from cumulet.services.dynamodb.expressions import KeyCondition
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item

Position = tuple[Any, ...]
"""What follows a range's prefix in a key: where a page ended."""


class Range(NamedTuple):
    """Keys below a prefix, between bounds as the store takes them."""

    prefix: Key
    bounds: dict[str, Any]
    is_downwards: bool


class Met(NamedTuple):
    """An item on the way, and where it was met."""

    position: Position
    item: Item


def whole(table: Table, index: Index | None) -> Range:
    return Range(_root(table, index), {}, False)


def of_partition(table: Table, index: Index | None, condition: KeyCondition, *, is_downwards: bool) -> Range:
    hashed = values.sortable(condition.hash)
    prefix = (*_root(table, index), schema.hash_of(hashed), hashed)
    return Range(
        prefix, _bounds(condition.operator, [values.sortable(each) for each in condition.operands]), is_downwards
    )


def _root(table: Table, index: Index | None) -> Key:
    return table.key("items") if index is None else table.key("index", index.id)


def _bounds(operator: str, operands: Sequence[bytes]) -> dict[str, Any]:
    match operator:
        case "=":
            return {"since": operands[0], "until": operands[0]}
        case "<":
            return {"before": operands[0]}
        case "<=":
            return {"until": operands[0]}
        case ">":
            return {"after": operands[0]}
        case ">=":
            return {"since": operands[0]}
        case "BETWEEN":
            return {"since": operands[0], "until": operands[1]}
        case "begins_with":
            following = _following(operands[0])
            return {"since": operands[0]} | ({} if following is None else {"before": following})
        case _:
            return {}


def _following(start: bytes) -> bytes | None:
    """The first bytes after all that begin so; None where nothing is after them."""
    kept = start.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,)) if kept else None


def walk(tx: ReadTransaction, table: Table, index: Index | None, where: Range, begin: Position | None) -> Iterator[Met]:
    """The items of a range, from behind a position on."""
    bounds = dict(where.bounds)
    if begin is not None:
        bounds["before" if where.is_downwards else "after"] = begin
    length = len(where.prefix)
    for key, data in tx.items(where.prefix, **bounds, reverse=where.is_downwards):
        if index is None:
            yield Met(key[length:], items.decode(data))
        elif (item := items.find(tx, table, indexes.place_of_entry(key))) is not None:
            yield Met(key[length:], item)
