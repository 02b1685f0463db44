"""What asymmetric and HMAC keys do: sign, verify, authenticate, agree, encapsulate."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import encryption, grants, keys, materials, names, private_keys, specs
from cumulet.services.kms.api.base import KMSBase, private_work, refuse_recipient, stop_dry_run
from cumulet.services.kms.errors import KMSInvalidMacException, UnsupportedOperationException
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Ring
from cumulet.services.kms.names import Name


class Signatures(KMSBase):
    async def sign(
        self,
        *,
        KeyId: str,
        Message: bytes,
        SigningAlgorithm: str,
        MessageType: str = "RAW",
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
    ) -> dict[str, Any]:
        key, ring = await self.key_for("Sign", KeyId, specs.SIGN, GrantTokens)
        specs.require_algorithm(SigningAlgorithm, key.spec, key.usage)
        work = (self._secret(ring), SigningAlgorithm, Message, MessageType)
        signature = await private_work(key.spec, private_keys.sign, *work)
        stop_dry_run(DryRun)
        await self.used("Sign", key)
        return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": SigningAlgorithm}

    async def verify(
        self,
        *,
        KeyId: str,
        Message: bytes,
        Signature: bytes,
        SigningAlgorithm: str,
        MessageType: str = "RAW",
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
    ) -> dict[str, Any]:
        key, ring = await self.key_for("Verify", KeyId, specs.SIGN, GrantTokens)
        specs.require_algorithm(SigningAlgorithm, key.spec, key.usage)
        private_keys.verify(encryption.current(ring).public, SigningAlgorithm, Message, MessageType, Signature)
        stop_dry_run(DryRun)
        await self.used("Verify", key)
        return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": SigningAlgorithm}

    async def get_public_key(self, *, KeyId: str, GrantTokens: Sequence[str] = ()) -> dict[str, Any]:
        name = names.parse(KeyId, self.scope, aliases=True)
        grants.check_tokens(GrantTokens)
        key, ring = await self.store.read(_with_public_half, name)
        told = {"KeyId": key.arn, "PublicKey": encryption.current(ring).public}
        return told | specs.as_wire(key.spec, key.usage)

    async def generate_mac(
        self, *, Message: bytes, KeyId: str, MacAlgorithm: str, GrantTokens: Sequence[str] = (), DryRun: bool = False
    ) -> dict[str, Any]:
        key, mac = await self._mac("GenerateMac", KeyId, MacAlgorithm, Message, GrantTokens)
        stop_dry_run(DryRun)
        await self.used("GenerateMac", key)
        return {"Mac": mac, "MacAlgorithm": MacAlgorithm, "KeyId": key.arn}

    async def verify_mac(
        self,
        *,
        Message: bytes,
        KeyId: str,
        MacAlgorithm: str,
        Mac: bytes,
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
    ) -> dict[str, Any]:
        key, mac = await self._mac("VerifyMac", KeyId, MacAlgorithm, Message, GrantTokens)
        if not hmac.compare_digest(mac, Mac):
            raise KMSInvalidMacException
        stop_dry_run(DryRun)
        await self.used("VerifyMac", key)
        return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": MacAlgorithm}

    async def derive_shared_secret(
        self,
        *,
        KeyId: str,
        KeyAgreementAlgorithm: str,
        PublicKey: bytes,
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
        Recipient: Any = None,
    ) -> dict[str, Any]:
        refuse_recipient(Recipient)
        key, ring = await self.key_for("DeriveSharedSecret", KeyId, specs.AGREE, GrantTokens)
        secret = private_keys.shared_secret(self._secret(ring), PublicKey)
        stop_dry_run(DryRun)
        await self.used("DeriveSharedSecret", key)
        return {
            "KeyId": key.arn, "SharedSecret": secret, "KeyAgreementAlgorithm": KeyAgreementAlgorithm,
            "KeyOrigin": key.origin,
        }  # fmt: skip

    async def encapsulate(
        self, *, KeyId: str, EncapsulationAlgorithm: str, GrantTokens: Sequence[str] = (), DryRun: bool = False
    ) -> dict[str, Any]:
        key, ring = await self.key_for("Encapsulate", KeyId, specs.ENCAPSULATE, GrantTokens)
        secret, blob = private_keys.encapsulate(encryption.current(ring).public)
        stop_dry_run(DryRun)
        await self.used("Encapsulate", key)
        return {
            "KeyId": key.arn, "SharedSecret": secret, "SharedSecretCiphertextBlob": blob,
            "EncapsulationAlgorithm": EncapsulationAlgorithm,
        }  # fmt: skip

    async def decapsulate(
        self,
        *,
        KeyId: str,
        SharedSecretCiphertextBlob: bytes,
        EncapsulationAlgorithm: str,
        GrantTokens: Sequence[str] = (),
        DryRun: bool = False,
    ) -> dict[str, Any]:
        key, ring = await self.key_for("Decapsulate", KeyId, specs.ENCAPSULATE, GrantTokens)
        secret = private_keys.decapsulate(self._secret(ring), SharedSecretCiphertextBlob)
        stop_dry_run(DryRun)
        await self.used("Decapsulate", key)
        return {"KeyId": key.arn, "SharedSecret": secret, "EncapsulationAlgorithm": EncapsulationAlgorithm}

    async def _mac(
        self, operation: str, key_id: str, algorithm: str, message: bytes, tokens: Sequence[str]
    ) -> tuple[Key, bytes]:
        key, ring = await self.key_for(operation, key_id, specs.MAC, tokens)
        specs.require_algorithm(algorithm, key.spec, key.usage)
        digest = algorithm.removeprefix("HMAC_").replace("_", "").lower()
        return key, hmac.digest(self._secret(ring), message, digest)

    def _secret(self, ring: Ring) -> bytes:
        return materials.secret(self.kernel.keyring, encryption.current(ring))


def _with_public_half(tx: ReadTransaction, name: Name) -> tuple[Key, Ring]:
    key = names.existing(tx, name)
    if not specs.SPECS[key.spec].is_asymmetric:
        raise UnsupportedOperationException.spec(key.arn, key.spec)
    keys.require_usable(tx, key)
    return key, materials.ring(tx, key)
