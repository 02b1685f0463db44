"""The operations about SSH public keys."""

from __future__ import annotations

from typing import Any

from cumulet.services.iam import access_keys, pages, ssh_keys
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.ssh_keys import SSHPublicKey


class SSHPublicKeys(Own):
    async def upload_ssh_public_key(self, *, UserName: str, SSHPublicKeyBody: str) -> dict[str, Any]:
        owner, key = await self._told(UserName, ssh_keys.upload, SSHPublicKeyBody)
        return {"SSHPublicKey": _whole(owner, key, key.body)}

    async def get_ssh_public_key(self, *, UserName: str, SSHPublicKeyId: str, Encoding: str) -> dict[str, Any]:
        owner, key = await self._seen(UserName, ssh_keys.get, SSHPublicKeyId)
        return {"SSHPublicKey": _whole(owner, key, ssh_keys.encoded(key, Encoding))}

    async def list_ssh_public_keys(
        self, *, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        owner, keys = await self._seen(UserName, ssh_keys.listed)
        page, more = pages.cut(keys, lambda key: key.id, Marker, MaxItems)
        return {"SSHPublicKeys": [_shown(owner, key) for key in page], **more}

    async def update_ssh_public_key(self, *, UserName: str, SSHPublicKeyId: str, Status: str) -> dict[str, Any]:
        await self._owned(UserName, ssh_keys.set_status, SSHPublicKeyId, Status)
        return {}

    async def delete_ssh_public_key(self, *, UserName: str, SSHPublicKeyId: str) -> dict[str, Any]:
        await self._owned(UserName, ssh_keys.delete, SSHPublicKeyId)
        return {}


def _shown(owner: Owner, key: SSHPublicKey) -> dict[str, Any]:
    return {
        **owner.named,
        "SSHPublicKeyId": key.id,
        "Status": access_keys.ACTIVE if key.active else access_keys.INACTIVE,
        "UploadDate": key.uploaded,
    }


def _whole(owner: Owner, key: SSHPublicKey, body: str) -> dict[str, Any]:
    return _shown(owner, key) | {"Fingerprint": key.fingerprint, "SSHPublicKeyBody": body}
