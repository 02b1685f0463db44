"""Tags by ARN, of buckets and access points."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.s3control import tags
from cumulet.services.s3control.api.base import ControlBase
from cumulet.services.s3control.errors import InvalidRequest

_BUCKET = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9.-]{3,63})")
_ACCESS_POINT = re.compile(r"arn:aws[a-z-]*:s3:[a-z0-9-]+:[0-9]{12}:accesspoint/([a-z0-9-]{3,50})")


class Tagging(ControlBase):
    async def tag_resource(self, *, AccountId: str, ResourceArn: str, Tags: list[dict[str, str]]) -> dict[str, Any]:
        added = tags.checked(Tags)
        known = await self._tags(ResourceArn)
        await self._set_tags(ResourceArn, tags.checked(tags.listed(known | added)))
        return {}

    async def untag_resource(self, *, AccountId: str, ResourceArn: str, TagKeys: list[str]) -> dict[str, Any]:
        known = await self._tags(ResourceArn)
        await self._set_tags(ResourceArn, {key: value for key, value in known.items() if key not in TagKeys})
        return {}

    async def list_tags_for_resource(self, *, AccountId: str, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": tags.listed(await self._tags(ResourceArn))}

    async def _tags(self, arn: str) -> dict[str, str]:
        found: dict[str, str]
        kind, name = _parse(arn)
        if kind == "bucket":
            found = await self.s3.bucket_tags(name=name)
        else:
            found = (await self.s3.access_point(name=name))["Tags"]
        return found

    async def _set_tags(self, arn: str, wanted: dict[str, str]) -> None:
        kind, name = _parse(arn)
        if kind == "bucket":
            await self.s3.tag_bucket(name=name, tags=wanted)
        else:
            await self.s3.tag_access_point(name=name, tags=wanted)


def _parse(arn: str) -> tuple[str, str]:
    """What an ARN names. Raises InvalidRequest, or NotImplemented for kinds that are not here."""
    for kind, pattern in (("bucket", _BUCKET), ("accesspoint", _ACCESS_POINT)):
        found = pattern.fullmatch(arn)
        if found is not None:
            return kind, found[1]
    if re.fullmatch(r"arn:aws[a-z-]*:s3:[a-z0-9-]*:[0-9]{12}:(storage-lens-group|access-grants).*", arn):
        raise NotImplementedYet("Cumulet does not implement Storage Lens groups and access grants yet.")
    raise InvalidRequest("The resource ARN is not valid.")
