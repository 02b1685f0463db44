"""Encryption with AES-256: sealed whole (GCM), or streamed so that any place can be begun at (counter mode).

The library behind it is imported at the first use: it is 7 MB, and a cloud that holds no bytes does without."""

from __future__ import annotations

import functools
from typing import Any, Protocol

KEY_BYTES = 32
NONCE_BYTES = 12
_BLOCK_BYTES = 16


class Tampered(ValueError):
    """Sealed bytes that were changed, or that another key sealed."""


class Stream(Protocol):
    """Encrypts, or decrypts, what passes through it."""

    def update(self, data: bytes, /) -> bytes: ...


def seal(key: bytes, nonce: bytes, data: bytes, beside: bytes | None = None) -> bytes:
    """`data` encrypted and protected from change, 16 bytes longer. A key must never see a nonce twice.

    `beside` is not part of the result, but whoever unseals it has to know the same."""
    sealed: bytes = _gcm()(key).encrypt(nonce, data, beside)
    return sealed


def unseal(key: bytes, nonce: bytes, sealed: bytes, beside: bytes | None = None) -> bytes:
    """What was sealed. Raises Tampered."""
    try:
        data: bytes = _gcm()(key).decrypt(nonce, sealed, beside)
    except _invalid_tag():
        raise Tampered("the sealed bytes are damaged, or sealed by another key") from None
    return data


def stream(key: bytes, start: int = 0) -> Stream:
    """A stream in counter mode from byte `start`, a multiple of 16. A key must encrypt one text only: its counter
    begins at zero, and no counter value may be used twice under one key (NIST SP 800-38A, appendix B)."""
    ciphers = _primitives()
    counter = (start // _BLOCK_BYTES).to_bytes(_BLOCK_BYTES, "big")
    made: Stream = ciphers.Cipher(ciphers.algorithms.AES256(key), ciphers.modes.CTR(counter)).encryptor()
    return made


@functools.cache
def _gcm() -> Any:
    from cryptography.hazmat.primitives.ciphers import aead

    return aead.AESGCM


@functools.cache
def _invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag


@functools.cache
def _primitives() -> Any:
    from cryptography.hazmat.primitives import ciphers

    return ciphers
