"""Signatures: who a request says it is from, and whether that is so. Version 4, and for S3 also version 2.

`find` reads the signature from wherever the client put it and checks its form; `verify` calculates it again with
the secret. Both are pure: the secret, the time and the body's hash are the caller's to know.
Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating requests"."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NoReturn
from urllib.parse import quote, unquote_to_bytes

import msgspec

from cumulet.gateway import signature_errors as errors
from cumulet.gateway import sigv2, sigv4a
from cumulet.gateway.http import Request
from cumulet.gateway.signature_errors import Dialect, SignatureError

HMAC = "AWS4-HMAC-SHA256"
ECDSA = sigv4a.ALGORITHM
LONGEST_EXPIRY_SECONDS = 604800
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
_COMPACT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
QUERY_NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders")
_OF_THE_SIGNATURE = frozenset(name.lower() for name in (*QUERY_NAMES, "X-Amz-Expires", "X-Amz-Region-Set"))
_DAY = re.compile(r"[0-9]{8}")
_HEX_HASH = re.compile(r"[0-9a-fA-F]{64}")
_EXPECTED = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'


class Signature(msgspec.Struct, frozen=True):
    """A signature of correct form; nothing about it is verified yet."""

    algorithm: str
    access_key: str
    date: str
    """As sent: 20260131T235959Z, or the text of a Date header."""
    instant: datetime
    scope: str
    """What follows the access key: DATE/REGION/SERVICE/aws4_request; SigV4A has no Region in it."""
    region: str
    """The Region of the scope; for SigV4A the set of Regions ("us-*,eu-west-1")."""
    service: str
    headers: tuple[str, ...]
    """The names of the signed headers, in the order of the canonical request."""
    signature: str
    place: str
    """`header`, `query` or `form`."""
    token: str | None = None
    expires: int | None = None
    """Seconds, for a presigned URL."""
    policy: str = ""
    """The base64 policy that a form signs."""
    until: datetime | None = None
    """When a URL presigned with version 2 expires; version 4 says for how long instead."""
    bucket: str | None = None
    """The bucket that the Host names: version 2 signs it and not the Host."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody signed the request."""


ANONYMOUS = Anonymous()


def find(request: Request, kind: Dialect = Dialect.S3, bucket: str | None = None) -> Signature | Anonymous:
    """The signature in the Authorization header or the query string. Raises SignatureError in the words of `kind`.

    `bucket` is the one that the Host names, if it names one. A bearer token is no signature: it leaves the request
    anonymous here."""
    header = request.headers.get("authorization")
    presigned = "X-Amz-Signature=" in request.query or "X-Amz-Algorithm=" in request.query
    if header is None:
        if presigned:
            return _in_query(request, kind)
        if "AWSAccessKeyId=" in request.query and "Signature=" in request.query:
            return _version_2_in_query(request, kind, bucket)
        return ANONYMOUS
    if presigned and kind is Dialect.S3:
        message = (
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
            "Signature query string parameter or the Authorization header should be specified"
        )
        raise _argument(message, "Authorization", header)
    if header.startswith("AWS "):
        return _version_2_in_header(request, header, kind, bucket)
    return _in_header(request, header, kind)


def find_in_form(fields: Mapping[str, str]) -> Signature | Anonymous:
    """The signature in the fields of a browser upload; `fields` have lower-case names. Raises SignatureError."""
    if "x-amz-signature" not in fields and "x-amz-algorithm" not in fields:
        if "signature" in fields and "awsaccesskeyid" in fields:
            return _version_2_in_form(fields)
        return ANONYMOUS
    for name in ("policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
        if name not in fields:
            raise _argument(f"Bucket POST must contain a field named '{name}'.", name, "")
    algorithm = fields["x-amz-algorithm"]
    if algorithm not in (HMAC, ECDSA):
        raise _argument("Invalid algorithm in the form", "X-Amz-Algorithm", algorithm)
    key, scope, region, service = _credential(fields["x-amz-credential"], algorithm, Dialect.S3, "form")
    date = fields["x-amz-date"]
    return Signature(
        algorithm, key, date, _instant(date, Dialect.S3, "form"), scope, region, service, (),
        fields["x-amz-signature"], "form", fields.get("x-amz-security-token"), None, fields["policy"],
    )  # fmt: skip


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
        return _query_fields(request.query).get("X-Amz-Content-Sha256", UNSIGNED)
    if claim is None:
        raise SignatureError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)
    if claim != UNSIGNED and claim not in STREAMING and not _HEX_HASH.fullmatch(claim):
        message = (
            f"x-amz-content-sha256 must be {UNSIGNED}, STREAMING-AWS4-HMAC-SHA256-PAYLOAD or a valid sha256 value."
        )
        raise _argument(message, "x-amz-content-sha256", claim)
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


def hoisted(request: Request) -> dict[str, str]:
    """Headers that a presigned URL carries in its query string: S3 takes `x-amz-acl=private` there as in a header."""
    if "mz-" not in request.query:
        return {}
    given = ((name.lower(), value) for name, value in sigv2.parameters(request.query).items())
    return {name: value for name, value in given if name.startswith("x-amz-") and name not in _OF_THE_SIGNATURE}


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
    instants = (sent,) if signed_at is None else (sent, signed_at(sent))
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
    lines = "".join([f"{name}:{_trimmed(headers.get(name, ''))}\n" for name in signature.headers])
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


# Canonical forms

_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~/]*")
_NEEDLESS = "2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE]"
_CANONICAL_PATH = re.compile(rf"(?:[A-Za-z0-9\-._~/]|%(?!{_NEEDLESS})[0-9A-F]{{2}})*")
_CANONICAL_QUERY = re.compile(rf"(?:[A-Za-z0-9\-._~]|%(?!{_NEEDLESS})[0-9A-F]{{2}})*")


def canonical_path(path: str, *, once: bool) -> str:
    """S3 encodes the path as it is, once; all others remove dots and empty segments and encode the encoded path."""
    if once:
        if _CANONICAL_PATH.fullmatch(path):
            return path or "/"
        # Segment by segment: an encoded slash belongs to a segment and stays encoded.
        return "/".join([quote(unquote_to_bytes(wire_bytes(part)), safe="~") for part in path.split("/")])
    if "//" in path or "/." in path:
        path = _without_dots(path)
    if _PLAIN_PATH.fullmatch(path):
        return path or "/"
    return quote(wire_bytes(path), safe="/~")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    last = "/" if kept and (path.endswith(("/", "/.", "/.."))) else ""
    return "/" + "/".join(kept) + last


def canonical_query(query: str) -> str:
    """Parameters decoded, encoded again in the one canonical way, and sorted; the signature itself left out."""
    if not query:
        return ""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs if name != "X-Amz-Signature")
    return "&".join([f"{name}={value}" for name, value in encoded])


def _encoded(text: str) -> str:
    if _CANONICAL_QUERY.fullmatch(text):
        return text
    return quote(unquote_to_bytes(wire_bytes(text.replace("+", "%20"))), safe="~")


def _trimmed(value: str) -> str:
    """Outer blanks removed, runs of inner blanks made one space."""
    value = value.strip(" \t\r\n")
    return _BLANKS.sub(" ", value) if "  " in value or "\n" in value or "\t" in value else value


_BLANKS = re.compile(r"[ \t\r\n]+")


def wire_bytes(text: str) -> bytes:
    """The bytes that were on the wire: header values are read as Latin-1, whatever the client meant."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")


# Reading


def _in_header(request: Request, header: str, kind: Dialect) -> Signature | Anonymous:
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm not in (HMAC, ECDSA):
        return _other_scheme(algorithm, header, kind)
    given = _parameters(rest, header, kind)
    names = ("Credential", "SignedHeaders", "Signature")
    date = request.headers.get("x-amz-date") or request.headers.get("date")
    if not all(given.get(name) for name in names) or (date is None and kind is not Dialect.S3):
        raise _header_incomplete(given, date, header, kind)
    if date is None:
        raise SignatureError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)
    instant = _instant(date, kind, "header")
    key, scope, region, service = _credential(given["Credential"], algorithm, kind, "header")
    _check_day(scope, instant, date, kind)
    signed = _names(given["SignedHeaders"])
    if algorithm == ECDSA:
        region = request.headers.get("x-amz-region-set", "")
    token = request.headers.get("x-amz-security-token")
    return Signature(algorithm, key, date, instant, scope, region, service, signed, given["Signature"], "header", token)


def _other_scheme(algorithm: str, header: str, kind: Dialect) -> Anonymous:
    if algorithm == "Bearer":
        return ANONYMOUS
    if kind is Dialect.S3:
        raise _argument("Unsupported Authorization Type", "Authorization", header)
    raise errors.incomplete(kind, "Unsupported AWS 'algorithm'.", header)


def _parameters(rest: str, header: str, kind: Dialect) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals and name:
            _refuse_pair(name, header, kind)
        given[name] = value
    return given


def _refuse_pair(part: str, header: str, kind: Dialect) -> NoReturn:
    if kind is Dialect.S3:
        raise _malformed('the authorization component "' + part[:200] + '" is malformed.')
    words = f"'{part[:200]}' not a valid key=value pair (missing equal-sign) in Authorization header."
    raise errors.incomplete(kind, words, header)


def _header_incomplete(given: Mapping[str, str], date: str | None, header: str, kind: Dialect) -> SignatureError:
    if kind is Dialect.S3:
        return _malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )
    words = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not given.get(name)
    ]
    if date is None:
        words.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    return errors.incomplete(kind, " ".join(words), header)


def _in_query(request: Request, kind: Dialect) -> Signature:
    given = _query_fields(request.query)
    required = QUERY_NAMES if kind is not Dialect.S3 else (*QUERY_NAMES, "X-Amz-Expires")
    if not all(name in given for name in required):
        message = (
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
        raise _query_error(kind, message)
    algorithm = given["X-Amz-Algorithm"]
    if algorithm not in (HMAC, ECDSA):
        raise _query_error(kind, f'X-Amz-Algorithm only supports "{HMAC} and {ECDSA}"')
    key, scope, region, service = _credential(given["X-Amz-Credential"], algorithm, kind, "query")
    date = given["X-Amz-Date"]
    instant = _instant(date, kind, "query")
    _check_day(scope, instant, date, kind)
    signed = _names(given["X-Amz-SignedHeaders"])
    if algorithm == ECDSA:
        region = given.get("X-Amz-Region-Set", "")
    return Signature(
        algorithm, key, date, instant, scope, region, service, signed, given["X-Amz-Signature"], "query",
        given.get("X-Amz-Security-Token"), _expires(given.get("X-Amz-Expires", "900"), kind),
    )  # fmt: skip


def _query_fields(query: str) -> dict[str, str]:
    """The X-Amz-* parameters, decoded; of a repeated one the first counts."""
    given: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name.startswith("X-Amz-"):
            decoded = unquote_to_bytes(wire_bytes(value.replace("+", "%20"))).decode("utf-8", "surrogateescape")
            given.setdefault(name, decoded)
    return given


@lru_cache(maxsize=1024)
def _names(signed_headers: str) -> tuple[str, ...]:
    return tuple(signed_headers.lower().split(";"))


def _expires(text: str, kind: Dialect) -> int:
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise _query_error(kind, "X-Amz-Expires should be a number")
    seconds = int(text)
    if seconds < 0:
        raise _query_error(kind, "X-Amz-Expires must be non-negative")
    if seconds > LONGEST_EXPIRY_SECONDS:
        words = (
            "X-Amz-Expires must be less than a week (in seconds); that is, "
            f"the given X-Amz-Expires must be less than {LONGEST_EXPIRY_SECONDS} seconds"
        )
        raise _query_error(kind, words)
    return seconds


def _credential(text: str, algorithm: str, kind: Dialect, place: str) -> tuple[str, str, str, str]:
    """Access key, scope, Region and service of KEY/DATE/REGION/SERVICE/aws4_request; SigV4A leaves the Region out."""
    parts = text.split("/")
    if algorithm == ECDSA and len(parts) == 4:
        parts.insert(2, "")
    if len(parts) != 5 or not parts[0]:
        if kind is Dialect.S3:
            raise _credential_error(place, f"the Credential is mal-formed; expecting {_EXPECTED}.")
        words = (
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{text[:200]}'"
        )
        raise errors.incomplete(kind, words, text)
    key, day, region, service, end = parts
    if end != "aws4_request":
        if kind is Dialect.S3:
            raise _credential_error(place, f'incorrect terminal "{end[:100]}". This endpoint uses "aws4_request".')
        raise errors.invalid(
            kind, f"Credential should be scoped with a valid terminator: 'aws4_request', not '{end[:100]}'."
        )
    if not _DAY.fullmatch(day):
        if kind is Dialect.S3:
            words = (
                f'incorrect date format "{day[:100]}". This date in the credential must be in the format "yyyyMMdd".'
            )
            raise _credential_error(place, words)
        raise errors.invalid(kind, f"Date in Credential scope must be in the format YYYYMMDD, not '{day[:100]}'.")
    scope = text.partition("/")[2]
    return key, scope, region, service


def _credential_error(place: str, words: str) -> SignatureError:
    if place == "header":
        return _malformed(words)
    code = "AuthorizationQueryParametersError" if place == "query" else "InvalidArgument"
    return SignatureError(code, f"Error parsing the X-Amz-Credential parameter; {words}", 400)


def _check_day(scope: str, instant: datetime, date: str, kind: Dialect) -> None:
    day = scope[:8]
    if day == date[:8] or day == (sent := instant.strftime("%Y%m%d")):
        return
    if kind is Dialect.S3:
        words = f'Invalid credential date "{day}". This date is not the same as X-Amz-Date: "{sent}".'
        raise _malformed(words)
    raise errors.invalid(
        kind,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'{day}' != '{sent}', from '{date[:50]}'.",
    )


def _instant(date: str, kind: Dialect, place: str) -> datetime:
    try:
        if _COMPACT.fullmatch(date):
            return _from_compact(date)
        if place == "header" and len(date) < 100:
            return _from_http_date(date)
    except (ValueError, OverflowError, TypeError, IndexError):
        pass
    raise _bad_date(date, kind, place)


def _bad_date(date: str, kind: Dialect, place: str) -> SignatureError:
    if kind is not Dialect.S3:
        words = f"Date must be in ISO-8601 'basic format'. Got '{date[:50]}'. See http://en.wikipedia.org/wiki/ISO_8601"
        return errors.incomplete(kind, words, date)
    if place == "query":
        return _query_error(kind, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    if place == "form":
        return _argument("X-Amz-Date must be in the ISO8601 Long Format", "X-Amz-Date", date)
    return SignatureError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)


@lru_cache(maxsize=256)
def _from_compact(date: str) -> datetime:
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _from_http_date(date: str) -> datetime:
    instant = parsedate_to_datetime(date)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


def _version_2_in_header(request: Request, header: str, kind: Dialect, bucket: str | None) -> Signature:
    if kind is not Dialect.S3:
        raise _no_version_2(kind)
    key, colon, signature = header[4:].strip().partition(":")
    if not (key and colon and signature):
        raise _argument(
            "AWS authorization header is invalid. Expected AwsAccessKeyId:signature", "Authorization", header
        )
    date = request.headers.get("x-amz-date") or request.headers.get("date") or ""
    token = request.headers.get("x-amz-security-token")
    instant = _instant(date, kind, "header")
    return Signature(sigv2.ALGORITHM, key, date, instant, "", "", "s3", (), signature, "header", token, bucket=bucket)


def _version_2_in_query(request: Request, kind: Dialect, bucket: str | None) -> Signature:
    if kind is not Dialect.S3:
        raise _no_version_2(kind)
    given = sigv2.parameters(request.query)
    expires = given.get("Expires", "")
    if not re.fullmatch(r"[0-9]{1,11}", expires):
        words = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        raise SignatureError("AccessDenied", words, 403)
    token = given.get("x-amz-security-token")
    until = datetime.fromtimestamp(int(expires), UTC)
    return Signature(
        sigv2.ALGORITHM, given["AWSAccessKeyId"], expires, until, "", "", "s3", (), given["Signature"], "query", token,
        until=until, bucket=bucket,
    )  # fmt: skip


def _version_2_in_form(fields: Mapping[str, str]) -> Signature:
    if "policy" not in fields:
        raise _argument("Bucket POST must contain a field named 'policy'.", "policy", "")
    return Signature(
        sigv2.ALGORITHM, fields["awsaccesskeyid"], "", datetime.min.replace(tzinfo=UTC), "", "", "s3", (),
        fields["signature"], "form", fields.get("x-amz-security-token"), policy=fields["policy"],
    )  # fmt: skip


def _no_version_2(kind: Dialect) -> SignatureError:
    return errors.invalid(kind, "Signature Version 2 is not supported. Sign with Signature Version 4.")


def _malformed(words: str) -> SignatureError:
    message = f"The authorization header is malformed; {words}"
    return SignatureError("AuthorizationHeaderMalformed", message, 400)


def _query_error(kind: Dialect, words: str) -> SignatureError:
    if kind is Dialect.S3:
        return SignatureError("AuthorizationQueryParametersError", words, 400)
    return errors.incomplete(kind, words, "")


def _argument(words: str, name: str, value: str) -> SignatureError:
    return SignatureError("InvalidArgument", words, 400, {"ArgumentName": name, "ArgumentValue": value[:1000]})
