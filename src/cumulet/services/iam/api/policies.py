"""Managed policies and their versions. The rules are in ../policies.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import AccessDenied
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, pages, policies, tags
from cumulet.services.iam.api import shapes
from cumulet.services.iam.documents import encoded
from cumulet.services.iam.policies import Policy, Version

Tags = Sequence[Mapping[str, str]]
Shown = dict[str, Any]


class Policies(Service):
    async def create_policy(
        self,
        *,
        PolicyName: str,
        PolicyDocument: str,
        Path: str | None = None,
        Description: str = "",
        Tags: Tags | None = None,
    ) -> dict[str, Any]:
        given = tags.read(Tags)

        def create(tx: Transaction) -> Shown:
            made = policies.create(tx, self.scope, PolicyName, Path, PolicyDocument, Description, given)
            return shapes.listed_policy(tx, self.scope.account, made) | ({"Tags": tags.shown(given)} if given else {})

        return {"Policy": await self.store.write(create)}

    async def get_policy(self, *, PolicyArn: str) -> dict[str, Any]:
        def find(tx: ReadTransaction) -> Shown:
            account = self.scope.account
            return shapes.policy(tx, account, policies.get(tx, account, PolicyArn))

        return {"Policy": await self.store.read(find)}

    async def list_policies(
        self,
        *,
        Scope: str = "All",
        OnlyAttached: bool = False,
        PathPrefix: str = "/",
        PolicyUsageFilter: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        page, account = pages.asked(Marker, MaxItems), self.scope.account

        def find(tx: ReadTransaction) -> Shown:
            every = policies.listed(tx, account, Scope, PathPrefix)
            used = _used(tx, account, every, only_attached=OnlyAttached, usage=PolicyUsageFilter)
            found, more = pages.take(page, used, policies.sort_key)
            return {"Policies": [shapes.listed_policy(tx, account, policy) for policy in found], **more}

        return await self.store.read(find)

    async def delete_policy(self, *, PolicyArn: str) -> dict[str, Any]:
        await self._change("DeletePolicy", PolicyArn, policies.delete)
        return {}

    async def create_policy_version(
        self, *, PolicyArn: str, PolicyDocument: str, SetAsDefault: bool = False
    ) -> dict[str, Any]:
        def add(tx: Transaction, policy: Policy) -> Shown:
            added = policies.add_version(tx, policy, PolicyDocument, is_default=SetAsDefault)
            return shapes.version(added, added.id if SetAsDefault else policy.default)

        return {"PolicyVersion": await self._change("CreatePolicyVersion", PolicyArn, add)}

    async def get_policy_version(self, *, PolicyArn: str, VersionId: str) -> dict[str, Any]:
        def find(tx: ReadTransaction) -> tuple[Policy, Version]:
            policy = policies.get(tx, self.scope.account, PolicyArn)
            return policy, policies.version(tx, policy, VersionId)

        policy, version = await self.store.read(find)
        return {"PolicyVersion": shapes.version(version, policy.default) | {"Document": encoded(version.document)}}

    async def list_policy_versions(
        self, *, PolicyArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> Shown:
            policy = policies.get(tx, self.scope.account, PolicyArn)
            found, more = pages.take(page, policies.versions(tx, policy), policies.version_key)
            return {"Versions": [shapes.version(version, policy.default) for version in found], **more}

        return await self.store.read(find)

    async def set_default_policy_version(self, *, PolicyArn: str, VersionId: str) -> dict[str, Any]:
        await self._change("SetDefaultPolicyVersion", PolicyArn, policies.set_default, VersionId)
        return {}

    async def delete_policy_version(self, *, PolicyArn: str, VersionId: str) -> dict[str, Any]:
        await self._change("DeletePolicyVersion", PolicyArn, policies.delete_version, VersionId)
        return {}

    async def tag_policy(self, *, PolicyArn: str, Tags: Tags) -> dict[str, Any]:
        def tag(tx: Transaction, policy: Policy) -> None:
            policies.set_tags(tx, policy, tags.merged(policy.tags, tags.read(Tags)))

        await self._change("TagPolicy", PolicyArn, tag)
        return {}

    async def untag_policy(self, *, PolicyArn: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        def untag(tx: Transaction, policy: Policy) -> None:
            policies.set_tags(tx, policy, tags.without(policy.tags, TagKeys))

        await self._change("UntagPolicy", PolicyArn, untag)
        return {}

    async def list_policy_tags(
        self, *, PolicyArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        policy = await self.store.read(policies.get, self.scope.account, PolicyArn)
        return tags.listed(policy.tags, Marker, MaxItems)

    async def _change(self, action: str, arn: str, rule: Any, *rest: Any) -> Any:
        """Run a rule on a policy of the account's own. Those of AWS belong to nobody who calls."""

        def run(tx: Transaction) -> Any:
            policy = policies.get(tx, self.scope.account, arn)
            if policy.is_aws_managed:
                raise AccessDenied(
                    f"User: {self.caller.arn} is not authorized to perform: iam:{action} on resource: policy {arn}"
                )
            return rule(tx, policy, *rest)

        return await self.store.write(run)


def _used(
    tx: ReadTransaction, account: str, every: Iterable[Policy], *, only_attached: bool, usage: str | None
) -> Iterable[Policy]:
    """Those that are attached, or bound somebody, as the filters ask."""
    attached = attachments.in_use(tx, account) if only_attached or usage == "PermissionsPolicy" else set()
    bounding = attachments.bounding(tx, account) if only_attached or usage == "PermissionsBoundary" else set()
    if only_attached and usage is None:
        wanted = attached | bounding
    elif usage is None:
        return every
    else:
        wanted = attached if usage == "PermissionsPolicy" else bounding
    return (policy for policy in every if policy.arn in wanted)
