"""Restores: a new table made of a backup, or of what another table was.

The new table has the keys and items of the old one, and its indexes and settings as far as the request does not say
otherwise; its stream, time to live, tags, policies, deletion protection and recovery are to be set anew. It is usable
when all items are there: at once for a small table, else when the job is done that carries on in portions.

Sources: DynamoDB API Reference, RestoreTableFromBackup, RestoreTableToPointInTime; Developer Guide, "Using DynamoDB
backup and restore"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import backups, items, recovery, tables, throughputs
from cumulet.services.dynamodb.backups import Backup
from cumulet.services.dynamodb.errors import (
    INVALID,
    BackupInUseException,
    InvalidRestoreTimeException,
    PointInTimeRecoveryUnavailableException,
    TableAlreadyExistsException,
    ValidationException,
)
from cumulet.services.dynamodb.recovery import Portion
from cumulet.services.dynamodb.tables import ACTIVE, CREATING, ON_DEMAND, PROVISIONED, Index, Table, Throughput

Given = Mapping[str, Any]

_GO_ON = "dynamodb.restore_items"


class Restore(Record):
    """What a table is being made of: a backup, or a pinned table as of an instant; and how far it has come."""

    backup: Backup | None = None
    table: Table | None = None
    at: int = 0
    after: tuple[int, bytes, bytes] | None = None


def from_backup(tx: Transaction, backup: Backup, scope: Scope, name: str, given: Given, kms_key: str | None) -> Table:
    """The table may be made in another Region.

    Raises BackupInUseException, TableAlreadyExistsException or ValidationException."""
    _check_name(tx, scope, name)
    if not backup.is_ready:
        raise BackupInUseException.of(backup.arn, "created")
    origin = {"SourceBackupArn": backup.arn, "SourceTableArn": backup.table.arn, "RestoreDateTime": backup.created}
    target = _defined(tx, backup.table, scope, name, given, kms_key, origin)
    return _begin(tx, target, Restore(backup=backup))


def to_point_in_time(
    tx: Transaction, source: Table, scope: Scope, name: str, when: datetime | None, given: Given, kms_key: str | None
) -> Table:
    """As of `when`, or of now if that is None; perhaps in another Region.

    Raises TableAlreadyExistsException, PointInTimeRecoveryUnavailableException, InvalidRestoreTimeException or
    ValidationException."""
    _check_name(tx, scope, name)
    if source.recovery is None:
        raise PointInTimeRecoveryUnavailableException.of(source.name)
    if when is not None and not recovery.earliest(source, tx.now) <= when <= tx.now:
        raise InvalidRestoreTimeException
    origin = {"SourceTableArn": source.arn, "RestoreDateTime": when or tx.now}
    target = _defined(tx, source, scope, name, given, kms_key, origin)
    at = recovery.microseconds(when) if when is not None else recovery.now(tx, source)
    return _begin(tx, target, Restore(table=source, at=at))


def check_known(given: Given) -> None:
    """Raises NotImplementedYet."""
    if given.get("VectorIndexOverride"):
        raise NotImplementedYet("Cumulet has no vector indexes yet.")


def _check_name(tx: Transaction, scope: Scope, name: str) -> None:
    if tables.find(tx, scope, name) is not None:
        raise TableAlreadyExistsException.of(name)


# The items


def _begin(tx: Transaction, target: Table, restore: Restore) -> Table:
    """Returns the table as it is described in the answer: still being made, even if its items are there already."""
    first = _portion(tx, restore)
    if first.next is None:
        _write(tx, target, first)
        tables.put(tx, _finished(target))
        return target
    if restore.backup is not None:
        backups.hold(tx, restore.backup, +1)
    elif restore.table is not None:
        pinned, at = recovery.pin(tx, restore.table, target.id, restore.at)
        restore = replace(restore, table=pinned, at=at)
    tables.put(tx, target)
    _write(tx, target, first)
    tx.put(_key(target), replace(restore, after=first.next))
    tx.schedule(tx.now, _GO_ON, {"table": target.name, "id": target.id}, scope=target.scope, key=target.id)
    return target


def go_on(tx: Transaction, scope: Scope, name: str, table_id: str) -> bool:
    """Carry over a portion; tells whether there is more to do."""
    target = tables.find(tx, scope, name)
    if target is None or target.id != table_id:
        return False
    restore: Restore | None = tx.get(_key(target))
    if restore is None:
        return False
    portion = _portion(tx, restore)
    _write(tx, target, portion)
    if portion.next is not None:
        tx.put(_key(target), replace(restore, after=portion.next))
        return True
    tx.delete(_key(target))
    tables.put(tx, _finished(target))
    if restore.backup is not None:
        backups.hold(tx, restore.backup, -1)
    elif restore.table is not None:
        recovery.unpin(tx, restore.table, target.id)
    return False


def _key(target: Table) -> Key:
    return target.key("restore")


def _portion(tx: Transaction, restore: Restore) -> Portion:
    if restore.backup is not None:
        return backups.contents(tx, restore.backup, restore.after)
    assert restore.table is not None
    return recovery.portion(tx, restore.table, restore.at, restore.after)


def _write(tx: Transaction, target: Table, portion: Portion) -> None:
    for place, data in portion.found:
        items.change(tx, target, place, None, items.decode(data))


def _finished(target: Table) -> Table:
    return replace(target, status=ACTIVE, restored={**target.restored, "RestoreInProgress": False})


# The table


def _defined(
    tx: Transaction, source: Table, scope: Scope, name: str, given: Given, kms_key: str | None, origin: dict[str, Any]
) -> Table:
    billing = given.get("BillingModeOverride") or source.billing
    throughput = _throughput(source, billing, given)
    indexes = _indexes(tx, source, billing, given)
    used = {*source.schema.names, *(name for index in indexes for name in index.schema.names)}
    on_demand = given.get("OnDemandThroughputOverride")
    if kms_key is None:  # a key is known in its own Region only
        kms_key = source.kms_key if source.scope == scope else ""
    return Table(
        id=tx.uuid(), name=name, scope=scope, schema=source.schema, created=tx.now, status=CREATING,
        types={name: kind for name, kind in source.types.items() if name in used},
        billing=billing, billing_changed=tx.now if billing == ON_DEMAND else None, throughput=throughput,
        on_demand=throughputs.limits(on_demand if on_demand is not None else source.on_demand)
        if billing == ON_DEMAND else {},
        indexes=indexes, table_class=source.table_class, kms_key=kms_key,
        restored={**origin, "RestoreInProgress": True},
    )  # fmt: skip


def _throughput(source: Table, billing: str, given: Given) -> Throughput:
    wanted = given.get("ProvisionedThroughputOverride")
    if wanted is None and billing == PROVISIONED == source.billing:
        return Throughput(read=source.throughput.read, write=source.throughput.write)
    throughputs.check(
        billing,
        {"ProvisionedThroughput": wanted, "OnDemandThroughput": given.get("OnDemandThroughputOverride")},
    )
    return throughputs.read(wanted)


def _indexes(tx: Transaction, source: Table, billing: str, given: Given) -> tuple[Index, ...]:
    """Those of the source, or those that the request chose among them, with entries of their own."""
    local = _chosen(source, given.get("LocalSecondaryIndexOverride"), is_global=False)
    everywhere = _chosen(source, given.get("GlobalSecondaryIndexOverride"), is_global=True)
    return tuple(_index(tx, index, billing, override) for index, override in (*local, *everywhere))


def _chosen(source: Table, wanted: Sequence[Given] | None, *, is_global: bool) -> list[tuple[Index, Given]]:
    """Raises ValidationException for an index that the source had not."""
    there = {index.name: index for index in source.indexes if index.is_global is is_global}
    if wanted is None:
        return [(index, {}) for index in there.values()]
    for override in wanted:
        index = there.get(override["IndexName"])
        if index is None or index.schema.described() != [dict(part) for part in override["KeySchema"]]:
            raise ValidationException(
                f"{INVALID}The index {override['IndexName']} does not match any index of the source table"
            )
    return [(there[override["IndexName"]], override) for override in wanted]


def _index(tx: Transaction, index: Index, billing: str, override: Given) -> Index:
    made = replace(index, id=tx.uuid(), status=ACTIVE, warm={})
    if not index.is_global or billing == ON_DEMAND:
        return replace(made, throughput=Throughput())
    wanted = override.get("ProvisionedThroughput")
    if wanted is None and index.throughput.read:
        return replace(made, throughput=Throughput(read=index.throughput.read, write=index.throughput.write))
    throughputs.check_of_index(billing, {"IndexName": index.name, "ProvisionedThroughput": wanted})
    return replace(made, throughput=throughputs.read(wanted), on_demand={})
