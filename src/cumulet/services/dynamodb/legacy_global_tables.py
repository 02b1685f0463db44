"""Global tables of version 2017.11.29: empty tables of one name, one in each Region, declared to be replicas.

A global table has a record of its own, in no Region; its replicas list each other as those of the current version do,
and are replicated in the same way. Items are not given the attributes aws:rep:... that AWS adds to them.

Source: DynamoDB API Reference, CreateGlobalTable, UpdateGlobalTable, UpdateGlobalTableSettings."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import global_tables, items, streams, tables
from cumulet.services.dynamodb.errors import (
    GlobalTableAlreadyExistsException,
    GlobalTableNotFoundException,
    IndexNotFoundException,
    ReplicaAlreadyExistsException,
    ReplicaNotFoundException,
    TableNotFoundException,
    ValidationException,
)
from cumulet.services.dynamodb.tables import ACTIVE, ON_DEMAND, Index, Table

Given = Mapping[str, Any]
Described = dict[str, Any]

_SCALING = (
    "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate",
    "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate",
    "ProvisionedWriteCapacityAutoScalingSettingsUpdate",
    "ProvisionedReadCapacityAutoScalingSettingsUpdate",
)


class GlobalTable(Record):
    """What CreateGlobalTable made."""

    name: str
    scope: Scope
    created: datetime
    regions: tuple[str, ...]

    @property
    def arn(self) -> str:
        return f"arn:{self.scope.partition}:dynamodb::{self.scope.account}:global-table/{self.name}"


def _key(scope: Scope, *rest: str) -> Key:
    return ("dynamodb", scope.account, "global-tables", *rest)


def get(tx: ReadTransaction, scope: Scope, name: str) -> GlobalTable:
    """Raises GlobalTableNotFoundException."""
    found: GlobalTable | None = tx.get(_key(scope, name))
    if found is None:
        raise GlobalTableNotFoundException.of(name)
    return found


def listed(tx: ReadTransaction, scope: Scope, after: str | None, region: str | None, limit: int) -> list[GlobalTable]:
    """By name; those with a replica in `region` only, if one is given."""
    found = (each for each in tx.range(_key(scope), after=after) if region is None or region in each.regions)
    return list(itertools.islice(found, limit))


def create(tx: Transaction, scope: Scope, name: str, regions: list[str]) -> GlobalTable:
    """Declare the tables of this name in these Regions to be replicas. Raises GlobalTableAlreadyExistsException,
    TableNotFoundException or ValidationException."""
    if tx.get(_key(scope, name)) is not None:
        raise GlobalTableAlreadyExistsException.of(name)
    if not regions or len(set(regions)) < len(regions):
        raise ValidationException(
            "One or more parameter values were invalid: ReplicationGroup names Regions, each once"
        )
    _check_alike([_fit(tx, scope, name, region) for region in regions])
    made = GlobalTable(name=name, scope=scope, created=tx.now, regions=tuple(regions))
    _keep(tx, made)
    return made


def update(tx: Transaction, scope: Scope, name: str, updates: Iterable[Given]) -> GlobalTable:
    """Take tables in, or let them go. Raises GlobalTableNotFoundException, ReplicaAlreadyExistsException,
    ReplicaNotFoundException, TableNotFoundException or ValidationException."""
    changed = get(tx, scope, name)
    for each in updates:
        if each.get("Create"):
            changed = _take_in(tx, changed, each["Create"]["RegionName"])
        if each.get("Delete"):
            changed = _let_go(tx, changed, each["Delete"]["RegionName"])
    _keep(tx, changed)
    return changed


def leave(tx: Transaction, table: Table) -> None:
    """What the deletion of a table means to its replicas, of either version. Raises ValidationException."""
    found: GlobalTable | None = tx.get(_key(table.scope, table.name))
    if table.global_version != global_tables.LEGACY or found is None:
        global_tables.leave(tx, table)
        return
    left = _let_go(tx, found, table.scope.region)
    _keep(tx, left)


def _take_in(tx: ReadTransaction, made: GlobalTable, region: str) -> GlobalTable:
    if region in made.regions:
        raise ReplicaAlreadyExistsException(f"Replica in region '{region}' already exists in '{made.name}'")
    joining = _fit(tx, made.scope, made.name, region)
    members = [_table(tx, made.scope, made.name, each) for each in made.regions]
    if any(items.totals(tx, each).items for each in members):
        raise ValidationException(f"Table '{made.name}' is not empty in all Regions of its replicas")
    _check_alike([joining, *members])
    return replace(made, regions=(*made.regions, region))


def _let_go(tx: Transaction, made: GlobalTable, region: str) -> GlobalTable:
    """The table itself stays, on its own."""
    if region not in made.regions:
        raise ReplicaNotFoundException(f"Replica in region '{region}' does not exist in '{made.name}'")
    leaving = _table(tx, made.scope, made.name, region)
    tables.put(tx, replace(leaving, replicas=(), global_version=""))
    return replace(made, regions=tuple(each for each in made.regions if each != region))


def _keep(tx: Transaction, made: GlobalTable) -> None:
    if not made.regions:
        tx.delete(_key(made.scope, made.name))
        return
    tx.put(_key(made.scope, made.name), made)
    for region in made.regions:
        others = tuple(each for each in made.regions if each != region)
        member = _table(tx, made.scope, made.name, region)
        tables.put(tx, replace(member, replicas=others, global_version=global_tables.LEGACY))


def _table(tx: ReadTransaction, scope: Scope, name: str, region: str) -> Table:
    found = tables.find(tx, replace(scope, region=region), name)
    if found is None:
        raise TableNotFoundException.of(name)
    return found


def _fit(tx: ReadTransaction, scope: Scope, name: str, region: str) -> Table:
    """The table of a Region, if it can become a replica."""
    table = _table(tx, scope, name, region)
    if table.replicas or table.global_version:
        raise ValidationException(f"Table '{name}' in region '{region}' is a replica already")
    if table.stream != streams.NEW_AND_OLD:
        raise ValidationException(
            f"Table '{name}' in region '{region}' must have a stream with the view type NEW_AND_OLD_IMAGES"
        )
    if items.totals(tx, table).items:
        raise ValidationException(f"Table '{name}' in region '{region}' is not empty")
    return table


def _check_alike(members: list[Table]) -> None:
    for other in members[1:]:
        if other.schema != members[0].schema or _shape(other) != _shape(members[0]):
            raise ValidationException(f"The tables '{other.name}' differ in their keys or secondary indexes")


def _shape(table: Table) -> set[tuple[Any, ...]]:
    return {(i.name, i.schema.hash, i.schema.range, i.is_global) for i in table.indexes}


# Shown


def described(made: GlobalTable, status: str = ACTIVE) -> Described:
    return {
        "GlobalTableName": made.name,
        "GlobalTableArn": made.arn,
        "GlobalTableStatus": status,
        "CreationDateTime": made.created,
        "ReplicationGroup": [{"RegionName": region, "ReplicaStatus": ACTIVE} for region in made.regions],
    }


def settings(tx: ReadTransaction, made: GlobalTable) -> Described:
    members = [_table(tx, made.scope, made.name, region) for region in made.regions]
    return {"GlobalTableName": made.name, "ReplicaSettings": [_settings(each) for each in members]}


def _settings(table: Table) -> Described:
    shown: Described = {
        "RegionName": table.scope.region,
        "ReplicaStatus": ACTIVE,
        "ReplicaProvisionedReadCapacityUnits": table.throughput.read,
        "ReplicaProvisionedWriteCapacityUnits": table.throughput.write,
        "ReplicaTableClassSummary": {"TableClass": table.table_class},
    }
    if table.billing_changed is not None:
        shown["ReplicaBillingModeSummary"] = {"BillingMode": table.billing}
    of_indexes = [_index_settings(index) for index in table.indexes if index.is_global]
    return shown | ({"ReplicaGlobalSecondaryIndexSettings": of_indexes} if of_indexes else {})


def _index_settings(index: Index) -> Described:
    shown: Described = {"IndexName": index.name, "IndexStatus": index.status}
    if index.throughput.read:
        shown["ProvisionedReadCapacityUnits"] = index.throughput.read
        shown["ProvisionedWriteCapacityUnits"] = index.throughput.write
    return shown


# Settings


def change_settings(tx: Transaction, made: GlobalTable, given: Given) -> None:
    """What UpdateGlobalTableSettings changes of all replicas, or of some. Raises ReplicaNotFoundException,
    IndexNotFoundException, or NotImplemented for auto scaling."""
    _refuse_scaling(given)
    by_region = {each["RegionName"]: each for each in given.get("ReplicaSettingsUpdate") or ()}
    unknown = by_region.keys() - set(made.regions)
    if unknown:
        raise ReplicaNotFoundException(f"Replica in region '{min(unknown)}' does not exist in '{made.name}'")
    for region in made.regions:
        table = _table(tx, made.scope, made.name, region)
        tables.put(tx, _changed(tx, table, given, by_region.get(region, {})))


def _refuse_scaling(given: Given) -> None:
    parts: list[Given] = [
        given,
        *(given.get("ReplicaSettingsUpdate") or ()),
        *(given.get("GlobalTableGlobalSecondaryIndexSettingsUpdate") or ()),
    ]
    parts += [i for part in parts for i in part.get("ReplicaGlobalSecondaryIndexSettingsUpdate") or ()]
    if any(part.get(name) for part in parts for name in _SCALING):
        raise NotImplementedYet("Cumulet has no auto scaling of global tables yet.")


def _changed(tx: ReadTransaction, table: Table, given: Given, own: Given) -> Table:
    billing = given.get("GlobalTableBillingMode") or table.billing
    if billing != table.billing:
        table = replace(table, billing=billing, billing_changed=tx.now)
    if table.billing == ON_DEMAND:
        return replace(table, throughput=replace(table.throughput, read=0, write=0))
    throughput = replace(
        table.throughput,
        read=own.get("ReplicaProvisionedReadCapacityUnits") or table.throughput.read or 1,
        write=given.get("GlobalTableProvisionedWriteCapacityUnits") or table.throughput.write or 1,
    )
    writes = _by_index(table, given.get("GlobalTableGlobalSecondaryIndexSettingsUpdate"))
    reads = _by_index(table, own.get("ReplicaGlobalSecondaryIndexSettingsUpdate"))
    indexes = tuple(_index_changed(i, reads.get(i.name, {}), writes.get(i.name, {})) for i in table.indexes)
    table_class = own.get("ReplicaTableClass") or table.table_class
    return replace(table, throughput=throughput, indexes=indexes, table_class=table_class)


def _by_index(table: Table, given: Iterable[Given] | None) -> dict[str, Given]:
    named = {each["IndexName"]: each for each in given or ()}
    unknown = named.keys() - {index.name for index in table.indexes if index.is_global}
    if unknown:
        raise IndexNotFoundException(f"Index '{min(unknown)}' does not exist in '{table.name}'")
    return named


def _index_changed(index: Index, reads: Given, writes: Given) -> Index:
    if not index.is_global:
        return index
    throughput = replace(
        index.throughput,
        read=reads.get("ProvisionedReadCapacityUnits") or index.throughput.read,
        write=writes.get("ProvisionedWriteCapacityUnits") or index.throughput.write,
    )
    return replace(index, throughput=throughput)
