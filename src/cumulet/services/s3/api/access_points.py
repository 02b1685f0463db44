"""What S3 does for S3 Control, whose operations these are: access points, and the blocks of a whole account."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import internal
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import access_points, attributes, buckets, public_access
from cumulet.services.s3.access_points import AccessPoint
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import NoSuchBucket, NoSuchPublicAccessBlockConfiguration

_ALIAS_LENGTH = 34
_LONGEST_ALIAS = 63


class AccessPoints(S3Base):
    @internal
    async def set_account_public_access_block(self, *, configuration: dict[str, Any] | None) -> None:
        """Set the blocks of the caller's account; None takes them away. Raises MalformedXML."""
        await self.store.write(public_access.set_of_account, self.scope.account, configuration)

    @internal
    async def account_public_access_block(self) -> dict[str, bool]:
        """Raises NoSuchPublicAccessBlockConfiguration."""
        found = await self.store.read(public_access.of_account, self.scope.account)
        if found is None:
            raise NoSuchPublicAccessBlockConfiguration
        return found

    @internal
    async def create_access_point(
        self, *, name: str, bucket: str, vpc: str, blocks: dict[str, Any] | None, tags: list[dict[str, str]]
    ) -> dict[str, Any]:
        chosen = public_access.normalised(blocks) if blocks else dict.fromkeys(public_access.SETTINGS, True)
        room = _LONGEST_ALIAS - len("-s3alias") - _ALIAS_LENGTH - 1
        alias = f"{name[:room].rstrip('-')}-{self.kernel.ids.base32(_ALIAS_LENGTH).lower()}-s3alias"
        point = AccessPoint(
            name=name, account=self.scope.account, region=self.scope.region, bucket=bucket, alias=alias,
            created=self.clock.now(), vpc=vpc, blocks=chosen, tags=attributes.tags_from_set(tags, at_most=50),
        )  # fmt: skip
        await self.store.write(access_points.create, point)
        return {"AccessPointArn": point.arn, "Alias": point.alias}

    @internal
    async def access_point(self, *, name: str) -> dict[str, Any]:
        """The access point as ListAccessPoints tells it, and Blocks, Created, Region and Tags.

        Raises NoSuchAccessPoint."""
        point = await self.store.read(access_points.get, self.scope.account, self.scope.region, name)
        more = {"Blocks": point.blocks, "Created": point.created, "Region": point.region, "Tags": point.tags}
        return await self.store.read(access_points.described, point) | more

    @internal
    async def access_points(self, *, bucket: str | None, after: str, limit: int) -> dict[str, Any]:
        scope = self.scope
        found = await self.store.read(access_points.owned_by, scope.account, scope.region, bucket, after, limit)
        return {"AccessPointList": [await self.store.read(access_points.described, point) for point in found]}

    @internal
    async def delete_access_point(self, *, name: str) -> None:
        await self.store.write(access_points.delete, self.scope.account, self.scope.region, name)

    @internal
    async def put_access_point_policy(self, *, name: str, policy: str) -> None:
        place = self.kernel.authority, self.scope.account, self.scope.region, name
        await self.store.write(access_points.put_policy, *place, policy)

    @internal
    async def access_point_policy(self, *, name: str) -> dict[str, Any]:
        """As policies.parse reads it. Raises NoSuchAccessPoint or NoSuchAccessPointPolicy."""
        place = self.kernel.authority, self.scope.account, self.scope.region, name
        return await self.store.read(access_points.policy_of, *place)

    @internal
    async def delete_access_point_policy(self, *, name: str) -> None:
        await self.store.write(access_points.delete_policy, self.scope.account, self.scope.region, name)

    @internal
    async def tag_access_point(self, *, name: str, tags: dict[str, str]) -> None:
        await self.store.write(access_points.set_tags, self.scope.account, self.scope.region, name, tags)

    @internal
    async def tag_bucket(self, *, name: str, tags: dict[str, str]) -> None:
        """Give a bucket of the caller's account these tags and no others. Raises NoSuchBucket."""
        await self.store.write(_tag_bucket, self.scope.account, name, tags)

    @internal
    async def bucket_tags(self, *, name: str) -> dict[str, str]:
        """Raises NoSuchBucket, also for a bucket of another account."""
        return await self.store.read(_bucket_tags, self.scope.account, name)


def _check_owner(tx: ReadTransaction, name: str, account: str) -> None:
    if buckets.get(tx, name).account != account:
        raise NoSuchBucket(BucketName=name)


def _tag_bucket(tx: Transaction, account: str, name: str, tags: dict[str, str]) -> None:
    _check_owner(tx, name, account)
    if tags:
        buckets.configure(tx, name, "tagging", tags)
    else:
        buckets.unconfigure(tx, name, "tagging")


def _bucket_tags(tx: ReadTransaction, account: str, name: str) -> dict[str, str]:
    _check_owner(tx, name, account)
    return buckets.configuration(tx, name, "tagging") or {}
