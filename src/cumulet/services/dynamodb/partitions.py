"""Partitions: how many a table has, which tells how many shards of its stream are open.

Source: DynamoDB Developer Guide, "Partitions and data distribution": each holds 10 GB and serves 3,000 read units and
1,000 write units a second."""

from __future__ import annotations

from cumulet.services.dynamodb.tables import Table

_READS, _WRITES, _BYTES = 3000, 1000, 10 * 1024**3
MOST = 40
"""So many are told apart: a shard is open for each, and each write looks for its own."""


def count(table: Table, size: int) -> int:
    """Of a table that holds `size` bytes."""
    rate = table.throughput.read / _READS + table.throughput.write / _WRITES
    return max(1, min(MOST, max(-(-size // _BYTES), int(-(-rate // 1)))))
