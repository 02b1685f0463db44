"""SAML providers: who may vouch for callers by signed assertions. Their metadata tell with which keys they sign.

Source: IAM API Reference, CreateSAMLProvider; SAML 2.0 metadata (OASIS), which names the elements."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity, ValidationError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST, MOST_KEYS = 100, 2
_ID_CHARACTERS = 20
ALLOWED, REQUIRED = "Allowed", "Required"
_VALID = timedelta(days=100 * 365)
"""AWS lets a provider stand for a hundred years, unless its metadata end sooner."""
_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_MOST_ELEMENTS = 100_000
_UNREADABLE = "Could not parse metadata"


class PrivateKey(Record):
    """With which assertions that are encrypted for us are opened; as the keyring sealed it."""

    id: str
    uploaded: datetime
    sealed: bytes


class SamlProvider(Record):
    arn: str
    id: str
    metadata: str
    issuer: str
    certificates: tuple[bytes, ...]
    """Those with which it signs, in DER."""
    created: datetime
    valid_until: datetime
    encryption: str = ""
    """Whether assertions have to be encrypted: "Required", "Allowed", or nothing was said."""
    keys: tuple[PrivateKey, ...] = ()
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen


class Metadata(Record):
    """What a metadata document says of an identity provider."""

    text: str
    issuer: str
    certificates: tuple[bytes, ...]
    ends: datetime | None = None


def read(text: str) -> Metadata:
    """Raises InvalidInput for what is no metadata of an identity provider that signs. Takes a while for large ones."""
    entity = _parsed(text)
    if entity.tag != _METADATA + "EntityDescriptor":
        raise InvalidInput(_UNREADABLE)
    provider = entity.find(_METADATA + "IDPSSODescriptor")
    issuer = entity.get("entityID")
    if provider is None or not issuer:
        raise InvalidInput(_UNREADABLE)
    certificates = tuple(_certificates(provider))
    if not certificates:
        raise InvalidInput(_UNREADABLE)
    return Metadata(text=text, issuer=issuer, certificates=certificates, ends=_instant(entity.get("validUntil")))


def create(
    tx: Transaction, scope: Scope, name: str, metadata: Metadata, *, encryption: str, key: bytes | None,
    tags: Mapping[str, str],
) -> SamlProvider:  # fmt: skip
    """Raises EntityAlreadyExists or LimitExceeded. `key` is a private key, sealed."""
    arn = f"arn:{scope.partition}:iam::{scope.account}:saml-provider/{name}"
    if tx.get(_key(scope.account, arn)) is not None:
        raise EntityAlreadyExists(f"SAML provider with name {name} already exists.")
    if len(listed(tx, scope.account)) >= MOST:
        raise LimitExceeded.of("SAMLProvidersPerAccount", MOST)
    provider = SamlProvider(
        arn=arn, id="ASDP" + tx.ids.base32(_ID_CHARACTERS), metadata=metadata.text, issuer=metadata.issuer,
        certificates=metadata.certificates, created=tx.now, valid_until=_end(tx, metadata), tags=dict(tags),
    )  # fmt: skip
    provider = _with_encryption(tx, provider, encryption, key, None)
    tx.put(_key(scope.account, arn), provider)
    return provider


def update(
    tx: Transaction, account: str, arn: str, metadata: Metadata | None, *, encryption: str, key: bytes | None,
    gone: str | None,
) -> None:  # fmt: skip
    """Other metadata, another demand for encryption, a key more, the key `gone` less.

    Raises NoSuchEntity, InvalidInput or LimitExceeded."""
    provider = get(tx, account, arn)
    if metadata is not None:
        provider = replace(
            provider, metadata=metadata.text, issuer=metadata.issuer, certificates=metadata.certificates,
            valid_until=_end(tx, metadata),
        )  # fmt: skip
    tx.put(_key(account, arn), _with_encryption(tx, provider, encryption or provider.encryption, key, gone))


def get(tx: ReadTransaction, account: str, arn: str) -> SamlProvider:
    """Raises NoSuchEntity, or ValidationError for what is no ARN of a provider."""
    if ":saml-provider/" not in arn:
        raise ValidationError(f"Invalid ARN:  {arn}")
    found: SamlProvider | None = tx.get(_key(account, arn))
    if found is None:
        raise NoSuchEntity(f"Manifest not found for arn {arn}")
    return found


def listed(tx: ReadTransaction, account: str) -> list[SamlProvider]:
    every: Iterator[SamlProvider] = tx.range(("iam", account, "saml-providers"))
    return list(every)


def set_tags(tx: Transaction, account: str, arn: str, tags: Mapping[str, str]) -> None:
    tx.put(_key(account, arn), replace(get(tx, account, arn), tags=dict(tags)))


def delete(tx: Transaction, account: str, arn: str) -> None:
    get(tx, account, arn)
    tx.delete(_key(account, arn))


def _with_encryption(
    tx: Transaction, provider: SamlProvider, encryption: str, key: bytes | None, gone: str | None
) -> SamlProvider:
    keys = [each for each in provider.keys if each.id != gone]
    if gone is not None and len(keys) == len(provider.keys):
        raise InvalidInput(f"The provider has no private key {gone}.")
    if key is not None:
        if len(keys) >= MOST_KEYS:
            raise LimitExceeded.of("PrivateKeysPerSAMLProvider", MOST_KEYS)
        keys.append(PrivateKey(id="AKSP" + tx.ids.base32(_ID_CHARACTERS), uploaded=tx.now, sealed=key))
    if encryption == REQUIRED and not keys:
        raise InvalidInput("Encryption is required, and there is no private key to decrypt with.")
    return replace(provider, encryption=encryption, keys=tuple(keys))


def _parsed(text: str) -> Element:
    """Without entities, document types or anything from elsewhere. Raises InvalidInput."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if text.count("<") > _MOST_ELEMENTS:
        raise InvalidInput(_UNREADABLE)
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise InvalidInput(_UNREADABLE) from None
    return root


def _certificates(provider: Element) -> Iterator[bytes]:
    """Those that are for signing, or for everything."""
    from cryptography import x509

    for described in provider.iterfind(_METADATA + "KeyDescriptor"):
        if described.get("use", "signing") != "signing":
            continue
        for element in described.iter(_SIGNATURE + "X509Certificate"):
            text = "".join((element.text or "").split())
            try:
                der = base64.b64decode(text, validate=True)
                x509.load_der_x509_certificate(der)
            except (binascii.Error, ValueError):
                raise InvalidInput(_UNREADABLE) from None
            yield der


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(_UNREADABLE) from None


def _end(tx: ReadTransaction, metadata: Metadata) -> datetime:
    latest = tx.now + _VALID
    return latest if metadata.ends is None else min(metadata.ends, latest)


def _key(account: str, arn: str) -> Key:
    return ("iam", account, "saml-providers", arn)
