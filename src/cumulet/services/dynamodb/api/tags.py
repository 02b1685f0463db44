"""Tags as clients set them. The rules are in ../tags.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.services.dynamodb import tables, tags
from cumulet.services.dynamodb.api.base import DynamoBase


class Tags(DynamoBase):
    async def tag_resource(self, *, ResourceArn: str, Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        await self.store.write(lambda tx: tags.add(tx, tables.of_arn(tx, self.scope, ResourceArn), Tags))
        return {}

    async def untag_resource(self, *, ResourceArn: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        await self.store.write(lambda tx: tags.remove(tx, tables.of_arn(tx, self.scope, ResourceArn), TagKeys))
        return {}

    async def list_tags_of_resource(self, *, ResourceArn: str, NextToken: str | None = None) -> dict[str, Any]:
        """A table has so few tags that they are on one page."""
        found = await self.store.read(lambda tx: tags.of(tx, tables.of_arn(tx, self.scope, ResourceArn)))
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}
