"""Aliases as clients make, move, list and delete them. The rules are in ../aliases.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import aliases, names, pages
from cumulet.services.kms.aliases import Alias
from cumulet.services.kms.api.base import KMSBase
from cumulet.services.kms.errors import NotFoundException, ValidationException
from cumulet.services.kms.names import Name


class Aliases(KMSBase):
    async def create_alias(self, *, AliasName: str, TargetKeyId: str) -> dict[str, Any]:
        aliases.check_name(AliasName)
        await self.write_key(self._target(TargetKeyId), aliases.create, AliasName)
        return {}

    async def update_alias(self, *, AliasName: str, TargetKeyId: str) -> dict[str, Any]:
        aliases.check_name(AliasName)
        await self.write_key(self._target(TargetKeyId), aliases.update, AliasName)
        return {}

    async def delete_alias(self, *, AliasName: str) -> dict[str, Any]:
        await self.store.write(aliases.delete, self.scope, AliasName)
        return {}

    async def list_aliases(
        self, *, KeyId: str | None = None, Limit: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        count = pages.size(Limit, usual=50, most=100)
        name = None if KeyId is None else names.parse(KeyId, self.scope, aliases=False)
        found = await self.store.read(self._listed, name, pages.after(Marker), count + 1)
        return pages.answer(
            "Aliases", found, count, lambda alias: alias.name, lambda alias: aliases.as_wire(self.scope, alias)
        )

    def _listed(self, tx: ReadTransaction, name: Name | None, after: str | None, at_most: int) -> list[Alias]:
        key = None if name is None else names.existing(tx, name)
        return aliases.listed(tx, self.scope, key, after, at_most)

    def _target(self, key_id: str) -> str:
        """An alias points to a key of its own account and Region, and never to another alias."""
        if ":alias/" in key_id or key_id.startswith("alias/"):
            raise ValidationException("Aliases must refer to keys. Not aliases")
        name = names.parse(key_id, self.scope, aliases=False)
        if name.scope.account != self.scope.account:
            raise NotFoundException.key(name.arn)
        return key_id
