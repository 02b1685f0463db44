"""How AWS refuses a signature. The facts are the same everywhere, the codes and words differ by family of services.

Source: S3 API Reference, error responses and SigV4; IAM User Guide, troubleshooting signature requests."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from enum import Enum

SKEW = timedelta(minutes=15)
"""How far a request's time may be from the cloud's."""

_SHOWN_OF_TOKEN = 2048
_MISMATCH = "The request signature we calculated does not match the signature you provided. "
_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105
_UNKNOWN_KEY = "The AWS Access Key Id you provided does not exist in our records."


class Dialect(Enum):
    """A family of services that refuse in the same words."""

    S3 = "s3"
    EC2 = "ec2"
    QUERY = "query"
    JSON = "json"
    REST = "rest"


def dialect(service: str, protocol: str) -> Dialect:
    """How this service, spoken to in this protocol, words its refusals."""
    if service in ("s3", "s3control", "s3outposts"):
        return Dialect.S3
    if protocol == "ec2":
        return Dialect.EC2
    if protocol in ("query", "rest-xml"):
        return Dialect.QUERY
    return Dialect.REST if protocol == "rest-json" else Dialect.JSON


class SignatureError(Exception):
    """A refused signature: AWS's code, words and status; `extra` are the error's further members in order."""

    def __init__(self, code: str, message: str, status: int, extra: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.extra = code, message, status, extra or {}


def mismatch(
    kind: Dialect, *, access_key: str, provided: str, to_sign: str, canonical: str | None = None
) -> SignatureError:
    """The signature is not the one we calculate. S3 shows what it signed, so that clients can compare."""
    if kind is Dialect.S3:
        extra = {
            "AWSAccessKeyId": access_key,
            "StringToSign": to_sign,
            "SignatureProvided": provided,
            "StringToSignBytes": _spaced(to_sign),
        }
        if canonical is not None:
            extra |= {"CanonicalRequest": canonical, "CanonicalRequestBytes": _spaced(canonical)}
        return SignatureError("SignatureDoesNotMatch", _MISMATCH + "Check your key and signing method.", 403, extra)
    words = "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    return invalid(kind, _MISMATCH + words)


def invalid(kind: Dialect, message: str) -> SignatureError:
    """A complete signature that cannot count, for services other than S3."""
    if kind is Dialect.EC2:
        return SignatureError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if kind is Dialect.QUERY:
        return SignatureError("SignatureDoesNotMatch", message, 403)
    return SignatureError("InvalidSignatureException", message, 403 if kind is Dialect.REST else 400)


def incomplete(kind: Dialect, message: str, sent: str) -> SignatureError:
    """A malformed Authorization header, for services other than S3. The header is told back only as a hash."""
    digest = base64.b64encode(hashlib.sha256(sent.encode("utf-8", "surrogateescape")).digest()).decode()
    message = f"{message} (Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
    if kind in (Dialect.QUERY, Dialect.EC2):
        return SignatureError("IncompleteSignature", message, 400)
    return SignatureError("IncompleteSignatureException", message, 403 if kind is Dialect.REST else 400)


def missing(kind: Dialect) -> SignatureError:
    """The operation needs a caller and the request is not signed."""
    if kind is Dialect.S3:
        return SignatureError("AccessDenied", "Access Denied", 403)
    if kind is Dialect.REST:
        return SignatureError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    message = "Request is missing Authentication Token"
    if kind is Dialect.JSON:
        return SignatureError("MissingAuthenticationTokenException", message, 400)
    return SignatureError("MissingAuthenticationToken", message, 403)


def unknown_key(kind: Dialect, access_key: str) -> SignatureError:
    """Nobody has this access key."""
    match kind:
        case Dialect.S3:
            return SignatureError("InvalidAccessKeyId", _UNKNOWN_KEY, 403, {"AWSAccessKeyId": access_key})
        case Dialect.EC2:
            return invalid(kind, "")
        case Dialect.QUERY:
            return SignatureError("InvalidClientTokenId", _INVALID_TOKEN, 403)
        case _:
            status = 403 if kind is Dialect.REST else 400
            return SignatureError("UnrecognizedClientException", _INVALID_TOKEN, status)


def wrong_service(kind: Dialect, signed: str, called: str) -> SignatureError:
    """A good signature, made for another service than the one that is called."""
    if kind is Dialect.S3:
        words = f'The authorization header is malformed; incorrect service "{signed}". This endpoint belongs to "s3".'
        return SignatureError("AuthorizationHeaderMalformed", words, 400)
    return invalid(kind, f"Credential should be scoped to correct service: '{called}'.")


def invalid_token(kind: Dialect, token: str) -> SignatureError:
    """A session token that this cloud did not make, or that belongs to another key."""
    if kind is Dialect.S3:
        words = "The provided token is malformed or otherwise invalid."
        return SignatureError("InvalidToken", words, 400, {"Token-0": token[:_SHOWN_OF_TOKEN]})
    return unknown_key(kind, "")


def expired_token(kind: Dialect, token: str) -> SignatureError:
    """Temporary credentials whose time is over."""
    words = "The security token included in the request is expired"
    match kind:
        case Dialect.S3:
            extra = {"Token-0": token[:_SHOWN_OF_TOKEN]}
            return SignatureError("ExpiredToken", "The provided token has expired.", 400, extra)
        case Dialect.EC2:
            return SignatureError("RequestExpired", "Request has expired.", 400)
        case Dialect.QUERY:
            return SignatureError("ExpiredToken", words, 403)
        case _:
            return SignatureError("ExpiredTokenException", words, 403 if kind is Dialect.REST else 400)


def skewed(kind: Dialect, date: str, signed: datetime, now: datetime) -> SignatureError:
    """A signature in the Authorization header whose time is too far from ours."""
    if kind is Dialect.S3:
        return SignatureError(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
            {
                "RequestTime": date,
                "ServerTime": rendered(now),
                "MaxAllowedSkewMilliseconds": str(int(SKEW.total_seconds() * 1000)),
            },
        )
    if kind is Dialect.EC2:
        return SignatureError("RequestExpired", "Request has expired.", 400)
    if signed < now:
        oldest = compact(now - SKEW)
        words = f"Signature expired: {date} is now earlier than {oldest} ({compact(now)} - 15 min.)"
    else:
        newest = compact(now + SKEW)
        words = f"Signature not yet current: {date} is still later than {newest} ({compact(now)} + 15 min.)"
    return invalid(kind, words)


def expired(kind: Dialect, date: str, until: datetime, expires: int | None, now: datetime) -> SignatureError:
    """A presigned URL used after its time."""
    if kind is not Dialect.S3:
        message = f"Signature expired: {date} is now earlier than {compact(now)} ({compact(until)} - 0 min.)"
        return (
            SignatureError("RequestExpired", "Request has expired.", 400)
            if kind is Dialect.EC2
            else invalid(kind, message)
        )
    extra = {} if expires is None else {"X-Amz-Expires": str(expires)}
    extra |= {"Expires": rendered(until), "ServerTime": rendered(now)}
    return SignatureError("AccessDenied", "Request has expired", 403, extra)


def not_yet_valid(kind: Dialect, date: str, signed: datetime, now: datetime) -> SignatureError:
    """A presigned URL from the future."""
    if kind is not Dialect.S3:
        return skewed(kind, date, signed, now)
    extra = {"X-Amz-Date": date, "ServerTime": rendered(now)}
    return SignatureError("AccessDenied", "Request is not valid yet", 403, extra)


def compact(instant: datetime) -> str:
    return instant.strftime("%Y%m%dT%H%M%SZ")


def rendered(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _spaced(text: str) -> str:
    """Bytes as S3 shows them: lower-case hex, a space between."""
    return text.encode("utf-8", "surrogateescape").hex(" ")
