"""S3 Storage Lens as clients configure it. The rules are in ../storage_lens.py."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.service import stored
from cumulet.services.s3control import storage_lens, tags
from cumulet.services.s3control.api.base import ControlBase
from cumulet.services.s3control.errors import InvalidRequest

_ID = re.compile(r"[a-zA-Z0-9\-_.]{1,64}")


class StorageLens(ControlBase):
    @stored
    async def put_storage_lens_configuration(
        self,
        *,
        ConfigId: str,
        AccountId: str,
        StorageLensConfiguration: dict[str, Any],
        Tags: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        if not _ID.fullmatch(ConfigId) or StorageLensConfiguration.get("Id") != ConfigId:
            raise InvalidRequest("The configuration's Id is not valid or does not match the request's.")
        if "Include" in StorageLensConfiguration and "Exclude" in StorageLensConfiguration:
            raise InvalidRequest("A configuration cannot have both Include and Exclude.")
        given = None if Tags is None else tags.checked(Tags)
        await self.store.write(storage_lens.put, self.scope, StorageLensConfiguration, given)
        return {}

    @stored
    async def get_storage_lens_configuration(self, *, ConfigId: str, AccountId: str) -> dict[str, Any]:
        return {"StorageLensConfiguration": await self.store.read(storage_lens.get, self.scope, ConfigId)}

    @stored
    async def list_storage_lens_configurations(self, *, AccountId: str, NextToken: str | None = None) -> dict[str, Any]:
        found = await self.store.read(storage_lens.listed, self.scope)
        return {
            "StorageLensConfigurationList": [
                {
                    "Id": each["Id"],
                    "StorageLensArn": each["StorageLensArn"],
                    "HomeRegion": self.scope.region,
                    "IsEnabled": each["IsEnabled"],
                }
                for each in found
            ]
        }

    @stored
    async def delete_storage_lens_configuration(self, *, ConfigId: str, AccountId: str) -> dict[str, Any]:
        await self.store.write(storage_lens.delete, self.scope, ConfigId)
        self.reply.status = 204
        return {}

    async def get_storage_lens_configuration_tagging(self, *, ConfigId: str, AccountId: str) -> dict[str, Any]:
        return {"Tags": tags.listed(await self.store.read(storage_lens.tags, self.scope, ConfigId))}

    async def put_storage_lens_configuration_tagging(
        self, *, ConfigId: str, AccountId: str, Tags: list[dict[str, str]]
    ) -> dict[str, Any]:
        await self.store.write(storage_lens.set_tags, self.scope, ConfigId, tags.checked(Tags))
        return {}

    async def delete_storage_lens_configuration_tagging(self, *, ConfigId: str, AccountId: str) -> dict[str, Any]:
        await self.store.write(storage_lens.set_tags, self.scope, ConfigId, {})
        return {}
