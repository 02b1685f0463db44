"""Tags, and who else may look after an organization's trails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import tags
from cumulet.services.cloudtrail.api.base import Base

_PRINCIPAL = "cloudtrail.amazonaws.com"


class Tagging(Base):
    async def add_tags(self, *, ResourceId: str, TagsList: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        def add(tx: Transaction) -> None:
            tags.check_resource(tx, self.scope, ResourceId)
            tags.put(tx, ResourceId, TagsList)

        await self.store.write(add)
        return {}

    async def remove_tags(self, *, ResourceId: str, TagsList: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        def remove(tx: Transaction) -> None:
            tags.check_resource(tx, self.scope, ResourceId)
            tags.remove(tx, ResourceId, TagsList)

        await self.store.write(remove)
        return {}

    async def list_tags(self, *, ResourceIdList: Sequence[str], NextToken: str | None = None) -> dict[str, Any]:
        def find(tx: ReadTransaction) -> list[dict[str, Any]]:
            for arn in ResourceIdList:
                tags.check_resource(tx, self.scope, arn)
            return [tags.as_wire(arn, tags.of(tx, arn)) for arn in ResourceIdList]

        return {"ResourceTagList": await self.store.read(find)}

    async def register_organization_delegated_admin(self, *, MemberAccountId: str) -> dict[str, Any]:
        await self.on_behalf("organizations").register_delegated_administrator(
            AccountId=MemberAccountId, ServicePrincipal=_PRINCIPAL
        )
        return {}

    async def deregister_organization_delegated_admin(self, *, DelegatedAdminAccountId: str) -> dict[str, Any]:
        await self.on_behalf("organizations").deregister_delegated_administrator(
            AccountId=DelegatedAdminAccountId, ServicePrincipal=_PRINCIPAL
        )
        return {}
