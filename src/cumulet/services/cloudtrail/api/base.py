"""What the classes of operations share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.records import replace
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import access, digests, trails
from cumulet.services.cloudtrail.trails import Trail


class Base(Service):
    has_resource_policies = True

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        return access.needs(tx, self.scope, operation, parameters)

    async def _change(self, name: str, changes: Mapping[str, Any]) -> Trail:
        """Change a trail from now on: what was recorded until now is as the old settings want it."""
        await self.kernel.audit.written()

        def change(tx: Transaction) -> Trail:
            new = replace(trails.at_home(tx, self.scope, name), **changes)
            trails.put(tx, new)
            return new

        new = await self.store.write(change)
        self.kernel.audit.readers_changed()
        return new

    async def _signing_key(self) -> digests.SigningKey:
        key = await self.store.read(digests.current_key, self.scope)
        if key is None:
            key = await asyncio.to_thread(digests.new_key, self.kernel.keyring, self.clock.now())
            await self.store.write(digests.keep_key, self.scope, key)
        return key
