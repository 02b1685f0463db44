"""The organization itself, its root, and the services that it trusts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import job
from cumulet.services.organizations import (
    delegation,
    features,
    founding,
    members,
    organizations,
    resource_policy,
    roots,
    tags,
    trusted,
)
from cumulet.services.organizations.api.base import Base, link_role
from cumulet.services.organizations.errors import AccessDeniedForDependencyException
from cumulet.services.organizations.paging import Page, answer


class Organization(Base):
    async def create_organization(self, *, FeatureSet: str = organizations.ALL) -> dict[str, Any]:
        """The caller needs permission to have the role made, too."""
        await self.store.read(founding.demand_none, self.scope.account)
        if FeatureSet == organizations.ALL:
            try:
                await link_role(self.on_behalf("iam"))
            except ServiceError:
                raise AccessDeniedForDependencyException from None
        return {"Organization": await self.store.write(founding.create, self.scope.account, FeatureSet)}

    async def describe_organization(self) -> dict[str, Any]:
        return {"Organization": await self._belong(organizations.as_wire)}

    async def delete_organization(self) -> dict[str, Any]:
        await self._manage(members.dissolve)
        return {}

    async def enable_all_features(self) -> dict[str, Any]:
        return {"Handshake": await self._manage(features.request)}

    async def list_roots(self, *, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        Page(NextToken, MaxResults)
        return {"Roots": await self._look(roots.listed)}

    async def enable_policy_type(self, *, RootId: str, PolicyType: str) -> dict[str, Any]:
        return {"Root": await self._administer(roots.enable, RootId, PolicyType)}

    async def disable_policy_type(self, *, RootId: str, PolicyType: str) -> dict[str, Any]:
        return {"Root": await self._administer(roots.disable, RootId, PolicyType)}

    async def put_resource_policy(self, *, Content: str, Tags: Sequence[tags.Tag] = ()) -> dict[str, Any]:
        return {"ResourcePolicy": await self._manage(resource_policy.put, Content, Tags)}

    async def describe_resource_policy(self) -> dict[str, Any]:
        return {"ResourcePolicy": await self._look(resource_policy.describe)}

    async def delete_resource_policy(self) -> dict[str, Any]:
        await self._manage(resource_policy.delete)
        return {}

    async def enable_aws_service_access(self, *, ServicePrincipal: str) -> dict[str, Any]:
        await self._manage(trusted.enable, ServicePrincipal)
        return {}

    async def disable_aws_service_access(self, *, ServicePrincipal: str) -> dict[str, Any]:
        await self._manage(trusted.disable, ServicePrincipal)
        return {}

    async def list_aws_service_access_for_organization(
        self, *, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return answer("EnabledServicePrincipals", await self._look(trusted.listed, Page(NextToken, MaxResults)))

    async def register_delegated_administrator(self, *, AccountId: str, ServicePrincipal: str) -> dict[str, Any]:
        await self._manage(delegation.register, AccountId, ServicePrincipal)
        return {}

    async def deregister_delegated_administrator(self, *, AccountId: str, ServicePrincipal: str) -> dict[str, Any]:
        await self._manage(delegation.deregister, AccountId, ServicePrincipal)
        return {}

    async def list_delegated_administrators(
        self, *, ServicePrincipal: str | None = None, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(delegation.listed, ServicePrincipal, Page(NextToken, MaxResults))
        return answer("DelegatedAdministrators", found)

    async def list_delegated_services_for_account(
        self, *, AccountId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(delegation.services, AccountId, Page(NextToken, MaxResults))
        return answer("DelegatedServices", found)

    @job
    async def record_event(self, *, event: dict[str, Any], type: str) -> None:
        """Tell CloudTrail."""
        source, name = f"{self.name}.amazonaws.com", type.partition(".")[2]
        self.kernel.audit.note_event(self.caller, self.scope, self.request, source, name, additional=event)
