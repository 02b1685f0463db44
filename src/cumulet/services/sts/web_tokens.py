"""Web identity tokens: JSON Web Tokens that an OpenID Connect provider signed.

Source: RFC 7515 (JWS), 7517 (JWK), 7518 (JWA), 7519 (JWT); OpenID Connect Core 1.0, ID Token."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cumulet.services.sts.errors import ExpiredTokenException, InvalidIdentityToken

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve

_NO_TOKEN = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"  # noqa: S105
_SKEW_SECONDS = 300
_ALGORITHMS = {
    "RS256": ("RSA", "SHA256"), "RS384": ("RSA", "SHA384"), "RS512": ("RSA", "SHA512"),
    "ES256": ("P-256", "SHA256"), "ES384": ("P-384", "SHA384"), "ES512": ("P-521", "SHA512"),
}  # fmt: skip
"""Signatures by a public key only: whoever checks a shared secret could make tokens as well."""
_MOST_KEYS = 200
_RSA_BITS = range(1024, 8193)
_COORDINATE_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66}


class WebToken(NamedTuple):
    """A token as it was given; nobody has checked its signature yet."""

    algorithm: str
    key_id: str | None
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    def text(self, claim: str) -> str:
        """A claim that has to be there, as text. Raises InvalidIdentityToken."""
        value = self.claims.get(claim)
        if not isinstance(value, str) or not value:
            raise InvalidIdentityToken(f"Missing a required claim: {claim}")
        return value

    @property
    def audiences(self) -> tuple[str, ...]:
        given = self.claims.get("aud")
        every = given if isinstance(given, list) else [given]
        return tuple(one for one in every if isinstance(one, str))


def read(text: str) -> WebToken:
    """Raises InvalidIdentityToken."""
    parts = text.split(".")
    if len(parts) != 3:
        raise InvalidIdentityToken(_NO_TOKEN)
    try:
        header, claims = _object(parts[0]), _object(parts[1])
        signature = _bytes(parts[2])
    except (ValueError, RecursionError):
        raise InvalidIdentityToken(_NO_TOKEN) from None
    key_id = header.get("kid")
    if "crit" in header or header.get("alg") not in _ALGORITHMS:
        raise InvalidIdentityToken(_NO_TOKEN)
    return WebToken(
        algorithm=header["alg"], key_id=key_id if isinstance(key_id, str) else None, claims=claims,
        signed=f"{parts[0]}.{parts[1]}".encode(), signature=signature,
    )  # fmt: skip


def check_times(token: WebToken, now: datetime) -> None:
    """Raises ExpiredTokenException or InvalidIdentityToken."""
    current = int(now.timestamp())
    ends = _instant(token, "exp", required=True)
    if current >= ends:
        raise ExpiredTokenException(
            f"Token expired: current date/time {current} must be before the expiration date/time {int(ends)}"
        )
    for claim in ("nbf", "iat"):
        if _instant(token, claim, required=claim == "iat") > current + _SKEW_SECONDS:
            raise InvalidIdentityToken(f"The token is not valid yet: {claim} lies in the future.")


def has_key(token: WebToken, keys: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of these (JWKs) may be the key that signed."""
    return bool(_candidates(token, keys))


def is_signed(token: WebToken, keys: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of these keys (JWKs) signed the token."""
    return any(_verifies(token, key) for key in _candidates(token, keys))


def _candidates(token: WebToken, keys: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    kind, _ = _ALGORITHMS[token.algorithm]
    return [
        key
        for key in keys[:_MOST_KEYS]
        if (key.get("kty") == "RSA" if kind == "RSA" else key.get("crv") == kind)
        and (token.key_id is None or key.get("kid") == token.key_id)
        and key.get("use", "sig") == "sig"
    ]


def _verifies(token: WebToken, key: Mapping[str, Any]) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    kind, digest = _ALGORITHMS[token.algorithm]
    try:
        if kind == "RSA":
            _verify_rsa(token, key, _hash(digest))
        else:
            _verify_ec(token, key, kind, _hash(digest))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _verify_rsa(token: WebToken, key: Mapping[str, Any], digest: hashes.HashAlgorithm) -> None:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    modulus, exponent = _number(key["n"]), _number(key["e"])
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > 32:
        raise ValueError("no key that anybody should use")
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(token.signature, token.signed, padding.PKCS1v15(), digest)


def _verify_ec(token: WebToken, key: Mapping[str, Any], curve: str, digest: hashes.HashAlgorithm) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    size = _COORDINATE_BYTES[curve]
    if len(token.signature) != 2 * size:
        raise ValueError("a signature of another curve")
    public = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), _curve(curve)).public_key()
    r, s = (int.from_bytes(half, "big") for half in (token.signature[:size], token.signature[size:]))
    public.verify(encode_dss_signature(r, s), token.signed, ec.ECDSA(digest))


def _hash(name: str) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    return {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}[name]()


def _curve(name: str) -> EllipticCurve:
    from cryptography.hazmat.primitives.asymmetric import ec

    return {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}[name]()


def _instant(token: WebToken, claim: str, *, required: bool) -> float:
    value = token.claims.get(claim)
    if value is None and not required:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidIdentityToken(f"Missing a required claim: {claim}")
    return value


def _object(part: str) -> dict[str, Any]:
    found = json.loads(_bytes(part))
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("no base64") from error
