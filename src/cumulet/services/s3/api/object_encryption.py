"""The encryption of objects as clients change it. The rules are in ../object_encryption.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3 import object_encryption
from cumulet.services.s3.api.kms_keys import KmsKeys
from cumulet.services.s3.object_encryption import Rewrapping


class ObjectEncryption(KmsKeys):
    async def update_object_encryption(
        self,
        *,
        Bucket: str,
        Key: str,
        ObjectEncryption: dict[str, Any],
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
    ) -> dict[str, Any]:
        new = object_encryption.wanted(ObjectEncryption, self.bucket)
        seen = await self.store.read(object_encryption.changeable, self.bucket, Key, VersionId)
        held = seen.encryption
        opens = await self.unlocked(held) if held is not None and held.kms_blob else None
        sealed, seals = await self.sealed(Key, new, None)
        rewrapping = Rewrapping(self.kernel.keyring, opens, seals)
        await self.store.write(object_encryption.update, self.bucket, seen, VersionId, sealed, rewrapping)
        return {}
