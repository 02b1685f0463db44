"""How writes come to the other Regions of a global table, and how a new replica gets what is there already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import items, replicas, streams, tables
from cumulet.services.dynamodb.changes import REPLICATION
from cumulet.services.dynamodb.replicas import UNWRITTEN, Version
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import ACTIVE, Table
from cumulet.services.dynamodb.values import Item

FILL = "dynamodb.fill_replica"
_A_PORTION = 100
_GONE_FOR = timedelta(days=1)


def deliver(tx: Transaction, scope: Scope, name: str, table_id: str) -> None:
    """Tell the other Regions of a portion of what was written here, and see to the next."""
    table = _still(tx, scope, name, table_id)
    if table is None:
        return
    found = [key for key, _ in tx.items(replicas.outbound(table), limit=_A_PORTION)]
    others = replicas.others(tx, table)
    for key in found:
        place = key[-3], key[-2], key[-1]
        version: Version | None = tx.get(replicas.version_key(table, place))
        if version is not None and version.at == key[-4]:
            item = items.find(tx, table, place)
            for other in others:
                receive(tx, other, place, item, version)
        tx.delete(key)
    _forget_gone(tx, table)
    if len(found) == _A_PORTION:
        replicas.deliver_soon(tx, table)
    else:
        tx.delete(table.key("replicating"))


def receive(tx: Transaction, table: Table, place: Place, item: Item | None, version: Version) -> None:
    """Take over what another Region wrote, unless what is here is later."""
    if not version.is_later_than(tx.get(replicas.version_key(table, place))):
        return
    replicas.keep(tx, table, place, version, is_gone=item is None)
    old = items.find(tx, table, place)
    if old != item:
        items.change(tx, table, place, old, item, REPLICATION)


def _forget_gone(tx: Transaction, table: Table) -> None:
    """Forget the versions of a portion of what was deleted more than a day ago."""
    edge = streams.microseconds(tx.now - _GONE_FOR)
    for key, _ in list(tx.items(replicas.gone(table), before=edge, limit=2 * _A_PORTION)):
        place = key[-3], key[-2], key[-1]
        version: Version | None = tx.get(replicas.version_key(table, place))
        if version is not None and version.at == key[-4]:
            tx.delete(replicas.version_key(table, place))
        tx.delete(key)


def begin_filling(tx: Transaction, table: Table, replica: Table) -> Table:
    """The new replica, ready if that could be done at once; what is large comes in portions."""
    reached = _portion(tx, table, replica, None)
    if reached is None:
        return replace(replica, status=ACTIVE)
    _fill_on(tx, table, replica.scope.region, reached)
    return replica


def fill(tx: Transaction, scope: Scope, name: str, table_id: str, region: str, after: Place) -> None:
    """Copy a portion of a table's items to its new replica, and see to the next."""
    table = _still(tx, scope, name, table_id)
    replica = replicas.in_region(tx, table, region) if table is not None else None
    if table is None or replica is None or region not in table.replicas:
        return
    reached = _portion(tx, table, replica, after)
    if reached is None:
        tables.put(tx, replace(replica, status=ACTIVE))
    else:
        _fill_on(tx, table, region, reached)


def _portion(tx: Transaction, table: Table, replica: Table, after: Place | None) -> Place | None:
    """Where the next portion begins, None at the end."""
    found = list(tx.items(table.key("items"), after=after, limit=_A_PORTION))
    for key, data in found:
        place = key[-3], key[-2], key[-1]
        version = tx.get(replicas.version_key(table, place)) or UNWRITTEN
        receive(tx, replica, place, items.decode(data), version)
    return place if len(found) == _A_PORTION else None


def _fill_on(tx: Transaction, table: Table, region: str, after: Place) -> None:
    payload: dict[str, Any] = {"table": table.name, "id": table.id, "region": region, "after": list(after)}
    tx.schedule(tx.now, FILL, payload, scope=table.scope)


def _still(tx: ReadTransaction, scope: Scope, name: str, table_id: str) -> Table | None:
    table = tables.find(tx, scope, name)
    return table if table is not None and table.id == table_id else None
