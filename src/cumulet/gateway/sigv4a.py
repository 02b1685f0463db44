"""SigV4A: the asymmetric signature that is valid in several Regions at once.

The client derives an ECDSA key from its secret; so can we, and then verify with the public half. The derivation
is the counter mode of NIST SP 800-108 over HMAC-SHA256. Source: AWS SDK reference, SigV4A; RFC 5903 for P-256."""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
LONGEST_SIGNATURE = 144
"""Hex digits: a DER signature of P-256 has at most 72 bytes."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def verified(secret: str, access_key: str, message: bytes, signature: str) -> bool:
    """Whether the hex signature, which streamed chunks pad with "*", is this key's for the message."""
    from cryptography.exceptions import InvalidSignature  # rarely needed, and 7 MB
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        signed = bytes.fromhex(signature.rstrip("*")[: LONGEST_SIGNATURE + 1])
        public_key(secret, access_key).verify(signed, message, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=512)
def public_key(secret: str, access_key: str) -> ec.EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(_private_value(secret, access_key), ec.SECP256R1()).public_key()


def _private_value(secret: str, access_key: str) -> int:
    """The first counter whose output is small enough; the odds that one is not are below 2**-32."""
    key = ("AWS4A" + secret).encode()
    for counter in range(1, 255):
        fixed = ALGORITHM.encode() + b"\x00" + access_key.encode() + bytes([counter]) + (256).to_bytes(4, "big")
        value = int.from_bytes(hmac.digest(key, (1).to_bytes(4, "big") + fixed, "sha256"), "big")
        if value <= _ORDER - 2:
            return value + 1
    raise ValueError("no key can be derived")
