"""Digests: each hour a signed file that says which log files were delivered, and what the digest before it was.

Who holds the public key can tell whether a file was changed or removed, for the digests are a chain: each holds the
hash and the signature of the one before. Keys are RSA; the private one is kept encrypted.

Source: CloudTrail User Guide, "CloudTrail digest file structure", "Custom implementations of log file validation"."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cumulet.kernel.audit import entries
from cumulet.kernel.audit.entries import DATA, MANAGEMENT
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import records, trails
from cumulet.services.cloudtrail.delivery import Delivered
from cumulet.services.cloudtrail.trails import Trail

EVERY = timedelta(hours=1)
ALGORITHM = "SHA256withRSA"
_MOST_FILES = 1000
_KEY_BITS = 2048
_KEY_LASTS = timedelta(days=365)


class SigningKey(Record):
    """`private` is encrypted by the keyring, `public` a PKCS #1 key in DER."""

    private: bytes
    public: bytes
    since: datetime
    until: datetime

    @property
    def fingerprint(self) -> str:
        return hashlib.md5(self.public).hexdigest()


class Digest(Record):
    """The last digest of an account and Region, to which the next refers."""

    bucket: str
    object: str
    hash: str
    signature: str
    end: datetime


class Due(NamedTuple):
    """A digest to be made."""

    account: str
    region: str
    start: datetime
    end: datetime
    previous: Digest | None
    files: Sequence[tuple[Key, Delivered]]


class Signed(NamedTuple):
    object: str
    body: bytes
    hash: str
    signature: str


def new_key(keyring: Keyring, now: datetime) -> SigningKey:
    """Takes some time to compute."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    secret = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    since = now.replace(microsecond=0)  # digests tell whole seconds, and are searched for by them
    return SigningKey(private=keyring.wrap(secret, now), public=public, since=since, until=since + _KEY_LASTS)


def current_key(tx: ReadTransaction, scope: Scope) -> SigningKey | None:
    """The key to sign with; None if a new one has to be made."""
    newest: list[SigningKey] = list(tx.range(_keys(scope), limit=1, reverse=True))
    return newest[0] if newest and newest[0].since <= tx.now < newest[0].until else None


def keep_key(tx: Transaction, scope: Scope, key: SigningKey) -> None:
    tx.put(_keys(scope, key.since, key.fingerprint), key)


def public_keys(tx: ReadTransaction, scope: Scope, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The keys that were valid at any time between the two."""
    return [
        {
            "Value": key.public,
            "ValidityStartTime": key.since,
            "ValidityEndTime": key.until,
            "Fingerprint": key.fingerprint,
        }
        for key in tx.range(_keys(scope))
        if key.since <= until and key.until >= since
    ]


def due(tx: ReadTransaction, trail: Trail, accounts: Sequence[str]) -> list[Due]:
    """The digests of the hour that has ended: one for each account and Region where anything was recorded, and for
    the home Region."""
    found = []
    for account in accounts:
        regions = {trail.scope.region} | (_recorded(tx, account) if trail.multi_region else set())
        for region in sorted(regions):
            previous: Digest | None = tx.get(trail.key("digest", account, region))
            start = previous.end if previous is not None else _began(tx, trail)
            files = list(tx.items(trail.key("undigested", account, region), limit=_MOST_FILES))
            if start < tx.now:
                found.append(Due(account, region, start, tx.now, previous, files))
    return found


def _recorded(tx: ReadTransaction, account: str) -> set[str]:
    return {region for category in (MANAGEMENT, DATA) for region in entries.regions(tx, account, category)}


def _began(tx: ReadTransaction, trail: Trail) -> datetime:
    return trails.status(tx, trail).started or tx.now - EVERY


def signed(trail: Trail, key: SigningKey, keyring: Keyring, each: Due) -> Signed:
    """The digest file and its signature."""
    end = records.stamp(each.end)
    path = trail.path(each.account, "CloudTrail-Digest", each.region, each.end)
    name = (
        f"{path}{each.account}_CloudTrail-Digest_{each.region}_{trail.name}_{trail.scope.region}"
        f"_{each.end:%Y%m%dT%H%M%SZ}.json.gz"
    )
    text = msgspec.json.encode(_content(trail, key, each, name, end))
    hashed = hashlib.sha256(text).hexdigest()
    previous = each.previous.signature if each.previous is not None else "null"
    to_sign = f"{end}\n{trail.bucket}/{name}\n{hashed}\n{previous}"
    return Signed(name, gzip.compress(text, 6, mtime=0), hashed, sign(key, keyring, to_sign))


def sign(key: SigningKey, keyring: Keyring, text: str) -> str:
    """The signature of a text, in hexadecimal."""
    private = serialization.load_der_private_key(keyring.unwrap(key.private), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()


def _content(trail: Trail, key: SigningKey, each: Due, name: str, end: str) -> dict[str, Any]:
    previous = each.previous
    files = [file for _, file in each.files]
    return {
        "awsAccountId": each.account,
        "digestStartTime": records.stamp(each.start),
        "digestEndTime": end,
        "digestS3Bucket": trail.bucket,
        "digestS3Object": name,
        "digestPublicKeyFingerprint": key.fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": records.stamp(max(file.newest for file in files)) if files else None,
        "oldestEventTime": records.stamp(min(file.oldest for file in files)) if files else None,
        "previousDigestS3Bucket": previous.bucket if previous is not None else None,
        "previousDigestS3Object": previous.object if previous is not None else None,
        "previousDigestHashValue": previous.hash if previous is not None else None,
        "previousDigestHashAlgorithm": "SHA-256" if previous is not None else None,
        "previousDigestSignature": previous.signature if previous is not None else None,
        "logFiles": [
            {
                "s3Bucket": file.bucket,
                "s3Object": file.object,
                "hashValue": file.digest,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": records.stamp(file.newest),
                "oldestEventTime": records.stamp(file.oldest),
            }
            for file in files
        ],
    }


def finish(tx: Transaction, trail: Trail, each: Due, put: Signed) -> None:
    """Make it the one to which the next refers; its files are accounted for."""
    if trails.kept(tx, trail.scope, trail.name) is None:
        return
    end = each.end.replace(microsecond=0)
    last = Digest(bucket=trail.bucket, object=put.object, hash=put.hash, signature=put.signature, end=end)
    tx.put(trail.key("digest", each.account, each.region), last)
    for key, _ in each.files:
        tx.delete(key)
    trails.note(tx, trail, digested=tx.now, digest_failure="")


def _keys(scope: Scope, *rest: Any) -> Key:
    return scope.key("cloudtrail", "signing-key", *rest)
