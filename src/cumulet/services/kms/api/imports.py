"""Imported key material as clients bring and delete it. The rules are in ../imports.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import generation, imports, keys, specs, wrapping
from cumulet.services.kms.api.base import KMSBase
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Fresh, Material


class Imports(KMSBase):
    async def get_parameters_for_import(
        self, *, KeyId: str, WrappingAlgorithm: str, WrappingKeySpec: str
    ) -> dict[str, Any]:
        key = await self.read_key(KeyId, _importable)
        wrapping.check(WrappingAlgorithm, WrappingKeySpec)
        wrapping_key = await generation.material(specs.SPECS[WrappingKeySpec], self.kernel.ids)
        return imports.parameters(key, WrappingAlgorithm, wrapping_key, self.kernel.keyring, self.clock.now())

    async def import_key_material(
        self,
        *,
        KeyId: str,
        ImportToken: bytes,
        EncryptedKeyMaterial: bytes,
        ValidTo: datetime | None = None,
        ExpirationModel: str | None = None,
        ImportType: str = "EXISTING_KEY_MATERIAL",
        KeyMaterialDescription: str = "",
        KeyMaterialId: str | None = None,
    ) -> dict[str, Any]:
        now = self.clock.now()
        key = await self.read_key(KeyId, _importable)
        expires = imports.check_validity(ExpirationModel, ValidTo, now)
        fresh = imports.unwrapped(key, ImportToken, EncryptedKeyMaterial, self.kernel.keyring, now)
        options = {
            "expires": expires, "kind": ImportType, "description": KeyMaterialDescription, "material_id": KeyMaterialId,
        }  # fmt: skip
        return _told(key, await self.write_key(KeyId, self._put_material, fresh, options))

    async def delete_imported_key_material(self, *, KeyId: str, KeyMaterialId: str | None = None) -> dict[str, Any]:
        key = await self.read_key(KeyId, _importable)
        return _told(key, await self.write_key(KeyId, imports.delete, KeyMaterialId))

    @job
    async def expire_material(self, *, key_id: str) -> None:
        """Forget imported material whose time is over."""
        await self.store.write(self._expire, key_id)

    def _put_material(self, tx: Transaction, key: Key, fresh: Fresh, options: dict[str, Any]) -> Material:
        return imports.put(tx, key, fresh, self.kernel.keyring, **options)

    def _expire(self, tx: Transaction, key_id: str) -> None:
        key = keys.find(tx, self.scope, key_id)
        if key is not None:
            imports.expire(tx, key)


def _importable(tx: ReadTransaction, key: Key) -> Key:
    imports.require_importable(tx, key)
    return key


def _told(key: Key, material: Material | None) -> dict[str, Any]:
    named = material is not None and specs.SPECS[key.spec].is_symmetric
    return {"KeyId": key.arn} | ({"KeyMaterialId": material.id} if material is not None and named else {})
