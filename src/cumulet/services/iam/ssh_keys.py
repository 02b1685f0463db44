"""SSH public keys of users, with which they prove who they are to repositories of source code."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.access_keys import ACTIVE, INACTIVE
from cumulet.services.iam.credential_errors import (
    DuplicateSSHPublicKey,
    InvalidPublicKey,
    UnrecognizedPublicKeyEncoding,
)
from cumulet.services.iam.errors import InvalidInput, LimitExceeded, NoSuchEntity
from cumulet.services.iam.owners import Owner

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MOST = 5
_SMALLEST_BITS, _LARGEST_BITS = 2048, 16384
_SSH, _PEM = "SSH", "PEM"


class SSHPublicKey(Record):
    """`blob` is the key as the SSH protocol sends it (RFC 4253, 6.6), `body` the text as it was uploaded."""

    id: str
    body: str
    blob: bytes
    uploaded: datetime
    active: bool = True

    @property
    def fingerprint(self) -> str:
        return hashlib.md5(self.blob).digest().hex(":")


def upload(tx: Transaction, owner: Owner, body: str) -> SSHPublicKey:
    """Raises InvalidPublicKey, DuplicateSSHPublicKey or LimitExceeded."""
    blob = _blob(_parsed(body))
    held = listed(tx, owner)
    if any(other.blob == blob for other in held):
        raise DuplicateSSHPublicKey
    if len(held) >= MOST:
        raise LimitExceeded.of("SSHPublicKeysPerUser", MOST)
    key = SSHPublicKey(id="APKA" + tx.ids.base32(17), body=body, blob=blob, uploaded=tx.now)
    tx.put((*_key(owner), key.id), key)
    return key


def listed(tx: ReadTransaction, owner: Owner) -> list[SSHPublicKey]:
    return list(tx.range(_key(owner)))


def get(tx: ReadTransaction, owner: Owner, key_id: str) -> SSHPublicKey:
    """Raises NoSuchEntity."""
    found: SSHPublicKey | None = tx.get((*_key(owner), key_id))
    if found is None:
        raise NoSuchEntity(f"The Public Key with id {key_id} cannot be found.")
    return found


def encoded(key: SSHPublicKey, encoding: str) -> str:
    """The key as "ssh-rsa AAAA..." or as PEM. Raises UnrecognizedPublicKeyEncoding."""
    if encoding == _SSH:
        return f"ssh-rsa {base64.b64encode(key.blob).decode()}"
    if encoding != _PEM:
        raise UnrecognizedPublicKeyEncoding
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _parsed(key.body).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def set_status(tx: Transaction, owner: Owner, key_id: str, status: str) -> None:
    """Raises NoSuchEntity or InvalidInput."""
    if status not in (ACTIVE, INACTIVE):
        raise InvalidInput(f"A public key is {ACTIVE} or {INACTIVE}.")
    tx.put((*_key(owner), key_id), replace(get(tx, owner, key_id), active=status == ACTIVE))


def delete(tx: Transaction, owner: Owner, key_id: str) -> None:
    get(tx, owner, key_id)
    tx.delete((*_key(owner), key_id))


def _parsed(body: str) -> RSAPublicKey:
    """The RSA key in a text of either encoding. Raises InvalidPublicKey."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

    data = body.strip().encode()
    try:
        key = load_ssh_public_key(data) if data.startswith(b"ssh-") else load_pem_public_key(data)
    except Exception:  # the library raises what it likes for bytes that are no key
        raise InvalidPublicKey from None
    if not isinstance(key, RSAPublicKey) or not _SMALLEST_BITS <= key.key_size <= _LARGEST_BITS:
        raise InvalidPublicKey
    return key


def _blob(key: RSAPublicKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split(b" ")[1])


def _key(owner: Owner) -> Key:
    return ("iam", owner.account, "ssh-keys", owner.id)
