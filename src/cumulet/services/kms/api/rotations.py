"""Rotation as clients set and see it. The rules are in ../rotations.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.kms import generation, keys, materials, names, pages, rotations, specs
from cumulet.services.kms.api.base import KMSBase
from cumulet.services.kms.materials import Material


class Rotations(KMSBase):
    async def enable_key_rotation(self, *, KeyId: str, RotationPeriodInDays: int | None = None) -> dict[str, Any]:
        await self.write_key(KeyId, rotations.enable, RotationPeriodInDays)
        return {}

    async def disable_key_rotation(self, *, KeyId: str) -> dict[str, Any]:
        await self.write_key(KeyId, rotations.disable)
        return {}

    async def get_key_rotation_status(self, *, KeyId: str) -> dict[str, Any]:
        return await self.read_key(KeyId, rotations.status)

    async def list_key_rotations(
        self,
        *,
        KeyId: str,
        IncludeKeyMaterial: str = "ROTATIONS_ONLY",
        Limit: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        count, after = pages.size(Limit, usual=100, most=1000), pages.after(Marker)
        everything = IncludeKeyMaterial == "ALL_KEY_MATERIAL"
        found = await self.read_key(KeyId, rotations.listed, every_material=everything)
        told = [rotation["KeyMaterialId"] for rotation in found]
        first = told.index(after) + 1 if after in told else 0
        return pages.answer(
            "Rotations", found[first : first + count + 1], count, lambda rotation: rotation["KeyMaterialId"], dict
        )

    async def rotate_key_on_demand(self, *, KeyId: str) -> dict[str, Any]:
        secret = await self._new_secret()
        await self.write_key(KeyId, rotations.rotate_on_demand, self.kernel.keyring, secret)
        return {"KeyId": names.parse(KeyId, self.scope, aliases=False).arn}

    @job
    async def rotate(self, *, key_id: str) -> None:
        """Rotate a key whose day has come."""
        fresh = materials.Fresh(secret=await self._new_secret())
        made = materials.made(key_id, fresh, self.kernel.keyring, self.clock.now())
        await self.store.write(self._rotate, key_id, made)

    def _rotate(self, tx: Transaction, key_id: str, successor: Material) -> None:
        key = keys.find(tx, self.scope, key_id)
        if key is not None:
            rotations.rotate(tx, key, successor)

    async def _new_secret(self) -> bytes:
        return (await generation.material(specs.SPECS[specs.SYMMETRIC], self.kernel.ids)).secret
