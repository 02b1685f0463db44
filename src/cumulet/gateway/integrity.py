"""Bodies held to the hash that their request states for them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from cumulet.gateway.signature_errors import SignatureError

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


def _compare(computed: str, claim: str) -> None:
    if computed != claim.lower():
        raise SignatureError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            400,
            {"ClientComputedContentSHA256": claim, "S3ComputedContentSHA256": computed},
        )
