"""Time to live, as clients set it. The rules are in ../time_to_live.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import time_to_live
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.tables import Table


class TimeToLive(DynamoBase):
    async def update_time_to_live(
        self, *, TableName: str, TimeToLiveSpecification: Mapping[str, Any]
    ) -> dict[str, Any]:
        attribute, enabled = TimeToLiveSpecification["AttributeName"], TimeToLiveSpecification["Enabled"]
        await self.write_table(TableName, time_to_live.update, attribute, enabled=enabled)
        return {"TimeToLiveSpecification": TimeToLiveSpecification}

    async def describe_time_to_live(self, *, TableName: str) -> dict[str, Any]:
        def described(tx: ReadTransaction, table: Table) -> dict[str, str]:
            if not table.ttl:
                return {"TimeToLiveStatus": "DISABLED"}
            return {"TimeToLiveStatus": "ENABLED", "AttributeName": table.ttl}

        return {"TimeToLiveDescription": await self.read_table(TableName, described)}
