"""What UpdateTable changes of a table that is in use.

Each part of a request is a rule that takes the table and returns the changed one. Sources: DynamoDB API Reference,
UpdateTable; Developer Guide, "Managing global secondary indexes"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import (
    definitions,
    filling,
    global_tables,
    items,
    removal,
    streams,
    tables,
    throughputs,
)
from cumulet.services.dynamodb.errors import (
    INVALID,
    LimitExceededException,
    ResourceNotFoundException,
    ValidationException,
)
from cumulet.services.dynamodb.tables import CREATING, ON_DEMAND, PROVISIONED, Index, Table, Throughput

Given = Mapping[str, Any]

_PARTS = (
    "ProvisionedThroughput", "BillingMode", "StreamSpecification", "GlobalSecondaryIndexUpdates", "SSESpecification",
    "ReplicaUpdates", "GlobalTableWitnessUpdates", "TableClass", "DeletionProtectionEnabled", "OnDemandThroughput",
    "WarmThroughput",
)  # fmt: skip
_ONE_AT_A_TIME = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"


def update(tx: Transaction, table: Table, given: Given, kms_key: str | None) -> Table:
    """The table as it is from now on. `kms_key` is an ARN, empty to go back to AWS's key, None for no change.

    Raises ValidationException, LimitExceededException or ResourceNotFoundException."""
    if all(given.get(part) is None for part in _PARTS):
        raise ValidationException(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required"
        )
    before = table
    table = _billing(tx, table, given)
    table = _stream(tx, table, given.get("StreamSpecification"))
    table = _class(tx, table, given.get("TableClass"))
    if given.get("DeletionProtectionEnabled") is not None:
        table = replace(table, is_protected=given["DeletionProtectionEnabled"])
    if kms_key is not None:
        table = _encryption(table, kms_key)
    if given.get("WarmThroughput"):
        table = replace(table, warm=throughputs.warmed(table, table.billing, given["WarmThroughput"], "table"))
    table = _indexes(tx, table, given)
    table = global_tables.update(tx, table, given)
    tables.put(tx, table)
    global_tables.synchronise(tx, before, table)
    return table


def _billing(tx: Transaction, table: Table, given: Given) -> Table:
    billing = given.get("BillingMode") or table.billing
    provisioned = given.get("ProvisionedThroughput")
    if billing != table.billing or provisioned is not None:
        throughputs.check(billing, given)
    if billing != table.billing:
        table = _to_on_demand(tx, table) if billing == ON_DEMAND else _to_provisioned(table, given)
    elif provisioned is not None:
        table = replace(table, throughput=throughputs.changed(table.throughput, provisioned, tx.now, "table"))
    if given.get("OnDemandThroughput") is not None:
        throughputs.check_limits(table.billing)
        table = replace(table, on_demand=throughputs.limits({**table.on_demand, **given["OnDemandThroughput"]}))
    return table


def _to_on_demand(tx: Transaction, table: Table) -> Table:
    kept = tuple(replace(index, throughput=_emptied(index.throughput)) for index in table.indexes)
    return replace(
        table, billing=ON_DEMAND, billing_changed=tx.now, switches=throughputs.check_switch(table.switches, tx.now),
        throughput=_emptied(table.throughput), indexes=kept,
        warm=throughputs.warm(table, PROVISIONED),
    )  # fmt: skip


def _emptied(throughput: Throughput) -> Throughput:
    return replace(throughput, read=0, write=0)


def _to_provisioned(table: Table, given: Given) -> Table:
    """Every global index needs a throughput of its own then."""
    updates = [each["Update"] for each in given.get("GlobalSecondaryIndexUpdates") or () if each.get("Update")]
    by_name = {each["IndexName"]: each for each in updates}
    indexes: list[Index] = []
    for index in table.indexes:
        if index.is_global:
            own = by_name.get(index.name, {"IndexName": index.name})
            throughputs.check_of_index(PROVISIONED, own)
            index = replace(index, throughput=throughputs.read(own["ProvisionedThroughput"]), on_demand={})
        indexes.append(index)
    return replace(
        table, billing=PROVISIONED, throughput=throughputs.read(given["ProvisionedThroughput"]), on_demand={},
        indexes=tuple(indexes),
    )  # fmt: skip


def _stream(tx: Transaction, table: Table, given: Given | None) -> Table:
    if given is None:
        return table
    definitions.check_stream(given)
    if given["StreamEnabled"]:
        return streams.enable(tx, table, given["StreamViewType"], items.totals(tx, table).bytes)
    global_tables.check_stream_may_end(table)
    return streams.disable(tx, table)


def _class(tx: Transaction, table: Table, table_class: str | None) -> Table:
    if table_class is None or table_class == table.table_class:
        return table
    return replace(table, table_class=table_class, class_changed=tx.now)


def _encryption(table: Table, kms_key: str) -> Table:
    if kms_key == table.kms_key:
        how = "by given KMSMasterKeyId" if kms_key else "by default"
        raise ValidationException(f"{INVALID}Table is already encrypted {how}")
    return replace(table, kms_key=kms_key)


def _indexes(tx: Transaction, table: Table, given: Given) -> Table:
    updates = given.get("GlobalSecondaryIndexUpdates")
    if updates is None:
        return table
    if not updates:
        raise ValidationException(f"{INVALID}List of GlobalSecondaryIndexUpdates is empty")
    if sum(1 for each in updates if each.get("Create") or each.get("Delete")) > 1:
        raise LimitExceededException(_ONE_AT_A_TIME)
    types = _types(table, given)
    was_switched = bool(given.get("BillingMode")) and given.get("ProvisionedThroughput") is not None
    for each in updates:
        kinds = [kind for kind in ("Create", "Update", "Delete") if each.get(kind)]
        if len(kinds) != 1:
            raise ValidationException(
                f"{INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        if kinds == ["Create"]:
            table = _add(tx, table, each["Create"], types)
        elif kinds == ["Delete"]:
            table = _remove(tx, table, each["Delete"]["IndexName"])
        else:
            table = _change(tx, table, each["Update"], was_switched=was_switched)
    return table


def _types(table: Table, given: Given) -> dict[str, str]:
    """The types of attributes as the request has them; those in use cannot change."""
    types = dict(table.types)
    for each in given.get("AttributeDefinitions") or ():
        name, kind = each["AttributeName"], each["AttributeType"]
        if types.setdefault(name, kind) != kind:
            raise ValidationException(
                f"{INVALID}Attributes cannot be redefined. Please check that your attribute has the same type as "
                f"previously defined. Existing schema: Schema:[SchemaElement: key{{{name}:{types[name]}}}] New schema: "
                f"Schema:[SchemaElement: key{{{name}:{kind}}}]"
            )
    return types


def _add(tx: Transaction, table: Table, given: Given, types: Mapping[str, str]) -> Table:
    if any(index.status == CREATING for index in table.indexes):
        raise LimitExceededException(_ONE_AT_A_TIME)
    if any(index.name == given["IndexName"] for index in table.indexes):
        raise ValidationException("Attempting to create an index which already exists")
    made = definitions.global_index(tx, given, types, table.billing)
    if sum(index.is_global for index in table.indexes) >= definitions.MOST_GLOBAL_INDEXES:
        raise ValidationException(
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of {definitions.MOST_GLOBAL_INDEXES}"
        )
    definitions.check_included([len(index.included) for index in (*table.indexes, made)])
    made = filling.begin(tx, table, made)
    return _with_types_in_use(replace(table, indexes=(*table.indexes, made), types=dict(types)))


def _remove(tx: Transaction, table: Table, name: str) -> Table:
    """The index is gone at once; its entries go in portions."""
    gone = _existing(table, name)
    if gone.status != CREATING and any(index.status == CREATING for index in table.indexes):
        raise LimitExceededException(_ONE_AT_A_TIME)
    removal.begin(tx, table.key("index", gone.id))
    kept = tuple(index for index in table.indexes if index.id != gone.id)
    return _with_types_in_use(replace(table, indexes=kept))


def _change(tx: Transaction, table: Table, given: Given, *, was_switched: bool) -> Table:
    old = _existing(table, given["IndexName"])
    new = old
    if given.get("ProvisionedThroughput") is not None and not was_switched:
        throughputs.check_of_index(table.billing, given)
        what = f"index {old.name}"
        new = replace(new, throughput=throughputs.changed(old.throughput, given["ProvisionedThroughput"], tx.now, what))
    if given.get("OnDemandThroughput") is not None:
        throughputs.check_limits(table.billing)
        new = replace(new, on_demand=throughputs.limits({**old.on_demand, **given["OnDemandThroughput"]}))
    if given.get("WarmThroughput"):
        new = replace(new, warm=throughputs.warmed(old, table.billing, given["WarmThroughput"], f"index {old.name}"))
    return replace(table, indexes=tuple(new if index.id == old.id else index for index in table.indexes))


def _existing(table: Table, name: str) -> Index:
    for index in table.indexes:
        if index.name == name and index.is_global:
            return index
    raise ResourceNotFoundException


def _with_types_in_use(table: Table) -> Table:
    """Definitions of attributes that are in no key are forgotten."""
    used = {*table.schema.names, *(name for index in table.indexes for name in index.schema.names)}
    return replace(table, types={name: kind for name, kind in table.types.items() if name in used})
