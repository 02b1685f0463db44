"""What event data stores hold: events that were collected, told by channels, or imported, in chunks by time.

A store has a place in each stretch of the record that it reads. The place moves on in the transaction that keeps the
events, so each event is taken once.

Source: CloudTrail User Guide, event data stores."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cumulet.kernel.audit import entries, readers
from cumulet.kernel.audit.entries import Chunk
from cumulet.kernel.audit.readers import Reader
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import delivery, policies, records, selectors, stores, tags, trails
from cumulet.services.cloudtrail.delivery import Stretch
from cumulet.services.cloudtrail.stores import ENABLED, DataStore

INGEST, TIDY = "cloudtrail.ingest", "cloudtrail.tidy"
TIDY_EVERY = timedelta(days=1)
MOST_EVENTS = 500
"""In one chunk."""
_MOST_TRIMMED = 500


class Events(Record):
    """Some events of a store, as a compressed JSON array. `size` counts its bytes before."""

    first: datetime
    last: datetime
    count: int
    size: int
    body: bytes


class Portion(NamedTuple):
    """What is to be taken next from a stretch: its chunks, and the place after which they come."""

    stretch: Stretch
    place: Any
    chunks: Sequence[tuple[Key, Chunk]]


def packed(events: Sequence[Mapping[str, Any]]) -> Events | None:
    """Records of events in the order of time; None where there is none."""
    if not events:
        return None
    body = msgspec.json.encode(events)
    times = [records.parse(str(event["eventTime"])) for event in events]
    return Events(
        first=min(times), last=max(times), count=len(events), size=len(body), body=zlib.compress(body, 1),
    )  # fmt: skip


def keep(tx: Transaction, store: DataStore, events: Events | None) -> None:
    if events is not None:
        tx.put(store.key("events", events.last, tx.ids.hex(8)), events)


def held(tx: ReadTransaction, store: DataStore, since: datetime, after: Key | None) -> tuple[Key, Events] | None:
    """The next chunk that ends at `since` or later, after the one with the key `after`."""
    base = store.key("events")
    if after is None:
        return next(tx.items(base, since=since, limit=1), None)
    return next(tx.items(base, after=(after[-2], after[-1]), limit=1), None)


def listen(tx: Transaction, store: DataStore) -> None:
    """Have a store hear of what it collects, or not any more."""
    if store.status == ENABLED:
        readers.set_reader(tx, _reader(store))
    else:
        readers.remove(tx, store.scope.account, _reader_name(store))
    tidy_again(tx, store.scope)


def tidy_again(tx: Transaction, scope: Scope) -> bool:
    """Tidy up in a day, or when a store goes, if there are stores at all. Whether there are."""
    every: list[DataStore] = list(tx.range(scope.key("cloudtrail", "store")))
    going = [store.going for store in every if store.going is not None]
    if every:
        at = min([tx.now + TIDY_EVERY, *(max(tx.now, instant) for instant in going)])
        tx.schedule(at, TIDY, {}, scope=scope, key=f"{scope.account} {scope.region}")
    return bool(every)


def stop_listening(tx: Transaction, store: DataStore) -> None:
    readers.remove(tx, store.scope.account, _reader_name(store))


def _reader(store: DataStore) -> Reader:
    return Reader(
        name=_reader_name(store), handler=INGEST, scope=store.scope, payload={"Id": store.id},
        data=selectors.data_services((), store.selectors), organization=bool(store.organization),
        rates=trails.DETECT if store.insights else "",
    )  # fmt: skip


def _reader_name(store: DataStore) -> str:
    return f"store {store.scope.region} {store.id}"


def next_portion(tx: ReadTransaction, store: DataStore, accounts: Iterable[str]) -> Portion | None:
    """What a store has not seen yet, some of it."""
    for stretch in delivery.stretches(tx, store, accounts):
        place = tx.get(store.key("position", *stretch))
        after = None if place is None or place[0] < store.since else (place[0], place[1])
        base = (*entries.space(stretch.account, stretch.category), stretch.region)
        found = list(tx.items(base, since=None if after else store.since, after=after, limit=1))
        if found:
            return Portion(stretch, place, found)
    return None


def chosen(store: DataStore, portion: Portion) -> Events | None:
    """What a store takes of a portion."""
    takes = selectors.accepts((), store.selectors)
    told = (
        records.record(entry) for _, chunk in portion.chunks for entry in chunk.entries() if entry.time >= store.since
    )
    return packed([record for record in told if takes(record)])


def take(tx: Transaction, store: DataStore, portion: Portion, events: Events | None) -> None:
    """Keep what was chosen, unless somebody else has moved the place meanwhile."""
    key = store.key("position", *portion.stretch)
    if stores.kept(tx, store) is None or tx.get(key) != portion.place:
        return
    last = portion.chunks[-1][0]
    tx.put(key, [last[-2], last[-1]])
    keep(tx, store, events)


def kept_since(store: DataStore, now: datetime) -> datetime:
    """Events before this are forgotten."""
    return now - timedelta(days=store.retention_days)


def trim(tx: Transaction, store: DataStore) -> bool:
    """Forget some events that are too old, or all of a store that has gone. Whether there may be more."""
    if store.going is not None and store.going <= tx.now:
        forget(tx, store)
        return False
    old = list(tx.items(store.key("events"), before=kept_since(store, tx.now), limit=_MOST_TRIMMED))
    for key, _ in old:
        tx.delete(key)
    return len(old) == _MOST_TRIMMED


def forget(tx: Transaction, store: DataStore) -> None:
    """Everything of a store, and the store."""
    stop_listening(tx, store)
    for kind in ("events", "position"):
        tx.delete_range(store.key(kind))
    tx.delete(store.place)
    tags.forget(tx, store.arn)
    policies.forget(tx, store.arn)


def begin(tx: Transaction, store: DataStore) -> DataStore:
    """Collect from now on."""
    new = replace(store, status=ENABLED, since=tx.now)
    stores.put(tx, new)
    listen(tx, new)
    return new


def chunks(events: Iterable[Mapping[str, Any]]) -> Iterator[Events]:
    """Events of an import, as a store keeps them."""
    some: list[Mapping[str, Any]] = []
    for event in sorted(events, key=lambda each: str(each["eventTime"])):
        some.append(event)
        if len(some) == MOST_EVENTS:
            if (made := packed(some)) is not None:
                yield made
            some = []
    if (made := packed(some)) is not None:
        yield made


def text_of(events: Events) -> bytes:
    """The JSON array."""
    return zlib.decompress(events.body)
