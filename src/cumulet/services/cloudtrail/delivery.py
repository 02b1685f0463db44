"""Delivery: what was recorded becomes log files in the trail's bucket.

Each trail has a place in each stretch of the record that it reads (an account's, by category and Region). A file is
put first, then the place moves on in the transaction that notes the file for the next digest; so a delivery that is
cut off is repeated, under the same name.

Source: CloudTrail User Guide, "Log file examples", "Finding your CloudTrail log files"."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cumulet.kernel.audit import entries
from cumulet.kernel.audit.entries import DATA, MANAGEMENT, Chunk, Entry
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import records, selectors, trails
from cumulet.services.cloudtrail.stores import DataStore
from cumulet.services.cloudtrail.trails import Status, Trail

MOST_EVENTS = 2000
"""In one file; what is more goes into another."""
_MOST_CHUNKS = 200
_EVERY = timedelta(minutes=5)


class Stretch(NamedTuple):
    """A part of the record that a trail reads."""

    account: str
    category: str
    region: str


class File(NamedTuple):
    """A log file to be put; `body` is its gzip, `digest` the hash of what is in it."""

    key: str
    body: bytes
    digest: str
    oldest: datetime
    newest: datetime


class Delivered(Record):
    """A log file, for the digest of its hour."""

    bucket: str
    object: str
    digest: str
    oldest: datetime
    newest: datetime


def stretches(tx: ReadTransaction, reader: Trail | DataStore, accounts: Iterable[str]) -> list[Stretch]:
    """What a trail or an event data store reads, of these accounts."""
    return [
        Stretch(account, category, region)
        for account in accounts
        for category in (MANAGEMENT, DATA)
        for region in entries.regions(tx, account, category)
        if reader.multi_region or region == reader.scope.region
    ]


def unread(tx: ReadTransaction, trail: Trail, stretch: Stretch) -> list[tuple[Key, Chunk]]:
    """The next chunks of a stretch: about as much as goes into a file."""
    found: list[tuple[Key, Chunk]] = []
    count = 0
    for key, chunk in _after(tx, trail, stretch, _MOST_CHUNKS):
        each = chunk.entries()
        if found and count + len(each) > MOST_EVENTS:
            break
        count += len(each)
        found.append((key, chunk))
    return found


def is_unread(tx: ReadTransaction, trail: Trail, stretch: Stretch) -> bool:
    return next(_after(tx, trail, stretch, 1), None) is not None


def _after(tx: ReadTransaction, trail: Trail, stretch: Stretch, limit: int) -> Iterator[tuple[Key, Chunk]]:
    place = tx.get(trail.key("position", *stretch))
    since = trails.status(tx, trail).started or tx.now
    after = (min(place[0], tx.now), place[1]) if place is not None and place[0] >= since else None
    base = (*entries.space(stretch.account, stretch.category), stretch.region)
    # not beyond now: when the clock was set back, what is to come would be delivered again and again
    return tx.items(base, since=None if after else since, after=after, until=tx.now, limit=limit)


def file(trail: Trail, status: Status, stretch: Stretch, chunks: list[tuple[Key, Chunk]]) -> File | None:
    """The log file of these chunks; None if the trail takes none of their events."""
    takes = selectors.accepts(trail.basic, trail.advanced)
    chosen: list[tuple[Entry, dict[str, Any]]] = []
    for _, chunk in chunks:
        for entry in chunk.entries():
            if _is_in_time(status, entry) and not _is_own(trail, entry) and _is_here(trail, entry):
                told = records.record(entry)
                if takes(told):
                    chosen.append((entry, told))
    if not chosen:
        return None
    text = msgspec.json.encode({"Records": [told for _, told in chosen]})
    times = [entry.time for entry, _ in chosen]
    return File(
        _name(trail, stretch, chunks, max(times)), gzip.compress(text, 6, mtime=0), hashlib.sha256(text).hexdigest(),
        min(times), max(times),
    )  # fmt: skip


def _is_in_time(status: Status, entry: Entry) -> bool:
    return (status.started is None or entry.time >= status.started) and (
        status.stopped is None or entry.time <= status.stopped
    )


def _is_own(trail: Trail, entry: Entry) -> bool:
    """The trail's own deliveries, which would make it deliver for ever."""
    return not trail.recursive and entry.caller.arn == "cloudtrail.amazonaws.com" and (
        entry.caller.source_arn == trail.arn
    )  # fmt: skip


def _is_here(trail: Trail, entry: Entry) -> bool:
    """Whether a trail of one Region takes an event of a global service."""
    return trail.global_events or trail.multi_region or entry.service not in ("iam", "sts", "cloudfront")


def _name(trail: Trail, stretch: Stretch, chunks: list[tuple[Key, Chunk]], newest: datetime) -> str:
    """A name told by what the file begins with: a repeated delivery overwrites its file."""
    first = chunks[0][0]
    unique = hashlib.sha256(repr((trail.arn, trail.created, first)).encode()).digest()
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in unique[:16])
    at = newest - timedelta(seconds=newest.timestamp() % _EVERY.total_seconds()) + _EVERY
    path = trail.path(stretch.account, "CloudTrail", stretch.region, at)
    return f"{path}{stretch.account}_CloudTrail_{stretch.region}_{at:%Y%m%dT%H%MZ}_{letters}.json.gz"


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def move_on(tx: Transaction, trail: Trail, stretch: Stretch, last: Key, put: File | None) -> None:
    """Remember that a stretch is delivered up to a chunk, and by which file."""
    if trails.kept(tx, trail.scope, trail.name) is None:
        return
    tx.put(trail.key("position", *stretch), [last[-2], last[-1]])
    if put is None:
        return
    trails.note(tx, trail, attempted=tx.now, delivered=tx.now, failure="")
    if trail.validation:
        told = Delivered(bucket=trail.bucket, object=put.key, digest=put.digest, oldest=put.oldest, newest=put.newest)
        tx.put(trail.key("undigested", stretch.account, stretch.region, put.key), told)
