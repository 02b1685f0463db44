"""Groups and their members. The rules are in ../groups.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import groups, pages, users
from cumulet.services.iam.api import shapes
from cumulet.services.iam.groups import Group
from cumulet.services.iam.users import User

More = dict[str, Any]


class Groups(Service):
    async def create_group(self, *, GroupName: str, Path: str | None = None) -> dict[str, Any]:
        return {"Group": shapes.group(await self.store.write(groups.create, self.scope, GroupName, Path))}

    async def get_group(
        self, *, GroupName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> tuple[Group, list[User], More]:
            group = groups.get(tx, self.scope.account, GroupName)
            return (group, *pages.take(page, groups.members(tx, group, page.after), lambda user: user.id))

        group, members, more = await self.store.read(find)
        return {"Group": shapes.group(group), "Users": [shapes.listed_user(user) for user in members], **more}

    async def list_groups(
        self, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> tuple[list[Group], More]:
            found = groups.listed(tx, self.scope.account, PathPrefix, page.after)
            return pages.take(page, found, lambda group: group.sort_key)

        found, more = await self.store.read(find)
        return {"Groups": [shapes.group(group) for group in found], **more}

    async def update_group(
        self, *, GroupName: str, NewPath: str | None = None, NewGroupName: str | None = None
    ) -> dict[str, Any]:
        def rename(tx: Transaction) -> None:
            groups.rename(tx, self.scope, groups.get(tx, self.scope.account, GroupName), NewGroupName, NewPath)

        await self.store.write(rename)
        return {}

    async def delete_group(self, *, GroupName: str) -> dict[str, Any]:
        def delete(tx: Transaction) -> None:
            groups.delete(tx, groups.get(tx, self.scope.account, GroupName))

        await self.store.write(delete)
        return {}

    async def add_user_to_group(self, *, GroupName: str, UserName: str) -> dict[str, Any]:
        await self.store.write(_pair(groups.add, self.scope.account, GroupName, UserName))
        return {}

    async def remove_user_from_group(self, *, GroupName: str, UserName: str) -> dict[str, Any]:
        await self.store.write(_pair(groups.remove, self.scope.account, GroupName, UserName))
        return {}

    async def list_groups_for_user(
        self, *, UserName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> tuple[list[Group], More]:
            found = groups.of(tx, users.get(tx, self.scope.account, UserName))
            return pages.take(page, found, lambda group: group.sort_key)

        found, more = await self.store.read(find)
        return {"Groups": [shapes.group(group) for group in found], **more}


def _pair(rule: Any, account: str, group_name: str, user_name: str) -> Any:
    """A rule of a group and a user, given their names."""

    def run(tx: Transaction) -> None:
        rule(tx, groups.get(tx, account, group_name), users.get(tx, account, user_name))

    return run
