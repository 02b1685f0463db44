"""Streams: what happened to the items of a table in the last 24 hours, in order.

A stream outlives its table, so it is kept under an id of its own. A record lies under its shard and its sequence
number. One counter numbers the records of all shards of a stream, so the numbers of a shard follow those of its
parent. What is older than 24 hours is not shown any more; a job takes it away later.

Sources: DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"; DynamoDB Streams API Reference."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import partitions, values
from cumulet.services.dynamodb.changes import EXPIRY, Change
from cumulet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cumulet.services.dynamodb.schema import HASHES, Schema
from cumulet.services.dynamodb.tables import Table

KEPT = timedelta(hours=24)
OPEN_FOR = timedelta(hours=4)
"""How long a shard takes records before another takes its place."""
NEW_AND_OLD = "NEW_AND_OLD_IMAGES"
TEND = "dynamodb.tend_stream"
EVERYBODY = 1 << 30
_INSERT, _MODIFY, _REMOVE = range(3)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Stream(Record):
    """One stream of a table; a table may have had several."""

    id: str
    label: str
    scope: Scope
    table: str
    schema: Schema
    view: str
    created: datetime
    disabled: datetime | None = None

    @property
    def arn(self) -> str:
        return self.scope.arn("dynamodb", f"table/{self.table}/stream/{self.label}")

    @property
    def record_key(self) -> Key:
        return self.scope.key("dynamodb", "streams", self.table, self.label)

    def key(self, *rest: object) -> Key:
        return key_of(self.scope, self.id, *rest)


class Shard(Record):
    """The records of the partition keys with hashes in [since, before), of a span of time."""

    id: str
    number: int
    since: int
    before: int
    first: int
    """The sequence number with which it begins; its records have larger ones."""
    opened: datetime
    last: int = 0
    """The sequence number with which it ended, 0 while it is open."""
    closed: datetime | None = None
    parent: str = ""
    trimmed: int = 0
    """The largest sequence number of its records that were taken away."""


class Head(Record):
    """Where a stream is written on: the last sequence number given, the instant of the last record (time never goes
    back in a stream), and the open shards, as (hashes before, number)."""

    number: int
    at: int
    shards: tuple[tuple[int, int], ...] = ()


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A record as it is kept; `at` in microseconds since 1970. Keys are kept where no image has them."""

    number: int
    at: int
    event: int
    size: int
    is_expiry: bool
    new: dict[str, Any] | None
    old: dict[str, Any] | None
    keys: dict[str, Any] | None


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Entry).decode


def key_of(scope: Scope, stream_id: str, *rest: object) -> Key:
    return scope.key("dynamodb", "stream", stream_id, *rest)


def channel(scope: Scope, stream_id: str) -> Key:
    """Woken when there is something new in the stream."""
    return key_of(scope, stream_id, "arrivals")


def decode(data: bytes) -> Entry:
    return _unpack(data)


def instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def microseconds(when: datetime) -> int:
    return (when - _EPOCH) // _MICROSECOND


# What a write does


def record(tx: Transaction, table: Table, made: Change) -> None:
    """Tell the stream of a change. One that left the item as it was is not told."""
    if _is_nothing(made):
        return
    scope, stream_id = table.scope, table.stream_id
    place = key_of(scope, stream_id, "head")
    head: Head = tx.get(place)
    at, number = max(head.at, microseconds(tx.now)), head.number + 1
    tx.put(place, Head(number=number, at=at, shards=head.shards))
    shard = _shard_of(head, made.place[0])
    tx.put(key_of(scope, stream_id, "records", shard, number), _pack(_entry(table, made, number, at)))
    tx.wake(channel(scope, stream_id), EVERYBODY)


def _is_nothing(made: Change) -> bool:
    old, new = made.old, made.new
    if old == new:
        return True
    if old is None or new is None or made.old_size != made.new_size or old.keys() != new.keys():
        return False
    return all(values.same(value, new[name]) for name, value in old.items())


def _shard_of(head: Head, hashed: int) -> int:
    shards = head.shards
    return shards[0][1] if len(shards) == 1 else next(number for before, number in shards if hashed < before)


def _entry(table: Table, made: Change, number: int, at: int) -> Entry:
    view = table.stream
    new = made.new if view in (NEW_AND_OLD, "NEW_IMAGE") else None
    old = made.old if view in (NEW_AND_OLD, "OLD_IMAGE") else None
    item = made.new if made.new is not None else made.old
    assert item is not None, "nothing became of nothing"
    keys = table.schema.key_of(item)
    size = values.item_size(keys) + (new is not None) * made.new_size + (old is not None) * made.old_size
    event = _INSERT if made.old is None else _REMOVE if made.new is None else _MODIFY
    kept = None if new is not None or old is not None else keys
    return Entry(number, at, event, size, made.cause == EXPIRY, new, old, kept)


# On and off


def enable(tx: Transaction, table: Table, view: str, size: int = 0) -> Table:
    """The table, which holds `size` bytes, with a stream that begins now. Raises ValidationException if one is on."""
    if table.stream:
        raise ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    stream = Stream(
        id=tx.ids.hex(16), label=_label(tx, table), scope=table.scope, table=table.name, schema=table.schema, view=view,
        created=tx.now,
    )  # fmt: skip
    tx.put(stream.record_key, stream)
    tx.put(stream.key("head"), Head(number=0, at=microseconds(tx.now)))
    count = partitions.count(table, size)
    width = -(-HASHES // count)
    opened = [_open(tx, stream, tx.now, n, n * width, min(HASHES, (n + 1) * width)) for n in range(count)]
    _write_to(tx, stream, opened)
    _tend_at(tx, stream, tx.now + OPEN_FOR)
    return replace(table, stream=view, stream_label=stream.label, stream_id=stream.id)


def disable(tx: Transaction, table: Table) -> Table:
    """The table without its stream, which can be read for 24 hours yet. Raises ValidationException if none is on."""
    if not table.stream:
        raise ValidationException(f"Table already has a disabled stream: TableName: {table.name}")
    stream: Stream = tx.get(table.scope.key("dynamodb", "streams", table.name, table.stream_label))
    for shard in shards(tx, stream):
        if not shard.last:
            _close(tx, stream, shard, tx.now)
    tx.put(stream.record_key, replace(stream, disabled=tx.now))
    tx.wake(channel(stream.scope, stream.id), EVERYBODY)
    _tend_at(tx, stream, tx.now + KEPT)
    return replace(table, stream="", stream_id="")


def _label(tx: Transaction, table: Table) -> str:
    """The time in milliseconds, or the next for which the table has no stream."""
    when = tx.now
    while True:
        label = when.replace(tzinfo=None).isoformat(timespec="milliseconds")
        if tx.get(table.scope.key("dynamodb", "streams", table.name, label)) is None:
            return label
        when += timedelta(milliseconds=1)


def _write_to(tx: Transaction, stream: Stream, opened: list[Shard]) -> None:
    places = sorted((shard.before, shard.number) for shard in opened)
    tx.put(stream.key("head"), replace(head(tx, stream), shards=tuple(places)))


# Shards


def shards(tx: ReadTransaction, stream: Stream, after: str | None = None, limit: int | None = None) -> list[Shard]:
    """Open and closed ones, as old as records may be, oldest first."""
    found = tx.range(stream.key("shards"), after=after)
    return list(itertools.islice((each for each in found if not _is_over(tx, each)), limit))


def shard(tx: ReadTransaction, stream: Stream, shard_id: str) -> Shard:
    """Raises ResourceNotFoundException."""
    found: Shard | None = tx.get(stream.key("shards", shard_id))
    if found is None or _is_over(tx, found):
        raise ResourceNotFoundException(f"Requested resource not found: Shard: {shard_id} not found")
    return found


def rotate(tx: Transaction, table: Table, stream: Stream, size: int) -> None:
    """Close the shards that were open for long, each giving way to a child, or to two where the table has grown.

    After a jump of the clock, as many follow each other as had done so in time, but none that would be too old."""
    open_now = [each for each in shards(tx, stream) if not each.last]
    due = [each for each in open_now if each.opened + OPEN_FOR <= tx.now]
    number = max(each.number for each in open_now) + 1
    following = [each for each in open_now if each not in due]
    splits = max(0, partitions.count(table, size) - len(open_now))
    last = instant(head(tx, stream).at)
    for parent in sorted(due, key=lambda each: each.since):
        at = max(parent.opened + OPEN_FOR, last, tx.now - KEPT)
        _close(tx, stream, parent, at)
        middle = (parent.since + parent.before) // 2
        ranges = [(parent.since, parent.before)]
        if splits > 0 and parent.before - parent.since > 1:
            splits, ranges = splits - 1, [(parent.since, middle), (middle, parent.before)]
        for since, before in ranges:
            following.append(_open(tx, stream, at, number, since, before, parent.id))
            number += 1
    _write_to(tx, stream, following)
    tx.wake(channel(stream.scope, stream.id), EVERYBODY)


def _open(
    tx: Transaction, stream: Stream, at: datetime, number: int, since: int, before: int, parent: str = ""
) -> Shard:
    made = Shard(
        id=f"shardId-{microseconds(at) // 1000:015}{number:05}-{tx.ids.hex(8)}", number=number, since=since,
        before=before, first=_next_number(tx, stream), opened=at, parent=parent,
    )  # fmt: skip
    tx.put(stream.key("shards", made.id), made)
    return made


def _close(tx: Transaction, stream: Stream, shard: Shard, at: datetime) -> None:
    tx.put(stream.key("shards", shard.id), replace(shard, last=_next_number(tx, stream), closed=at))


def _next_number(tx: Transaction, stream: Stream) -> int:
    before = head(tx, stream)
    tx.put(stream.key("head"), replace(before, number=before.number + 1))
    return before.number + 1


def _is_over(tx: ReadTransaction, shard: Shard) -> bool:
    """Whether all of its records are too old."""
    return shard.closed is not None and shard.closed + KEPT < tx.now


# Lookup


def head(tx: ReadTransaction, stream: Stream) -> Head:
    found: Head = tx.get(stream.key("head"))
    return found


def find(tx: ReadTransaction, scope: Scope, table: str, label: str) -> Stream | None:
    found: Stream | None = tx.get(scope.key("dynamodb", "streams", table, label))
    return None if found is None or _is_gone(tx, found) else found


def find_by_arn(tx: ReadTransaction, arn: str) -> Stream | None:
    parts = arn.split(":", 5)
    path = parts[5].split("/") if len(parts) == 6 else []
    if len(path) != 4 or (path[0], path[2]) != ("table", "stream"):
        return None
    found = find(tx, Scope(account=parts[4], region=parts[3]), path[1], path[3])
    return found if found is not None and found.arn == arn else None


def listed(
    tx: ReadTransaction, scope: Scope, table: str | None, after: tuple[str, str] | None, limit: int
) -> list[Stream]:
    """The streams of a table, or of all, by name and age; also those that were turned off within 24 hours."""
    if table is not None:
        found = tx.range(scope.key("dynamodb", "streams", table), after=after[1] if after else None)
    else:
        found = tx.range(scope.key("dynamodb", "streams"), after=after)
    return list(itertools.islice((each for each in found if not _is_gone(tx, each)), limit))


def _is_gone(tx: ReadTransaction, stream: Stream) -> bool:
    return stream.disabled is not None and stream.disabled + KEPT < tx.now


# Ageing


_A_PORTION = 500


def trim(tx: Transaction, stream: Stream) -> bool:
    """Take away a portion of what is too old, and the whole stream if it was turned off and nothing is left. Returns
    whether that was all."""
    edge = microseconds(tx.now - KEPT)
    room = _A_PORTION
    for each in list(tx.range(stream.key("shards"))):
        room -= _trim_shard(tx, stream, each, edge, room)
        if room <= 0:
            return False
    if stream.disabled is not None and next(tx.range(stream.key("shards"), limit=1), None) is None:
        tx.delete(stream.key("head"))
        tx.delete(stream.record_key)
    return True


def _trim_shard(tx: Transaction, stream: Stream, shard: Shard, edge: int, limit: int) -> int:
    """How many records of a shard went; it goes too if it is too old itself."""
    gone = 0
    for data in list(tx.range(stream.key("records", shard.number), limit=limit)):
        entry = decode(data)
        if entry.at >= edge:
            break
        tx.delete(stream.key("records", shard.number, entry.number))
        gone, shard = gone + 1, replace(shard, trimmed=entry.number)
    if gone < limit and _is_over(tx, shard):
        tx.delete(stream.key("shards", shard.id))
    elif gone:
        tx.put(stream.key("shards", shard.id), shard)
    return gone


def tend(tx: Transaction, stream: Stream, table: Table | None, size: int) -> None:
    """What a stream needs as time goes by. `table` is its table, of `size` bytes, if it writes to this stream."""
    if table is not None:
        rotate(tx, table, stream, size)
    if not trim(tx, stream):
        _tend_at(tx, stream, tx.now)
    elif table is not None:
        opened = [each.opened for each in shards(tx, stream) if not each.last]
        _tend_at(tx, stream, min(opened) + OPEN_FOR)
    elif stream.disabled is not None and tx.get(stream.record_key) is not None:
        _tend_at(tx, stream, max(stream.disabled + KEPT, tx.now) + timedelta(seconds=1))


def _tend_at(tx: Transaction, stream: Stream, at: datetime) -> None:
    tx.schedule(at, TEND, {"table": stream.table, "label": stream.label}, scope=stream.scope, key=stream.id)
