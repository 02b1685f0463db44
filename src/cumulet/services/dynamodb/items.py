"""Items: how they are read, and what follows when one changes.

`change` is the one door for every write: of requests, transactions, expiry, imports and replicas. It keeps the item,
the entries of its indexes, the table's totals and its stream in step, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import expiry, indexes, item_collections, recovery, replicas, streams, values
from cumulet.services.dynamodb.changes import REPLICATION, REQUEST, Change
from cumulet.services.dynamodb.errors import ItemTooLarge
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item

_NOTHING: Mapping[str, indexes.Totals] = MappingProxyType({})
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(dict[str, dict[str, Any]]).decode


class Totals(Record):
    """Of a table: its items, and their bytes as AWS counts them."""

    items: int = 0
    bytes: int = 0
    by_index: dict[str, indexes.Totals] = {}  # noqa: RUF012 - records are frozen


def decode(data: bytes) -> Item:
    return _unpack(data)


def find(tx: ReadTransaction, table: Table, place: Place) -> Item | None:
    data: bytes | None = tx.get(table.item_key(place))
    return None if data is None else _unpack(data)


def totals(tx: ReadTransaction, table: Table) -> Totals:
    return tx.get(table.key("totals")) or Totals()


def change(
    tx: Transaction, table: Table, place: Place, old: Item | None, new: Item | None, cause: str = REQUEST
) -> Change:
    """Put `new` in the place of `old`, which is what lies there; either may be None, for nothing.

    Raises ItemTooLarge, or ItemCollectionSizeLimitExceededException."""
    old_size = 0 if old is None else values.item_size(old)
    new_size = 0 if new is None else values.item_size(new)
    if new_size > values.LARGEST_ITEM_BYTES:
        raise ItemTooLarge
    if new is not None:
        tx.put(table.item_key(place), _pack(new))
    elif old is not None:
        tx.delete(table.item_key(place))
    made = Change(place, old, new, old_size, new_size, cause)
    gained = _NOTHING
    if table.indexes:
        gained = indexes.follow(tx, table, made)
        item_collections.follow(tx, table, made)
    _count(tx, table, made, gained)
    if table.stream:
        streams.record(tx, table, made)
    if table.ttl:
        expiry.follow(tx, table, made)
    if table.history is not None:
        recovery.record(tx, table, made)
    if table.replicas:
        for other in replicas.follow(tx, table, made):
            change(tx, other, place, find(tx, other, place), new, REPLICATION)
    return made


def _count(tx: Transaction, table: Table, made: Change, gained: Mapping[str, indexes.Totals]) -> None:
    more = (made.new is not None) - (made.old is not None)
    grown = made.new_size - made.old_size
    if more or grown:
        now = totals(tx, table)
        tx.put(table.key("totals"), replace(now, items=now.items + more, bytes=now.bytes + grown))
    if gained and any(map(any, gained.values())):
        count_entries(tx, table, gained)


def count_entries(tx: Transaction, table: Table, gained: Mapping[str, indexes.Totals]) -> None:
    """Add to the totals of indexes, by their ids."""
    now = totals(tx, table)
    kept = dict(now.by_index)
    for each, (entries, size) in gained.items():
        before = kept.get(each, (0, 0))
        kept[each] = (before[0] + entries, before[1] + size)
    tx.put(table.key("totals"), replace(now, by_index=kept))
