"""Keys to encrypt with outside of KMS, and random bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cumulet.services.kms import encryption, generation, specs
from cumulet.services.kms.api.base import KMSBase, refuse_recipient, stop_dry_run
from cumulet.services.kms.custom_stores import missing
from cumulet.services.kms.errors import InvalidKeyUsageException, ValidationException
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Fresh, Ring

_SIZES = {"AES_256": 32, "AES_128": 16}


class _Under(NamedTuple):
    """The key that is to protect a data key, and how."""

    key: Key
    ring: Ring
    context: Mapping[str, str]


class DataKeys(KMSBase):
    async def generate_data_key(
        self,
        *,
        KeyId: str,
        EncryptionContext: Mapping[str, str] | None = None,
        NumberOfBytes: int | None = None,
        KeySpec: str | None = None,
        GrantTokens: Sequence[str] = (),
        Recipient: Any = None,
        DryRun: bool = False,
    ) -> dict[str, Any]:
        refuse_recipient(Recipient)
        size = _size(NumberOfBytes, KeySpec)
        under = await self._under("GenerateDataKey", KeyId, EncryptionContext, GrantTokens, DryRun)
        plaintext = self.kernel.ids.bytes(size)
        return {"Plaintext": plaintext} | self._protected("CiphertextBlob", under, plaintext)

    async def generate_data_key_without_plaintext(
        self,
        *,
        KeyId: str,
        EncryptionContext: Mapping[str, str] | None = None,
        KeySpec: str | None = None,
        NumberOfBytes: int | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
    ) -> dict[str, Any]:
        size = _size(NumberOfBytes, KeySpec)
        operation = "GenerateDataKeyWithoutPlaintext"
        under = await self._under(operation, KeyId, EncryptionContext, GrantTokens, DryRun)
        return self._protected("CiphertextBlob", under, self.kernel.ids.bytes(size))

    async def generate_data_key_pair(
        self,
        *,
        KeyId: str,
        KeyPairSpec: str,
        EncryptionContext: Mapping[str, str] | None = None,
        GrantTokens: Sequence[str] = (),
        Recipient: Any = None,
        DryRun: bool = False,
    ) -> dict[str, Any]:
        refuse_recipient(Recipient)
        under = await self._under("GenerateDataKeyPair", KeyId, EncryptionContext, GrantTokens, DryRun)
        pair = await self._pair(KeyPairSpec)
        return {"PrivateKeyPlaintext": pair.secret} | self._protected_pair(KeyPairSpec, under, pair)

    async def generate_data_key_pair_without_plaintext(
        self,
        *,
        KeyId: str,
        KeyPairSpec: str,
        EncryptionContext: Mapping[str, str] | None = None,
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
    ) -> dict[str, Any]:
        operation = "GenerateDataKeyPairWithoutPlaintext"
        under = await self._under(operation, KeyId, EncryptionContext, GrantTokens, DryRun)
        return self._protected_pair(KeyPairSpec, under, await self._pair(KeyPairSpec))

    async def generate_random(
        self, *, NumberOfBytes: int | None = None, CustomKeyStoreId: str | None = None, Recipient: Any = None
    ) -> dict[str, Any]:
        refuse_recipient(Recipient)
        if CustomKeyStoreId is not None:
            missing(CustomKeyStoreId)
        if NumberOfBytes is None:
            raise ValidationException("NumberOfBytes is required.")
        return {"Plaintext": self.kernel.ids.bytes(NumberOfBytes)}

    async def _under(
        self,
        operation: str,
        key_id: str,
        context: Mapping[str, str] | None,
        tokens: Sequence[str],
        dry_run: bool,
    ) -> _Under:
        key, ring = await self.key_for(operation, key_id, specs.ENCRYPT, tokens)
        if not specs.SPECS[key.spec].is_symmetric:
            raise InvalidKeyUsageException.algorithm(specs.SYMMETRIC, key.spec)
        encryption.check_context(specs.SYMMETRIC, context or {})
        stop_dry_run(dry_run)
        await self.used(operation, key)
        return _Under(key, ring, context or {})

    async def _pair(self, spec: str) -> Fresh:
        return await generation.material(specs.data_key_pair(spec), self.kernel.ids)

    def _protected(self, member: str, under: _Under, plaintext: bytes) -> dict[str, Any]:
        key, ring, context = under
        keyring, ids = self.kernel.keyring, self.kernel.ids
        blob = encryption.encrypt(keyring, key, ring, specs.SYMMETRIC, context, plaintext, ids)
        return {member: blob, "KeyId": key.arn, "KeyMaterialId": encryption.current(ring).id}

    def _protected_pair(self, spec: str, under: _Under, pair: Fresh) -> dict[str, Any]:
        told = self._protected("PrivateKeyCiphertextBlob", under, pair.secret)
        return told | {"PublicKey": pair.public, "KeyPairSpec": spec}


def _size(count: int | None, spec: str | None) -> int:
    """Raises ValidationException unless one of both is given."""
    if (count is None) == (spec is None):
        raise ValidationException("Please specify either number of bytes or key spec.")
    return _SIZES[spec] if spec is not None else count or 0
