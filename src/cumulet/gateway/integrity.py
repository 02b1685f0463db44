"""Bodies held to the hash that their request states for them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from cumulet.gateway.chunked import BodyError
from cumulet.gateway.http import Headers
from cumulet.gateway.signature_errors import SignatureError
from cumulet.kernel import checksums

_CHECKSUM = "x-amz-checksum-"
_OF_NOTHING = hashlib.sha256(b"").hexdigest()


def check(body: bytes, claim: str) -> None:
    """Raises SignatureError unless `claim` is the SHA-256 of `body`, in hex."""
    _compare(hashlib.sha256(body).hexdigest() if body else _OF_NOTHING, claim)


async def checked(body: AsyncIterator[bytes], claim: str) -> AsyncIterator[bytes]:
    """The same body; its end raises SignatureError if the hash was not that of `claim`."""
    digest = hashlib.sha256()
    async for piece in body:
        digest.update(piece)
        yield piece
    _compare(digest.hexdigest(), claim)


def check_digests(body: bytes, headers: Headers) -> None:
    """Hold a document to the Content-MD5 and the checksum that its request gives. Raises BodyError (BadDigest and
    others), as S3 does; the bodies of objects are the service's to check."""
    md5 = headers.get("content-md5")
    if md5 is not None:
        _check_md5(body, md5)
    for name, value in headers.items():
        algorithm = name.removeprefix(_CHECKSUM).upper()
        if name.startswith(_CHECKSUM) and algorithm in checksums.SIZES:
            _check_checksum(body, algorithm, value)


def _check_md5(body: bytes, given: str) -> None:
    try:
        expected = checksums.decode("MD5", given)
    except checksums.InvalidChecksum:
        raise BodyError("InvalidDigest", "The Content-MD5 you specified was invalid.", {"Content-MD5": given}) from None
    computed = checksums.of("MD5", body)
    if computed != expected:
        extra = {"ExpectedDigest": expected.hex(), "CalculatedDigest": checksums.encode(computed)}
        raise BodyError("BadDigest", "The Content-MD5 you specified did not match what we received.", extra)


def _check_checksum(body: bytes, algorithm: str, given: str) -> None:
    try:
        expected = checksums.decode(algorithm, given)
    except checksums.InvalidChecksum:
        words = f"Value for {_CHECKSUM}{algorithm.lower()} header is invalid."
        raise BodyError("InvalidRequest", words) from None
    if checksums.of(algorithm, body) != expected:
        raise BodyError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")


def _compare(computed: str, claim: str) -> None:
    if computed != claim.lower():
        raise SignatureError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            400,
            {"ClientComputedContentSHA256": claim, "S3ComputedContentSHA256": computed},
        )
