"""Throughput held to, where the cloud is told to: a bucket of units for each table, index and partition.

A bucket fills with the units that are configured a second, and holds those of 300 seconds. A request is let in while
something is left, and may leave a debt behind: what it costs is known only when it is done. Nothing but the level of
each bucket is kept, in the store, so that a restart forgets no debt.

Sources: DynamoDB Developer Guide, "Burst and adaptive capacity", "Partitions and data distribution", "Throttling
diagnosis"; API Reference, ThrottlingReason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import items, partitions
from cumulet.services.dynamodb.capacity import READ, Spent
from cumulet.services.dynamodb.errors import (
    ProvisionedThroughputExceededException,
    ThrottlingException,
)
from cumulet.services.dynamodb.schema import HASHES
from cumulet.services.dynamodb.tables import PROVISIONED, Index, Table

_BURST_SECONDS = 300
_PARTITION_UNITS = {"Read": 3000, "Write": 1000}
"""A second; so a table may burst, but never on one key."""
_TABLE_WORDS = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
_INDEX_WORDS = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider provisioning your under-provisioned global secondary indexes with the UpdateTable API"
)
_ON_DEMAND_WORDS = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
_GROWING_WORDS = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)


class Bucket(Record):
    """How many units were left, below zero for a debt, and when."""

    left: float
    at: datetime


class Partitions(Record):
    """The most partitions that a table ever had."""

    count: int


def admit(tx: ReadTransaction, spent: Spent, kind: str, hashed: int | None, index: Index | None) -> None:
    """`spent` tells the table, and what the same request has consumed so far.

    A write has to find room in every global index too: a full index holds up its table. Raises
    ProvisionedThroughputExceededException or ThrottlingException where nothing is left."""
    table = spent.table
    used = _by_bucket(spent)
    if index is not None and index.is_global:
        _check(tx, table, index, kind, used)
    else:
        _check(tx, table, None, kind, used)
        for each in table.indexes if kind != READ else ():
            if each.is_global:
                _check(tx, table, each, kind, used)
    if hashed is not None:
        key = _partition_key(tx, table, kind, hashed)
        if _level(tx, key, _PARTITION_UNITS[kind], 1, table) <= spent.by_partition.get(hashed, 0.0):
            raise _too_hot(table, kind)


def spend(tx: Transaction, spent: Spent, kind: str) -> None:
    """Take units out of the buckets."""
    table = spent.table
    used = _by_bucket(spent)
    for index in (None, *table.indexes):
        rate, units = _rate(table, index, kind), used.get(_name(index))
        if rate is not None and units:
            _take_out(tx, _key(table, index, kind), rate, _seconds(table), table, units)
    _split(tx, table)
    for hashed, units in spent.by_partition.items():
        _take_out(tx, _partition_key(tx, table, kind, hashed), _PARTITION_UNITS[kind], 1, table, units)


def _by_bucket(spent: Spent) -> dict[str, float]:
    """Units by the name of a global index; without a name those of the table, which pays for its local indexes."""
    names = [index.name for index in spent.table.indexes if index.is_global]
    globally = {name: spent.by_index[name] for name in names if name in spent.by_index}
    return {"": spent.units - sum(globally.values()), **globally}


def _name(index: Index | None) -> str:
    return "" if index is None else index.name


def _take_out(tx: Transaction, key: Key, rate: int, seconds: int, table: Table, units: float) -> None:
    tx.put(key, Bucket(left=_level(tx, key, rate, seconds, table) - units, at=tx.now))


def _check(tx: ReadTransaction, table: Table, index: Index | None, kind: str, used: Mapping[str, float]) -> None:
    rate = _rate(table, index, kind)
    if rate is None:
        return
    level = _level(tx, _key(table, index, kind), rate, _seconds(table), table)
    if level <= used.get(_name(index), 0.0):
        raise _exceeded(table, index, kind)


def _rate(table: Table, index: Index | None, kind: str) -> int | None:
    """Units a second; None for as many as are wanted."""
    of = table if index is None else index
    if table.billing == PROVISIONED:
        return of.throughput.read if kind == READ else of.throughput.write
    return of.on_demand.get(f"Max{kind}RequestUnits")


def _seconds(table: Table) -> int:
    """For how long a bucket fills: what is not used on demand is not kept."""
    return _BURST_SECONDS if table.billing == PROVISIONED else 1


def _level(tx: ReadTransaction, key: Key, rate: int, seconds: int, table: Table) -> float:
    """What is left now. A bucket that nobody used began with its table, with the units of one second."""
    bucket: Bucket | None = tx.get(key)
    left, since = (rate, table.created) if bucket is None else (bucket.left, bucket.at)
    return min(rate * seconds, left + rate * max(0.0, (tx.now - since).total_seconds()))


def _key(table: Table, index: Index | None, kind: str) -> Key:
    return table.key("throughput", kind, "" if index is None else index.id)


def _partition_key(tx: ReadTransaction, table: Table, kind: str, hashed: int) -> Key:
    """Of the partition where a key lies."""
    return table.key("throughput", kind, "partition", hashed * _partitions(tx, table) // HASHES)


def _partitions(tx: ReadTransaction, table: Table) -> int:
    """As many as size and rate ask for, or ever asked for: partitions split, and never merge again."""
    most: Partitions | None = tx.get(_partitions_key(table))
    asked = partitions.count(table, items.totals(tx, table).bytes)
    return asked if most is None else max(asked, most.count)


def _partitions_key(table: Table) -> Key:
    return table.key("throughput", "partitions")


def _split(tx: Transaction, table: Table) -> None:
    """Remember that there are more partitions than before."""
    most: Partitions | None = tx.get(_partitions_key(table))
    count = _partitions(tx, table)
    if count > (1 if most is None else most.count):
        tx.put(_partitions_key(table), Partitions(count=count))


# Refusals


def _exceeded(table: Table, index: Index | None, kind: str) -> ServiceError:
    what, arn = ("Table", table.arn) if index is None else ("Index", f"{table.arn}/index/{index.name}")
    if table.billing != PROVISIONED:
        return _refusal(ThrottlingException, _ON_DEMAND_WORDS, f"{what}{kind}MaxOnDemandThroughputExceeded", arn)
    words = _TABLE_WORDS if index is None else _INDEX_WORDS
    return _refusal(ProvisionedThroughputExceededException, words, f"{what}{kind}ProvisionedThroughputExceeded", arn)


def _too_hot(table: Table, kind: str) -> ServiceError:
    reason = f"Table{kind}KeyRangeThroughputExceeded"
    if table.billing == PROVISIONED:
        return _refusal(ProvisionedThroughputExceededException, _TABLE_WORDS, reason, table.arn)
    return _refusal(ThrottlingException, _GROWING_WORDS, reason, table.arn)


def _refusal(error: type[ServiceError], words: str, reason: str, arn: str) -> ServiceError:
    member = "throttlingReasons" if error is ThrottlingException else "ThrottlingReasons"  # the model's spelling
    return error(words, **{member: [{"reason": reason, "resource": arn}]})
