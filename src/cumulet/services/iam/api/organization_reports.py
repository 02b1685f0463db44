"""The operations about the access report of an organization."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.authority import SCP
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import organization_report, pages, service_names
from cumulet.services.iam.credential_errors import AccountNotManagementOrDelegatedAdministratorException
from cumulet.services.iam.errors import InvalidInput
from cumulet.services.iam.organization_report import Access, Member


class OrganizationReports(Service):
    async def generate_organizations_access_report(
        self, *, EntityPath: str, OrganizationsPolicyId: str | None = None
    ) -> dict[str, Any]:
        """Reads the organization with the caller's own permissions for it, as AWS asks."""
        every = await self._members()
        below = [member for member in every if organization_report.is_below(member, EntityPath)]
        if not below and not any(member.path.startswith(EntityPath.rstrip("/") + "/") for member in every):
            raise InvalidInput(f"There is no {EntityPath} in the organization.")
        levels = await self._levels(EntityPath, below, OrganizationsPolicyId)
        await self.kernel.audit.written()
        services = organization_report.accessible(levels)
        report = await self.store.write(organization_report.generate, self.scope.account, services, below)
        return {"JobId": report.id}

    async def get_organizations_access_report(
        self,
        *,
        JobId: str,
        MaxItems: int | None = None,
        Marker: str | None = None,
        SortKey: str = "SERVICE_NAMESPACE_ASCENDING",
    ) -> dict[str, Any]:
        report = await self.store.read(organization_report.get, self.scope.account, JobId)
        order = {each.prefix: f"{n:06}" for n, each in enumerate(organization_report.ordered(report, SortKey))}
        page, more = pages.cut(report.services, lambda each: order[each.prefix], Marker, MaxItems)
        return {
            "JobStatus": "COMPLETED",
            "JobCreationDate": report.asked,
            "JobCompletionDate": report.asked,
            "NumberOfServicesAccessible": len(report.services),
            "NumberOfServicesNotAccessed": sum(1 for each in report.services if each.last is None),
            "AccessDetails": [_shown(each) for each in page],
            **more,
        }

    async def _members(self) -> list[Member]:
        """All accounts of the organization whose management account calls."""
        own = await self.store.read(self.kernel.authority.membership, self.scope.account)
        if own is None or own.management_account != self.scope.account:
            raise AccountNotManagementOrDelegatedAdministratorException
        organizations, numbers, more = self.on_behalf("organizations"), [], {}
        while True:
            answer = await organizations.list_accounts(**more)
            numbers += [account["Id"] for account in answer["Accounts"]]
            if "NextToken" not in answer:
                return await self.store.read(self._placed, numbers)
            more = {"NextToken": answer["NextToken"]}

    def _placed(self, tx: ReadTransaction, numbers: list[str]) -> list[Member]:
        places = [(number, self.kernel.authority.membership(tx, number)) for number in numbers]
        return [Member(number, place.path) for number, place in places if place is not None]

    async def _levels(self, path: str, below: list[Member], policy_id: str | None) -> list[list[str]]:
        """The texts of the policies that bind what the path names, level by level; or of the one policy asked for."""
        if policy_id is not None:
            policy = await self.on_behalf("organizations").describe_policy(PolicyId=policy_id)
            return [[policy["Policy"]["Content"]]]
        depth = len(path.rstrip("/").split("/")) - 1
        found: list[list[str]] = []
        for member in below:  # the management account's policies bind nobody: any other account shows them
            levels = await self.store.read(self.kernel.authority.levels, member.account, SCP)
            found = found or [[policy.text for policy in level] for level in levels[:depth]]
        return found


def _shown(access: Access) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ServiceName": service_names.full(access.prefix),
        "ServiceNamespace": access.prefix,
        "TotalAuthenticatedEntities": access.accounts,
    }
    if access.last is None:
        return shown
    used = {"Region": access.region, "EntityPath": access.path, "LastAuthenticatedTime": access.last}
    return shown | used
