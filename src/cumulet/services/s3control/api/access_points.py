"""Access points as clients make, find and remove them. S3 keeps them, since requests come by them to S3."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.s3control.api.base import ControlBase, after_token, page_size, token_of
from cumulet.services.s3control.errors import InvalidURI

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]")
_FORBIDDEN_ENDS = ("-s3alias", "--ol-s3", "--x-s3")
_VARIANTS = {"ipv4": "", "dualstack": ".dualstack", "fips": "-fips", "fips_dualstack": "-fips.dualstack"}


class AccessPoints(ControlBase):
    async def create_access_point(
        self,
        *,
        AccountId: str,
        Name: str,
        Bucket: str,
        VpcConfiguration: dict[str, Any] | None = None,
        PublicAccessBlockConfiguration: dict[str, Any] | None = None,
        BucketAccountId: str | None = None,
        Scope: dict[str, Any] | None = None,
        Tags: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        _check_name(Name)
        if Scope is not None:
            raise NotImplementedYet("Cumulet does not implement Scope of s3control:create_access_point yet.")
        vpc = (VpcConfiguration or {}).get("VpcId") or ""
        return await self.s3.create_access_point(
            name=Name, bucket=Bucket, vpc=vpc, blocks=PublicAccessBlockConfiguration, tags=Tags or []
        )

    async def get_access_point(self, *, AccountId: str, Name: str) -> dict[str, Any]:
        _check_name(Name)
        found = await self.s3.access_point(name=Name)
        blocks, created, region, _ = (found.pop(name) for name in ("Blocks", "Created", "Region", "Tags"))
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        endpoints = {name: f"s3-accesspoint{variant}.{region}.{domain}" for name, variant in _VARIANTS.items()}
        return {
            **found,
            "PublicAccessBlockConfiguration": blocks,
            "CreationDate": created,
            "Endpoints": endpoints,
        }

    async def list_access_points(
        self,
        *,
        AccountId: str,
        Bucket: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        limit = page_size(MaxResults)
        answer = await self.s3.access_points(bucket=Bucket, after=after_token(NextToken), limit=limit + 1)
        found = answer["AccessPointList"]
        if len(found) > limit:
            return {"AccessPointList": found[:limit], "NextToken": token_of(found[limit - 1]["Name"])}
        return {"AccessPointList": found}

    async def delete_access_point(self, *, AccountId: str, Name: str) -> dict[str, Any]:
        _check_name(Name)
        await self.s3.delete_access_point(name=Name)
        self.reply.status = 204
        return {}

    async def put_access_point_policy(self, *, AccountId: str, Name: str, Policy: str) -> dict[str, Any]:
        _check_name(Name)
        await self.s3.put_access_point_policy(name=Name, policy=Policy)
        return {}

    async def get_access_point_policy(self, *, AccountId: str, Name: str) -> dict[str, Any]:
        _check_name(Name)
        return {"Policy": (await self.s3.access_point_policy(name=Name))["text"]}

    async def get_access_point_policy_status(self, *, AccountId: str, Name: str) -> dict[str, Any]:
        _check_name(Name)
        return {"PolicyStatus": {"IsPublic": (await self.s3.access_point_policy(name=Name))["public"]}}

    async def delete_access_point_policy(self, *, AccountId: str, Name: str) -> dict[str, Any]:
        _check_name(Name)
        await self.s3.delete_access_point_policy(name=Name)
        self.reply.status = 204
        return {}


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.endswith(_FORBIDDEN_ENDS):
        raise InvalidURI(URI=f"accesspoint/{name[:1024]}")
