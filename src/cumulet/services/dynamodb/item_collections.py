"""Item collections: the items of one partition key in a table with local indexes, which may take 10 GB together.

Source: DynamoDB Developer Guide, "Item collections in local secondary indexes"."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import indexes
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.errors import ItemCollectionSizeLimitExceededException
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item, Value

_GIGABYTE = 1024**3
MOST_BYTES = 10 * _GIGABYTE


class Collection(Record):
    bytes: int


def of(table: Table) -> list[Index]:
    """The indexes that make collections of a table's items: its local ones."""
    return [index for index in table.indexes if not index.is_global]


def follow(tx: Transaction, table: Table, made: Change) -> None:
    """Keep the size of a collection. Raises ItemCollectionSizeLimitExceededException where it grows too large."""
    local = of(table)
    if not local:
        return
    grown = made.new_size - made.old_size
    for index in local:
        grown += _shown_size(table, index, made.new, made.new_size)
        grown -= _shown_size(table, index, made.old, made.old_size)
    if not grown:
        return
    key = _key(table, made.place)
    size = _size(tx, key) + grown
    if grown > 0 and size > MOST_BYTES:
        raise ItemCollectionSizeLimitExceededException
    if size > 0:
        tx.put(key, Collection(bytes=size))
    else:
        tx.delete(key)


def metrics(tx: ReadTransaction, table: Table, place: Place, hash_value: Value) -> dict[str, Any] | None:
    """ItemCollectionMetrics, an estimate in whole gigabytes; None of a table without collections."""
    if not of(table):
        return None
    low = float(_size(tx, _key(table, place)) // _GIGABYTE)
    return {"ItemCollectionKey": {table.schema.hash: hash_value}, "SizeEstimateRangeGB": [low, low + 1]}


def _key(table: Table, place: Place) -> Key:
    return table.key("collections", place[0], place[1])


def _size(tx: ReadTransaction, key: Key) -> int:
    kept: Collection | None = tx.get(key)
    return 0 if kept is None else kept.bytes


def _shown_size(table: Table, index: Index, item: Item | None, size: int) -> int:
    if item is None or index.schema.place_in_index(item) is None:
        return 0
    return indexes.shown_size(table, index, item, size)
