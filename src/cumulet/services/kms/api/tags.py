"""Tags of keys as clients set them. The rules are in ../tags.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys, managed, pages, tags
from cumulet.services.kms.api.base import KMSBase
from cumulet.services.kms.keys import Key


class Tags(KMSBase):
    async def tag_resource(self, *, KeyId: str, Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        await self.write_key(KeyId, _tag, tags.given(Tags))
        return {}

    async def untag_resource(self, *, KeyId: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        await self.write_key(KeyId, _untag, TagKeys)
        return {}

    async def list_resource_tags(
        self, *, KeyId: str, Limit: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        count = pages.size(Limit, usual=50, most=50)
        found = await self.read_key(KeyId, _after, pages.after(Marker) or "")
        return pages.answer("Tags", found, count, lambda tag: tag["TagKey"], lambda tag: tag)


def _tag(tx: Transaction, key: Key, new: Mapping[str, str]) -> None:
    managed.refuse(key)
    keys.require_kept(tx, key)
    keys.put(tx, replace(key, tags=tags.merged(key.tags, new)))


def _untag(tx: Transaction, key: Key, names: Sequence[str]) -> None:
    managed.refuse(key)
    keys.require_kept(tx, key)
    keys.put(tx, replace(key, tags=tags.without(key.tags, names)))


def _after(tx: ReadTransaction, key: Key, last: str) -> list[dict[str, str]]:
    return [{"TagKey": name, "TagValue": value} for name, value in sorted(key.tags.items()) if name > last]
