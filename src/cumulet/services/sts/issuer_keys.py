"""The keys with which an OpenID Connect provider signs: fetched from the provider, and kept for a while.

The provider's own document says where the keys are. Its certificate has to come from an authority that this system
trusts, or be, or descend from, one whose thumbprint the IAM provider lists. Nothing is followed elsewhere.
Source: OpenID Connect Discovery 1.0; IAM User Guide, Obtain the thumbprint for an OpenID Connect identity provider."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httptools

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sts.errors import IDPCommunicationError, InvalidIdentityToken

LONGEST_SECONDS = 10
LARGEST_BYTES = 256 * 1024
_FRESH = timedelta(hours=24)
_NOT_AGAIN_WITHIN = timedelta(seconds=60)
"""A token signed by an unknown key makes us ask the provider again, but not more often than this."""
_DISCOVERY = "/.well-known/openid-configuration"
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
_NO_THUMBPRINT = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"


class IssuerKeys(Record):
    """A provider's keys (JWKs), as they were when it was asked."""

    keys: tuple[dict[str, Any], ...]
    fetched: datetime

    def is_fresh(self, now: datetime) -> bool:
        return now - self.fetched < _FRESH

    def may_be_asked_again(self, now: datetime) -> bool:
        return now - self.fetched >= _NOT_AGAIN_WITHIN


def find(tx: ReadTransaction, account: str, url: str) -> IssuerKeys | None:
    found: IssuerKeys | None = tx.get(_key(account, url))
    return found


def keep(tx: Transaction, account: str, url: str, keys: Sequence[Mapping[str, Any]]) -> IssuerKeys:
    kept = IssuerKeys(keys=tuple(dict(key) for key in keys), fetched=tx.now)
    tx.put(_key(account, url), kept)
    return kept


async def fetch(url: str, thumbprints: Sequence[str]) -> list[dict[str, Any]]:
    """The keys of the provider at `url` (without scheme). Raises InvalidIdentityToken or IDPCommunicationError."""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            described = await _json(f"https://{url}{_DISCOVERY}", thumbprints)
            issuer, where = described.get("issuer"), described.get("jwks_uri")
            if not isinstance(where, str) or issuer not in (f"https://{url}", f"https://{url}/"):
                raise InvalidIdentityToken(_NO_KEY)
            keys = (await _json(where, thumbprints)).get("keys")
    except (TimeoutError, OSError, EOFError):
        raise IDPCommunicationError(_NO_KEY) from None
    if not isinstance(keys, list):
        raise InvalidIdentityToken(_NO_KEY)
    return [key for key in keys if isinstance(key, dict)]


async def _json(url: str, thumbprints: Sequence[str]) -> dict[str, Any]:
    try:
        found = json.loads(await _get(urlsplit(url), thumbprints))
    except (ValueError, RecursionError, httptools.HttpParserError):
        raise InvalidIdentityToken(_NO_KEY) from None
    if not isinstance(found, dict):
        raise InvalidIdentityToken(_NO_KEY)
    return found


async def _get(url: SplitResult, thumbprints: Sequence[str]) -> bytes:
    if url.scheme != "https" or not url.hostname:
        raise InvalidIdentityToken(_NO_KEY)
    reader, writer = await _connect(url.hostname, url.port or 443, thumbprints)
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        head = f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("ascii", "strict"))
        return await _answer(reader)
    finally:
        writer.transport.abort()


async def _connect(
    host: str, port: int, thumbprints: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError:
        context = _trusting(await _chain(host, port), thumbprints)
    try:
        return await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError:
        raise InvalidIdentityToken(_NO_THUMBPRINT) from None


async def _chain(host: str, port: int) -> list[bytes]:
    """The certificates that the server shows, unchecked, in DER."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        shown = writer.get_extra_info("ssl_object")
        inner = getattr(shown, "_sslobj", None)  # public only since Python 3.13
        if inner is None or not hasattr(inner, "get_unverified_chain"):
            leaf = shown.getpeercert(binary_form=True)
            return [leaf] if leaf else []
        return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in inner.get_unverified_chain()]
    finally:
        writer.transport.abort()


def _trusting(chain: Sequence[bytes], thumbprints: Sequence[str]) -> ssl.SSLContext:
    """To be satisfied by what descends from a certificate with a listed thumbprint, and by nothing else.

    A thumbprint alone proves nothing: anybody can show somebody else's certificate. Raises InvalidIdentityToken."""
    listed = [der for der in chain if hashlib.sha1(der).hexdigest() in thumbprints]
    if not listed:
        raise InvalidIdentityToken(_NO_THUMBPRINT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for der in listed:
        context.load_verify_locations(cadata=der)
    return context


class _Answer:
    """Collects an answer as httptools parses it."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.is_whole = False

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.is_whole = True


async def _answer(reader: asyncio.StreamReader) -> bytes:
    answer, taken = _Answer(), 0
    parser = httptools.HttpResponseParser(answer)
    while not answer.is_whole:
        data = await reader.read(16 * 1024)
        taken += len(data)
        if not data:
            if parser.should_keep_alive():
                raise EOFError
            break
        if taken > LARGEST_BYTES:
            raise InvalidIdentityToken(_NO_KEY)
        parser.feed_data(data)
    if parser.get_status_code() != 200:
        raise InvalidIdentityToken(_NO_KEY)
    return bytes(answer.body)


def _key(account: str, url: str) -> Key:
    return ("sts", account, "issuer-keys", url)
