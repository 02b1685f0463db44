"""The operations about access keys."""

from __future__ import annotations

from typing import Any

from cumulet.kernel import identity
from cumulet.kernel.errors import AccessDenied
from cumulet.kernel.identity import AccessKey, LastUse
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import access_keys, owners, pages
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.owners import Owner


class AccessKeys(Own):
    async def create_access_key(self, *, UserName: str | None = None) -> dict[str, Any]:
        owner, key = await self._told(UserName, access_keys.create)
        return {"AccessKey": {**_shown(owner, key), "SecretAccessKey": key.secret}}

    async def list_access_keys(
        self, *, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        owner, keys = await self._seen(UserName, access_keys.listed)
        page, more = pages.cut(keys, lambda key: f"{key.created.isoformat()} {key.id}", Marker, MaxItems)
        return {"AccessKeyMetadata": [_shown(owner, key) for key in page], **more}

    async def update_access_key(self, *, AccessKeyId: str, Status: str, UserName: str | None = None) -> dict[str, Any]:
        await self._owned(UserName, access_keys.set_status, AccessKeyId, Status)
        return {}

    async def delete_access_key(self, *, AccessKeyId: str, UserName: str | None = None) -> dict[str, Any]:
        await self._owned(UserName, access_keys.delete, AccessKeyId)
        return {}

    async def get_access_key_last_used(self, *, AccessKeyId: str) -> dict[str, Any]:
        """A key that does not exist is refused as one of another account is: neither is to be told from the other."""
        await self.kernel.audit.written()
        found = await self.store.read(_used, self.scope.account, AccessKeyId)
        if found is None:
            raise AccessDenied(
                f"User: {self.caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: "
                f"access key {AccessKeyId}"
            )
        owner, use = found
        return {**owner.named, "AccessKeyLastUsed": _use(use)}


def _used(tx: ReadTransaction, account: str, key_id: str) -> tuple[Owner, LastUse | None] | None:
    key = access_keys.find(tx, account, key_id)
    if key is None:
        return None
    return owners.by_id(tx, account, key.caller.id), identity.last_used(tx, key_id)


def _use(use: LastUse | None) -> dict[str, Any]:
    if use is None:
        return {"ServiceName": "N/A", "Region": "N/A"}
    return {"LastUsedDate": use.time, "ServiceName": use.service, "Region": use.region}


def _shown(owner: Owner, key: AccessKey) -> dict[str, Any]:
    return {**owner.named, "AccessKeyId": key.id, "Status": access_keys.status(key), "CreateDate": key.created}
