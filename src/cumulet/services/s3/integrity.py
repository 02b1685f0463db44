"""What an upload promises of its bytes, and the digests that hold it to that.

A client may give an MD5, a checksum before the body, or one behind it (a trailer). S3 keeps a checksum of every
object; where the client names no algorithm it is CRC64NVME. Source: S3 User Guide, "Checking object integrity"."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cumulet.kernel import checksums
from cumulet.services.s3.errors import BadDigest, InvalidDigest, InvalidRequest
from cumulet.services.s3.objects import Checksum

DEFAULT_ALGORITHM = "CRC64NVME"
ALGORITHMS = tuple(name for name in checksums.SIZES)
_PREFIX = "x-amz-checksum-"


class Checks:
    """The digests of one upload. Feed `digests` the bytes, then `verify`, then read `etag` and `checksum`.

    `kept` is the algorithm whose checksum will be kept; by default the client's, or CRC64NVME."""

    def __init__(
        self,
        given: dict[str, Any],
        trailers: Mapping[str, str],
        headers: Mapping[str, str],
        kept: str | None = None,
        *,
        is_part: bool = False,
    ) -> None:
        self._md5 = checksums.new("MD5")
        self._expected_md5 = _expected_md5(given.get("ContentMD5"))
        self._trailers = trailers
        self._is_part = is_part
        self._algorithm, self._expected = _expected_checksum(given)
        self._trailing = _trailing_algorithm(headers)
        if self._trailing is not None:
            self._algorithm = self._trailing
        self.kept = kept or self._algorithm or DEFAULT_ALGORITHM
        wanted = {self.kept, self._algorithm} - {None, "MD5"}
        self._sums = {name: checksums.new(name) for name in wanted if name is not None}
        self._sums["MD5"] = self._md5
        self.digests = tuple(self._sums.values())

    @property
    def algorithm(self) -> str | None:
        """The algorithm that the client used, if it did."""
        return self._algorithm

    def verify(self) -> None:
        """Raises BadDigest if the bytes are not what was promised."""
        if self._expected_md5 is not None and self._md5.digest() != self._expected_md5:
            # PutObject says in hex what UploadPart says in base64.
            expected = checksums.encode(self._expected_md5) if self._is_part else self._expected_md5.hex()
            raise BadDigest(CalculatedDigest=checksums.encode(self._md5.digest()), ExpectedDigest=expected)
        if self._trailing is not None:
            self._expected = self._trailers.get(_PREFIX + self._trailing.lower())
            if self._expected is not None:
                _check_form(self._trailing, self._expected)
        if self._algorithm is None or self._expected is None:
            return
        if checksums.encode(self._sums[self._algorithm].digest()) != self._expected:
            raise BadDigest(f"The {self._algorithm} you specified did not match the calculated checksum.")

    @property
    def etag(self) -> str:
        return self._md5.digest().hex()

    @property
    def checksum(self) -> Checksum:
        return Checksum(algorithm=self.kept, value=checksums.encode(self._sums[self.kept].digest()))

    def sent(self) -> dict[str, str]:
        """The client's own checksum as UploadPart tells it back; empty if there was none."""
        if self._algorithm is None:
            return {}
        return {f"Checksum{self._algorithm}": checksums.encode(self._sums[self._algorithm].digest())}


def _expected_md5(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != checksums.SIZES["MD5"]:
        raise InvalidDigest(**{"Content-MD5": text})
    return raw


def _expected_checksum(given: dict[str, Any]) -> tuple[str | None, str | None]:
    values = {name: given[f"Checksum{name}"] for name in ALGORITHMS if given.get(f"Checksum{name}") is not None}
    if len(values) > 1:
        raise InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    for name, value in values.items():
        _check_form(name, value)
        return name, value
    return None, None


def _check_form(algorithm: str, value: str) -> None:
    try:
        checksums.decode(algorithm, value)
    except checksums.InvalidChecksum:
        raise InvalidRequest(f"Value for {_PREFIX}{algorithm.lower()} header is invalid.") from None


def _trailing_algorithm(headers: Mapping[str, str]) -> str | None:
    for name in headers.get("x-amz-trailer", "").split(","):
        algorithm = name.strip().lower().removeprefix(_PREFIX).upper()
        if name.strip().lower().startswith(_PREFIX) and algorithm in checksums.SIZES:
            return algorithm
    return None
