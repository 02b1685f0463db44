"""Organizational units, and tags of everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cumulet.services.organizations import tagging, tags, units
from cumulet.services.organizations.api.base import Base
from cumulet.services.organizations.paging import Page, answer


class Units(Base):
    async def create_organizational_unit(
        self, *, ParentId: str, Name: str, Tags: Sequence[tags.Tag] = ()
    ) -> dict[str, Any]:
        return {"OrganizationalUnit": await self._manage(units.create, ParentId, Name, Tags)}

    async def describe_organizational_unit(self, *, OrganizationalUnitId: str) -> dict[str, Any]:
        return {"OrganizationalUnit": await self._look(units.describe, OrganizationalUnitId)}

    async def update_organizational_unit(self, *, OrganizationalUnitId: str, Name: str | None = None) -> dict[str, Any]:
        return {"OrganizationalUnit": await self._manage(units.rename, OrganizationalUnitId, Name)}

    async def delete_organizational_unit(self, *, OrganizationalUnitId: str) -> dict[str, Any]:
        await self._manage(units.delete, OrganizationalUnitId)
        return {}

    async def list_organizational_units_for_parent(
        self, *, ParentId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        return answer("OrganizationalUnits", await self._look(units.listed, ParentId, Page(NextToken, MaxResults)))

    async def tag_resource(self, *, ResourceId: str, Tags: Sequence[tags.Tag]) -> dict[str, Any]:
        await self._administer(tagging.tag, ResourceId, Tags)
        return {}

    async def untag_resource(self, *, ResourceId: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        await self._administer(tagging.untag, ResourceId, TagKeys)
        return {}

    async def list_tags_for_resource(self, *, ResourceId: str, NextToken: str | None = None) -> dict[str, Any]:
        return answer("Tags", await self._look(tagging.listed, ResourceId, Page(NextToken, None)))
