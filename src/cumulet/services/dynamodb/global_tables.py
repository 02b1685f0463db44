"""Global tables (2019.11.21): a table has replicas in other Regions, made and removed with UpdateTable.

Each replica is a table of its own, of the same name, which lists the other Regions. What all have in common is kept
alike: keys, indexes, billing, write capacity, time to live. The rest is each Region's own.

Sources: DynamoDB Developer Guide, "Global tables"; API Reference, UpdateTable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cumulet.kernel import regions
from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import expiry, filling, items, removal, replicas, replication, streams, tables
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.replicas import EVENTUAL, STRONG
from cumulet.services.dynamodb.tables import ACTIVE, CREATING, DELETING, PROVISIONED, Index, Table

CURRENT, LEGACY = "2019.11.21", "2017.11.29"
PARTS = ("ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates")
_SOURCE_FOR = timedelta(hours=24)
_STRONG_REGIONS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
"""Developer Guide, "Multi-Region strong consistency": a global table lies within one of these sets."""
_LOCAL = (
    "Cannot add, delete, or update the local region through ReplicaUpdates. "
    "Use CreateTable, DeleteTable, or UpdateTable as required."
)
_NO_TTL = "Time to live is not supported by global tables with strong consistency."
_NOT_FOUND = "Replica specified in the Replica Update or Replica Delete action of the request was not found."

Given = Mapping[str, Any]
Described = dict[str, Any]


def update(tx: Transaction, table: Table, given: Given) -> Table:
    """The table after what a request says of its replicas; the caller keeps it. Raises ValidationException."""
    updates = given.get("ReplicaUpdates") or ()
    witnesses = given.get("GlobalTableWitnessUpdates") or ()
    if not updates and not witnesses:
        return table
    if table.global_version == LEGACY:
        raise ValidationException("Replicas of a global table of version 2017.11.29 are changed by UpdateGlobalTable.")
    consistency = given.get("MultiRegionConsistency") or table.consistency or EVENTUAL
    _check_consistency(tx, table, consistency, updates, witnesses)
    for each in updates:
        table = _update_one(tx, replace(table, consistency=consistency), each)
    for each in witnesses:
        table = _witness(tx, table, each)
    return table if table.replicas else _alone(table)


def _update_one(tx: Transaction, table: Table, given: Given) -> Table:
    kinds = [kind for kind in ("Create", "Update", "Delete", "Disassociate") if given.get(kind)]
    if len(kinds) != 1:
        raise ValidationException("One or more parameter values were invalid: One of Create, Update, Delete is needed.")
    action = given[kinds[0]]
    if action["RegionName"] == table.scope.region:
        raise ValidationException(_LOCAL)
    if kinds == ["Create"]:
        return _create(tx, table, action)
    if action["RegionName"] not in table.replicas:
        raise ValidationException(_NOT_FOUND)
    if kinds == ["Delete"]:
        return _delete(tx, table, action["RegionName"])
    if kinds == ["Update"]:
        return _change(tx, table, action)
    raise NotImplementedYet("Cumulet has no global tables of several accounts yet, so it disassociates none.")


# A replica more, a replica less


def _create(tx: Transaction, table: Table, given: Given) -> Table:
    region = given["RegionName"]
    if not regions.exists(region):
        raise ValidationException(f"Unsupported region specified: {region}")
    if region in table.replicas or replicas.in_region(tx, table, region) is not None:
        raise ValidationException(
            f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
            "already existed as tables."
        )
    if table.consistency != STRONG:
        table = _with_stream(tx, table)
    members = (table.scope.region, *table.replicas)
    for other in replicas.others(tx, table):
        tables.put(tx, replace(other, replicas=(*other.replicas, region)))
    table = replace(table, replicas=(*table.replicas, region), global_version=CURRENT, sourced=tx.now)
    replica = _twin(tx, table, region, members, given)
    tables.put(tx, replication.begin_filling(tx, table, replica))
    if replica.ttl:
        expiry.begin(tx, replica)
    return table


def _with_stream(tx: Transaction, table: Table) -> Table:
    """Replication goes with a stream of both images, which is turned on where there is none."""
    if not table.stream:
        return streams.enable(tx, table, streams.NEW_AND_OLD, items.totals(tx, table).bytes)
    if table.stream != streams.NEW_AND_OLD:
        raise ValidationException(
            f"Table {table.name} must have a stream with the view type NEW_AND_OLD_IMAGES to be replicated"
        )
    return table


def _twin(tx: Transaction, table: Table, region: str, members: tuple[str, ...], given: Given) -> Table:
    overrides = {name: value for name, value in given.items() if name != "RegionName" and value is not None}
    made = Table(
        id=tx.uuid(), name=table.name, scope=replace(table.scope, region=region), schema=table.schema,
        types=table.types, created=tx.now, billing=table.billing, billing_changed=table.billing_changed,
        throughput=table.throughput, on_demand=table.on_demand, warm=table.warm, indexes=_ready(table.indexes),
        status=CREATING, table_class=table.table_class, ttl=table.ttl, ttl_changed=table.ttl_changed, replicas=members,
        global_version=CURRENT, consistency=table.consistency, witness=table.witness,
    )  # fmt: skip
    if table.stream:
        made = streams.enable(tx, made, table.stream)
    return _overridden(made, overrides)


def _ready(indexes: tuple[Index, ...]) -> tuple[Index, ...]:
    """Those of a table without items, of which nothing is to be made."""
    return tuple(replace(index, status=ACTIVE) for index in indexes)


def _overridden(table: Table, overrides: dict[str, Any]) -> Table:
    """A replica with what its own Region has otherwise. `overrides` is spelled as in ReplicaUpdates."""
    merged = {**table.overrides, **overrides}
    reads = table.throughput.read
    if table.billing == PROVISIONED:
        reads = merged.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits", reads)
    key = merged.get("KMSMasterKeyId", "")
    of_indexes = {each["IndexName"]: each for each in merged.get("GlobalSecondaryIndexes", ())}
    return replace(
        table, overrides=merged, throughput=replace(table.throughput, read=reads),
        table_class=merged.get("TableClassOverride", table.table_class), kms_key=key if key.startswith("arn:") else "",
        on_demand={**table.on_demand, **merged.get("OnDemandThroughputOverride", {})},
        indexes=tuple(_index_overridden(index, of_indexes.get(index.name, {})) for index in table.indexes),
    )  # fmt: skip


def _index_overridden(index: Index, given: Given) -> Index:
    reads = given.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits", index.throughput.read)
    limits = {**index.on_demand, **given.get("OnDemandThroughputOverride", {})}
    return replace(index, throughput=replace(index.throughput, read=reads), on_demand=limits)


def _change(tx: Transaction, table: Table, given: Given) -> Table:
    replica = replicas.in_region(tx, table, given["RegionName"])
    assert replica is not None, "a Region in the list has a table"
    overrides = {name: value for name, value in given.items() if name != "RegionName" and value is not None}
    tables.put(tx, _overridden(replica, overrides))
    return table


def _delete(tx: Transaction, table: Table, region: str) -> Table:
    replica = replicas.in_region(tx, table, region)
    assert replica is not None, "a Region in the list has a table"
    if replica.is_protected:
        raise ValidationException(
            f"Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
            f"first. Resource: {replica.arn}"
        )
    _check_source(tx, replica)
    _drop(tx, table, region)
    if replica.stream:
        streams.disable(tx, replica)
    tables.delete(tx, replica)
    return replace(table, replicas=_without(table, region))


def leave(tx: Transaction, table: Table) -> None:
    """What the deletion of a table means to its replicas. Raises ValidationException if it may not go yet."""
    if table.replicas:
        _check_source(tx, table)
        _drop(tx, table, table.scope.region)


def _check_source(tx: Transaction, table: Table) -> None:
    if table.sourced is not None and table.sourced + _SOURCE_FOR > tx.now:
        raise ValidationException(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
            "table in the last 24 hours."
        )


def _drop(tx: Transaction, table: Table, region: str) -> None:
    """Let the other replicas forget one."""
    for other in replicas.others(tx, table):
        kept = replace(other, replicas=_without(other, region))
        if other.scope.region != region:
            tables.put(tx, kept if kept.replicas else _alone(kept))


def _without(table: Table, region: str) -> tuple[str, ...]:
    return tuple(each for each in table.replicas if each != region)


def _alone(table: Table) -> Table:
    return replace(table, global_version="", consistency="", witness="", sourced=None)


# Strong consistency


def _check_consistency(tx: ReadTransaction, table: Table, consistency: str, updates: Any, witnesses: Any) -> None:
    """Raises ValidationException where replicas cannot be as consistent as was asked for."""
    if table.replicas and consistency != (table.consistency or EVENTUAL):
        raise ValidationException("The consistency mode of a global table cannot be changed.")
    if consistency != STRONG:
        if witnesses:
            raise ValidationException("A witness is for global tables with MultiRegionConsistency STRONG only.")
        return
    new = {each["Create"]["RegionName"] for each in (*updates, *witnesses) if each.get("Create")}
    old = {each["Delete"]["RegionName"] for each in (*updates, *witnesses) if each.get("Delete")}
    after = ({table.scope.region, *table.replicas, table.witness} - {""} | new) - old
    if len(after) not in (1, 3):
        raise ValidationException(
            "A global table with MultiRegionConsistency STRONG has three replicas, or two replicas and a witness."
        )
    if not any(after <= allowed for allowed in _STRONG_REGIONS):
        raise ValidationException("The Regions of a global table with strong consistency are of one set of Regions.")
    if new:
        _check_fit_for_strong(tx, table)


def _check_fit_for_strong(tx: ReadTransaction, table: Table) -> None:
    if items.totals(tx, table).items:
        raise ValidationException("Replicas with MultiRegionConsistency STRONG can be added to an empty table only.")
    if table.ttl:
        raise ValidationException(_NO_TTL)
    if any(not index.is_global for index in table.indexes):
        raise ValidationException("Local secondary indexes are not supported by tables with strong consistency.")


def _witness(tx: Transaction, table: Table, given: Given) -> Table:
    region = given["Create"]["RegionName"] if given.get("Create") else ""
    for other in replicas.others(tx, table):
        tables.put(tx, replace(other, witness=region))
    return replace(table, witness=region)


def check_may_expire(table: Table) -> None:
    """Raises ValidationException for a table whose items cannot have a time to live."""
    if table.consistency == STRONG:
        raise ValidationException(_NO_TTL)


def check_stream_may_end(table: Table) -> None:
    """Raises ValidationException for a table that is replicated by its stream."""
    if table.replicas and table.consistency != STRONG:
        raise ValidationException(
            f"The stream of a table that has replicas cannot be disabled: TableName: {table.name}"
        )


# Kept alike


def synchronise(tx: Transaction, old: Table, new: Table) -> None:
    """Have the replicas follow what changed in the table that all have in common; those of 2017.11.29 do not."""
    if not new.replicas or new.global_version == LEGACY or old == new:
        return
    for other in replicas.others(tx, new):
        tables.put(tx, _alike(tx, other, new))


def _alike(tx: Transaction, other: Table, like: Table) -> Table:
    throughput = replace(other.throughput, write=like.throughput.write, read=like.throughput.read)
    changed = replace(
        other, billing=like.billing, billing_changed=like.billing_changed, types=like.types, throughput=throughput,
        on_demand=like.on_demand,
    )  # fmt: skip
    changed = _overridden(_with_indexes(tx, changed, like), {})
    if other.ttl != like.ttl:
        if other.ttl:
            expiry.end(tx, other)
        changed = replace(changed, ttl=like.ttl, ttl_changed=like.ttl_changed)
        if like.ttl:
            expiry.begin(tx, changed)
    return changed


def _with_indexes(tx: Transaction, other: Table, like: Table) -> Table:
    known = {index.id: index for index in other.indexes}
    for gone in known.keys() - {index.id for index in like.indexes}:
        removal.begin(tx, other.key("index", gone))
    kept: list[Index] = []
    for index in like.indexes:
        mine = known.get(index.id)
        kept.append(filling.begin(tx, other, index) if mine is None else replace(index, status=mine.status))
    return replace(other, indexes=tuple(kept))


# Shown


def described(tx: ReadTransaction, table: Table) -> Described:
    """What DescribeTable tells of replicas."""
    if not table.replicas:
        return {}
    shown: Described = {
        "GlobalTableVersion": table.global_version,
        "Replicas": [_replica(tx, table, region) for region in table.replicas],
    }
    if table.global_version == CURRENT:
        shown["MultiRegionConsistency"] = table.consistency or EVENTUAL
    if table.witness:
        shown["GlobalTableWitnesses"] = [{"RegionName": table.witness, "WitnessStatus": ACTIVE}]
    return shown


def of_changed(tx: ReadTransaction, old: Table, new: Table) -> Described:
    """What UpdateTable tells of replicas, on their way."""
    shown = described(tx, new)
    for each in shown.get("Replicas", ()):
        if each["RegionName"] not in old.replicas:
            each["ReplicaStatus"] = CREATING
    gone = [region for region in old.replicas if region not in new.replicas]
    if gone:
        leaving = [{"RegionName": region, "ReplicaStatus": DELETING} for region in gone]
        shown["Replicas"] = [*shown.get("Replicas", ()), *leaving]
    return shown


def _replica(tx: ReadTransaction, table: Table, region: str) -> Described:
    replica = replicas.in_region(tx, table, region)
    shown: Described = {"RegionName": region, "ReplicaStatus": CREATING if replica is None else replica.status}
    if replica is None:
        return shown
    given = replica.overrides
    named = ("KMSMasterKeyId", "ProvisionedThroughputOverride", "OnDemandThroughputOverride", "GlobalSecondaryIndexes")
    shown |= {name: given[name] for name in named if name in given}
    if "TableClassOverride" in given:
        shown["ReplicaTableClassSummary"] = {"TableClass": given["TableClassOverride"]}
    return shown
