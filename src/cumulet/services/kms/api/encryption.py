"""Encrypting, decrypting and both in one. The rules are in ../encryption.py and ../ciphertexts.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import encryption, grants, specs
from cumulet.services.kms.api.base import KMSBase, private_work, refuse_recipient, stop_dry_run, usable
from cumulet.services.kms.encryption import Opened
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Ring
from cumulet.services.kms.subjects import Decryption

Context = Mapping[str, str]


class Encryption(KMSBase):
    async def encrypt(
        self,
        *,
        KeyId: str,
        Plaintext: bytes,
        EncryptionContext: Context | None = None,
        GrantTokens: Sequence[str] = (),
        EncryptionAlgorithm: str = specs.SYMMETRIC,
        DryRun: bool = False,
    ) -> dict[str, Any]:
        key, ring = await self.key_for("Encrypt", KeyId, specs.ENCRYPT, GrantTokens)
        blob = self._sealed(key, ring, EncryptionAlgorithm, EncryptionContext or {}, Plaintext)
        stop_dry_run(DryRun)
        await self.used("Encrypt", key)
        return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": EncryptionAlgorithm}

    async def decrypt(
        self,
        *,
        CiphertextBlob: bytes | None = None,
        EncryptionContext: Context | None = None,
        GrantTokens: Sequence[str] = (),
        KeyId: str | None = None,
        EncryptionAlgorithm: str = specs.SYMMETRIC,
        Recipient: Any = None,
        DryRun: bool = False,
        DryRunModifiers: Sequence[str] = (),
    ) -> dict[str, Any]:
        refuse_recipient(Recipient)
        asked = Decryption({
            "CiphertextBlob": CiphertextBlob, "KeyId": KeyId, "EncryptionAlgorithm": EncryptionAlgorithm,
            "EncryptionContext": EncryptionContext, "DryRun": DryRun, "DryRunModifiers": DryRunModifiers,
        })  # fmt: skip
        grants.check_tokens(GrantTokens)
        key, opened = await self._opened("Decrypt", asked)
        stop_dry_run(DryRun)
        await self.used("Decrypt", key)
        told = {"KeyId": key.arn, "Plaintext": opened.plaintext, "EncryptionAlgorithm": EncryptionAlgorithm}
        return told | ({"KeyMaterialId": opened.material_id} if opened.material_id else {})

    async def re_encrypt(
        self,
        *,
        DestinationKeyId: str,
        CiphertextBlob: bytes | None = None,
        SourceEncryptionContext: Context | None = None,
        SourceKeyId: str | None = None,
        DestinationEncryptionContext: Context | None = None,
        SourceEncryptionAlgorithm: str = specs.SYMMETRIC,
        DestinationEncryptionAlgorithm: str = specs.SYMMETRIC,
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
        DryRunModifiers: Sequence[str] = (),
    ) -> dict[str, Any]:
        given = {
            "CiphertextBlob": CiphertextBlob, "SourceKeyId": SourceKeyId, "DryRun": DryRun,
            "SourceEncryptionAlgorithm": SourceEncryptionAlgorithm, "DryRunModifiers": DryRunModifiers,
            "SourceEncryptionContext": SourceEncryptionContext,
        }  # fmt: skip
        source, opened = await self._opened("ReEncrypt", Decryption(given, "Source"))
        key, ring = await self.key_for("ReEncrypt", DestinationKeyId, specs.ENCRYPT, GrantTokens)
        context = DestinationEncryptionContext or {}
        blob = self._sealed(key, ring, DestinationEncryptionAlgorithm, context, opened.plaintext)
        stop_dry_run(DryRun)
        await self.used("ReEncrypt", source)
        await self.used("ReEncrypt", key)
        told = {
            "CiphertextBlob": blob, "SourceKeyId": source.arn, "KeyId": key.arn,
            "SourceEncryptionAlgorithm": SourceEncryptionAlgorithm,
            "DestinationEncryptionAlgorithm": DestinationEncryptionAlgorithm,
        }  # fmt: skip
        if opened.material_id:
            told["SourceKeyMaterialId"] = opened.material_id
        if DestinationEncryptionAlgorithm == specs.SYMMETRIC:
            told["DestinationKeyMaterialId"] = encryption.current(ring).id
        return told

    def _sealed(self, key: Key, ring: Ring, algorithm: str, context: Context, plaintext: bytes) -> bytes:
        specs.require_algorithm(algorithm, key.spec, key.usage)
        encryption.check_context(algorithm, context)
        return encryption.encrypt(self.kernel.keyring, key, ring, algorithm, context, plaintext, self.kernel.ids)

    async def _opened(self, operation: str, asked: Decryption) -> tuple[Key, Opened]:
        def find(tx: ReadTransaction) -> tuple[Key, Ring]:
            return usable(tx, asked.key(tx, self.scope), operation, specs.ENCRYPT)

        key, ring = await self.store.read(find)
        specs.require_algorithm(asked.algorithm, key.spec, key.usage)
        encryption.check_context(asked.algorithm, asked.context)
        if asked.blob is None or asked.ignores_blob:
            return key, Opened(b"\0", "")
        work = (self.kernel.keyring, ring, asked.algorithm, asked.context, asked.blob)
        return key, await private_work(key.spec, encryption.decrypt, *work)
