"""Whether what follows the changes of a table agrees with it: its stream, its expiry, its replicas, its history."""

from __future__ import annotations

from collections.abc import Iterator

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import expiry, items, replicas, streams, tables
from cumulet.services.dynamodb.replicas import Version
from cumulet.services.dynamodb.schema import HASHES
from cumulet.services.dynamodb.tables import Table


def check(tx: ReadTransaction, table: Table) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    yield from _check_stream(tx, table)
    if table.ttl:
        yield from _check_expiry(tx, table)
    if table.replicas:
        yield from _check_replicas(tx, table)
    wants_history = table.recovery is not None or tables.has_readers(tx, table)
    if wants_history != (table.history is not None):
        yield f"table {table.arn} should{'' if wants_history else ' not'} keep what its items were, and does otherwise"


def _check_stream(tx: ReadTransaction, table: Table) -> Iterator[str]:
    """That each partition key has exactly one open shard."""
    if not table.stream:
        return
    stream = streams.find(tx, table.scope, table.name, table.stream_label)
    if stream is None or stream.id != table.stream_id or stream.disabled is not None:
        yield f"table {table.arn} writes to a stream that is not there, or is off"
        return
    open_shards = sorted((each.since, each.before, each.number) for each in streams.shards(tx, stream) if not each.last)
    if tuple((before, number) for _, before, number in open_shards) != streams.head(tx, stream).shards:
        yield f"the open shards of {stream.arn} are not those that take its records"
    ends = [0, *(before for _, before, _ in open_shards)]
    if [since for since, _, _ in open_shards] != ends[:-1] or ends[-1] != HASHES:
        yield f"the open shards of {stream.arn} do not share the partition keys among them"


def _check_expiry(tx: ReadTransaction, table: Table) -> Iterator[str]:
    """That whatever is to expire is there, and a job is set for the first of them."""
    first: int | None = None
    for key, _ in tx.items(expiry.entries(table)):
        first = key[-4] if first is None else first
        item = items.find(tx, table, (key[-3], key[-2], key[-1]))
        if expiry.instant(table.ttl, item) != key[-4]:
            yield f"table {table.arn} would remove an item at {key[-4]} that does not expire then: {key[-3:]}"
    due = tx.get(table.key("expiry-due"))
    if first is not None and (due is None or due.at > first):
        yield f"table {table.arn} has an item that expires at {first} and looks for it at {due}"


def _check_replicas(tx: ReadTransaction, table: Table) -> Iterator[str]:
    """That replicas know each other, and a job is on its way for what they have yet to hear."""
    for region in table.replicas:
        other = replicas.in_region(tx, table, region)
        if other is None or {*other.replicas, region} != {*table.replicas, table.scope.region}:
            yield f"the replica of {table.arn} in {region} does not agree who the replicas are"
    waiting = False
    for key, _ in tx.items(replicas.outbound(table)):
        waiting = True
        version: Version | None = tx.get(replicas.version_key(table, (key[-3], key[-2], key[-1])))
        if version is None or version.at < key[-4]:
            yield f"table {table.arn} is to tell of a write that it does not know: {key[-4:]}"
    if waiting and tx.get(table.key("replicating")) is None:
        yield f"table {table.arn} has something to tell the other Regions, and nobody does"
