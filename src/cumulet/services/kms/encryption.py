"""Encrypting and decrypting under a KMS key, of either kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cumulet.kernel.ids import Ids
from cumulet.kernel.keyring import Keyring
from cumulet.services.kms import ciphertexts, materials, private_keys, specs
from cumulet.services.kms.ciphertexts import Header
from cumulet.services.kms.errors import InvalidCiphertextException, ValidationException
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Material, Ring

_SALT_BYTES = 16


class Opened(NamedTuple):
    plaintext: bytes
    material_id: str


def encrypt(
    keyring: Keyring, key: Key, ring: Ring, algorithm: str, context: Mapping[str, str], plaintext: bytes, ids: Ids
) -> bytes:
    """Under the current material."""
    material = current(ring)
    if algorithm != specs.SYMMETRIC:
        return private_keys.encrypt(specs.SPECS[key.spec], material.public, algorithm, plaintext)
    header = Header(key.account, key.id, material.id)
    return ciphertexts.seal(materials.secret(keyring, material), header, context, plaintext, ids.bytes(_SALT_BYTES))


def decrypt(keyring: Keyring, ring: Ring, algorithm: str, context: Mapping[str, str], blob: bytes) -> Opened:
    """Raises InvalidCiphertextException."""
    if algorithm != specs.SYMMETRIC:
        material = current(ring)
        return Opened(private_keys.decrypt(materials.secret(keyring, material), algorithm, blob), "")
    found = ring.find(ciphertexts.header(blob).material_id)
    if found is None:
        raise InvalidCiphertextException
    return Opened(ciphertexts.unseal(materials.secret(keyring, found), context, blob), found.id)


def current(ring: Ring) -> Material:
    found = ring.current
    assert found is not None, "a key that can be used has a current material"
    return found


def check_context(algorithm: str, context: Mapping[str, str]) -> None:
    """Raises ValidationException for a context that is too long, or where none can be."""
    if context and algorithm != specs.SYMMETRIC:
        raise ValidationException(f"An encryption context is not valid with the algorithm {algorithm}.")
    ciphertexts.check_context(context)
