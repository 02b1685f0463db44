"""Whether a signature is good: Signature Version 4, its asymmetric sibling, and for S3 also version 2.

`find` reads the signature from wherever the client put it (signatures.py), `verify` calculates it again with the
secret. Both are pure: the secret, the time and the body's hash are the caller's to know.
Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating requests"."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from cumulet.gateway import signature_errors as errors
from cumulet.gateway import sigv2, sigv4a
from cumulet.gateway.canonical import canonical_path, canonical_query, trimmed, wire_bytes
from cumulet.gateway.http import Request
from cumulet.gateway.signature_errors import Dialect, SignatureError
from cumulet.gateway.signatures import (
    ANONYMOUS,
    ECDSA,
    HMAC,
    Anonymous,
    Signature,
    argument_error,
    find,
    find_in_form,
    hoisted,
    query_fields,
)

__all__ = [
    "ANONYMOUS", "ECDSA", "EMPTY_HASH", "HMAC", "STREAMING", "UNSIGNED", "Anonymous", "Signature", "SignatureError",
    "canonical_request", "check_time", "find", "find_in_form", "hoisted", "key_of", "payload_claim", "signing_key",
    "string_to_sign", "verify",
]  # fmt: skip
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
STREAMING = frozenset(
    {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    }
)
"""Values of x-amz-content-sha256 that announce an aws-chunked body (see chunked.py)."""
_EVENTS = ("STREAMING-AWS4-HMAC-SHA256-EVENTS", "STREAMING-AWS4-ECDSA-P256-SHA256-EVENTS")
_REST_OF_SECOND = timedelta(microseconds=999_999)
_COMPACT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_HEX_HASH = re.compile(r"[0-9a-fA-F]{64}")


def payload_claim(request: Request, signature: Signature, kind: Dialect = Dialect.S3) -> str | None:
    """What the signer says of the body: a hash, UNSIGNED-PAYLOAD or a STREAMING-* word; None: hash the body.

    S3 trusts the claim while the body streams in and compares at the end; the other services hash what they read."""
    claim = request.headers.get("x-amz-content-sha256")
    if kind is not Dialect.S3:
        return claim if claim == UNSIGNED or claim in STREAMING or claim in _EVENTS else None
    if signature.algorithm == sigv2.ALGORITHM:
        return claim or UNSIGNED
    if signature.place == "query":
        if claim is not None and "x-amz-content-sha256" in signature.headers:
            return claim
        return query_fields(request.query).get("X-Amz-Content-Sha256", UNSIGNED)
    if claim is None:
        raise SignatureError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)
    if claim != UNSIGNED and claim not in STREAMING and not _HEX_HASH.fullmatch(claim):
        message = (
            f"x-amz-content-sha256 must be {UNSIGNED}, STREAMING-AWS4-HMAC-SHA256-PAYLOAD or a valid sha256 value."
        )
        raise argument_error(message, "x-amz-content-sha256", claim)
    return claim


def verify(
    request: Request,
    signature: Signature,
    secret: str,
    *,
    now: datetime,
    payload_hash: str,
    kind: Dialect = Dialect.S3,
    signed_at: Callable[[datetime], datetime] | None = None,
) -> None:
    """Check time and signature. `signed_at` translates the client's wall time to the cloud's. Raises SignatureError.

    A time counts if either the instant as sent or its translation is good: a client may follow either clock."""
    check_time(signature, now=now, kind=kind, signed_at=signed_at)
    if signature.algorithm == sigv2.ALGORITHM or signature.place == "form":
        _verify_text(signature, secret, _signed_text(request, signature))
        return
    _check_signed_headers(request, signature, kind)
    canonical = canonical_request(request, signature, payload_hash, kind)
    to_sign = string_to_sign(signature, canonical)
    if not _matches(signature, secret, to_sign):
        raise errors.mismatch(
            kind, access_key=signature.access_key, provided=signature.signature, to_sign=to_sign, canonical=canonical
        )


def check_time(
    signature: Signature,
    *,
    now: datetime,
    kind: Dialect = Dialect.S3,
    signed_at: Callable[[datetime], datetime] | None = None,
) -> None:
    """Whether the signature is of now; this needs no secret. A form's time is its policy's expiration."""
    if signature.place == "form":
        return
    if signature.until is not None:
        ends = (signature.until,) if signed_at is None else (signature.until, signed_at(signature.until))
        if not any(now <= end for end in ends):
            raise errors.expired(kind, signature.date, signature.until, None, now)
        return
    sent = signature.instant
    # A signature tells whole seconds, and the clock may have been moved in the rest of that second.
    instants = (sent,) if signed_at is None else (sent, signed_at(sent), signed_at(sent + _REST_OF_SECOND))
    if signature.expires is None:
        if not any(abs(now - instant) <= errors.SKEW for instant in instants):
            raise errors.skewed(kind, signature.date, sent, now)
        return
    lifetime = timedelta(seconds=signature.expires)
    current = [instant for instant in instants if instant - errors.SKEW <= now]
    if not current:
        raise errors.not_yet_valid(kind, signature.date, sent, now)
    if not any(now <= instant + lifetime for instant in current):
        raise errors.expired(kind, signature.date, max(current) + lifetime, signature.expires, now)


def canonical_request(request: Request, signature: Signature, payload_hash: str, kind: Dialect) -> str:
    headers = request.headers
    lines = "".join([f"{name}:{trimmed(headers.get(name, ''))}\n" for name in signature.headers])
    path = canonical_path(request.path, once=kind is Dialect.S3)
    query = canonical_query(request.query)
    return f"{request.method}\n{path}\n{query}\n{lines}\n{';'.join(signature.headers)}\n{payload_hash}"


def string_to_sign(signature: Signature, canonical: str) -> str:
    digest = hashlib.sha256(wire_bytes(canonical)).hexdigest()
    date = signature.date if _COMPACT.fullmatch(signature.date) else errors.compact(signature.instant)
    return f"{signature.algorithm}\n{date}\n{signature.scope}\n{digest}"


@lru_cache(maxsize=2048)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key of one day, Region and service, derived from the secret."""
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode("utf-8", "surrogateescape"), "sha256")
    return key


def key_of(signature: Signature, secret: str) -> bytes:
    """The HMAC key that made this signature; chunks of a streamed body are signed with it too."""
    return signing_key(secret, signature.scope[:8], signature.region, signature.service)


def _matches(signature: Signature, secret: str, to_sign: str) -> bool:
    if signature.algorithm == ECDSA:
        return sigv4a.verified(secret, signature.access_key, wire_bytes(to_sign), signature.signature)
    expected = hmac.digest(key_of(signature, secret), wire_bytes(to_sign), "sha256").hex()
    return hmac.compare_digest(expected.encode(), wire_bytes(signature.signature))


def _signed_text(request: Request, signature: Signature) -> str:
    """A form signs its policy, as the base64 text that was sent; version 2 a text with no hash in between."""
    if signature.place == "form":
        return signature.policy
    return sigv2.string_to_sign(request, signature.date, signature.bucket)


def _verify_text(signature: Signature, secret: str, text: str) -> None:
    if signature.algorithm != sigv2.ALGORITHM:
        good = _matches(signature, secret, text)
    else:
        good = hmac.compare_digest(sigv2.sign(secret, text).encode(), wire_bytes(signature.signature))
    if not good:
        key, given = signature.access_key, signature.signature
        raise errors.mismatch(Dialect.S3, access_key=key, provided=given, to_sign=text)


def _check_signed_headers(request: Request, signature: Signature, kind: Dialect) -> None:
    """S3 wants its own headers signed, so that nobody on the way adds one; all services want Host signed."""
    signed = signature.headers
    if kind is not Dialect.S3:
        if "host" not in signed:
            words = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
            raise errors.invalid(kind, words)
        return
    loose = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    if signature.place == "query":
        loose = [name for name in loose if name != "x-amz-content-sha256"]
    if "host" not in signed:
        loose.insert(0, "host")
    if loose:
        message = "There were headers present in the request which were not signed"
        raise SignatureError("AccessDenied", message, 403, {"HeadersNotSigned": ", ".join(loose)})
