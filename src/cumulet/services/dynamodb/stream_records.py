"""Records of streams as readers get them: where to begin, and a page from there.

A position is the sequence number to go on from; HORIZON is whatever record is the oldest when it is read."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import streams
from cumulet.services.dynamodb.errors import TrimmedDataAccessException, ValidationException
from cumulet.services.dynamodb.streams import Entry, Shard, Stream

HORIZON = 0
MOST_RECORDS = 1000
_MOST_BYTES = 1024 * 1024
_FIRST_NUMBER = 10**20
"""Sequence numbers have at least 21 digits, and sort as texts."""
_EVENTS = ("INSERT", "MODIFY", "REMOVE")

Answer = dict[str, Any]


class Page(NamedTuple):
    """Records as GetRecords shows them, and where to go on; None at the end of a closed shard."""

    records: list[Answer]
    next: int | None


def written(number: int) -> str:
    return str(_FIRST_NUMBER + number)


def number_of(sequence_number: str) -> int:
    """Raises ValidationException."""
    if not sequence_number.isascii() or not sequence_number.isdigit() or len(sequence_number) > 40:
        raise ValidationException("Invalid SequenceNumber")
    return int(sequence_number) - _FIRST_NUMBER


# Where to begin


def position(
    tx: ReadTransaction, stream: Stream, shard: Shard, kind: str, sequence: str | None, since: datetime | None
) -> int:
    """Where an iterator of this type begins. Raises ValidationException or TrimmedDataAccessException."""
    if kind == "TRIM_HORIZON":
        return HORIZON
    if kind == "LATEST":
        return (shard.last or streams.head(tx, stream).number) + 1
    if kind == "AT_TIMESTAMP":
        if since is None:
            raise ValidationException("Timestamp is required when ShardIteratorType is AT_TIMESTAMP")
        return _first_since(tx, stream, shard, streams.microseconds(since))
    if sequence is None:
        raise ValidationException(f"SequenceNumber is required when ShardIteratorType is {kind}")
    number = number_of(sequence)
    if not shard.first <= number <= (shard.last or streams.head(tx, stream).number):
        raise ValidationException(f"SequenceNumber {sequence} is not in the range of shard {shard.id}")
    begin = number + 1 if kind == "AFTER_SEQUENCE_NUMBER" else number
    _check_kept(tx, stream, shard, begin)
    return begin


def _first_since(tx: ReadTransaction, stream: Stream, shard: Shard, at: int) -> int:
    """The sequence number of the first record not older than `at`: a search by halves, since time and numbers rise
    together."""
    low, high = max(shard.first, shard.trimmed + 1), (shard.last or streams.head(tx, stream).number) + 1
    while low < high:
        middle = (low + high) // 2
        found = _next(tx, stream, shard, middle)
        if found is None:
            high = middle
        elif found.at < at:
            low = found.number + 1
        else:
            high = middle
    return low


def _next(tx: ReadTransaction, stream: Stream, shard: Shard, since: int) -> Entry | None:
    """The first record from a sequence number on."""
    found = next(tx.range(stream.key("records", shard.number), since=since, limit=1), None)
    return None if found is None else streams.decode(found)


def _horizon(tx: ReadTransaction, stream: Stream, shard: Shard) -> int:
    """The sequence number from which on records are young enough to be shown."""
    edge = tx.now - streams.KEPT
    return shard.first if shard.opened >= edge else _first_since(tx, stream, shard, streams.microseconds(edge))


def _check_kept(tx: ReadTransaction, stream: Stream, shard: Shard, since: int) -> int:
    """The horizon. Raises TrimmedDataAccessException if records from `since` on are gone already."""
    horizon = _horizon(tx, stream, shard)
    if since < horizon:
        oldest = _next(tx, stream, shard, since)
        if since <= shard.trimmed or (oldest is not None and oldest.number < horizon):
            raise TrimmedDataAccessException
    return horizon


# A page


def page(tx: ReadTransaction, stream: Stream, shard: Shard, since: int, limit: int) -> Page:
    """Up to `limit` records and 1 MB. Raises TrimmedDataAccessException."""
    horizon = _horizon(tx, stream, shard) if since == HORIZON else _check_kept(tx, stream, shard, since)
    since = max(since, horizon)
    found: list[Answer] = []
    size, is_full = 0, False
    for data in tx.range(stream.key("records", shard.number), since=since, limit=limit):
        entry = streams.decode(data)
        if found and size + entry.size > _MOST_BYTES:
            is_full = True
            break
        found.append(_shown(stream, entry))
        size, since = size + entry.size, entry.number + 1
    is_end = shard.last and not is_full and len(found) < limit
    return Page(found, None if is_end else since)


def _shown(stream: Stream, entry: Entry) -> Answer:
    keys = entry.keys or stream.schema.key_of(entry.new or entry.old or {})
    told: Answer = {
        "ApproximateCreationDateTime": datetime.fromtimestamp(entry.at // 1_000_000, UTC),
        "Keys": keys,
        "SequenceNumber": written(entry.number),
        "SizeBytes": entry.size,
        "StreamViewType": stream.view,
    }
    if entry.new is not None:
        told["NewImage"] = entry.new
    if entry.old is not None:
        told["OldImage"] = entry.old
    shown: Answer = {
        "eventID": hashlib.blake2b(b"%d" % entry.number, key=stream.id.encode(), digest_size=16).hexdigest(),
        "eventName": _EVENTS[entry.event],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.scope.region,
        "dynamodb": told,
    }
    if entry.is_expiry:
        shown["userIdentity"] = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    return shown


# Descriptions


def described(
    tx: ReadTransaction, stream: Stream, after: str | None, limit: int, children_of: str | None = None
) -> Answer:
    """A stream as DescribeStream shows it, with a page of its shards, or of the children of one."""
    shown: Answer = {
        "StreamArn": stream.arn,
        "StreamLabel": stream.label,
        "StreamStatus": "ENABLED" if stream.disabled is None else "DISABLED",
        "StreamViewType": stream.view,
        "CreationRequestDateTime": stream.created,
        "TableName": stream.table,
        "KeySchema": stream.schema.described(),
    }
    if children_of is None:
        found = streams.shards(tx, stream, after, limit + 1)
    else:
        of_parent = (each for each in streams.shards(tx, stream) if each.parent == children_of)
        found = [each for each in of_parent if after is None or each.id > after][: limit + 1]
    shown["Shards"] = [_shard(each) for each in found[:limit]]
    return shown | ({"LastEvaluatedShardId": found[limit - 1].id} if len(found) > limit else {})


def _shard(shard: Shard) -> Answer:
    numbers = {"StartingSequenceNumber": written(shard.first)}
    if shard.last:
        numbers["EndingSequenceNumber"] = written(shard.last)
    parent = {"ParentShardId": shard.parent} if shard.parent else {}
    return {"ShardId": shard.id, "SequenceNumberRange": numbers, **parent}
