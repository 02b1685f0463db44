"""Roles. The rules are in ../roles.py and ../trust.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import pages, roles, service_linked, tags
from cumulet.services.iam.api import shapes
from cumulet.services.iam.errors import NoSuchEntity
from cumulet.services.iam.roles import Wanted

Tags = Sequence[Mapping[str, str]]
Shown = dict[str, Any]


class Roles(Service):
    async def create_role(
        self,
        *,
        RoleName: str,
        AssumeRolePolicyDocument: str,
        Path: str = "/",
        Description: str | None = None,
        MaxSessionDuration: int | None = None,
        PermissionsBoundary: str | None = None,
        Tags: Tags | None = None,
    ) -> dict[str, Any]:
        wanted = Wanted(
            RoleName, Path, AssumeRolePolicyDocument, Description, MaxSessionDuration or 3600, PermissionsBoundary,
            tags.read(Tags),
        )  # fmt: skip

        def create(tx: Transaction) -> Shown:
            return shapes.created_role(tx, roles.create(tx, self.scope, wanted))

        shown = await self.store.write(create)
        return {"Role": shown if MaxSessionDuration is None else shown | {"MaxSessionDuration": MaxSessionDuration}}

    async def get_role(self, *, RoleName: str) -> dict[str, Any]:
        def find(tx: ReadTransaction) -> Shown:
            return shapes.role(tx, roles.get(tx, self.scope.account, RoleName))

        return {"Role": await self.store.read(find)}

    async def list_roles(
        self, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> Shown:
            every = roles.listed(tx, self.scope.account, PathPrefix, page.after)
            found, more = pages.take(page, every, lambda role: role.sort_key)
            return {"Roles": [shapes.listed_role(tx, role) for role in found], **more}

        return await self.store.read(find)

    async def update_role(
        self, *, RoleName: str, Description: str | None = None, MaxSessionDuration: int | None = None
    ) -> dict[str, Any]:
        def update(tx: Transaction) -> None:
            find = roles.get if MaxSessionDuration is None else roles.modifiable
            role = find(tx, self.scope.account, RoleName)
            described = role.description if Description is None else Description
            seconds = MaxSessionDuration or role.max_session_seconds
            roles.put(tx, replace(role, description=described, max_session_seconds=seconds))

        await self.store.write(update)
        return {}

    async def update_role_description(self, *, RoleName: str, Description: str) -> dict[str, Any]:
        def update(tx: Transaction) -> Shown:
            role = replace(roles.get(tx, self.scope.account, RoleName), description=Description)
            roles.put(tx, role)
            return shapes.listed_role(tx, role)

        return {"Role": await self.store.write(update)}

    async def update_assume_role_policy(self, *, RoleName: str, PolicyDocument: str) -> dict[str, Any]:
        def update(tx: Transaction) -> None:
            roles.set_trust(tx, roles.modifiable(tx, self.scope.account, RoleName), PolicyDocument)

        await self.store.write(update)
        return {}

    async def delete_role(self, *, RoleName: str) -> dict[str, Any]:
        def delete(tx: Transaction) -> None:
            roles.delete(tx, roles.modifiable(tx, self.scope.account, RoleName))

        await self.store.write(delete)
        return {}

    async def put_role_permissions_boundary(self, *, RoleName: str, PermissionsBoundary: str) -> dict[str, Any]:
        def bound(tx: Transaction) -> None:
            roles.bound(tx, roles.modifiable(tx, self.scope.account, RoleName), PermissionsBoundary)

        await self.store.write(bound)
        return {}

    async def delete_role_permissions_boundary(self, *, RoleName: str) -> dict[str, Any]:
        def unbind(tx: Transaction) -> None:
            role = roles.modifiable(tx, self.scope.account, RoleName)
            if role.boundary is None:
                raise NoSuchEntity(f"The role with name {role.name} has no permissions boundary.")
            roles.bound(tx, role, None)

        await self.store.write(unbind)
        return {}

    async def tag_role(self, *, RoleName: str, Tags: Tags) -> dict[str, Any]:
        def tag(tx: Transaction) -> None:
            role = roles.get(tx, self.scope.account, RoleName)
            roles.put(tx, replace(role, tags=tags.merged(role.tags, tags.read(Tags))))

        await self.store.write(tag)
        return {}

    async def untag_role(self, *, RoleName: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        def untag(tx: Transaction) -> None:
            role = roles.get(tx, self.scope.account, RoleName)
            roles.put(tx, replace(role, tags=tags.without(role.tags, TagKeys)))

        await self.store.write(untag)
        return {}

    async def list_role_tags(
        self, *, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        role = await self.store.read(roles.get, self.scope.account, RoleName)
        return tags.listed(role.tags, Marker, MaxItems)

    async def create_service_linked_role(
        self, *, AWSServiceName: str, Description: str | None = None, CustomSuffix: str | None = None
    ) -> dict[str, Any]:
        def create(tx: Transaction) -> Shown:
            made = service_linked.create(tx, self.scope, AWSServiceName, Description, CustomSuffix)
            return shapes.created_role(tx, made)

        return {"Role": await self.store.write(create)}

    async def delete_service_linked_role(self, *, RoleName: str) -> dict[str, Any]:
        return {"DeletionTaskId": await self.store.write(service_linked.delete, self.scope.account, RoleName)}

    async def get_service_linked_role_deletion_status(self, *, DeletionTaskId: str) -> dict[str, Any]:
        return {"Status": await self.store.read(service_linked.deletion, self.scope.account, DeletionTaskId)}
