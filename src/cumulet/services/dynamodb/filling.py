"""Filling a new index with the entries of the items that are there already, in portions.

From the moment it is in the table's record, an index follows every change; so an entry that is written twice, by a
change and by the filling, is the same. The items of a small table are done at once."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import indexes, items, tables, values
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import ACTIVE, CREATING, Index, Table

_A_PORTION = 500


def begin(tx: Transaction, table: Table, index: Index) -> Index:
    """The new index, ready if that could be done at once. The caller keeps it in the table's record."""
    reached = _portion(tx, table, index, None)
    if reached is None:
        return replace(index, status=ACTIVE)
    _schedule(tx, table, index, reached)
    return replace(index, status=CREATING)


def go_on(tx: Transaction, scope: Scope, table_name: str, index_id: str, after: Place) -> None:
    """Fill in a portion, and see to the next; table and index may be gone by now."""
    table = tables.find(tx, scope, table_name)
    index = next((each for each in table.indexes if each.id == index_id), None) if table is not None else None
    if table is None or index is None or index.status != CREATING:
        return
    reached = _portion(tx, table, index, after)
    if reached is not None:
        _schedule(tx, table, index, reached)
        return
    ready = replace(index, status=ACTIVE)
    kept = tuple(ready if each.id == index_id else each for each in table.indexes)
    tables.put(tx, replace(table, indexes=kept))


def _portion(tx: Transaction, table: Table, index: Index, after: Place | None) -> Place | None:
    """Where the next portion begins, None at the end."""
    entries = size = 0
    found = list(tx.items(table.key("items"), after=after, limit=_A_PORTION))
    for key, data in found:
        place = (key[-3], key[-2], key[-1])
        item = items.decode(data)
        at = index.schema.place_in_index(item)
        if at is None or tx.get(indexes.entry_key(table, index, at, place)) is not None:
            continue
        tx.put(indexes.entry_key(table, index, at, place), b"")
        entries, size = entries + 1, size + indexes.shown_size(table, index, item, values.item_size(item))
    if entries:
        items.count_entries(tx, table, {index.id: (entries, size)})
    return place if len(found) == _A_PORTION else None


def _schedule(tx: Transaction, table: Table, index: Index, after: Place) -> None:
    payload: dict[str, Any] = {"table": table.name, "index": index.id, "after": list(after)}
    tx.schedule(tx.now, "dynamodb.fill_index", payload, scope=table.scope)
