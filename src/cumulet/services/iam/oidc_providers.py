"""OpenID Connect providers: who may vouch for callers by signed tokens. A provider is known by its URL.

Source: IAM API Reference, CreateOpenIDConnectProvider."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity, ValidationError

MOST, MOST_CLIENTS, MOST_THUMBPRINTS = 100, 100, 5
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_PATH = re.compile(r"(/[\w.~%!$&'()*+,;=@-]+)*/?", re.ASCII)
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")


class OidcProvider(Record):
    """`url` is without the scheme, as it stands in the ARN and in condition keys."""

    arn: str
    url: str
    created: datetime
    clients: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    """SHA-1 of certificates, in hex, of which one has to stand in the provider's chain. None given: any authority
    that browsers trust will do."""
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen


def create(
    tx: Transaction,
    scope: Scope,
    url: str,
    clients: Sequence[str],
    thumbprints: Sequence[str],
    tags: Mapping[str, str],
) -> OidcProvider:
    """Raises ValidationError, InvalidInput, EntityAlreadyExists or LimitExceeded."""
    name = _name(url)
    arn = f"arn:{scope.partition}:iam::{scope.account}:oidc-provider/{name}"
    if tx.get(_key(scope.account, arn)) is not None:
        raise EntityAlreadyExists(f"Provider with url https://{name} already exists.")
    if len(listed(tx, scope.account)) >= MOST:
        raise LimitExceeded.of("OpenIdConnectProvidersPerAccount", MOST)
    provider = OidcProvider(
        arn=arn, url=name, created=tx.now, clients=_clients(clients), thumbprints=_thumbprints(thumbprints),
        tags=dict(tags),
    )  # fmt: skip
    tx.put(_key(scope.account, arn), provider)
    return provider


def get(tx: ReadTransaction, account: str, arn: str) -> OidcProvider:
    """Raises NoSuchEntity, or ValidationError for what is no ARN of a provider."""
    if ":oidc-provider/" not in arn:
        raise ValidationError(f"Invalid ARN:  {arn}")
    found: OidcProvider | None = tx.get(_key(account, arn))
    if found is None:
        raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
    return found


def listed(tx: ReadTransaction, account: str) -> list[OidcProvider]:
    every: Iterator[OidcProvider] = tx.range(("iam", account, "oidc-providers"))
    return list(every)


def add_client(tx: Transaction, account: str, arn: str, client: str) -> None:
    """Let tokens be for this client too. One that is known already changes nothing. Raises LimitExceeded."""
    provider = get(tx, account, arn)
    if client not in provider.clients:
        tx.put(_key(account, arn), replace(provider, clients=_clients((*provider.clients, client))))


def remove_client(tx: Transaction, account: str, arn: str, client: str) -> None:
    """A client that is not there may be removed all the same."""
    provider = get(tx, account, arn)
    tx.put(_key(account, arn), replace(provider, clients=tuple(c for c in provider.clients if c != client)))


def set_thumbprints(tx: Transaction, account: str, arn: str, thumbprints: Sequence[str]) -> None:
    """Raises NoSuchEntity or InvalidInput."""
    tx.put(_key(account, arn), replace(get(tx, account, arn), thumbprints=_thumbprints(thumbprints)))


def set_tags(tx: Transaction, account: str, arn: str, tags: Mapping[str, str]) -> None:
    tx.put(_key(account, arn), replace(get(tx, account, arn), tags=dict(tags)))


def delete(tx: Transaction, account: str, arn: str) -> None:
    get(tx, account, arn)
    tx.delete(_key(account, arn))


def _name(url: str) -> str:
    """Host and path of a URL that may be a provider's. Raises ValidationError."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "https" and _HOST.fullmatch(parts.netloc) and _PATH.fullmatch(parts.path)
    except ValueError:
        fits = None
    if not fits or parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValidationError("Invalid Open ID Connect Provider URL")
    return (parts.netloc + parts.path).removesuffix("/")


def _clients(given: Sequence[str]) -> tuple[str, ...]:
    clients = tuple(dict.fromkeys(given))
    if len(clients) > MOST_CLIENTS:
        raise LimitExceeded.of("ClientIdsPerOpenIdConnectProvider", MOST_CLIENTS)
    return clients


def _thumbprints(given: Sequence[str]) -> tuple[str, ...]:
    if len(given) > MOST_THUMBPRINTS:
        raise InvalidInput(f"Thumbprint list must contain fewer than {MOST_THUMBPRINTS} entries.")
    if not all(_THUMBPRINT.fullmatch(thumbprint) for thumbprint in given):
        raise InvalidInput("Thumbprints are SHA-1 digests of certificates, in 40 hexadecimal digits.")
    return tuple(thumbprint.lower() for thumbprint in given)


def _key(account: str, arn: str) -> Key:
    return ("iam", account, "oidc-providers", arn)
