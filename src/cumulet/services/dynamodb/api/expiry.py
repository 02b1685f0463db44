"""Time to live: the jobs behind it."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import job
from cumulet.services.dynamodb import expired
from cumulet.services.dynamodb.api.base import DynamoBase


class Expiry(DynamoBase):
    @job
    async def expire_items(self, *, table: str, id: str) -> None:
        await self.store.write(expired.remove, self.scope, table, id)

    @job
    async def fill_expiry(self, *, table: str, id: str, after: list[Any] | None = None) -> None:
        place = None if after is None else (after[0], after[1], after[2])
        await self.store.write(expired.take_up, self.scope, table, id, place)
