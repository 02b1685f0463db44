"""Bucket policies as clients set them. The rules are in ../policies.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.authority import Authority
from cumulet.kernel.identity import Caller
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, policies, public_access
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import AccessDenied, NoSuchBucketPolicy


class Policies(S3Base):
    async def put_bucket_policy(
        self,
        *,
        Bucket: str,
        Policy: str,
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ConfirmRemoveSelfBucketAccess: bool | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        policy = policies.parse(Policy, Bucket)
        await self.store.write(_put, self.kernel.authority, Bucket, policy, self.caller)
        self.reply.status = 204
        return {}

    async def get_bucket_policy(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"Policy": await self.store.read(_show, self.kernel.authority, Bucket)}

    async def delete_bucket_policy(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, "policy")
        return {}

    async def get_bucket_policy_status(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"PolicyStatus": {"IsPublic": (await self.store.read(_get, Bucket))["public"]}}


def _get(tx: ReadTransaction, name: str) -> dict[str, Any]:
    policy = buckets.configuration(tx, name, "policy")
    if policy is None:
        raise NoSuchBucketPolicy(BucketName=name)
    return policy


def _show(tx: ReadTransaction, authority: Authority, name: str) -> str:
    return policies.shown(tx, authority, _get(tx, name))


def _put(tx: Transaction, authority: Authority, name: str, policy: dict[str, Any], caller: Caller) -> None:
    bucket = buckets.get(tx, name)
    policy = policies.bound(tx, authority, policy)
    if policy["public"] and public_access.BLOCK_POLICY in public_access.in_force(tx, bucket):
        raise AccessDenied(
            f'User: {caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "{bucket.arn}" because '
            "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        )
    buckets.configure(tx, name, "policy", policy)
