"""Policies of event data stores, channels and dashboards."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import policies, tags
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.errors import (
    ChannelNotFoundException,
    EventDataStoreNotFoundException,
    ResourceNotFoundException,
)


class Policies(Base):
    async def put_resource_policy(self, *, ResourceArn: str, ResourcePolicy: str) -> dict[str, Any]:
        def put(tx: Transaction) -> None:
            self._check_owned(tx, ResourceArn)
            policies.check(ResourcePolicy, ResourceArn)
            policies.put(tx, ResourceArn, ResourcePolicy)

        await self.store.write(put)
        return {"ResourceArn": ResourceArn, "ResourcePolicy": ResourcePolicy}

    async def get_resource_policy(self, *, ResourceArn: str) -> dict[str, Any]:
        def get(tx: ReadTransaction) -> str:
            self._check_owned(tx, ResourceArn)
            return policies.of(tx, ResourceArn)

        return {"ResourceArn": ResourceArn, "ResourcePolicy": await self.store.read(get)}

    async def delete_resource_policy(self, *, ResourceArn: str) -> dict[str, Any]:
        def delete(tx: Transaction) -> None:
            self._check_owned(tx, ResourceArn)
            policies.of(tx, ResourceArn)
            policies.forget(tx, ResourceArn)

        await self.store.write(delete)
        return {}

    def _check_owned(self, tx: ReadTransaction, arn: str) -> None:
        policies.check_arn(arn)
        try:
            tags.check_resource(tx, self.scope, arn)
        except (EventDataStoreNotFoundException, ChannelNotFoundException) as error:
            raise ResourceNotFoundException(error.message) from None
