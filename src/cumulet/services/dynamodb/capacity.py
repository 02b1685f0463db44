"""Capacity: how many units a request consumes, of its table and of the indexes, and how the answer tells it.

A read unit is 4 KB read consistently, or 8 KB otherwise; a write unit is 1 KB; transactions cost double.
An index is written when what it shows of an item changes. Nothing is counted for requests that nobody counts.

Source: DynamoDB Developer Guide, "DynamoDB read and write operations", "Working with item sizes and formats",
"Global secondary indexes: throughput considerations"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cumulet.services.dynamodb import indexes, values
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item

READ, WRITE = "Read", "Write"
NONE, TOTAL, INDEXES = "NONE", "TOTAL", "INDEXES"
_READ_BYTES, _WRITE_BYTES = 4096, 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Of `size` bytes that are read as one. Nothing costs as much as little."""
    units = max(1, -(-size // _READ_BYTES))
    return float(units) if consistent else units / 2


def write_units(size: int) -> float:
    return float(max(1, -(-size // _WRITE_BYTES)))


class Spent:
    """Units of one table in one request."""

    __slots__ = ("by_index", "by_partition", "of_table", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.of_table = 0.0
        self.by_index: dict[str, float] = {}
        self.by_partition: dict[int, float] = {}
        """What was spent on items, by the hash of their partition keys (throughput.py)."""

    @property
    def units(self) -> float:
        return self.of_table + sum(self.by_index.values())

    def on_table(self, units: float, hashed: int | None = None) -> None:
        self.of_table += units
        if hashed is not None:
            self.by_partition[hashed] = self.by_partition.get(hashed, 0.0) + units

    def on_index(self, index: Index, units: float) -> None:
        self.by_index[index.name] = self.by_index.get(index.name, 0.0) + units

    def on_change(self, made: Change, factor: int = 1) -> None:
        """Of a write: the larger of the item before and after, and what the indexes have to follow."""
        self.on_table(factor * write_units(max(made.old_size, made.new_size)), made.place[0])
        for index in self.table.indexes:
            units = _following(self.table, index, made.old, made.new)
            if units:
                self.on_index(index, factor * units)

    def described(self, wanted: str, kind: str = "") -> dict[str, Any]:
        """ConsumedCapacity. With a `kind`, Read or Write, as transactions tell it."""
        shown = {"TableName": self.table.name, **_shown(self.units, kind)}
        if wanted != INDEXES:
            return shown
        shown["Table"] = _shown(self.of_table, kind)
        for member, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
            found = {name: _shown(units, kind) for name, units in self._indexes(is_global)}
            if found:
                shown[member] = found
        return shown

    def _indexes(self, is_global: bool) -> Iterator[tuple[str, float]]:
        for index in self.table.indexes:
            if index.is_global is is_global and index.name in self.by_index:
                yield index.name, self.by_index[index.name]


def _shown(units: float, kind: str) -> dict[str, float]:
    return {"CapacityUnits": units, f"{kind}CapacityUnits": units} if kind else {"CapacityUnits": units}


def _following(table: Table, index: Index, old: Item | None, new: Item | None) -> float:
    """Write units of an index: what it no longer shows is deleted, what it newly shows is put, each paid for."""
    before, after = _entry(table, index, old), _entry(table, index, new)
    if before == after:
        return 0.0
    if before is None or after is None or before[0] != after[0]:
        return sum(write_units(values.item_size(each[1])) for each in (before, after) if each is not None)
    return write_units(max(values.item_size(before[1]), values.item_size(after[1])))


def _entry(table: Table, index: Index, item: Item | None) -> tuple[Place, Item] | None:
    at = None if item is None else index.schema.place_in_index(item)
    return None if item is None or at is None else (at, indexes.projected(table, index, item))
