"""Instance profiles. The rules are in ../instance_profiles.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import instance_profiles, pages, roles, tags
from cumulet.services.iam.api import shapes

Tags = Sequence[Mapping[str, str]]
Shown = dict[str, Any]


class InstanceProfiles(Service):
    async def create_instance_profile(
        self, *, InstanceProfileName: str, Path: str | None = None, Tags: Tags | None = None
    ) -> dict[str, Any]:
        given = tags.read(Tags)

        def create(tx: Transaction) -> Shown:
            made = instance_profiles.create(tx, self.scope, InstanceProfileName, Path, given)
            return shapes.profile(tx, made) | ({"Tags": tags.shown(given)} if given else {})

        return {"InstanceProfile": await self.store.write(create)}

    async def get_instance_profile(self, *, InstanceProfileName: str) -> dict[str, Any]:
        def find(tx: ReadTransaction) -> Shown:
            found = instance_profiles.get(tx, self.scope.account, InstanceProfileName)
            return shapes.profile(tx, found) | {"Tags": tags.shown(found.tags)}

        return {"InstanceProfile": await self.store.read(find)}

    async def list_instance_profiles(
        self, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> Shown:
            every = instance_profiles.listed(tx, self.scope.account, PathPrefix, page.after)
            found, more = pages.take(page, every, lambda profile: profile.sort_key)
            return {"InstanceProfiles": [shapes.profile(tx, profile) for profile in found], **more}

        return await self.store.read(find)

    async def list_instance_profiles_for_role(
        self, *, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        page = pages.asked(Marker, MaxItems)

        def find(tx: ReadTransaction) -> Shown:
            every = instance_profiles.of_role(tx, roles.get(tx, self.scope.account, RoleName))
            found, more = pages.take(page, every, lambda profile: profile.sort_key)
            return {"InstanceProfiles": [shapes.profile(tx, profile) for profile in found], **more}

        return await self.store.read(find)

    async def add_role_to_instance_profile(self, *, InstanceProfileName: str, RoleName: str) -> dict[str, Any]:
        def add(tx: Transaction) -> None:
            profile = instance_profiles.get(tx, self.scope.account, InstanceProfileName)
            instance_profiles.add_role(tx, profile, roles.modifiable(tx, self.scope.account, RoleName))

        await self.store.write(add)
        return {}

    async def remove_role_from_instance_profile(self, *, InstanceProfileName: str, RoleName: str) -> dict[str, Any]:
        def remove(tx: Transaction) -> None:
            profile = instance_profiles.get(tx, self.scope.account, InstanceProfileName)
            instance_profiles.remove_role(tx, profile, roles.get(tx, self.scope.account, RoleName))

        await self.store.write(remove)
        return {}

    async def delete_instance_profile(self, *, InstanceProfileName: str) -> dict[str, Any]:
        def delete(tx: Transaction) -> None:
            instance_profiles.delete(tx, instance_profiles.get(tx, self.scope.account, InstanceProfileName))

        await self.store.write(delete)
        return {}

    async def tag_instance_profile(self, *, InstanceProfileName: str, Tags: Tags) -> dict[str, Any]:
        def tag(tx: Transaction) -> None:
            found = instance_profiles.get(tx, self.scope.account, InstanceProfileName)
            instance_profiles.put(tx, replace(found, tags=tags.merged(found.tags, tags.read(Tags))))

        await self.store.write(tag)
        return {}

    async def untag_instance_profile(self, *, InstanceProfileName: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        def untag(tx: Transaction) -> None:
            found = instance_profiles.get(tx, self.scope.account, InstanceProfileName)
            instance_profiles.put(tx, replace(found, tags=tags.without(found.tags, TagKeys)))

        await self.store.write(untag)
        return {}

    async def list_instance_profile_tags(
        self, *, InstanceProfileName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        found = await self.store.read(instance_profiles.get, self.scope.account, InstanceProfileName)
        return tags.listed(found.tags, Marker, MaxItems)
