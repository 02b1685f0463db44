"""Backups on demand: a table's items as of one instant, copied in portions to where they outlive the table.

A small table is copied at once. A large one is pinned (recovery.py), so that the copy, made by a job, has it as of the
instant of the request however much is written meanwhile.

Sources: DynamoDB API Reference, CreateBackup, ListBackups, BackupDetails; Developer Guide, "Using DynamoDB backup and
restore"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import items, recovery, removal, tables
from cumulet.services.dynamodb.errors import BackupInUseException, BackupNotFoundException
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Index, Table

CREATING, AVAILABLE, DELETED = "CREATING", "AVAILABLE", "DELETED"
USER, SYSTEM, ALL = "USER", "SYSTEM", "ALL"
_COPY, _EXPIRE = "dynamodb.copy_backup", "dynamodb.expire_backup"
_SYSTEM_KEPT = timedelta(days=35)

Answer = dict[str, Any]


class Backup(Record):
    """Its contents lie under `contents`, as they lay in the table."""

    id: str
    name: str
    kind: str
    scope: Scope
    table: Table
    """As it was then; pinned while the backup is being made."""
    at: int
    created: datetime
    expires: datetime | None = None
    count: int = 0
    size: int = 0
    is_ready: bool = False
    after: tuple[int, bytes, bytes] | None = None
    """How far the copy has come."""
    restores: int = 0
    """How many tables are being made of it just now."""

    @property
    def arn(self) -> str:
        return f"{self.table.arn}/backup/{self.id}"

    @property
    def contents(self) -> Key:
        return self.scope.key("dynamodb", "of-backup", self.id)


def create(tx: Transaction, table: Table, name: str, kind: str = USER) -> Backup:
    """Of the table as it is now."""
    totals = items.totals(tx, table)
    made = Backup(
        id=new_id(tx), name=name, kind=kind, scope=table.scope, table=table, at=0, created=tx.now,
        count=totals.items, size=totals.bytes, expires=tx.now + _SYSTEM_KEPT if kind == SYSTEM else None,
    )  # fmt: skip
    first = recovery.present(tx, table)
    if first.next is None:
        made = replace(made, is_ready=True)
    else:
        pinned, at = recovery.pin(tx, table, made.id)
        made = replace(made, table=pinned, at=at, after=first.next)
        tx.schedule(tx.now, _COPY, {"id": made.id}, scope=made.scope, key=made.id)
    _copy(tx, made, first)
    _put(tx, made)
    if made.expires is not None:
        tx.schedule(made.expires, _EXPIRE, {"id": made.id}, scope=made.scope, key=made.id)
    return made


def keep_deleted(tx: Transaction, table: Table) -> None:
    """Of a table with point-in-time recovery that is about to be deleted: it can be restored for 35 days."""
    if table.recovery is not None:
        create(tx, table, f"{table.name}$DeletedTableBackup", SYSTEM)


def go_on(tx: Transaction, scope: Scope, backup_id: str) -> bool:
    """Copy a portion; tells whether there is more to do."""
    backup: Backup | None = tx.get(_key(scope, backup_id))
    if backup is None or backup.is_ready:
        return False
    found = recovery.portion(tx, backup.table, backup.at, backup.after)
    _copy(tx, backup, found)
    _put(tx, replace(backup, after=found.next, is_ready=found.next is None))
    if found.next is None:
        recovery.unpin(tx, backup.table, backup.id)
    return found.next is not None


def _copy(tx: Transaction, backup: Backup, portion: recovery.Portion) -> None:
    for place, data in portion.found:
        tx.put((*backup.contents, *place), data)


def contents(tx: ReadTransaction, backup: Backup, after: Place | None) -> recovery.Portion:
    """A portion of what was kept, and where to go on."""
    lying = ((recovery.place_of(key), data) for key, data in tx.items(backup.contents, after=after))
    return recovery.limited(lying)


def delete(tx: Transaction, backup: Backup) -> None:
    """Raises BackupInUseException while it is being made, or restored."""
    if not backup.is_ready:
        raise BackupInUseException.of(backup.arn, "created")
    if backup.restores:
        raise BackupInUseException.of(backup.arn, "restored")
    tx.unschedule(_EXPIRE, backup.id)
    tx.delete(_key(backup.scope, backup.id))
    removal.begin(tx, backup.contents)


def expire(tx: Transaction, scope: Scope, backup_id: str) -> None:
    """Delete a system backup whose time is over; one that is being restored just now gets another day."""
    backup: Backup | None = tx.get(_key(scope, backup_id))
    if backup is None:
        return
    if backup.is_ready and not backup.restores:
        delete(tx, backup)
    else:
        tx.schedule(tx.now + timedelta(days=1), _EXPIRE, {"id": backup_id}, scope=scope, key=backup_id)


def hold(tx: Transaction, backup: Backup, more: int) -> None:
    """Count the tables that are being made of a backup: it cannot go meanwhile."""
    now: Backup | None = tx.get(_key(backup.scope, backup.id))
    if now is not None:
        _put(tx, replace(now, restores=now.restores + more))


# Lookup


def new_id(tx: Transaction) -> str:
    """ "01489602797149-73d8d5bc": milliseconds since 1970, and chance. As of exports and imports too."""
    return f"{recovery.microseconds(tx.now) // 1000:014}-{tx.ids.hex(8)}"


def get(tx: ReadTransaction, scope: Scope, arn: str) -> Backup:
    """Raises BackupNotFoundException."""
    found: Backup | None = tx.get(_key(scope, arn.rpartition("/")[2]))
    if found is None or found.arn != arn:
        raise BackupNotFoundException.of(arn)
    return found


def in_any_region(tx: ReadTransaction, scope: Scope, arn: str) -> Backup:
    """A backup of the account's, for a restore. Raises BackupNotFoundException."""
    parts = arn.split(":", 5)
    return get(tx, replace(scope, region=parts[3]) if len(parts) == 6 else scope, arn)


def listed(
    tx: ReadTransaction,
    scope: Scope,
    *,
    table: str | None,
    kind: str,
    since: datetime | None,
    before: datetime | None,
    after: str | None,
    limit: int,
) -> list[Backup]:
    """Oldest first. `table` is a name or an ARN, also of one that is gone; `since` includes, `before` excludes."""
    where, name = tables.locate(scope, table) if table is not None else (scope, "")

    def wanted() -> Iterator[Backup]:
        backup: Backup
        for backup in tx.range(_key(where), after=after.rpartition("/")[2] if after else None):
            if (
                (not name or backup.table.name == name)
                and kind in (ALL, backup.kind)
                and (since is None or backup.created >= since)
                and (before is None or backup.created < before)
            ):
                yield backup

    return list(islice(wanted(), limit))


def _key(scope: Scope, *rest: str) -> Key:
    return scope.key("dynamodb", "backups", *rest)


def _put(tx: Transaction, backup: Backup) -> None:
    tx.put(_key(backup.scope, backup.id), backup)


# As the API shows them


def details(backup: Backup, status: str = "") -> Answer:
    shown: Answer = {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size,
        "BackupStatus": status or (AVAILABLE if backup.is_ready else CREATING),
        "BackupType": backup.kind,
        "BackupCreationDateTime": backup.created,
    }
    return shown | ({"BackupExpiryDateTime": backup.expires} if backup.expires is not None else {})


def summary(backup: Backup) -> Answer:
    table = backup.table
    return {"TableName": table.name, "TableId": table.id, "TableArn": table.arn, **details(backup)}


def description(backup: Backup, status: str = "") -> Answer:
    table = backup.table
    source: Answer = {
        "TableName": table.name,
        "TableId": table.id,
        "TableArn": table.arn,
        "TableSizeBytes": backup.size,
        "KeySchema": table.schema.described(),
        "TableCreationDateTime": table.created,
        "ProvisionedThroughput": _throughput(table),
        "ItemCount": backup.count,
        "BillingMode": table.billing,
    }
    if table.on_demand:
        source["OnDemandThroughput"] = _limits(table)
    return {
        "BackupDetails": details(backup, status),
        "SourceTableDetails": source,
        "SourceTableFeatureDetails": _features(table),
    }


def _features(table: Table) -> Answer:
    shown: Answer = {
        "LocalSecondaryIndexes": [_index(index) for index in table.indexes if not index.is_global],
        "GlobalSecondaryIndexes": [_global_index(index) for index in table.indexes if index.is_global],
    }
    shown = {name: indexes for name, indexes in shown.items() if indexes}
    if table.stream:
        shown["StreamDescription"] = {"StreamEnabled": True, "StreamViewType": table.stream}
    ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": table.ttl} if table.ttl else {"TimeToLiveStatus": "DISABLED"}
    shown["TimeToLiveDescription"] = ttl
    if table.kms_key:
        shown["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": table.kms_key}
    return shown


def _index(index: Index) -> Answer:
    included = {"NonKeyAttributes": list(index.included)} if index.included else {}
    return {
        "IndexName": index.name,
        "KeySchema": index.schema.described(),
        "Projection": {"ProjectionType": index.projection, **included},
    }


def _global_index(index: Index) -> Answer:
    shown = _index(index) | {"ProvisionedThroughput": _throughput(index)}
    return shown | ({"OnDemandThroughput": _limits(index)} if index.on_demand else {})


def _throughput(of: Table | Index) -> Answer:
    return {"ReadCapacityUnits": of.throughput.read, "WriteCapacityUnits": of.throughput.write}


def _limits(of: Table | Index) -> Answer:
    return {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1, **of.on_demand}
