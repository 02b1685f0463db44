"""The ways in which key material comes wrapped under an RSA public key.

Source: KMS Developer Guide, wrapping algorithms; RFC 5649 for AES key wrap with padding."""

from __future__ import annotations

import functools
from typing import Any

from cumulet.services.kms import private_keys
from cumulet.services.kms.errors import InvalidCiphertextException, ValidationException

SPECS = ("RSA_2048", "RSA_3072", "RSA_4096")
_HYBRID = "RSA_AES_KEY_WRAP_"


def check(algorithm: str, spec: str) -> None:
    """Raises ValidationException for what cannot wrap, or is taken no more."""
    if spec not in SPECS or not algorithm.startswith("RSA"):
        raise ValidationException(f"Material cannot be wrapped by {algorithm} with a wrapping key {spec} here.")
    if algorithm == "RSAES_PKCS1_V1_5":
        raise ValidationException("The wrapping algorithm RSAES_PKCS1_V1_5 is not supported any more.")


def unwrap(private: bytes, algorithm: str, wrapped: bytes) -> bytes:
    """Raises InvalidCiphertextException."""
    if not algorithm.startswith(_HYBRID):
        return private_keys.decrypt(private, algorithm, wrapped)
    size = private_keys.modulus_bytes(private)
    hashing = algorithm.removeprefix(_HYBRID)
    key = private_keys.decrypt(private, f"RSAES_OAEP_{hashing}", wrapped[:size])
    try:
        secret: bytes = _keywrap().aes_key_unwrap_with_padding(key, wrapped[size:])
    except (ValueError, _keywrap().InvalidUnwrap):
        raise InvalidCiphertextException from None
    return secret


@functools.cache
def _keywrap() -> Any:
    from cryptography.hazmat.primitives import keywrap

    return keywrap
