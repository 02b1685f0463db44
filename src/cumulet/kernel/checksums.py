"""The digests that AWS puts on bytes, in one shape: `update(data)` as often as you like, then `digest()`.

Names are those of the S3 model's `ChecksumAlgorithm`. A digest is raw bytes, big-endian for the CRCs and the
xxHash family, which is what travels in base64 in headers and answers. Nothing here starts a thread: over
large buffers the libraries below release the interpreter lock by themselves.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Protocol

Bytes = bytes | bytearray | memoryview

SIZES = {
    "MD5": 16,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
"""Every algorithm and the length of its digest in bytes."""

COMBINABLE = frozenset({"CRC32", "CRC32C", "CRC64NVME"})
"""The algorithms whose digest of a whole follows from the digests of its parts (full-object checksums)."""

MAXIMUM_PARTS = 10_000
"""The most parts a multipart upload has, and so the largest N of a composite checksum (S3 guide, limits)."""


class UnknownAlgorithm(ValueError):
    """No checksum goes by this name, or (for `combine`) its digests do not combine."""


class InvalidChecksum(ValueError):
    """The text is not the base64 of a digest of this algorithm."""


class Digest(Protocol):
    """What every algorithm offers. `digest` may be asked at any time and does not end the run."""

    def update(self, data: Bytes, /) -> None: ...

    def digest(self) -> bytes: ...


def new(algorithm: str) -> Digest:
    """An empty digest. Raises UnknownAlgorithm."""
    try:
        return _MAKERS[algorithm]()
    except KeyError:
        raise UnknownAlgorithm(f"Unknown checksum algorithm: {algorithm!r:.80}") from None


def of(algorithm: str, data: Bytes) -> bytes:
    """The digest of one buffer. Raises UnknownAlgorithm."""
    digest = new(algorithm)
    digest.update(data)
    return digest.digest()


class Hashes:
    """Several digests over the same bytes, read once.

    >>> hashes = Hashes(["MD5", "CRC32"])
    >>> hashes.update(b"123456789")
    >>> hashes.digest("CRC32").hex()
    'cbf43926'
    """

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._digests = {algorithm: new(algorithm) for algorithm in algorithms}
        self.length = 0
        """Bytes seen so far."""

    def update(self, data: Bytes) -> None:
        for digest in self._digests.values():
            digest.update(data)
        self.length += data.nbytes if isinstance(data, memoryview) else len(data)

    def digest(self, algorithm: str) -> bytes:
        return self._digests[algorithm].digest()

    def digests(self) -> dict[str, bytes]:
        return {algorithm: digest.digest() for algorithm, digest in self._digests.items()}


def combine(algorithm: str, first: bytes, second: bytes, second_length: int) -> bytes:
    """The digest of A + B from the digest of A, the digest of B and the length of B in bytes.

    Raises UnknownAlgorithm where the algorithm allows no such thing (anything but the CRCs)."""
    if algorithm not in COMBINABLE:
        raise UnknownAlgorithm(f"{algorithm!r:.80} checksums of parts do not combine into that of the whole")
    from awscrt import checksums as crt

    joined = getattr(crt, f"combine_{algorithm.lower()}")(
        int.from_bytes(first, "big"), int.from_bytes(second, "big"), second_length
    )
    return int(joined).to_bytes(SIZES[algorithm], "big")


def composite(algorithm: str, parts: Iterable[bytes]) -> str:
    """The checksum of the parts' checksums as a multipart object shows it: base64, a dash, how many parts."""
    whole, count = new(algorithm), 0
    for part in parts:
        whole.update(part)
        count += 1
    return f"{encode(whole.digest())}-{count}"


def encode(digest: bytes) -> str:
    """The form of headers and answers: base64."""
    return base64.b64encode(digest).decode("ascii")


def decode(algorithm: str, text: str) -> bytes:
    """A digest from its base64. Raises InvalidChecksum unless it has exactly the algorithm's length."""
    size = SIZES.get(algorithm)
    if size is None:
        raise UnknownAlgorithm(f"Unknown checksum algorithm: {algorithm!r:.80}")
    try:
        digest = base64.b64decode(text, validate=True) if len(text) <= 2 * size + 4 else b""
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != size or encode(digest) != text:
        raise InvalidChecksum(f"Not a base64-encoded {algorithm} checksum: {text!r:.80}")
    return digest


def decode_composite(algorithm: str, text: str) -> tuple[bytes, int]:
    """A composite checksum's digest and number of parts. Raises InvalidChecksum."""
    digest, dash, count = text.rpartition("-")
    if not dash or not (count.isascii() and count.isdecimal()) or len(count) > 5:
        raise InvalidChecksum(f"Not a composite {algorithm} checksum: {text!r:.80}")
    if not 1 <= int(count) <= MAXIMUM_PARTS or count.startswith("0"):
        raise InvalidChecksum(f"Not a number of parts: {count}")
    return decode(algorithm, digest), int(count)


class _Crc:
    """A running CRC over any function that continues from its last value."""

    def __init__(self, function: Callable[[Bytes, int], int], size: int) -> None:
        self._function, self._size, self._value = function, size, 0

    def update(self, data: Bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


class _XxHash:
    """The library's hash wants read-only bytes and calls its digest `finalize`; asking does not end it."""

    def __init__(self, name: str) -> None:
        from awscrt.checksums import XXHash

        self._hash = getattr(XXHash, f"new_{name}")()

    def update(self, data: Bytes, /) -> None:
        self._hash.update(data if isinstance(data, bytes) else bytes(data))

    def digest(self) -> bytes:
        return bytes(self._hash.finalize())


def _crc32c() -> Digest:
    from awscrt.checksums import crc32c

    return _Crc(crc32c, 4)


def _crc64nvme() -> Digest:
    from awscrt.checksums import crc64nvme

    return _Crc(crc64nvme, 8)


# The awscrt library takes a while to load, so it is imported by whoever first needs it.
_MAKERS: dict[str, Callable[[], Digest]] = {
    "MD5": lambda: hashlib.md5(usedforsecurity=False),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "CRC32": lambda: _Crc(zlib.crc32, 4),
    "CRC32C": _crc32c,
    "CRC64NVME": _crc64nvme,
    "XXHASH64": lambda: _XxHash("xxhash64"),
    "XXHASH3": lambda: _XxHash("xxhash3_64"),
    "XXHASH128": lambda: _XxHash("xxhash3_128"),
}
