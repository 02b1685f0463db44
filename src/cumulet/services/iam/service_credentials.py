"""Service-specific credentials: a user name and a password, made here, that let a user into one service alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.access_keys import ACTIVE, INACTIVE
from cumulet.services.iam.credential_errors import NotSupportedService
from cumulet.services.iam.errors import InvalidInput, LimitExceeded, NoSuchEntity
from cumulet.services.iam.owners import Owner

MOST = 2
"""For each service."""
_WITH_PASSWORD = frozenset({"codecommit.amazonaws.com", "cassandra.amazonaws.com"})
_WITH_API_KEY = {"bedrock.amazonaws.com": "ABSK", "logs.amazonaws.com": "ACWL"}
"""What begins the API keys of the services that have those instead of passwords."""
_PASSWORD_BYTES, _API_KEY_BYTES = 32, 48


class ServiceCredential(Record):
    """`digest` is the SHA-256 of the secret, which is random and long and so needs no slower hash."""

    id: str
    service: str
    user_name: str
    digest: bytes
    created: datetime
    expires: datetime | None = None
    active: bool = True

    @property
    def is_api_key(self) -> bool:
        return self.service in _WITH_API_KEY

    def status(self, now: datetime) -> str:
        if self.expires is not None and self.expires <= now:
            return "Expired"
        return ACTIVE if self.active else INACTIVE


def create(tx: Transaction, owner: Owner, service: str, age_days: int | None) -> tuple[ServiceCredential, str]:
    """The credential, and its secret, which nothing tells later.

    Raises NotSupportedService, LimitExceeded, or InvalidInput for an end where the service's have none."""
    if not is_supported(service):
        raise NotSupportedService(service)
    if age_days is not None and service not in _WITH_API_KEY:
        raise InvalidInput(f"Credentials of {service} do not expire.")
    held = [each for each in listed(tx, owner) if each.service == service]
    if len(held) >= MOST:
        raise LimitExceeded.of("ServiceSpecificCredentialsPerUser", MOST)
    name = f"{owner.name}-at-{owner.account}"
    if service in _WITH_API_KEY and held:
        name = f"{owner.name}+{len(held)}-at-{owner.account}"
    secret = _secret(tx, service, name)
    credential = ServiceCredential(
        id="ACCA" + tx.ids.base32(17), service=service, user_name=name, digest=_digest(secret), created=tx.now,
        expires=None if age_days is None else tx.now + timedelta(days=age_days),
    )  # fmt: skip
    tx.put((*_key(owner), credential.id), credential)
    return credential, secret


def reset(tx: Transaction, owner: Owner, credential_id: str) -> tuple[ServiceCredential, str]:
    """Another secret for the credential. Raises NoSuchEntity."""
    credential = get(tx, owner, credential_id)
    secret = _secret(tx, credential.service, credential.user_name)
    credential = replace(credential, digest=_digest(secret))
    tx.put((*_key(owner), credential_id), credential)
    return credential, secret


def listed(tx: ReadTransaction, owner: Owner) -> list[ServiceCredential]:
    return list(tx.range(_key(owner)))


def everyones(tx: ReadTransaction, account: str) -> Iterator[tuple[str, ServiceCredential]]:
    """Those of all users, with the users' unique ids."""
    for key, credential in tx.items(("iam", account, "service-credentials")):
        yield key[3], credential


def get(tx: ReadTransaction, owner: Owner, credential_id: str) -> ServiceCredential:
    """Raises NoSuchEntity."""
    found: ServiceCredential | None = tx.get((*_key(owner), credential_id))
    if found is None:
        raise NoSuchEntity(f"No such credential {credential_id} exists")
    return found


def set_status(tx: Transaction, owner: Owner, credential_id: str, status: str) -> None:
    """Raises NoSuchEntity or InvalidInput."""
    if status not in (ACTIVE, INACTIVE):
        raise InvalidInput(f"A service-specific credential is {ACTIVE} or {INACTIVE}.")
    credential = get(tx, owner, credential_id)
    tx.put((*_key(owner), credential_id), replace(credential, active=status == ACTIVE))


def delete(tx: Transaction, owner: Owner, credential_id: str) -> None:
    get(tx, owner, credential_id)
    tx.delete((*_key(owner), credential_id))


def lets_in(tx: ReadTransaction, owner: Owner, service: str, user_name: str, secret: str) -> bool:
    """Whether a service may take somebody with this name and secret for the owner."""
    return any(
        each.service == service
        and each.user_name == user_name
        and each.status(tx.now) == ACTIVE
        and hmac.compare_digest(each.digest, _digest(secret))
        for each in listed(tx, owner)
    )


def is_supported(service: str) -> bool:
    return service in _WITH_PASSWORD or service in _WITH_API_KEY


def _secret(tx: Transaction, service: str, name: str) -> str:
    """A password, or an API key in which the name can be read."""
    if service not in _WITH_API_KEY:
        return base64.b64encode(tx.ids.bytes(_PASSWORD_BYTES)).decode()
    random = base64.b64encode(tx.ids.bytes(_API_KEY_BYTES)).decode()
    return _WITH_API_KEY[service] + base64.b64encode(f"{name}:{random}".encode()).decode()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(owner: Owner) -> Key:
    return ("iam", owner.account, "service-credentials", owner.id)
