"""Users. The rules are in ../users.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.identity import Kind
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import credentials, pages, tags, users
from cumulet.services.iam.api import shapes
from cumulet.services.iam.errors import DeleteConflict, NoSuchEntity, ValidationError

Tags = Sequence[Mapping[str, str]]


class Users(Service):
    async def create_user(
        self,
        *,
        UserName: str,
        Path: str | None = None,
        PermissionsBoundary: str | None = None,
        Tags: Tags | None = None,
    ) -> dict[str, Any]:
        given = tags.read(Tags)
        user = await self.store.write(users.create, self.scope, UserName, Path, PermissionsBoundary, given)
        return {"User": shapes.user(user)}

    async def get_user(self, *, UserName: str | None = None) -> dict[str, Any]:
        """Without a name, the caller: a user, or the root, which has no name and no path."""
        if UserName is None and self.caller.kind is Kind.ROOT:
            account = self.scope.account
            since = await self.store.write(users.root_since, account)
            return {"User": {"UserId": account, "Arn": self.caller.arn, "CreateDate": since}}
        name = UserName or self._own_name()
        return {"User": shapes.user(await self.store.read(users.get, self.scope.account, name))}

    def _own_name(self) -> str:
        if self.caller.kind is not Kind.USER:
            raise ValidationError("Must specify userName when calling with non-User credentials")
        return self.caller.arn.rpartition("/")[2]

    async def list_users(
        self, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> tuple[list[users.User], dict[str, Any]]:
            found = users.listed(tx, self.scope.account, PathPrefix, page.after)
            return pages.take(page, found, lambda user: user.sort_key)

        found, more = await self.store.read(find)
        return {"Users": [shapes.listed_user(user) for user in found], **more}

    async def update_user(
        self, *, UserName: str, NewPath: str | None = None, NewUserName: str | None = None
    ) -> dict[str, Any]:
        def rename(tx: Transaction) -> None:
            user = users.get(tx, self.scope.account, UserName)
            credentials.renamed(tx, users.rename(tx, self.scope, user, NewUserName, NewPath))

        await self.store.write(rename)
        return {}

    async def delete_user(self, *, UserName: str) -> dict[str, Any]:
        await self.store.write(_delete, self.scope.account, UserName)
        return {}

    async def put_user_permissions_boundary(self, *, UserName: str, PermissionsBoundary: str) -> dict[str, Any]:
        def bound(tx: Transaction) -> None:
            users.bound(tx, users.get(tx, self.scope.account, UserName), PermissionsBoundary)

        await self.store.write(bound)
        return {}

    async def delete_user_permissions_boundary(self, *, UserName: str) -> dict[str, Any]:
        def unbind(tx: Transaction) -> None:
            user = users.get(tx, self.scope.account, UserName)
            if user.boundary is None:
                raise NoSuchEntity(f"The user with name {user.name} has no permissions boundary.")
            users.bound(tx, user, None)

        await self.store.write(unbind)
        return {}

    async def tag_user(self, *, UserName: str, Tags: Tags) -> dict[str, Any]:
        def tag(tx: Transaction) -> None:
            user = users.get(tx, self.scope.account, UserName)
            users.set_tags(tx, user, tags.merged(user.tags, tags.read(Tags)))

        await self.store.write(tag)
        return {}

    async def untag_user(self, *, UserName: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        def untag(tx: Transaction) -> None:
            user = users.get(tx, self.scope.account, UserName)
            users.set_tags(tx, user, tags.without(user.tags, TagKeys))

        await self.store.write(untag)
        return {}

    async def list_user_tags(
        self, *, UserName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        user = await self.store.read(users.get, self.scope.account, UserName)
        return tags.listed(user.tags, Marker, MaxItems)


def _delete(tx: Transaction, account: str, name: str) -> None:
    user = users.get(tx, account, name)
    conflict = credentials.conflict(tx, user)
    if conflict is not None:
        raise DeleteConflict(conflict)
    users.delete(tx, user)
    credentials.forget(tx, user)
