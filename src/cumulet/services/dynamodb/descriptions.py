"""Tables as DescribeTable shows them. Source: DynamoDB API Reference, TableDescription."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import items
from cumulet.services.dynamodb.tables import Index, Table, Throughput

Described = dict[str, Any]


def description(tx: ReadTransaction, table: Table) -> Described:
    """What DescribeTable tells."""
    totals = items.totals(tx, table)
    shown: Described = {
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in table.types.items()],
        "TableName": table.name,
        "KeySchema": table.schema.described(),
        "TableStatus": table.status,
        "CreationDateTime": table.created,
        "ProvisionedThroughput": throughput(table.throughput),
        "TableSizeBytes": totals.bytes,
        "ItemCount": totals.items,
        "TableArn": table.arn,
        "TableId": table.id,
        "DeletionProtectionEnabled": table.is_protected,
    }
    local = [_index(table, index) for index in table.indexes if not index.is_global]
    everywhere = [_global_index(table, index) for index in table.indexes if index.is_global]
    return (
        shown
        | ({"LocalSecondaryIndexes": local} if local else {})
        | ({"GlobalSecondaryIndexes": everywhere} if everywhere else {})
    )


def throughput(given: Throughput) -> Described:
    shown: Described = {
        "NumberOfDecreasesToday": given.decreases_today,
        "ReadCapacityUnits": given.read,
        "WriteCapacityUnits": given.write,
    }
    if given.increased is not None:
        shown["LastIncreaseDateTime"] = given.increased
    if given.decreased is not None:
        shown["LastDecreaseDateTime"] = given.decreased
    return shown


def _index(table: Table, index: Index) -> Described:
    included = {"NonKeyAttributes": list(index.included)} if index.included else {}
    return {
        "IndexName": index.name,
        "KeySchema": index.schema.described(),
        "Projection": {"ProjectionType": index.projection, **included},
        "IndexSizeBytes": 0,
        "ItemCount": 0,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def _global_index(table: Table, index: Index) -> Described:
    shown = _index(table, index)
    return shown | {"IndexStatus": index.status, "ProvisionedThroughput": throughput(index.throughput)}
