"""Imported key material: taken over under a wrapping key of ours, expiring, deleted and imported again.

The private half of a wrapping key travels in the import token itself, sealed by the cloud's keyring: nothing is kept
for requests that never come back. Both are good for 24 hours.

Source: KMS Developer Guide, importing key material; KMS API Reference, GetParametersForImport, ImportKeyMaterial."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys, materials, multi_region, private_keys, specs, wrapping
from cumulet.services.kms.errors import (
    ExpiredImportTokenException,
    IncorrectKeyMaterialException,
    InvalidImportTokenException,
    KMSInvalidStateException,
    NotFoundException,
    UnsupportedOperationException,
    ValidationException,
)
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Fresh, Material, Ring

_TOKEN_TERM = timedelta(hours=24)
_LONGEST_VALIDITY = timedelta(days=365)
_LONGEST_HMAC_BYTES = 128


class Token(msgspec.Struct, frozen=True):
    """What an import token holds."""

    arn: str
    algorithm: str
    private: bytes
    expires: datetime


def require_importable(tx: ReadTransaction, key: Key) -> None:
    """Raises UnsupportedOperationException or KMSInvalidStateException."""
    if key.origin != keys.EXTERNAL:
        raise UnsupportedOperationException.origin(key.arn, key.origin)
    keys.require_kept(tx, key)


def parameters(key: Key, algorithm: str, wrapping_key: Fresh, keyring: Keyring, now: datetime) -> dict[str, Any]:
    """A public key to wrap the material with, and the token that brings its private half back."""
    token = Token(key.arn, algorithm, wrapping_key.secret, now + _TOKEN_TERM)
    return {
        "KeyId": key.arn,
        "ImportToken": keyring.wrap(msgspec.msgpack.encode(token), now),
        "PublicKey": wrapping_key.public,
        "ParametersValidTo": token.expires,
    }


def unwrapped(key: Key, blob: bytes, wrapped: bytes, keyring: Keyring, now: datetime) -> Fresh:
    """The material in a request. Raises InvalidImportToken..., ExpiredImportToken..., InvalidCiphertextException or
    ValidationException for bytes that cannot be material of this key."""
    try:
        token = msgspec.msgpack.decode(keyring.unwrap(blob), type=Token)
    except (ValueError, msgspec.DecodeError):
        raise InvalidImportTokenException from None
    if token.arn != key.arn:
        raise InvalidImportTokenException
    if now >= token.expires:
        raise ExpiredImportTokenException
    return _fresh(key, wrapping.unwrap(token.private, token.algorithm, wrapped))


def check_validity(model: str | None, valid_to: datetime | None, now: datetime) -> datetime | None:
    """When the material expires, if it does. Raises ValidationException."""
    if model == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        if valid_to is not None:
            raise ValidationException(
                "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"
            )
        return None
    if valid_to is None:
        raise ValidationException("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    if not now < valid_to <= now + _LONGEST_VALIDITY:
        raise ValidationException("The validTo date must be in the future, and not more than 365 days from now.")
    return valid_to


def put(
    tx: Transaction,
    key: Key,
    fresh: Fresh,
    keyring: Keyring,
    *,
    expires: datetime | None,
    kind: str,
    description: str,
    material_id: str | None,
) -> Material:
    """Take the material. `kind` NEW_KEY_MATERIAL adds one to rotate to; else it has to be one that was here before.

    Raises IncorrectKeyMaterialException, KMSInvalidStateException or UnsupportedOperationException."""
    ring = materials.ring(tx, key)
    made = replace(materials.made(key.id, fresh, keyring, tx.now), expires=expires, description=description)
    if material_id is not None and material_id != made.id:
        raise IncorrectKeyMaterialException
    known = ring.find(made.id)
    if kind == "NEW_KEY_MATERIAL":
        _check_room(key, ring, known)
        made = replace(made, state=materials.PENDING if ring.current is not None else materials.CURRENT)
    elif known is not None:
        made = replace(made, state=known.state, rotated=known.rotated, rotation=known.rotation, created=known.created,
                       description=description or known.description)  # fmt: skip
    elif ring.materials or not _is_the_primarys(tx, key, made.id):
        raise IncorrectKeyMaterialException
    _settle(tx, key, ring.put(made))
    return made


def delete(tx: Transaction, key: Key, material_id: str | None) -> Material | None:
    """Forget the bytes of a material, the current one or that which is named; it may be imported again."""
    ring = materials.ring(tx, key)
    material = ring.find(material_id) if material_id is not None else ring.current
    if material is None:
        if material_id is not None:
            raise NotFoundException(f"Key material {material_id} of {key.arn} does not exist.")
        return None
    _settle(tx, key, ring.put(replace(material, wrapped=b"", expires=None)))
    return material


def expire(tx: Transaction, key: Key) -> None:
    """Forget the bytes of material whose time is over. Safe to repeat."""
    ring = materials.ring(tx, key)
    for material in ring.materials:
        if material.wrapped and not material.is_present(tx.now):
            ring = ring.put(replace(material, wrapped=b"", expires=None))
    _settle(tx, key, ring)


def _settle(tx: Transaction, key: Key, ring: Ring) -> None:
    """Keep the ring, and tell the key whether all is there and until when."""
    materials.put_ring(tx, key, ring)
    present = [material for material in ring.materials if material.wrapped]
    ends = min((m.expires for m in present if m.expires is not None), default=None)
    needed = min((m.expires for m in present if m.expires is not None and m.state != materials.PENDING), default=None)
    keys.put(tx, replace(key, imported=ring.is_complete(tx.now), expires=needed))
    if ends is not None:
        tx.schedule(ends, "kms.expire_material", {"key_id": key.id}, scope=key.scope, key=key.arn)
    else:
        tx.unschedule("kms.expire_material", key.arn)


def _is_the_primarys(tx: ReadTransaction, key: Key, material_id: str) -> bool:
    """Whether a replica may take this material: only what its primary has."""
    if not key.multi_region or multi_region.is_primary(tx, key):
        return True
    primary = replace(key, region=multi_region.family(tx, key).primary)
    return materials.ring(tx, primary).find(material_id) is not None


def _check_room(key: Key, ring: Ring, known: Material | None) -> None:
    if not specs.SPECS[key.spec].is_symmetric:
        raise UnsupportedOperationException.spec(key.arn, key.spec)
    if key.multi_region and ring.materials:
        raise NotImplementedYet("Cumulet does not import new material into multi-Region keys that have some yet.")
    if known is not None:
        raise ValidationException(f"The key material was imported into {key.arn} before.")
    if any(material.state == materials.PENDING for material in ring.materials):
        raise KMSInvalidStateException(f"{key.arn} has key material that is pending rotation.")


def _fresh(key: Key, secret: bytes) -> Fresh:
    spec = specs.SPECS[key.spec]
    if spec.is_asymmetric:
        try:
            return private_keys.imported(spec, secret)
        except ValueError:
            raise ValidationException(f"The key material is not a private key of the key spec {spec.name}.") from None
    shortest = spec.bits // 8
    if not shortest <= len(secret) <= (shortest if spec.is_symmetric else _LONGEST_HMAC_BYTES):
        raise ValidationException(f"The key material has not the length that the key spec {spec.name} wants.")
    return Fresh(secret=secret)
