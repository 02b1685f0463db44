"""The signature of a request as the client sent it, from wherever it was put, checked for its form alone.

Whether it is good is for sigv4.verify to say. Each family of services refuses a malformed one in its own words.
Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating requests"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote_to_bytes

import msgspec

from cumulet.gateway import signature_errors as errors
from cumulet.gateway import sigv2, sigv4a
from cumulet.gateway.canonical import wire_bytes
from cumulet.gateway.http import Request
from cumulet.gateway.signature_errors import Dialect, SignatureError

HMAC = "AWS4-HMAC-SHA256"
ECDSA = sigv4a.ALGORITHM
LONGEST_EXPIRY_SECONDS = 604800
LONGEST_HEADER = 8192
"""Characters of an Authorization header, or of a presigned URL's X-Amz-SignedHeaders."""
LONGEST_CREDENTIAL = 1024
QUERY_NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders")
_OPTIONAL_NAMES = ("X-Amz-Expires", "X-Amz-Region-Set", "X-Amz-Security-Token", "X-Amz-Content-Sha256")
_OF_THE_SIGNATURE = frozenset(name.lower() for name in (*QUERY_NAMES, *_OPTIONAL_NAMES))
_COMPACT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DAY = re.compile(r"[0-9]{8}")
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
        raise argument_error(message, "Authorization", header)
    if header.startswith("AWS "):
        raise _no_version_2(kind)
    return _in_header(request, header, kind)


def find_in_form(fields: Mapping[str, str]) -> Signature | Anonymous:
    """The signature in the fields of a browser upload; `fields` have lower-case names. Raises SignatureError."""
    if "x-amz-signature" not in fields and "x-amz-algorithm" not in fields:
        if "signature" in fields and "awsaccesskeyid" in fields:
            return _version_2_in_form(fields)
        return ANONYMOUS
    for name in ("policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
        if name not in fields:
            raise argument_error(f"Bucket POST must contain a field named '{name}'.", name, "")
    algorithm = fields["x-amz-algorithm"]
    if algorithm not in (HMAC, ECDSA):
        raise argument_error("Invalid algorithm in the form", "X-Amz-Algorithm", algorithm)
    key, scope, region, service = _credential(fields["x-amz-credential"], algorithm, Dialect.S3, "form")
    date = fields["x-amz-date"]
    return Signature(
        algorithm, key, date, _instant(date, Dialect.S3, "form"), scope, region, service, (),
        fields["x-amz-signature"], "form", fields.get("x-amz-security-token"), None, fields["policy"],
    )  # fmt: skip


def hoisted(request: Request) -> dict[str, str]:
    """Headers that a presigned URL carries in its query string: S3 takes `x-amz-acl=private` there as in a header."""
    if "mz-" not in request.query:
        return {}
    given = ((name.lower(), value) for name, value in sigv2.parameters(request.query).items())
    return {name: value for name, value in given if name.startswith("x-amz-") and name not in _OF_THE_SIGNATURE}


# In the Authorization header


def _in_header(request: Request, header: str, kind: Dialect) -> Signature | Anonymous:
    if len(header) > LONGEST_HEADER:
        raise _header_incomplete({}, "", header, kind)
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
        raise argument_error("Unsupported Authorization Type", "Authorization", header)
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


# In the query string


def _in_query(request: Request, kind: Dialect) -> Signature:
    given = query_fields(request.query)
    required = QUERY_NAMES if kind is not Dialect.S3 else (*QUERY_NAMES, "X-Amz-Expires")
    if not all(name in given for name in required) or len(given["X-Amz-SignedHeaders"]) > LONGEST_HEADER:
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


def query_fields(query: str) -> dict[str, str]:
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


# Credential and time


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
        return argument_error("X-Amz-Date must be in the ISO8601 Long Format", "X-Amz-Date", date)
    return SignatureError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)


@lru_cache(maxsize=256)
def _from_compact(date: str) -> datetime:
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _from_http_date(date: str) -> datetime:
    instant = parsedate_to_datetime(date)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


# Version 2


def _version_2_in_query(request: Request, kind: Dialect, bucket: str | None) -> Signature:
    if kind is not Dialect.S3:
        raise _no_version_2(kind)
    given = sigv2.parameters(request.query)
    expires = given.get("Expires", "")
    if not re.fullmatch(r"[0-9]{1,11}", expires) or not (given.get("AWSAccessKeyId") and given.get("Signature")):
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
        raise argument_error("Bucket POST must contain a field named 'policy'.", "policy", "")
    return Signature(
        sigv2.ALGORITHM, fields["awsaccesskeyid"], "", datetime.min.replace(tzinfo=UTC), "", "", "s3", (),
        fields["signature"], "form", fields.get("x-amz-security-token"), policy=fields["policy"],
    )  # fmt: skip


def _no_version_2(kind: Dialect) -> SignatureError:
    """Version 2 counts only where SDKs still write it unasked: in S3's presigned URLs and forms."""
    if kind is Dialect.S3:
        words = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        return SignatureError("InvalidRequest", words, 400)
    return errors.invalid(kind, "Signature Version 2 is not supported. Sign with Signature Version 4.")


# Words


def _malformed(words: str) -> SignatureError:
    message = f"The authorization header is malformed; {words}"
    return SignatureError("AuthorizationHeaderMalformed", message, 400)


def _query_error(kind: Dialect, words: str) -> SignatureError:
    if kind is Dialect.S3:
        return SignatureError("AuthorizationQueryParametersError", words, 400)
    return errors.incomplete(kind, words, "")


def argument_error(words: str, name: str, value: str) -> SignatureError:
    return SignatureError("InvalidArgument", words, 400, {"ArgumentName": name, "ArgumentValue": value[:1000]})
