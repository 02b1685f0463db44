"""Secondary indexes: entries that say where items lie, in the order of other attributes.

An entry holds nothing itself: what an index projects is cut out of the item when it is read. So a write touches an
index only when one of its key attributes changes."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from cumulet.kernel.keys import Key
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import values
from cumulet.services.dynamodb.errors import INVALID, EmptyKey, ValidationException
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import CREATING, Index, Table
from cumulet.services.dynamodb.values import Item, Value

if TYPE_CHECKING:
    from cumulet.services.dynamodb.changes import Change

Totals = tuple[int, int]
"""Of an index: entries, and the bytes of what they show."""
_LONG_NAMES = {"S": "string", "B": "binary"}
_UPDATED = "The update expression attempted to update the secondary index key "


def entry_key(table: Table, index: Index, at: Place, place: Place) -> Key:
    """The key of the entry at `at` in the index, for the item that lies at `place` in the table."""
    return (*table.key("index", index.id), *at, *place)


def place_of_entry(key: Key) -> Place:
    """Where the item of an entry lies."""
    return key[-3], key[-2], key[-1]


def follow(tx: Transaction, table: Table, made: Change) -> dict[str, Totals]:
    """Move the entries of an item that changed. Returns what the indexes gained or lost by it, by their ids."""
    gained: dict[str, Totals] = {}
    for index in table.indexes:
        before = index.schema.place_in_index(made.old) if made.old is not None else None
        after = index.schema.place_in_index(made.new) if made.new is not None else None
        if before is None and after is None:
            continue
        was_there = before is not None and _is_there(tx, table, index, before, made.place)
        if before is not None and before != after:
            tx.delete(entry_key(table, index, before, made.place))
        if after is not None and before != after:
            tx.put(entry_key(table, index, after, made.place), b"")
        is_there = was_there if before == after else after is not None
        gained[index.id] = (
            is_there - was_there,
            is_there * shown_size(table, index, made.new, made.new_size)
            - was_there * shown_size(table, index, made.old, made.old_size),
        )
    return gained


def _is_there(tx: Transaction, table: Table, index: Index, at: Place, place: Place) -> bool:
    """Whether an item has its entry: in a new index, the filling may not have come to it yet."""
    return index.status != CREATING or tx.get(entry_key(table, index, at, place)) is not None


def shown_size(table: Table, index: Index, item: Mapping[str, Value] | None, size: int) -> int:
    """Bytes of what the index shows of an item that takes `size` bytes."""
    if item is None or index.projection == "ALL":
        return size
    return values.item_size(projected(table, index, item))


def check_put(table: Table, item: Mapping[str, Value]) -> None:
    """Raises ValidationException for attributes that an index is by, and that cannot be in a key."""
    for index in table.indexes:
        for name, kind, at_most in index.schema.limits():
            value = item.get(name)
            if value is not None:
                _check_key(index, name, value, kind, at_most)


def check_update(
    table: Table, old: Mapping[str, Value] | None, new: Mapping[str, Value], given: Container[int]
) -> None:
    """As `check_put`, of what an update changed; `given` are the ids of the values that came with the request, about
    which AWS says more than about those that it worked out. Raises ValidationException."""
    for index in table.indexes:
        for name, kind, at_most in index.schema.limits():
            value = new.get(name)
            if value is None or (old is not None and old.get(name) == value):
                continue
            if id(value) in given:
                _check_key(index, name, value, kind, at_most)
            else:
                _check_made(value, kind, at_most)


def _check_key(index: Index, name: str, value: Value, kind: str, at_most: int) -> None:
    if kind not in value:
        raise ValidationException(
            f"{INVALID}Type mismatch for Index Key {name} Expected: {kind} Actual: {next(iter(value))} "
            f"IndexName: {index.name}"
        )
    if not value[kind]:
        raise EmptyKey(
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            f"The AttributeValue for a key attribute cannot contain an empty {_LONG_NAMES[kind]} value. "
            f"IndexName: {index.name}, IndexKey: {name}"
        )
    if values.size(value) > at_most:
        raise ValidationException(
            f"{INVALID}Size of hashkey has exceeded the maximum size limit of{at_most} bytes"
            if name == index.schema.hash
            else f"{INVALID}Aggregated size of all range keys has exceeded the size limit of {at_most} bytes"
        )


def _check_made(value: Value, kind: str, at_most: int) -> None:
    if kind not in value:
        raise ValidationException(f"{_UPDATED}to unsupported type")
    if not value[kind]:
        raise ValidationException(
            f"{_UPDATED}to a value that is not supported. The AttributeValue for a key attribute cannot contain an "
            f"empty {_LONG_NAMES[kind]} value."
        )
    if values.size(value) > at_most:
        raise ValidationException(f"{_UPDATED}beyond allowed size limits")


def projected(table: Table, index: Index, item: Mapping[str, Value]) -> Item:
    """What the index shows of an item."""
    if index.projection == "ALL":
        return dict(item)
    shown = {*table.schema.names, *index.schema.names, *index.included}
    return {name: value for name, value in item.items() if name in shown}
