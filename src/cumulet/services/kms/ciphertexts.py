"""Ciphertexts of symmetric keys: what they say of themselves, and how they are sealed.

A ciphertext begins with a header that names the account, the key and its material, so that who decrypts need not name
them. Then come a salt, from which and from the material a key for this one text is derived (so that no number of texts
wears the material out), and the text sealed by AES-256-GCM. Header and encryption context are authenticated with it.

The layout is Cumulet's own; only the first bytes are those of AWS, by which some tools tell a ciphertext."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from cumulet.kernel import ciphers
from cumulet.kernel.ciphers import NONCE_BYTES
from cumulet.services.kms.errors import InvalidCiphertextException, ValidationException

LONGEST_CONTEXT = 8192
_MAGIC = b"\x01\x02\x02\x00\x78"
_MULTI_REGION = b"\x01"
_SALT_BYTES = 16
_MATERIAL_DIGITS = 32
_ACCOUNT_BYTES = 6
_HEADER_BYTES = len(_MAGIC) + _ACCOUNT_BYTES + 1 + 16 + _MATERIAL_DIGITS // 2
_NONCE = bytes(NONCE_BYTES)
"""Each derived key seals one text."""


class Header(NamedTuple):
    """`material_id` is how the id of the material begins."""

    account: str
    key_id: str
    material_id: str


def seal(secret: bytes, header: Header, context: Mapping[str, str], plaintext: bytes, salt: bytes) -> bytes:
    """`salt`: 16 random bytes. Raises ValidationException for a context that is too long."""
    head = _packed(header)
    key = _derived(secret, salt)
    return head + salt + ciphers.seal(key, _NONCE, plaintext, head + _canonical(context))


def unseal(secret: bytes, context: Mapping[str, str], blob: bytes) -> bytes:
    """Raises InvalidCiphertextException for bytes that were changed, or another context."""
    head, salt = blob[:_HEADER_BYTES], blob[_HEADER_BYTES : _HEADER_BYTES + _SALT_BYTES]
    try:
        sealed = blob[_HEADER_BYTES + _SALT_BYTES :]
        return ciphers.unseal(_derived(secret, salt), _NONCE, sealed, head + _canonical(context))
    except ValueError:
        raise InvalidCiphertextException from None


def header(blob: bytes) -> Header:
    """What a ciphertext says of itself; nothing proves it yet. Raises InvalidCiphertextException."""
    if len(blob) < _HEADER_BYTES + _SALT_BYTES or not blob.startswith(_MAGIC):
        raise InvalidCiphertextException
    at = len(_MAGIC)
    account = int.from_bytes(blob[at : at + _ACCOUNT_BYTES], "big")
    at += _ACCOUNT_BYTES
    key = UUID(bytes=blob[at + 1 : at + 17])
    key_id = f"mrk-{key.hex}" if blob[at : at + 1] == _MULTI_REGION else str(key)
    return Header(f"{account:012}", key_id, blob[at + 17 : _HEADER_BYTES].hex())


def check_context(context: Mapping[str, str]) -> None:
    if len(_canonical(context)) > LONGEST_CONTEXT:
        raise ValidationException(f"The encryption context must not be longer than {LONGEST_CONTEXT} bytes.")


def _packed(header: Header) -> bytes:
    kind = _MULTI_REGION if header.key_id.startswith("mrk-") else b"\0"
    return b"".join((
        _MAGIC, int(header.account).to_bytes(_ACCOUNT_BYTES, "big"), kind,
        UUID(header.key_id.removeprefix("mrk-")).bytes, bytes.fromhex(header.material_id[:_MATERIAL_DIGITS]),
    ))  # fmt: skip


def _derived(secret: bytes, salt: bytes) -> bytes:
    return hmac.digest(secret, b"kms ciphertext\0" + salt, "sha256")


def _canonical(context: Mapping[str, str]) -> bytes:
    """The context in one form only, whatever the order of its members."""
    parts = [part.encode() for item in sorted(context.items()) for part in item]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
