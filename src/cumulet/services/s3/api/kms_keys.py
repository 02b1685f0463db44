"""Objects that a KMS key protects: asking KMS for what seals and opens them. The rules are in ../kms_keys.py.

S3 calls KMS on behalf of who calls S3, so that the caller needs leave of the key, and KMS's record names the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Kind
from cumulet.kernel.records import replace
from cumulet.kernel.service import job
from cumulet.services.s3 import kms_keys
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.encryption import HeldKey, KmsDataKey
from cumulet.services.s3.kms_keys import BucketKey, KeyWanted
from cumulet.services.s3.objects import Encryption, Object

T = TypeVar("T")
_DEFAULT = ":alias/aws/s3"


class KmsKeys(S3Base):
    async def opened(self, rule: Callable[..., T], *args: Any, held: HeldKey | None, **keywords: Any) -> T:
        """What a reading rule returns that opens an object, given the key to open it with as `held`: the client's, if
        it sent one, or that which KMS gives. Raises what KMS's refusals are in S3."""
        while True:
            try:
                return await self.store.read(rule, *args, held=held, **keywords)
            except KeyWanted as wanted:  # again only if the object was replaced meanwhile
                held = await self._unlocked(wanted)

    async def protected(self, wanted: Object, given: dict[str, Any]) -> tuple[Object, HeldKey | None]:
        """A new object with its key from KMS, where it wants one; and the key that wraps its data keys, if the cloud's
        own is not to."""
        encryption = wanted.encryption
        if encryption is None or not encryption.kms_key:
            return wanted, self.customer_key(given)
        sealed, held = await self.sealed(wanted.key, encryption, given.get("SSEKMSEncryptionContext"))
        return replace(wanted, encryption=sealed), held

    async def sealed(self, key: str, encryption: Encryption, context: str | None) -> tuple[Encryption, KmsDataKey]:
        """A fresh key of KMS's for an object, or the bucket's as long as it serves."""
        who, asked = self.caller.arn, encryption.kms_key
        if encryption.bucket_key:
            kept = await self.store.read(kms_keys.for_writing, self.bucket.name, who, asked)
            if kept is not None:
                return _under(encryption, kept), kms_keys.held(kept, self.kernel.keyring)
        told = kms_keys.context(self.scope.partition, self.bucket.name, key, context, bucket_key=encryption.bucket_key)
        made = await self._generated(asked, told)
        fresh = self._kept(made["KeyId"], made["CiphertextBlob"], told, made["Plaintext"])
        if encryption.bucket_key:
            await self.store.write(kms_keys.keep, self.bucket.name, who, asked, fresh)
        return _under(encryption, fresh), KmsDataKey(made["Plaintext"], fresh.blob)

    async def unlocked(self, encryption: Encryption) -> KmsDataKey:
        """The key that protects an object, from KMS, or as it is still known for the bucket."""
        who, blob = self.caller.arn, encryption.kms_blob
        if encryption.bucket_key:
            kept = await self.store.read(kms_keys.for_reading, self.bucket.name, who, blob)
            if kept is not None:
                return kms_keys.held(kept, self.kernel.keyring)
        context = encryption.kms_context
        made = await self._ask(
            "decrypt", kms_keys.region_of(encryption.kms_key), CiphertextBlob=blob, KeyId=encryption.kms_key,
            EncryptionContext=context,
        )  # fmt: skip
        if encryption.bucket_key:
            opened = self._kept(encryption.kms_key, blob, context, made["Plaintext"])
            await self.store.write(kms_keys.keep_for_reading, self.bucket.name, who, opened)
        return KmsDataKey(made["Plaintext"], blob)

    @job
    async def forget_bucket_key(self, place: list[str]) -> None:
        await self.store.write(kms_keys.forget, tuple(place))

    async def _unlocked(self, wanted: KeyWanted) -> KmsDataKey:
        if self.caller.kind is Kind.ANONYMOUS:
            raise wanted
        assert wanted.found.encryption is not None, "what is not encrypted wants no key"
        return await self.unlocked(wanted.found.encryption)

    async def _generated(self, kms_key: str, context: dict[str, str]) -> dict[str, Any]:
        """From KMS in the bucket's Region: a key of another Region is not known there."""
        region = self.bucket.region
        if kms_key.endswith(_DEFAULT):
            await self._ask("default_key", region, Service="s3")
        return await self._ask("generate_data_key", region, KeyId=kms_key, KeySpec="AES_256", EncryptionContext=context)

    async def _ask(self, operation: str, region: str, **parameters: Any) -> dict[str, Any]:
        kms = self.on_behalf("kms", region=region)
        try:
            answer: dict[str, Any] = await getattr(kms, operation)(**parameters)
        except ServiceError as error:
            raise kms_keys.refusal(error) from error
        return answer

    def _kept(self, kms_key: str, blob: bytes, context: dict[str, str], plaintext: bytes) -> BucketKey:
        now = self.clock.now()
        sealed = self.kernel.keyring.wrap(plaintext, now)
        return BucketKey(
            kms_key=kms_key, blob=blob, context=context, sealed=sealed, until=now + kms_keys.BUCKET_KEY_TERM
        )


def _under(encryption: Encryption, key: BucketKey) -> Encryption:
    return replace(encryption, kms_key=key.kms_key, kms_blob=key.blob, kms_context=key.context)
