"""Time to live: the items of a table in the order of the instants at which they expire, so that nothing is scanned.

An entry lies under its second since 1970. A job is set for the first of them; it removes what is due (expired.py).

Source: DynamoDB Developer Guide, "Using time to live (TTL)"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import removal
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item

EXPIRE, FILL = "dynamodb.expire_items", "dynamodb.fill_expiry"
_TOO_LONG_AGO = timedelta(days=5 * 365)
"""What expired earlier than that was a mistake, and stays."""
_GIVEN_UP_AFTER_SECONDS = 3600
"""A job that has not come by then is gone, and the next write sets another."""
_LATEST = 253_402_300_799
"""The last second of the year 9999; milliseconds taken for seconds lie beyond it."""


class Due(Record):
    """When the table's job is set to run, in seconds since 1970."""

    at: int


def instant(attribute: str, item: Item | None) -> int | None:
    """The second at which the item expires; None for one that never does."""
    value = None if item is None else item.get(attribute)
    if value is None or "N" not in value:
        return None
    whole = value["N"].partition(".")[0]
    if len(whole) > 12 or not whole.isdigit() or int(whole) > _LATEST:
        return None
    return int(whole)


def entries(table: Table) -> Key:
    return table.key("expiry", table.ttl)


def entry_key(table: Table, second: int, place: Place) -> Key:
    return (*entries(table), second, *place)


def follow(tx: Transaction, table: Table, made: Change) -> None:
    """Move the entry of an item that changed."""
    before, after = instant(table.ttl, made.old), instant(table.ttl, made.new)
    if before == after:
        return
    if before is not None:
        tx.delete(entry_key(table, before, made.place))
    if after is not None:
        note(tx, table, after, made.place)


def note(tx: Transaction, table: Table, second: int, place: Place) -> None:
    """Have the item at `place` removed at that second."""
    if second <= (tx.now - _TOO_LONG_AGO).timestamp():
        return
    tx.put(entry_key(table, second, place), b"")
    due: Due | None = tx.get(table.key("expiry-due"))
    if due is None or second < due.at or due.at < tx.now.timestamp() - _GIVEN_UP_AFTER_SECONDS:
        expect(tx, table, second)


def expect(tx: Transaction, table: Table, second: int) -> None:
    """Set the job."""
    tx.put(table.key("expiry-due"), Due(at=second))
    at = datetime.fromtimestamp(second, UTC)
    tx.schedule(at, EXPIRE, {"table": table.name, "id": table.id}, scope=table.scope, key=table.id)


def begin(tx: Transaction, table: Table) -> None:
    """Take up the items that are there already; `table` names the attribute."""
    tx.schedule(tx.now, FILL, {"table": table.name, "id": table.id}, scope=table.scope, key=table.id)


def end(tx: Transaction, table: Table) -> None:
    """Let no item expire any more; `table` still names the attribute."""
    tx.unschedule(EXPIRE, table.id)
    tx.unschedule(FILL, table.id)
    tx.delete(table.key("expiry-due"))
    removal.begin(tx, entries(table))
