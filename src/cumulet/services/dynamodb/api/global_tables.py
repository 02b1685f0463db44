"""Global tables: the jobs behind those of 2019.11.21, and the operations of 2017.11.29."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import legacy_global_tables, replication
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.tables import CREATING, UPDATING

Answer = dict[str, Any]

_PAGE = 100


class GlobalTables(DynamoBase):
    async def create_global_table(self, *, GlobalTableName: str, ReplicationGroup: list[dict[str, str]]) -> Answer:
        named = [each.get("RegionName", "") for each in ReplicationGroup]
        made = await self.store.write(legacy_global_tables.create, self.scope, GlobalTableName, named)
        return {"GlobalTableDescription": legacy_global_tables.described(made, CREATING)}

    async def update_global_table(self, *, GlobalTableName: str, ReplicaUpdates: list[dict[str, Any]]) -> Answer:
        changed = await self.store.write(legacy_global_tables.update, self.scope, GlobalTableName, ReplicaUpdates)
        return {"GlobalTableDescription": legacy_global_tables.described(changed, UPDATING)}

    async def describe_global_table(self, *, GlobalTableName: str) -> Answer:
        found = await self.store.read(legacy_global_tables.get, self.scope, GlobalTableName)
        return {"GlobalTableDescription": legacy_global_tables.described(found)}

    async def list_global_tables(
        self, *, ExclusiveStartGlobalTableName: str | None = None, Limit: int = _PAGE, RegionName: str | None = None
    ) -> Answer:
        if Limit > _PAGE:
            raise ValidationException.of_constraint(
                "limit", str(Limit), f"Member must have value less than or equal to {_PAGE}"
            )
        found = await self.store.read(
            legacy_global_tables.listed, self.scope, ExclusiveStartGlobalTableName, RegionName, Limit + 1
        )
        shown = [
            {"GlobalTableName": each.name, "ReplicationGroup": [{"RegionName": region} for region in each.regions]}
            for each in found[:Limit]
        ]
        more = {"LastEvaluatedGlobalTableName": found[Limit - 1].name} if len(found) > Limit else {}
        return {"GlobalTables": shown, **more}

    async def describe_global_table_settings(self, *, GlobalTableName: str) -> Answer:
        def describe(tx: ReadTransaction) -> Answer:
            return legacy_global_tables.settings(tx, legacy_global_tables.get(tx, self.scope, GlobalTableName))

        return await self.store.read(describe)

    async def update_global_table_settings(
        self,
        *,
        GlobalTableName: str,
        GlobalTableBillingMode: str | None = None,
        GlobalTableProvisionedWriteCapacityUnits: int | None = None,
        GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate: dict[str, Any] | None = None,
        GlobalTableGlobalSecondaryIndexSettingsUpdate: list[dict[str, Any]] | None = None,
        ReplicaSettingsUpdate: list[dict[str, Any]] | None = None,
    ) -> Answer:
        given = {
            "GlobalTableBillingMode": GlobalTableBillingMode,
            "GlobalTableProvisionedWriteCapacityUnits": GlobalTableProvisionedWriteCapacityUnits,
            "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate": (
                GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate
            ),
            "GlobalTableGlobalSecondaryIndexSettingsUpdate": GlobalTableGlobalSecondaryIndexSettingsUpdate,
            "ReplicaSettingsUpdate": ReplicaSettingsUpdate,
        }

        def change(tx: Transaction) -> Answer:
            made = legacy_global_tables.get(tx, self.scope, GlobalTableName)
            legacy_global_tables.change_settings(tx, made, given)
            return legacy_global_tables.settings(tx, made)

        return await self.store.write(change)

    @job
    async def replicate(self, *, table: str, id: str) -> None:
        await self.store.write(replication.deliver, self.scope, table, id)

    @job
    async def fill_replica(self, *, table: str, id: str, region: str, after: list[Any]) -> None:
        place = after[0], after[1], after[2]
        await self.store.write(replication.fill, self.scope, table, id, region, place)
