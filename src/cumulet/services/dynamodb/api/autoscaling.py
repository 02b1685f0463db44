"""Auto scaling of a global table's replicas: the settings are kept; nothing scales by them yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.service import stored
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cumulet.services.dynamodb.tables import ON_DEMAND, UPDATING, Table

Given = Mapping[str, Any]
Settings = dict[str, Any]


class AutoScaling(DynamoBase):
    @stored
    async def describe_table_replica_auto_scaling(self, *, TableName: str) -> dict[str, Any]:
        return {"TableAutoScalingDescription": await self.read_table(TableName, _description)}

    @stored
    async def update_table_replica_auto_scaling(
        self,
        *,
        TableName: str,
        GlobalSecondaryIndexUpdates: Sequence[Given] = (),
        ProvisionedWriteCapacityAutoScalingUpdate: Given | None = None,
        ReplicaUpdates: Sequence[Given] = (),
    ) -> dict[str, Any]:
        def update(tx: Transaction, table: Table) -> dict[str, Any]:
            if table.billing == ON_DEMAND:
                raise ValidationException("Auto scaling settings cannot be set for a table that is PAY_PER_REQUEST")
            kept = _kept(tx, table)
            if ProvisionedWriteCapacityAutoScalingUpdate:
                _keep(kept, "*", "", "Write", ProvisionedWriteCapacityAutoScalingUpdate)
            for each in GlobalSecondaryIndexUpdates:
                _keep_index(kept, table, "*", each, "Write")
            for replica in ReplicaUpdates:
                region = replica["RegionName"]
                _check_region(table, region)
                if replica.get("ReplicaProvisionedReadCapacityAutoScalingUpdate"):
                    _keep(kept, region, "", "Read", replica["ReplicaProvisionedReadCapacityAutoScalingUpdate"])
                for each in replica.get("ReplicaGlobalSecondaryIndexUpdates") or ():
                    _keep_index(kept, table, region, each, "Read")
            tx.put(table.key("autoscaling"), kept)
            return _description(tx, table) | {"TableStatus": UPDATING}

        return {"TableAutoScalingDescription": await self.write_table(TableName, update)}


def _kept(tx: ReadTransaction, table: Table) -> Settings:
    return dict(tx.get(table.key("autoscaling")) or {})


def _keep(kept: Settings, region: str, index: str, what: str, given: Given) -> None:
    """Reads are set for each Region, writes for all of them (*)."""
    policy = given.get("ScalingPolicyUpdate")
    settings = {name: value for name, value in given.items() if name != "ScalingPolicyUpdate" and value is not None}
    kept[f"{region}/{index}/{what}"] = settings | ({"ScalingPolicies": [policy]} if policy else {})


def _keep_index(kept: Settings, table: Table, region: str, given: Given, what: str) -> None:
    if all(index.name != given["IndexName"] for index in table.indexes):
        raise ResourceNotFoundException
    settings = given.get(f"Provisioned{what}CapacityAutoScalingUpdate")
    if settings:
        _keep(kept, region, given["IndexName"], what, settings)


def _check_region(table: Table, region: str) -> None:
    if region not in (table.scope.region, *table.replicas):
        raise ResourceNotFoundException(f"Requested resource not found: Table: {table.name} has no replica in {region}")


def _description(tx: ReadTransaction, table: Table) -> dict[str, Any]:
    kept = _kept(tx, table)
    regions = (table.scope.region, *table.replicas)
    return {
        "TableName": table.name,
        "TableStatus": table.status,
        "Replicas": [_replica(kept, table, region) for region in regions],
    }


def _replica(kept: Settings, table: Table, region: str) -> dict[str, Any]:
    indexes = [
        {"IndexName": index.name, "IndexStatus": index.status, **_settings(kept, region, index.name, "Provisioned")}
        for index in table.indexes
        if index.is_global
    ]
    shown = {"RegionName": region, "ReplicaStatus": "ACTIVE", **_settings(kept, region, "", "ReplicaProvisioned")}
    return shown | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _settings(kept: Settings, region: str, index: str, prefix: str) -> dict[str, Any]:
    off: Settings = {"AutoScalingDisabled": True}
    return {
        f"{prefix}ReadCapacityAutoScalingSettings": kept.get(f"{region}/{index}/Read", off),
        f"{prefix}WriteCapacityAutoScalingSettings": kept.get(f"*/{index}/Write", off),
    }
