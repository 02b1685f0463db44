"""Which key a request is about: what it names, or what its ciphertext names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import ciphertexts, names, specs
from cumulet.services.kms.errors import IncorrectKeyException, ValidationException, unknown_ciphertext
from cumulet.services.kms.keys import Key
from cumulet.services.kms.names import Name

WITH_ALIASES = frozenset(
    f"{verb}"
    for verb in (
        "decapsulate", "decrypt", "derive_shared_secret", "describe_key", "encapsulate", "encrypt",
        "generate_data_key", "generate_data_key_pair", "generate_data_key_pair_without_plaintext",
        "generate_data_key_without_plaintext", "generate_mac", "get_public_key", "re_encrypt", "sign", "verify",
        "verify_mac",
    )
)  # fmt: skip
"""The operations that take an alias for a key."""

IGNORE_CIPHERTEXT = "IGNORE_CIPHERTEXT"


class Decryption:
    """What is to be decrypted, as Decrypt and ReEncrypt give it."""

    def __init__(self, given: Mapping[str, Any], prefix: str = "") -> None:
        self.blob: bytes | None = given.get("CiphertextBlob")
        self.key_id: str | None = given.get(f"{prefix}KeyId")
        self.algorithm: str = given.get(f"{prefix}EncryptionAlgorithm") or specs.SYMMETRIC
        self.context: Mapping[str, str] = given.get(f"{prefix}EncryptionContext") or {}
        modifiers = given.get("DryRunModifiers") or ()
        self.ignores_blob = bool(given.get("DryRun")) and IGNORE_CIPHERTEXT in modifiers

    def name(self, scope: Scope) -> Name:
        """The key that the request names, or else that which the ciphertext names.

        Raises ValidationException where neither does, InvalidCiphertextException for bytes that are no ciphertext."""
        if self.blob is None and not self.ignores_blob:
            raise ValidationException("CiphertextBlob is required.")
        if self.key_id is not None:
            return names.parse(self.key_id, scope, aliases=True)
        if self.algorithm != specs.SYMMETRIC or self.blob is None:
            raise ValidationException("KeyId is required.")
        header = ciphertexts.header(self.blob)
        return Name(Scope(account=header.account, region=scope.region), key_id=header.key_id)

    def key(self, tx: ReadTransaction, scope: Scope) -> Key:
        """Raises NotFoundException, AccessDeniedException, IncorrectKeyException and others."""
        name = self.name(scope)
        if self.key_id is None:
            found = names.find(tx, name)
            if found is None:
                raise unknown_ciphertext()
            return found
        key = names.existing(tx, name)
        if self.algorithm == specs.SYMMETRIC and self.blob is not None and specs.SPECS[key.spec].is_symmetric:
            header = ciphertexts.header(self.blob)
            if (header.account, header.key_id) != (key.account, key.id):
                raise IncorrectKeyException
        return key
