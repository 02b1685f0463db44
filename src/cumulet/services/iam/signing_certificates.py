"""Signing certificates: X.509 certificates of users, with which a few services verify what the users signed."""

from __future__ import annotations

from datetime import datetime

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import certificates
from cumulet.services.iam.access_keys import ACTIVE, INACTIVE
from cumulet.services.iam.credential_errors import DuplicateCertificate, InvalidCertificate
from cumulet.services.iam.errors import InvalidInput, LimitExceeded, NoSuchEntity
from cumulet.services.iam.owners import Owner

MOST = 2
_ID_CHARACTERS = 32


class SigningCertificate(Record):
    id: str
    body: str
    uploaded: datetime
    active: bool = True


def upload(tx: Transaction, owner: Owner, body: str) -> SigningCertificate:
    """Raises MalformedCertificate, InvalidCertificate, DuplicateCertificate or LimitExceeded."""
    parsed = certificates.read(body)
    if not parsed.not_valid_before_utc <= tx.now <= parsed.not_valid_after_utc:
        raise InvalidCertificate
    held = listed(tx, owner)
    if any(certificates.read(other.body) == parsed for other in held):
        raise DuplicateCertificate
    if len(held) >= MOST:
        raise LimitExceeded.of("SigningCertificatesPerUser", MOST)
    certificate = SigningCertificate(id=tx.ids.base32(_ID_CHARACTERS), body=body, uploaded=tx.now)
    tx.put((*_key(owner), certificate.id), certificate)
    return certificate


def listed(tx: ReadTransaction, owner: Owner) -> list[SigningCertificate]:
    """Oldest first."""
    return sorted(tx.range(_key(owner)), key=lambda certificate: certificate.uploaded)


def get(tx: ReadTransaction, owner: Owner, certificate_id: str) -> SigningCertificate:
    """Raises NoSuchEntity."""
    found: SigningCertificate | None = tx.get((*_key(owner), certificate_id))
    if found is None:
        raise NoSuchEntity(f"The Certificate with id {certificate_id} cannot be found.")
    return found


def set_status(tx: Transaction, owner: Owner, certificate_id: str, status: str) -> None:
    """Raises NoSuchEntity or InvalidInput."""
    if status not in (ACTIVE, INACTIVE):
        raise InvalidInput(f"A certificate is {ACTIVE} or {INACTIVE}.")
    certificate = get(tx, owner, certificate_id)
    tx.put((*_key(owner), certificate_id), replace(certificate, active=status == ACTIVE))


def delete(tx: Transaction, owner: Owner, certificate_id: str) -> None:
    get(tx, owner, certificate_id)
    tx.delete((*_key(owner), certificate_id))


def _key(owner: Owner) -> Key:
    return ("iam", owner.account, "signing-certificates", owner.id)
