"""Replication as clients set it, and the job that copies. The rules are in ../replication.py."""

from __future__ import annotations

import contextlib
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Caller
from cumulet.kernel.records import replace
from cumulet.kernel.service import internal, job
from cumulet.services.s3 import buckets, kms_keys, replication, replication_rules
from cumulet.services.s3.access import Visitor
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import InvalidRequest
from cumulet.services.s3.objects import Encryption, Object
from cumulet.services.s3.replication import Sealing


class Replication(S3Base):
    async def put_bucket_replication(
        self,
        *,
        Bucket: str,
        ReplicationConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        Token: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(replication_rules.configure, self.bucket, ReplicationConfiguration)
        return {}

    async def get_bucket_replication(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        return {"ReplicationConfiguration": await self.store.read(replication_rules.configuration, Bucket)}

    async def delete_bucket_replication(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, replication_rules.KIND)
        return {}

    @internal
    async def replicate_existing(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> str:
        """Bring over a version written before the rules were (S3 Batch Replication). Returns its replication status.

        Raises InvalidRequest where no rule is for it."""
        version = await self.store.read(replication.to_replicate, Bucket, Key, VersionId)
        done = await self._replicated(Bucket, Key, version) if version is not None else None
        if done is None:
            raise InvalidRequest("The object is not eligible for replication")
        return done.replication

    @job
    async def replicate(self, bucket: str, key: str, version: str) -> None:
        await self._replicated(bucket, key, version)

    async def _replicated(self, bucket: str, key: str, version: str) -> Object | None:
        writer = await self._in_role(bucket)
        sealed: dict[str, Encryption] = {}
        if writer is not None:
            for sealing in await self.store.read(replication.sealings, bucket, key, version):
                with contextlib.suppress(ServiceError):  # what could not be sealed is not replicated
                    sealed[sealing.rule] = await self._sealed_anew(writer.caller, sealing, key)
        return await self.store.write(replication.replicate, self.blobs, writer, bucket, key, version, sealed)

    async def _sealed_anew(self, role: Caller, sealing: Sealing, key: str) -> Encryption:
        """What protects the replica: the same key of the object's, as the role opens it with the source's KMS key and
        seals it with the destination's."""
        source, target = sealing.source, sealing.bucket
        caller = replace(role, via=(*role.via, "s3.amazonaws.com"))
        opened = await self.kernel.client(caller, "kms", kms_keys.region_of(source.kms_key)).decrypt(
            CiphertextBlob=source.kms_blob, KeyId=source.kms_key, EncryptionContext=source.kms_context
        )
        context = kms_keys.context(self.scope.partition, target.name, key, None, bucket_key=False)
        made = await self.kernel.client(caller, "kms", target.region).encrypt(
            KeyId=sealing.kms_key, Plaintext=opened["Plaintext"], EncryptionContext=context
        )
        return replace(
            source, algorithm="aws:kms", kms_key=made["KeyId"], kms_blob=made["CiphertextBlob"], kms_context=context,
            bucket_key=False,
        )  # fmt: skip

    async def _in_role(self, bucket: str) -> Visitor | None:
        """S3 in the role that the bucket's replication names; None if the role does not let it."""
        role = await self.store.read(replication.role, bucket)
        if not role:
            return None
        try:
            caller = await self.assume(role, "s3-replication", source_arn=f"arn:aws:s3:::{bucket}")
        except ServiceError:
            return None
        return self.visitor._replace(caller=caller)
