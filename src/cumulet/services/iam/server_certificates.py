"""Server certificates: what load balancers and other endpoints show to their clients. The private key is kept sealed
and told to nobody but the service that needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import certificates, entities
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import EntityAlreadyExists


class ServerCertificate(Entity):
    kind = "server-certificate"
    prefix = "ASCA"
    noun = "Server Certificate"
    quota = ("ServerCertificatesPerAccount", 20)

    body: str
    expires: datetime
    sealed_key: bytes
    """The private key as the keyring wrapped it."""
    chain: str | None = None
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen

    @classmethod
    def duplicate(cls, name: str) -> EntityAlreadyExists:
        return EntityAlreadyExists(f"The {cls.noun} with name {name} already exists.")


def check(body: str, private_key: str, chain: str | None) -> datetime:
    """When a certificate expires whose key and chain fit it. Takes a while: not for the event loop.

    Raises MalformedCertificate or KeyPairMismatch."""
    certificate = certificates.read(body)
    certificates.check_key(certificate, private_key)
    if chain is not None:
        certificates.check_chain(certificate, certificates.read_chain(chain))
    return certificate.not_valid_after_utc


def upload(
    tx: Transaction,
    scope: Scope,
    path: str,
    name: str,
    *,
    body: str,
    chain: str | None,
    expires: datetime,
    sealed_key: bytes,
    tags: Mapping[str, str],
) -> ServerCertificate:
    """Raises EntityAlreadyExists or LimitExceeded."""
    certificate = ServerCertificate(
        id=entities.unique_id(tx, ServerCertificate),
        name=name,
        path=path,
        arn=entities.arn(scope, ServerCertificate, path, name),
        created=tx.now,
        body=body,
        chain=chain,
        expires=expires,
        sealed_key=sealed_key,
        tags=dict(tags),
    )
    entities.add(tx, certificate)
    return certificate


def get(tx: ReadTransaction, account: str, name: str) -> ServerCertificate:
    """Raises NoSuchEntity."""
    return entities.get(tx, ServerCertificate, account, name)


def listed(tx: ReadTransaction, account: str, path_prefix: str) -> Iterator[ServerCertificate]:
    return entities.listed(tx, ServerCertificate, account, path_prefix)


def rename(tx: Transaction, scope: Scope, name: str, new_path: str | None, new_name: str | None) -> None:
    """Raises NoSuchEntity or EntityAlreadyExists."""
    old = get(tx, scope.account, name)
    path, name = new_path or old.path, new_name or old.name
    arn = entities.arn(scope, ServerCertificate, path, name)
    entities.rename(tx, old, replace(old, path=path, name=name, arn=arn))


def delete(tx: Transaction, account: str, name: str) -> None:
    entities.delete(tx, get(tx, account, name))


def set_tags(tx: Transaction, account: str, name: str, tags: Mapping[str, str]) -> None:
    entities.put(tx, replace(get(tx, account, name), tags=dict(tags)))
