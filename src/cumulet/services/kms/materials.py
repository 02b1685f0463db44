"""Key material: the secret bytes of a key, and how they come, rotate and go.

All materials of a key lie in one record, its ring; each is wrapped by the cloud's keyring, and nothing returns one.
Encryption takes the current one, a ciphertext names its own, so what was encrypted before a rotation still decrypts.
Related multi-Region keys share one ring, except those whose material is imported: there every key gets its own."""

from __future__ import annotations

import hashlib
from datetime import datetime

from cumulet.kernel.keyring import Keyring
from cumulet.kernel.keys import Key as StoreKey
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms.errors import InvalidCiphertextException
from cumulet.services.kms.keys import Key

CURRENT, FORMER, PENDING = "CURRENT", "NON_CURRENT", "PENDING_ROTATION"
AUTOMATIC, ON_DEMAND = "AUTOMATIC", "ON_DEMAND"


class Fresh(Record):
    """Material on its way into a key. `secret` is what HMAC and AES take, or a private key in PKCS #8."""

    secret: bytes
    public: bytes = b""


class Material(Record):
    """One material of a key. `wrapped` is empty for imported material that expired or was deleted."""

    id: str
    created: datetime
    wrapped: bytes
    public: bytes = b""
    state: str = CURRENT
    rotated: datetime | None = None
    rotation: str = ""
    description: str = ""
    expires: datetime | None = None

    @property
    def expiration_model(self) -> str:
        return "KEY_MATERIAL_DOES_NOT_EXPIRE" if self.expires is None else "KEY_MATERIAL_EXPIRES"

    def is_present(self, now: datetime) -> bool:
        return bool(self.wrapped) and (self.expires is None or now < self.expires)


class Ring(Record):
    """All materials of a key, oldest first, and when it rotates."""

    materials: tuple[Material, ...] = ()
    rotates: bool = False
    period_days: int = 365
    next: datetime | None = None
    on_demand: int = 0
    """How often it was rotated on demand."""

    @property
    def current(self) -> Material | None:
        return next((material for material in self.materials if material.state == CURRENT), None)

    def find(self, material_id: str) -> Material | None:
        """By its whole id, or by how that begins."""
        return next((material for material in self.materials if material.id.startswith(material_id)), None)

    def is_complete(self, now: datetime) -> bool:
        """Whether there is a current material, and all that ciphertexts can name are there."""
        needed = [material for material in self.materials if material.state != PENDING]
        return self.current is not None and all(material.is_present(now) for material in needed)

    def put(self, material: Material) -> Ring:
        """With this material, in place of the one of the same id."""
        kept = tuple(material if old.id == material.id else old for old in self.materials)
        return replace(self, materials=kept if material in kept else (*kept, material))


def ring(tx: ReadTransaction, key: Key) -> Ring:
    found: Ring | None = tx.get(_place(key))
    return found or Ring()


def put_ring(tx: Transaction, key: Key, changed: Ring) -> None:
    tx.put(_place(key), changed)


def forget(tx: Transaction, key: Key) -> None:
    tx.delete(_place(key))


def made(key_id: str, fresh: Fresh, keyring: Keyring, now: datetime) -> Material:
    return Material(
        id=fingerprint(key_id, fresh.secret), created=now, wrapped=keyring.wrap(fresh.secret, now), public=fresh.public
    )


def fingerprint(key_id: str, secret: bytes) -> str:
    """The id of a material, 64 hex digits: the same for the same bytes in the same key, and telling nothing of them."""
    return hashlib.sha256(b"kms key material\0" + key_id.encode() + b"\0" + secret).hexdigest()


def rotated(old: Ring, successor: Material, kind: str, now: datetime) -> Ring:
    """With `successor` as the current material."""
    former = tuple(replace(m, state=FORMER) if m.state == CURRENT else m for m in old.materials)
    current = replace(successor, state=CURRENT, rotated=now, rotation=kind)
    return replace(old, materials=former).put(current)


def secret(keyring: Keyring, material: Material) -> bytes:
    """The bytes themselves. They stay within the service."""
    if not material.wrapped:
        raise InvalidCiphertextException
    return keyring.unwrap(material.wrapped)


def _place(key: Key) -> StoreKey:
    region = "" if key.shares_material else key.region
    return ("kms", key.account, region, "materials", key.id)
