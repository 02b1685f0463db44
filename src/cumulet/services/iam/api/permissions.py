"""What users, groups and roles may do: policies attached to them and policies written into them.

The rules are in ../attachments.py and ../inline.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, groups, inline, pages, policies, roles, users
from cumulet.services.iam.documents import encoded
from cumulet.services.iam.entities import Entity

Found = Callable[[ReadTransaction, str, str], Entity]
Shown = dict[str, Any]


class Attaching(Service):
    """What the operations of users, groups and roles have in common."""

    async def _attach(self, find: Found, name: str, arn: str) -> Shown:
        def attach(tx: Transaction) -> None:
            holder = find(tx, self.scope.account, name)
            attachments.attach(tx, holder, policies.attachable(tx, self.scope.account, arn).arn)

        await self.store.write(attach)
        return {}

    async def _detach(self, find: Found, name: str, arn: str) -> Shown:
        def detach(tx: Transaction) -> None:
            holder = find(tx, self.scope.account, name)
            policies.find(tx, self.scope.account, arn)  # an ARN of no policy at all is refused in words of its own
            attachments.detach(tx, holder, arn)

        await self.store.write(detach)
        return {}

    async def _attached(self, find: Found, name: str, prefix: str, marker: str | None, max_items: int | None) -> Shown:
        page = pages.asked(marker, max_items)

        def attached(tx: ReadTransaction) -> Shown:
            arns = attachments.of(tx, find(tx, self.scope.account, name))
            wanted = (arn for arn in arns if policies.path_of(arn).startswith(prefix))
            found, more = pages.take(page, wanted, str)
            return {"AttachedPolicies": [attached_policy(arn) for arn in found], **more}

        return await self.store.read(attached)

    async def _put(self, find: Found, name: str, policy: str, text: str) -> Shown:
        def put(tx: Transaction) -> None:
            inline.put(tx, find(tx, self.scope.account, name), policy, text)

        await self.store.write(put)
        return {}

    async def _get(self, find: Found, name: str, policy: str) -> Shown:
        def get(tx: ReadTransaction) -> Shown:
            holder = find(tx, self.scope.account, name)
            text = inline.get(tx, holder, policy)
            return {
                f"{holder.kind.capitalize()}Name": holder.name,
                "PolicyName": policy,
                "PolicyDocument": encoded(text),
            }

        return await self.store.read(get)

    async def _delete(self, find: Found, name: str, policy: str) -> Shown:
        def delete(tx: Transaction) -> None:
            inline.delete(tx, find(tx, self.scope.account, name), policy)

        await self.store.write(delete)
        return {}

    async def _names(self, find: Found, name: str, marker: str | None, max_items: int | None) -> Shown:
        page = pages.asked(marker, max_items)

        def names(tx: ReadTransaction) -> Shown:
            written = (policy for policy, _ in inline.of(tx, find(tx, self.scope.account, name)))
            found, more = pages.take(page, written, str)
            return {"PolicyNames": found, **more}

        return await self.store.read(names)


def attached_policy(arn: str) -> dict[str, str]:
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


class UserPermissions(Attaching):
    async def attach_user_policy(self, *, UserName: str, PolicyArn: str) -> Shown:
        return await self._attach(users.get, UserName, PolicyArn)

    async def detach_user_policy(self, *, UserName: str, PolicyArn: str) -> Shown:
        return await self._detach(users.get, UserName, PolicyArn)

    async def list_attached_user_policies(
        self, *, UserName: str, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        return await self._attached(users.get, UserName, PathPrefix, Marker, MaxItems)

    async def put_user_policy(self, *, UserName: str, PolicyName: str, PolicyDocument: str) -> Shown:
        return await self._put(users.get, UserName, PolicyName, PolicyDocument)

    async def get_user_policy(self, *, UserName: str, PolicyName: str) -> Shown:
        return await self._get(users.get, UserName, PolicyName)

    async def delete_user_policy(self, *, UserName: str, PolicyName: str) -> Shown:
        return await self._delete(users.get, UserName, PolicyName)

    async def list_user_policies(
        self, *, UserName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        return await self._names(users.get, UserName, Marker, MaxItems)


class GroupPermissions(Attaching):
    async def attach_group_policy(self, *, GroupName: str, PolicyArn: str) -> Shown:
        return await self._attach(groups.get, GroupName, PolicyArn)

    async def detach_group_policy(self, *, GroupName: str, PolicyArn: str) -> Shown:
        return await self._detach(groups.get, GroupName, PolicyArn)

    async def list_attached_group_policies(
        self, *, GroupName: str, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        return await self._attached(groups.get, GroupName, PathPrefix, Marker, MaxItems)

    async def put_group_policy(self, *, GroupName: str, PolicyName: str, PolicyDocument: str) -> Shown:
        return await self._put(groups.get, GroupName, PolicyName, PolicyDocument)

    async def get_group_policy(self, *, GroupName: str, PolicyName: str) -> Shown:
        return await self._get(groups.get, GroupName, PolicyName)

    async def delete_group_policy(self, *, GroupName: str, PolicyName: str) -> Shown:
        return await self._delete(groups.get, GroupName, PolicyName)

    async def list_group_policies(
        self, *, GroupName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        return await self._names(groups.get, GroupName, Marker, MaxItems)


class RolePermissions(Attaching):
    async def attach_role_policy(self, *, RoleName: str, PolicyArn: str) -> Shown:
        return await self._attach(roles.modifiable, RoleName, PolicyArn)

    async def detach_role_policy(self, *, RoleName: str, PolicyArn: str) -> Shown:
        return await self._detach(roles.modifiable, RoleName, PolicyArn)

    async def list_attached_role_policies(
        self, *, RoleName: str, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        return await self._attached(roles.get, RoleName, PathPrefix, Marker, MaxItems)

    async def put_role_policy(self, *, RoleName: str, PolicyName: str, PolicyDocument: str) -> Shown:
        return await self._put(roles.modifiable, RoleName, PolicyName, PolicyDocument)

    async def get_role_policy(self, *, RoleName: str, PolicyName: str) -> Shown:
        return await self._get(roles.get, RoleName, PolicyName)

    async def delete_role_policy(self, *, RoleName: str, PolicyName: str) -> Shown:
        return await self._delete(roles.modifiable, RoleName, PolicyName)

    async def list_role_policies(
        self, *, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        return await self._names(roles.get, RoleName, Marker, MaxItems)
