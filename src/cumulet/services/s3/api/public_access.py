"""Block Public Access and object ownership as clients set them. The rules are in ../public_access.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import acls, buckets, public_access
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import (
    InvalidBucketAclWithObjectOwnership,
    NoSuchPublicAccessBlockConfiguration,
    OwnershipControlsNotFoundError,
)


class PublicAccess(S3Base):
    async def put_public_access_block(
        self,
        *,
        Bucket: str,
        PublicAccessBlockConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        wanted = public_access.normalised(PublicAccessBlockConfiguration)
        await self.store.write(buckets.configure, Bucket, public_access.KIND, wanted)
        return {}

    async def get_public_access_block(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"PublicAccessBlockConfiguration": await self.store.read(_get_block, Bucket)}

    async def delete_public_access_block(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, public_access.KIND)
        return {}

    async def put_bucket_ownership_controls(
        self,
        *,
        Bucket: str,
        OwnershipControls: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(_set_ownership, Bucket, public_access.ownership_of(OwnershipControls))
        return {}

    async def get_bucket_ownership_controls(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        if not self.bucket.ownership:
            raise OwnershipControlsNotFoundError(BucketName=Bucket)
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": self.bucket.ownership}]}}

    async def delete_bucket_ownership_controls(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        """Without controls a bucket is as it was before there were any: each writer owns what he writes."""
        await self.store.write(_set_ownership, Bucket, "")
        return {}


def _get_block(tx: ReadTransaction, name: str) -> dict[str, Any]:
    settings = buckets.configuration(tx, name, public_access.KIND)
    if settings is None:
        raise NoSuchPublicAccessBlockConfiguration(BucketName=name)
    return settings


def _set_ownership(tx: Transaction, name: str, ownership: str) -> None:
    """ACLs cannot be switched off while the bucket's own lets others in: that would shut them out unseen."""
    bucket = buckets.get(tx, name)
    if ownership == public_access.ENFORCED and acls.of_bucket(tx, bucket) != acls.own(bucket.account):
        raise InvalidBucketAclWithObjectOwnership
    buckets.change(tx, name, ownership=ownership)
