"""Tables as DescribeTable shows them. Source: DynamoDB API Reference, TableDescription."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import global_tables, items, throughputs
from cumulet.services.dynamodb.tables import ACTIVE, CREATING, DELETING, UPDATING, Index, Table, Throughput

Described = dict[str, Any]


def description(tx: ReadTransaction, table: Table) -> Described:
    """What DescribeTable tells."""
    shown = _table(tx, table) | {"WarmThroughput": _warm(table, table)}
    for index in shown.get("GlobalSecondaryIndexes", ()):
        index["WarmThroughput"] = _warm(next(i for i in table.indexes if i.name == index["IndexName"]), table)
    return shown


def of_new(tx: ReadTransaction, table: Table) -> Described:
    """What CreateTable tells: nothing is ready yet, and of warm throughput only what was asked for."""
    shown = _table(tx, table) | {"TableStatus": CREATING}
    shown.get("BillingModeSummary", {}).pop("LastUpdateToPayPerRequestDateTime", None)
    for index in shown.get("GlobalSecondaryIndexes", ()):
        index["IndexStatus"] = CREATING
    if table.warm:
        shown["WarmThroughput"] = _warm(table, table) | {"Status": UPDATING}
    return shown


def of_changed(tx: ReadTransaction, old: Table, new: Table) -> Described:
    """What UpdateTable tells: the table, and the indexes that were touched, on their way."""
    shown = description(tx, new) | {"TableStatus": UPDATING}
    before = {index.name: index for index in old.indexes}
    for index, told in zip(_global(new), shown.get("GlobalSecondaryIndexes", ()), strict=False):
        if index.name not in before:
            told |= {"IndexStatus": CREATING, "Backfilling": False}
        elif index != before[index.name]:
            told["IndexStatus"] = UPDATING
    names = {index.name for index in new.indexes}
    gone = [_global_index(tx, old, i) | {"IndexStatus": DELETING} for i in _global(old) if i.name not in names]
    if gone:
        shown["GlobalSecondaryIndexes"] = [*shown.get("GlobalSecondaryIndexes", ()), *gone]
    return shown | global_tables.of_changed(tx, old, new)


def of_deleted(tx: ReadTransaction, table: Table) -> Described:
    """What DeleteTable tells, which is little."""
    shown = _table(tx, table) | {"TableStatus": DELETING}
    return {name: shown[name] for name in _OF_DELETED if name in shown}


_OF_DELETED = (
    "TableName", "TableStatus", "ProvisionedThroughput", "TableSizeBytes", "ItemCount", "TableArn", "TableId",
    "BillingModeSummary", "DeletionProtectionEnabled",
)  # fmt: skip


def _global(table: Table) -> list[Index]:
    return [index for index in table.indexes if index.is_global]


def _table(tx: ReadTransaction, table: Table) -> Described:
    totals = items.totals(tx, table)
    shown: Described = {
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in table.types.items()],
        "TableName": table.name,
        "KeySchema": table.schema.described(),
        "TableStatus": table.status,
        "CreationDateTime": table.created,
        "ProvisionedThroughput": _throughput(tx, table.throughput),
        "TableSizeBytes": totals.bytes,
        "ItemCount": totals.items,
        "TableArn": table.arn,
        "TableId": table.id,
        "DeletionProtectionEnabled": table.is_protected,
    }
    shown |= _billing(table) | _indexes(tx, table) | _stream(table)
    if table.kms_key:
        shown["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": table.kms_key}
    if table.table_class != "STANDARD" or table.class_changed is not None:
        changed = {"LastUpdateDateTime": table.class_changed} if table.class_changed else {}
        shown["TableClassSummary"] = {"TableClass": table.table_class, **changed}
    if table.on_demand:
        shown["OnDemandThroughput"] = _limits(table)
    shown |= global_tables.described(tx, table)
    if table.restored:
        shown["RestoreSummary"] = table.restored
    return shown


def _billing(table: Table) -> Described:
    if table.billing_changed is None:
        return {}
    summary: Described = {"BillingMode": table.billing}
    return {"BillingModeSummary": summary | {"LastUpdateToPayPerRequestDateTime": table.billing_changed}}


def _stream(table: Table) -> Described:
    if not table.stream_label:
        return {}
    shown: Described = {"LatestStreamLabel": table.stream_label, "LatestStreamArn": table.stream_arn}
    if table.stream:
        shown["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream}
    return shown


def _indexes(tx: ReadTransaction, table: Table) -> Described:
    local = [_index(tx, table, index) for index in table.indexes if not index.is_global]
    everywhere = [_global_index(tx, table, index) for index in table.indexes if index.is_global]
    named = {"LocalSecondaryIndexes": local, "GlobalSecondaryIndexes": everywhere}
    return {name: shown for name, shown in named.items() if shown}


def _index(tx: ReadTransaction, table: Table, index: Index) -> Described:
    entries, size = items.totals(tx, table).by_index.get(index.id, (0, 0))
    included = {"NonKeyAttributes": list(index.included)} if index.included else {}
    return {
        "IndexName": index.name,
        "KeySchema": index.schema.described(),
        "Projection": {"ProjectionType": index.projection, **included},
        "IndexSizeBytes": size,
        "ItemCount": entries,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _global_index(tx: ReadTransaction, table: Table, index: Index) -> Described:
    shown = _index(tx, table, index) | {
        "IndexStatus": index.status,
        "ProvisionedThroughput": _throughput(tx, index.throughput),
    }
    if index.status == CREATING:
        shown["Backfilling"] = True
    if index.on_demand:
        shown["OnDemandThroughput"] = _limits(index)
    return shown


def _throughput(tx: ReadTransaction, throughput: Throughput) -> Described:
    throughput = throughputs.as_of(throughput, tx.now)
    shown: Described = {
        "NumberOfDecreasesToday": throughput.decreases_today,
        "ReadCapacityUnits": throughput.read,
        "WriteCapacityUnits": throughput.write,
    }
    changed = {"LastIncreaseDateTime": throughput.increased, "LastDecreaseDateTime": throughput.decreased}
    return shown | {name: at for name, at in changed.items() if at is not None}


def _limits(of: Table | Index) -> Described:
    return {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1, **of.on_demand}


def _warm(of: Table | Index, table: Table) -> Described:
    return {**throughputs.warm(of, table.billing), "Status": ACTIVE}
