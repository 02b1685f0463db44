"""What CreateTable defines: checked in AWS's words and order, and read into a table's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import schema
from cumulet.services.dynamodb.tables import ON_DEMAND, PROVISIONED, Index, Table, Throughput

Given = Mapping[str, Any]


def table(tx: Transaction, scope: Scope, name: str, given: Given) -> Table:
    """The table that a request defines."""
    types = {each["AttributeName"]: each["AttributeType"] for each in given["AttributeDefinitions"]}
    local = [index(tx, each, types, is_global=False) for each in given.get("LocalSecondaryIndexes") or ()]
    everywhere = [index(tx, each, types, is_global=True) for each in given.get("GlobalSecondaryIndexes") or ()]
    billing = given.get("BillingMode") or PROVISIONED
    return Table(
        id=tx.uuid(), name=name, scope=scope, schema=schema.read(given["KeySchema"], types), types=types,
        created=tx.now, billing=billing, billing_changed=tx.now if billing == ON_DEMAND else None,
        throughput=throughput(given.get("ProvisionedThroughput")), indexes=(*local, *everywhere),
        is_protected=bool(given.get("DeletionProtectionEnabled")),
    )  # fmt: skip


def index(tx: Transaction, given: Given, types: Mapping[str, str], *, is_global: bool) -> Index:
    projection = given["Projection"]
    return Index(
        id=tx.uuid(), name=given["IndexName"], schema=schema.read(given["KeySchema"], types), is_global=is_global,
        projection=projection["ProjectionType"], included=tuple(projection.get("NonKeyAttributes") or ()),
        throughput=throughput(given.get("ProvisionedThroughput")),
    )  # fmt: skip


def throughput(given: Given | None) -> Throughput:
    return Throughput(read=given["ReadCapacityUnits"], write=given["WriteCapacityUnits"]) if given else Throughput()
