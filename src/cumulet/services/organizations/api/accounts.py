"""Accounts: making, moving, listing and closing them, and leaving."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from cumulet.kernel import identity
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import job
from cumulet.services.organizations import children, closing, creation, members, organizations, tags
from cumulet.services.organizations.api.base import Base, link_role
from cumulet.services.organizations.creation import Creation
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page, answer

log = logging.getLogger("cumulet.organizations")

_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
"""Also in GovCloud, whose own name for it IAM does not know yet."""
_GOVERNMENT = ("aws-us-gov", "us-gov-west-1")


class Accounts(Base):
    async def create_account(
        self,
        *,
        Email: str,
        AccountName: str,
        RoleName: str | None = None,
        IamUserAccessToBilling: str | None = None,
        Tags: Sequence[tags.Tag] = (),
    ) -> dict[str, Any]:
        wanted = (AccountName, Email, RoleName, IamUserAccessToBilling, Tags)
        return {
            "CreateAccountStatus": await self._manage(creation.request, *wanted, by_quota=self.kernel.quotas),
        }

    async def create_gov_cloud_account(
        self,
        *,
        Email: str,
        AccountName: str,
        RoleName: str | None = None,
        IamUserAccessToBilling: str | None = None,
        Tags: Sequence[tags.Tag] = (),
    ) -> dict[str, Any]:
        wanted = (AccountName, Email, RoleName, IamUserAccessToBilling, Tags)
        made = await self._manage(creation.request, *wanted, by_quota=self.kernel.quotas, has_government=True)
        return {"CreateAccountStatus": made}

    async def describe_create_account_status(self, *, CreateAccountRequestId: str) -> dict[str, Any]:
        return {"CreateAccountStatus": await self._look(creation.describe, CreateAccountRequestId)}

    async def list_create_account_status(
        self, *, States: Sequence[str] = (), NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(creation.listed, States, Page(NextToken, MaxResults))
        return answer("CreateAccountStatuses", found)

    async def describe_account(self, *, AccountId: str) -> dict[str, Any]:
        return {"Account": await self._look(members.describe, AccountId)}

    async def list_accounts(self, *, NextToken: str | None = None, MaxResults: int | None = None) -> dict[str, Any]:
        return answer("Accounts", await self._look(members.listed, Page(NextToken, MaxResults)))

    async def list_accounts_for_parent(
        self, *, ParentId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return answer("Accounts", await self._look(members.listed_below, ParentId, Page(NextToken, MaxResults)))

    async def list_children(
        self, *, ParentId: str, ChildType: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(children.listed, ParentId, ChildType, Page(NextToken, MaxResults))
        return answer("Children", found)

    async def list_parents(
        self, *, ChildId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        Page(NextToken, MaxResults)
        return {"Parents": await self._look(children.parents, ChildId)}

    async def move_account(self, *, AccountId: str, SourceParentId: str, DestinationParentId: str) -> dict[str, Any]:
        await self._manage(members.move, AccountId, SourceParentId, DestinationParentId)
        return {}

    async def remove_account_from_organization(self, *, AccountId: str) -> dict[str, Any]:
        await self._manage(members.leave, AccountId, "REMOVED")
        return {}

    async def leave_organization(self) -> dict[str, Any]:
        await self._belong(members.leave, self.caller.account, "LEFT")
        return {}

    async def close_account(self, *, AccountId: str) -> dict[str, Any]:
        await self._manage(closing.request, AccountId)
        return {}

    @job
    async def make_account(self, *, request: str) -> None:
        """Each step can be repeated: the account is made once, its role is there or is made, it joins once."""
        organization = await self.store.read(organizations.of, self.scope.account)
        if organization is None:
            return
        made = await self.store.write(creation.begin, organization, request)
        if made.state != creation.IN_PROGRESS:
            return
        try:
            await self._make_roles(organization, made)
        except ServiceError as error:
            log.warning("account %s got no role %s: %s", made.number, made.role, error)
            await self.store.write(creation.fail, organization, made, "INTERNAL_FAILURE")
        else:
            await self.store.write(creation.finish, organization, request)

    @job
    async def finish_closing(self, *, number: str) -> None:
        await self._if_organized(closing.finish, number)

    @job
    async def drop_closed(self, *, number: str) -> None:
        await self._if_organized(closing.drop, number)

    async def _if_organized(self, rule: Any, number: str) -> None:
        organization = await self.store.read(organizations.of, self.scope.account)
        if organization is not None:
            await self.store.write(rule, organization, number)

    async def _make_roles(self, organization: Organization, made: Creation) -> None:
        await self._make_role(organization, made, made.number, "aws", "us-east-1")
        if made.government:
            await self._make_role(organization, made, made.government, *_GOVERNMENT)

    async def _make_role(
        self, organization: Organization, made: Creation, number: str, partition: str, region: str
    ) -> None:
        """The roles by which Organizations and the management account get into the new one, which nothing binds yet."""
        iam = self.kernel.client(identity.root_of(number), "iam", region)
        await link_role(iam)
        trust = json.dumps(creation.trust(organization.management, partition))
        try:
            await iam.create_role(RoleName=made.role, AssumeRolePolicyDocument=trust)
        except ServiceError as error:  # this job may have come as far before
            if error.code != "EntityAlreadyExists":
                raise
        await iam.attach_role_policy(RoleName=made.role, PolicyArn=_ADMINISTRATOR)
