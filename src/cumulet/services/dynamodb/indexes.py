"""Secondary indexes: entries that say where items lie, in the order of other attributes.

An entry holds nothing itself: what an index projects is cut out of the item when it is read. So a write touches an
index only when one of its key attributes changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cumulet.kernel.keys import Key
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item, Value

if TYPE_CHECKING:
    from cumulet.services.dynamodb.changes import Change


def entry_key(table: Table, index: Index, at: Place, place: Place) -> Key:
    """The key of the entry at `at` in the index, for the item that lies at `place` in the table."""
    return (*table.key("index", index.id), *at, *place)


def place_of_entry(key: Key) -> Place:
    """Where the item of an entry lies."""
    return key[-3], key[-2], key[-1]


def follow(tx: Transaction, table: Table, made: Change) -> None:
    """Move the entries of an item that changed."""
    for index in table.indexes:
        before = index.schema.place_in_index(made.old) if made.old is not None else None
        after = index.schema.place_in_index(made.new) if made.new is not None else None
        if before == after:
            continue
        if before is not None:
            tx.delete(entry_key(table, index, before, made.place))
        if after is not None:
            tx.put(entry_key(table, index, after, made.place), b"")


def projected(table: Table, index: Index, item: Mapping[str, Value]) -> Item:
    """What the index shows of an item."""
    if index.projection == "ALL":
        return dict(item)
    shown = {*table.schema.names, *index.schema.names, *index.included}
    return {name: value for name, value in item.items() if name in shown}
