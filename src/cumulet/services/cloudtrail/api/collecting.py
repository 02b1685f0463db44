"""How event data stores come by events: from the record, from time to time, and before somebody asks."""

from __future__ import annotations

import asyncio
from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.cloudtrail import lake, queries, stores
from cumulet.services.cloudtrail.api.organized import Organized
from cumulet.services.cloudtrail.lake import Portion
from cumulet.services.cloudtrail.stores import ENABLED, DataStore


class Collecting(Organized):
    @job
    async def ingest(self, *, Id: str) -> None:
        """Take what was recorded since the last time."""
        store = await self.store.read(lambda tx: tx.get(self.scope.key("cloudtrail", "store", Id)))
        if store is not None:
            await self._collect(store)

    @job
    async def tidy(self) -> None:
        """Forget what is too old, and stores whose time has come."""
        every = await self.store.read(lambda tx: list(tx.range(self.scope.key("cloudtrail", "store"))))
        for store in every:
            while await self.store.write(lake.trim, store):
                await asyncio.sleep(0)
        await self.store.write(queries.trim, self.scope)
        if await self.store.write(lake.tidy_again, self.scope):
            self.kernel.audit.readers_changed()

    async def _collect(self, store: DataStore) -> None:
        """Take all that a store does not hold yet."""
        if store.status != ENABLED:
            return
        await self.kernel.audit.written()
        accounts = await self.store.read(self._accounts, store)
        while (portion := await self.store.read(lake.next_portion, store, accounts)) is not None:
            await self._take(store, portion)

    async def _take(self, store: DataStore, portion: Portion) -> None:
        events = await asyncio.to_thread(lake.chosen, store, portion)
        await self.store.write(lake.take, store, portion, events)

    async def _change_store(self, name: str, changes: dict[str, Any]) -> DataStore:
        """Change a store from now on: what was recorded until now is as the old settings want it."""
        await self._collect(await self.store.read(stores.active, self.scope, name))

        def change(tx: Transaction) -> DataStore:
            new = stores.update(tx, self.scope, name, changes)
            lake.listen(tx, new)
            return new

        new = await self.store.write(change)
        self.kernel.audit.readers_changed()
        return new
