"""How the tags of a noun are changed and told, the same for devices, certificates and identity providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cumulet.kernel.service import Service
from cumulet.kernel.store import Transaction
from cumulet.services.iam import pages, tags

Get = Callable[..., Any]
"""`get(tx, account, name)`: a record with `tags`. Raises NoSuchEntity."""
Set = Callable[[Transaction, str, str, Mapping[str, str]], None]


class Tagged(Service):
    async def _tag(self, get: Get, put: Set, name: str, given: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        new = tags.read(given)

        def change(tx: Transaction) -> None:
            put(tx, self.scope.account, name, tags.merged(get(tx, self.scope.account, name).tags, new))

        await self.store.write(change)
        return {}

    async def _untag(self, get: Get, put: Set, name: str, keys: Sequence[str]) -> dict[str, Any]:
        def change(tx: Transaction) -> None:
            put(tx, self.scope.account, name, tags.without(get(tx, self.scope.account, name).tags, keys))

        await self.store.write(change)
        return {}

    async def _tags_of(self, get: Get, name: str, marker: str | None, most: int | None) -> dict[str, Any]:
        held = (await self.store.read(get, self.scope.account, name)).tags
        page, more = pages.cut(tags.shown(held), lambda tag: tag["Key"], marker, most)
        return {"Tags": page, **more}


def member(held: Mapping[str, str]) -> dict[str, Any]:
    """The member Tags of an answer, left out where there are none."""
    return {"Tags": tags.shown(held)} if held else {}
