"""The public access block of a whole account. S3 keeps it, since S3 heeds it."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3control.api.base import ControlBase


class PublicAccess(ControlBase):
    async def put_public_access_block(
        self, *, AccountId: str, PublicAccessBlockConfiguration: dict[str, Any]
    ) -> dict[str, Any]:
        await self.s3.set_account_public_access_block(configuration=PublicAccessBlockConfiguration)
        return {}

    async def get_public_access_block(self, *, AccountId: str) -> dict[str, Any]:
        return {"PublicAccessBlockConfiguration": await self.s3.account_public_access_block()}

    async def delete_public_access_block(self, *, AccountId: str) -> dict[str, Any]:
        await self.s3.set_account_public_access_block(configuration=None)
        self.reply.status = 204
        return {}
