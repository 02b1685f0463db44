"""Buckets as clients make, find and remove them. The rules are in ../buckets.py."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cumulet.kernel import regions
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import acls, attributes, buckets, mfa_delete, public_access
from cumulet.services.s3.api.base import S3Base, shown
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    IllegalLocationConstraintException,
    InvalidArgument,
    InvalidLocationConstraint,
    NoSuchTagSet,
)
from cumulet.services.s3.owners import owner

_MOST_BUCKET_TAGS = 50
_MOST_LISTED = 10_000
_OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")


class Buckets(S3Base):
    async def create_bucket(
        self,
        *,
        Bucket: str,
        ACL: str | None = None,
        CreateBucketConfiguration: dict[str, Any] | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWrite: str | None = None,
        GrantWriteACP: str | None = None,
        ObjectLockEnabledForBucket: bool = False,
        ObjectOwnership: str | None = None,
    ) -> dict[str, Any]:
        buckets.check_name(Bucket)
        wanted = CreateBucketConfiguration or {}
        constraint = wanted.get("LocationConstraint")
        bucket = buckets.Bucket(
            name=Bucket,
            account=self.scope.account,
            region=self._location(constraint),
            location="EU" if constraint == "EU" else "",
            created=self.clock.now(),
            versioning=buckets.ENABLED if ObjectLockEnabledForBucket else "",
            object_lock=ObjectLockEnabledForBucket,
            ownership=_ownership(ObjectOwnership),
        )
        asked = {
            "ACL": ACL, "GrantFullControl": GrantFullControl, "GrantRead": GrantRead, "GrantReadACP": GrantReadACP,
            "GrantWrite": GrantWrite, "GrantWriteACP": GrantWriteACP,
        }  # fmt: skip
        account = self.scope.account
        grants = acls.from_headers(asked, account, account) or acls.own(account)
        tags = attributes.tags_from_set(wanted.get("Tags") or [], at_most=_MOST_BUCKET_TAGS)
        await self.store.write(_create, bucket, tags, grants)
        location = f"/{Bucket}" if bucket.region == "us-east-1" else f"{self.request.endpoint}/{Bucket}/"
        return {"Location": location, "BucketArn": bucket.arn}

    async def delete_bucket(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.delete, self.blobs, Bucket)
        return {}

    async def head_bucket(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        told = {"BucketRegion": self.bucket.region, "BucketArn": self.bucket.arn}
        return {**told, "AccessPointAlias": self.via is not None}

    async def list_buckets(
        self,
        *,
        MaxBuckets: int | None = None,
        ContinuationToken: str | None = None,
        Prefix: str | None = None,
        BucketRegion: str | None = None,
    ) -> dict[str, Any]:
        limit = _page_size(MaxBuckets)
        if BucketRegion is not None and not regions.exists(BucketRegion):
            raise InvalidArgument(
                f"Argument value {BucketRegion} is not a valid AWS Region", ArgumentName="bucket-region"
            )
        found = await self.store.read(
            buckets.owned_by, self.caller.account, after=_from_token(ContinuationToken), prefix=Prefix or "",
            region=BucketRegion, limit=limit + 1,
        )  # fmt: skip
        page = found[:limit]
        answer: dict[str, Any] = {"Buckets": [_listed(b) for b in page], "Owner": owner(self.caller.account)}
        if Prefix is not None:
            answer["Prefix"] = Prefix
        if len(page) < len(found):
            answer["ContinuationToken"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
        return answer

    async def get_bucket_location(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        location = self.bucket.location or self.bucket.region
        return {} if location == "us-east-1" else {"LocationConstraint": location}

    async def get_bucket_versioning(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        answer = {"Status": self.bucket.versioning} if self.bucket.versioning else {}
        if self.bucket.mfa_delete:
            answer["MFADelete"] = "Enabled"
        return answer

    async def put_bucket_versioning(
        self,
        *,
        Bucket: str,
        VersioningConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        MFA: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        status, wanted = VersioningConfiguration.get("Status"), VersioningConfiguration.get("MFADelete")
        await self.store.write(mfa_delete.set_versioning, Bucket, self.caller, MFA, status, wanted)
        return {}

    async def get_bucket_tagging(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        tags = await self.store.read(buckets.configuration, Bucket, "tagging")
        if not tags:
            raise NoSuchTagSet(BucketName=Bucket)
        return {"TagSet": attributes.tag_set(tags)}

    async def put_bucket_tagging(
        self,
        *,
        Bucket: str,
        Tagging: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        tags = attributes.tags_from_set(Tagging["TagSet"], at_most=_MOST_BUCKET_TAGS)
        await self.store.write(buckets.configure, Bucket, "tagging", tags)
        return {}

    async def delete_bucket_tagging(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, "tagging")
        return {}

    def _location(self, constraint: str | None) -> str:
        """Where the bucket goes: us-east-1's endpoint creates anywhere, any other only at home."""
        here = self.scope.region
        if constraint == "EU":
            constraint = "eu-west-1"
        if constraint == "us-east-1" or constraint == "":
            raise InvalidLocationConstraint(LocationConstraint=constraint)
        if here == "us-east-1" or constraint == here:
            if constraint not in (None, here) and not regions.exists(constraint):
                raise InvalidLocationConstraint(LocationConstraint=constraint)
            return constraint or here
        raise IllegalLocationConstraintException(
            f"The {constraint or 'unspecified'} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )


def _ownership(wanted: str | None) -> str:
    if wanted is not None and wanted not in _OWNERSHIPS:
        raise InvalidArgument(f"Invalid x-amz-object-ownership header: {wanted}", ArgumentName="x-amz-object-ownership")
    return wanted or "BucketOwnerEnforced"


def _create(tx: Transaction, bucket: Bucket, tags: dict[str, str], grants: acls.Grants) -> None:
    again = buckets.find(tx, bucket.name) is not None
    buckets.create(tx, bucket)
    if again:
        return
    public_access.protect(tx, bucket.name)
    if grants != acls.own(bucket.account):
        acls.check_new_bucket(bucket, grants)
        buckets.configure(tx, bucket.name, acls.KIND, {"Grants": grants})
    if tags:
        buckets.configure(tx, bucket.name, "tagging", tags)


def _listed(bucket: Bucket) -> dict[str, Any]:
    return {
        "Name": bucket.name,
        "CreationDate": shown(bucket.created),
        "BucketRegion": bucket.region,
        "BucketArn": bucket.arn,
    }


def _page_size(wanted: int | None) -> int:
    if wanted is not None and not 1 <= wanted <= _MOST_LISTED:
        raise InvalidArgument(
            f"Argument max-buckets must be an integer between 1 and {_MOST_LISTED}",
            ArgumentName="max-buckets",
            ArgumentValue=str(wanted),
        )
    return wanted or _MOST_LISTED


def _from_token(token: str | None) -> str | None:
    if token is None:
        return None
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token", ArgumentValue=token
        ) from None
