"""What a table was: its state as of an earlier instant, for backups, restores and exports.

While anybody may ask, every change leaves behind what it replaced, under the item's place and the instant of the
change. So the item as of an instant is what the first change after it replaced or, without one, what is there now.
Nothing is copied when recovery is turned on, and a reader that goes through a table in portions sees it as of one
instant however much is written meanwhile. A reader is pinned, so that what it needs is kept until it is done, even if
recovery is turned off or the table is deleted.

Source: DynamoDB Developer Guide, "Point-in-time backups for DynamoDB"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from cumulet.kernel.keys import Key
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import removal, tables
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import History, Table

TRIM = "dynamodb.trim_history"
_BETWEEN_TRIMS = timedelta(days=1)
_TRIMMED_AT_ONCE = 1000
_PLACES_AT_ONCE, _BYTES_AT_ONCE = 500, 4 * 1024 * 1024
_LEAFED_THROUGH = 8
"""So many changes of one item are read one after the other, before the rest is skipped."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = b""

_pack = msgspec.msgpack.Encoder().encode


def microseconds(when: datetime) -> int:
    return (when - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    return _EPOCH + at * _MICROSECOND


def record(tx: Transaction, table: Table, made: Change) -> None:
    """Keep what a change replaced. Of several changes in one instant, what was before the first."""
    history = table.history
    assert history is not None, "nobody wants the history"
    key = (*_of_place(table, made.place), max(microseconds(tx.now), history.floor + 1))
    if tx.get(key) is None:
        tx.put(key, _NOTHING if made.old is None else _pack(made.old))


def now(tx: ReadTransaction, table: Table) -> int:
    """The instant that no change is later than, but for those to come once it is pinned."""
    at = microseconds(tx.now)
    return at if table.history is None else max(at, table.history.floor + 1)


# Readers


def pin(tx: Transaction, table: Table, reader: str, at: int | None = None) -> tuple[Table, int]:
    """Let `reader` read the table as of `at`, or as of now. Returns the table to be read, and that instant."""
    history = table.history
    at = now(tx, table) if at is None else at
    history = History(began=at, floor=at) if history is None else replace(history, floor=max(history.floor, at))
    table = replace(table, history=history)
    tables.put(tx, table)
    tx.put(table.key("readers", reader), at)
    return table, at


def unpin(tx: Transaction, table: Table, reader: str) -> None:
    """The reader is done: forget what was kept for its sake alone. `table` is as `pin` returned it."""
    tx.delete(table.key("readers", reader))
    if tables.has_readers(tx, table):
        return
    there = tables.find(tx, table.scope, table.name)
    if there is None or there.id != table.id:
        removal.begin(tx, table.key())
    elif there.recovery is None:
        _forget(tx, there)


def _forget(tx: Transaction, table: Table) -> None:
    if table.history is not None:
        removal.begin(tx, _kept(table))
        tables.put(tx, replace(table, history=None))


# As of an instant


class Portion(NamedTuple):
    """Items as they were, encoded, and the place after which to go on; None at the end."""

    found: list[tuple[Place, bytes]]
    next: Place | None


def portion(tx: ReadTransaction, table: Table, at: int, after: Place | None) -> Portion:
    """A portion of the table as of `at`, which a reader has pinned."""
    return limited(_as_of(tx, table, at, after))


def present(tx: ReadTransaction, table: Table) -> Portion:
    """The first portion of the table as it is now."""
    return portion(tx, replace(table, history=None), 0, None)


def limited(lying: Iterator[tuple[Place, bytes]]) -> Portion:
    """As much as one transaction should take at once; what is empty is counted, but left out."""
    found: list[tuple[Place, bytes]] = []
    size = 0
    for seen, (place, data) in enumerate(lying, 1):
        if data:
            found.append((place, data))
            size += len(data)
        if seen == _PLACES_AT_ONCE or size >= _BYTES_AT_ONCE:
            return Portion(found, place)
    return Portion(found, None)


def _as_of(tx: ReadTransaction, table: Table, at: int, after: Place | None) -> Iterator[tuple[Place, bytes]]:
    """Every place where something lies, or lay, in order, with what was there; empty for nothing."""
    lying = ((place_of(key), data) for key, data in tx.items(table.key("items"), after=after))
    changed = _replaced(tx, table, at, after)
    item, change = next(lying, None), next(changed, None)
    while item is not None or change is not None:
        if change is None or (item is not None and item[0] < change[0]):
            assert item is not None, "one of them is left"
            yield item
            item = next(lying, None)
            continue
        place, replaced = change
        is_there = item is not None and item[0] == place
        if replaced is None:
            replaced = item[1] if item is not None and is_there else _NOTHING
        yield place, replaced
        item = next(lying, None) if is_there else item
        change = next(changed, None)


def _replaced(tx: ReadTransaction, table: Table, at: int, after: Place | None) -> Iterator[tuple[Place, bytes | None]]:
    """The places with a history, each with what the first change after `at` replaced; None without such a change."""
    while table.history is not None:
        place, found, seen = None, None, 0
        for key, data in tx.items(_kept(table), after=after):
            here = place_of(key[:-1])
            if here != place:
                if place is not None:
                    yield place, found
                place, found, seen = here, None, 0
            if found is None and key[-1] > at:
                found = data
            seen += 1
            if seen == _LEAFED_THROUGH:
                break
        if place is None:
            return
        if found is None and seen == _LEAFED_THROUGH:  # an item that changes all the time: look it up instead
            found = next(tx.range(_of_place(table, place), after=at, limit=1), None)
        yield place, found
        after = place


class Difference(NamedTuple):
    """What became of one item between two instants; `at` is that of its last change."""

    place: Place
    old: bytes
    new: bytes
    at: int


def differences(
    tx: ReadTransaction, table: Table, since: int, until: int, after: Place | None
) -> tuple[list[Difference], Place | None]:
    """A portion of the items that differ between two instants, and where to go on. A change at `since` counts, one at
    `until` does not."""
    found: list[Difference] = []
    place, size = None, 0
    for seen, place in enumerate(_changed(tx, table, after), 1):
        made = _difference(tx, table, since, until, place)
        if made is not None:
            found.append(made)
            size += len(made.old) + len(made.new)
        if seen == _PLACES_AT_ONCE or size >= _BYTES_AT_ONCE:
            return found, place
    return found, None


def _difference(tx: ReadTransaction, table: Table, since: int, until: int, place: Place) -> Difference | None:
    prefix = _of_place(table, place)
    first = next(tx.items(prefix, since=since, before=until, limit=1), None)
    if first is None:
        return None
    last = next(tx.items(prefix, since=since, before=until, limit=1, reverse=True))
    following = next(tx.range(prefix, since=until, limit=1), None)
    new = tx.get((*table.key("items"), *place)) or _NOTHING if following is None else following
    return None if first[1] == new else Difference(place, first[1], new, last[0][-1])


def _changed(tx: ReadTransaction, table: Table, after: Place | None) -> Iterator[Place]:
    """The places with a history, each once."""
    while table.history is not None:
        found = next(tx.items(_kept(table), after=after, limit=1), None)
        if found is None:
            return
        after = place_of(found[0][:-1])
        yield after


def _kept(table: Table) -> Key:
    assert table.history is not None
    return table.key("history", table.history.began)


def _of_place(table: Table, place: Place) -> Key:
    return (*_kept(table), *place)


def place_of(key: Key) -> Place:
    """Of an item, by the end of its key."""
    return key[-3], key[-2], key[-1]


# On and off


def enable(tx: Transaction, table: Table, days: int | None) -> Table:
    """The table with point-in-time recovery, over so many days at most (as before, or 35, if None)."""
    if table.recovery is None:
        at = microseconds(tx.now)
        history = table.history or History(began=at, floor=at)
        table = replace(table, recovery=tx.now, recovery_days=35, history=history)
        _trim_later(tx, table)
    return replace(table, recovery_days=days or table.recovery_days)


def disable(tx: Transaction, table: Table) -> Table:
    """The table without; nothing of before can be restored any more."""
    tx.unschedule(TRIM, table.id)
    table = replace(table, recovery=None, recovery_days=35)
    tables.put(tx, table)
    if not tables.has_readers(tx, table):
        _forget(tx, table)
    return tables.find(tx, table.scope, table.name) or table


def earliest(table: Table, now: datetime) -> datetime:
    """The first instant to which the table can be restored. It has to have recovery on."""
    assert table.recovery is not None
    return max(table.recovery, now - timedelta(days=table.recovery_days))


def described(table: Table, now: datetime) -> dict[str, object]:
    """ContinuousBackupsDescription. Continuous backups are on for all tables; what can be turned on is recovery."""
    shown: dict[str, object] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if table.recovery is not None:
        shown = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": table.recovery_days,
            "EarliestRestorableDateTime": earliest(table, now),
            "LatestRestorableDateTime": now,
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": shown}


# Ageing


def trim(tx: Transaction, scope: Scope, name: str, table_id: str, after: Key | None) -> Key | None:
    """Forget a portion of what nobody can ask for any more. Returns where to go on; None if that was all."""
    table = tables.find(tx, scope, name)
    if table is None or table.id != table_id or table.recovery is None:
        return None
    edge = min([microseconds(earliest(table, tx.now)), *tx.range(table.key("readers"))])
    found = [key for key, _ in tx.items(_kept(table), after=after, limit=_TRIMMED_AT_ONCE)]
    for key in found:
        if key[-1] <= edge:
            tx.delete(key)
    if len(found) == _TRIMMED_AT_ONCE:
        return tuple(found[-1][-4:])
    _trim_later(tx, table)
    return None


def _trim_later(tx: Transaction, table: Table) -> None:
    payload = {"table": table.name, "id": table.id}
    tx.schedule(tx.now + _BETWEEN_TRIMS, TRIM, payload, scope=table.scope, key=table.id)
