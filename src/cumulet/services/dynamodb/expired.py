"""What time to live does by itself: it removes items whose time is over, and takes up those of a table where it was
just turned on. Both go on in portions."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import expiry, items, tables
from cumulet.services.dynamodb.changes import EXPIRY
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table

_REMOVED_AT_ONCE = 100
_TAKEN_UP_AT_ONCE = 500


def remove(tx: Transaction, scope: Scope, name: str, table_id: str) -> None:
    """Remove a portion of the items that are due, and set the job for the next."""
    table = _still(tx, scope, name, table_id)
    if table is None:
        return
    now = int(tx.now.timestamp())
    for key, _ in list(tx.items(expiry.entries(table), until=now, limit=_REMOVED_AT_ONCE)):
        _remove_one(tx, table, key)
    following = next(tx.items(expiry.entries(table), limit=1), None)
    if following is None:
        tx.delete(table.key("expiry-due"))
    else:
        expiry.expect(tx, table, following[0][-4])


def _remove_one(tx: Transaction, table: Table, key: Key) -> None:
    place = key[-3], key[-2], key[-1]
    item = items.find(tx, table, place)
    if item is not None and expiry.instant(table.ttl, item) == key[-4]:
        items.change(tx, table, place, item, None, EXPIRY)
    tx.delete(key)


def take_up(tx: Transaction, scope: Scope, name: str, table_id: str, after: Place | None) -> None:
    """Note when a portion of a table's items expires, and see to the next portion."""
    table = _still(tx, scope, name, table_id)
    if table is None:
        return
    found = list(tx.items(table.key("items"), after=after, limit=_TAKEN_UP_AT_ONCE))
    for key, data in found:
        second = expiry.instant(table.ttl, items.decode(data))
        if second is not None:
            expiry.note(tx, table, second, (key[-3], key[-2], key[-1]))
    if len(found) == _TAKEN_UP_AT_ONCE:
        payload: dict[str, Any] = {"table": name, "id": table_id, "after": list(found[-1][0][-3:])}
        tx.schedule(tx.now, expiry.FILL, payload, scope=scope, key=table_id)


def _still(tx: ReadTransaction, scope: Scope, name: str, table_id: str) -> Table | None:
    """The table, if it is the same and its items still expire."""
    table = tables.find(tx, scope, name)
    return table if table is not None and table.id == table_id and table.ttl else None
