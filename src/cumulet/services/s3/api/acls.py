"""Access control lists as clients read and set them. The rules are in ../acls.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import acls, buckets, objects, public_access
from cumulet.services.s3.acls import Grants
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import AccessControlListNotSupported, MethodNotAllowed
from cumulet.services.s3.objects import Object


class Acls(S3Base):
    async def get_bucket_acl(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return acls.described(self.bucket.account, await self.store.read(acls.of_bucket, self.bucket))

    async def put_bucket_acl(self, *, Bucket: str, **given: Any) -> dict[str, Any]:
        grants = acls.wanted(given, self.bucket.account, self.bucket.account)
        await self.store.write(_put_bucket_acl, Bucket, grants)
        return {}

    async def get_object_acl(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        found = await self.store.read(objects.find, Bucket, Key, VersionId)
        return acls.described(acls.owner_of(self.bucket, found), acls.of_object(self.bucket, found))

    async def put_object_acl(
        self, *, Bucket: str, Key: str, VersionId: str | None = None, **given: Any
    ) -> dict[str, Any]:
        rule = self.telling("ObjectAcl:Put", _put_object_acl)
        await self.store.write(rule, self.bucket, Key, VersionId, given)
        return {}


def _put_bucket_acl(tx: Transaction, name: str, grants: Grants) -> None:
    bucket = buckets.get(tx, name)
    _check(tx, bucket, grants)
    buckets.configure(tx, name, acls.KIND, {"Grants": grants})


def _put_object_acl(tx: Transaction, bucket: Bucket, key: str, version_id: str | None, given: dict[str, Any]) -> Object:
    found = _find(tx, bucket, key, version_id)
    grants = acls.wanted(given, acls.owner_of(bucket, found), bucket.account)
    _check(tx, bucket, grants)
    changed = replace(found, acl={"Grants": grants})
    objects.update(tx, bucket.name, changed)
    return changed


def _check(tx: ReadTransaction, bucket: Bucket, grants: Grants) -> None:
    if not public_access.has_acls(bucket):
        raise AccessControlListNotSupported
    acls.refuse_public(tx, bucket, grants)


def _find(tx: ReadTransaction, bucket: Bucket, key: str, version_id: str | None) -> Object:
    """A delete marker has no ACL to set, however it is named (as AWS answers)."""
    found = objects.current(tx, bucket.name, key) if version_id is None else None
    if version_id is not None:
        found = objects.version(tx, bucket.name, key, version_id)
    if found is not None and found.delete_marker:
        raise MethodNotAllowed(Method="PUT", ResourceType="DeleteMarker")
    return objects.find(tx, bucket.name, key, version_id)
