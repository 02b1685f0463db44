"""Global tables: the jobs behind those of 2019.11.21, and the operations of 2017.11.29."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import job
from cumulet.services.dynamodb import replication
from cumulet.services.dynamodb.api.base import DynamoBase


class GlobalTables(DynamoBase):
    @job
    async def replicate(self, *, table: str, id: str) -> None:
        await self.store.write(replication.deliver, self.scope, table, id)

    @job
    async def fill_replica(self, *, table: str, id: str, region: str, after: list[Any]) -> None:
        place = after[0], after[1], after[2]
        await self.store.write(replication.fill, self.scope, table, id, region, place)
