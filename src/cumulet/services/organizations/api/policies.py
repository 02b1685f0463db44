"""Policies: keeping, attaching, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cumulet.services.organizations import attachments, effective, policies, tags, targets
from cumulet.services.organizations.api.base import Base
from cumulet.services.organizations.paging import Page, answer


class Policies(Base):
    async def create_policy(
        self, *, Content: str, Description: str, Name: str, Type: str, Tags: Sequence[tags.Tag] = ()
    ) -> dict[str, Any]:
        return {"Policy": await self._administer(policies.create, Type, Name, Description, Content, Tags)}

    async def describe_policy(self, *, PolicyId: str) -> dict[str, Any]:
        return {"Policy": await self._look(policies.describe, PolicyId)}

    async def update_policy(
        self, *, PolicyId: str, Name: str | None = None, Description: str | None = None, Content: str | None = None
    ) -> dict[str, Any]:
        return {"Policy": await self._administer(policies.update, PolicyId, Name, Description, Content)}

    async def delete_policy(self, *, PolicyId: str) -> dict[str, Any]:
        await self._administer(policies.delete, PolicyId)
        return {}

    async def list_policies(
        self, *, Filter: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return answer("Policies", await self._look(policies.listed, Filter, Page(NextToken, MaxResults)))

    async def attach_policy(self, *, PolicyId: str, TargetId: str) -> dict[str, Any]:
        await self._administer(attachments.attach, PolicyId, TargetId)
        return {}

    async def detach_policy(self, *, PolicyId: str, TargetId: str) -> dict[str, Any]:
        await self._administer(attachments.detach, PolicyId, TargetId)
        return {}

    async def list_policies_for_target(
        self, *, TargetId: str, Filter: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(attachments.listed_for, TargetId, Filter, Page(NextToken, MaxResults))
        return answer("Policies", found)

    async def list_targets_for_policy(
        self, *, PolicyId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return answer("Targets", await self._look(targets.listed, PolicyId, Page(NextToken, MaxResults)))

    async def describe_effective_policy(self, *, PolicyType: str, TargetId: str | None = None) -> dict[str, Any]:
        """An account may always ask what holds for itself."""
        own = TargetId in (None, self.caller.account)
        ask = self._belong if own else self._look
        return {"EffectivePolicy": await ask(effective.describe, self.caller.account, PolicyType, TargetId)}

    async def list_accounts_with_invalid_effective_policy(
        self, *, PolicyType: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        found = await self._look(effective.invalid_accounts, PolicyType, Page(NextToken, MaxResults))
        return {"PolicyType": PolicyType} | answer("Accounts", found)

    async def list_effective_policy_validation_errors(
        self, *, AccountId: str, PolicyType: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return await self._look(effective.errors, PolicyType, AccountId, Page(NextToken, MaxResults))
