"""Every random id and secret comes from here, so that a run can be replayed from a seed."""

from __future__ import annotations

import base64
import hashlib
import os
import random
from datetime import datetime

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LETTERS_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_DRAW_BYTES = 1024


class Ids:
    """Random names in AWS's forms. With a seed, the same ones in the same order; without, from the system."""

    def __init__(self, seed: int | None = None) -> None:
        self._seeded = None if seed is None else random.Random(seed)  # noqa: S311 - for replay, not for secrets
        self._drawn = b""
        """Drawn from the system in advance, since each draw is a system call; a forked process draws its own."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget_drawn)

    def _forget_drawn(self) -> None:
        self._drawn = b""

    def bytes(self, count: int) -> bytes:
        if self._seeded is not None:
            return self._seeded.randbytes(count)
        if count > len(self._drawn):
            if count > _DRAW_BYTES:
                return os.urandom(count)
            self._drawn = os.urandom(_DRAW_BYTES)
        given, self._drawn = self._drawn[:count], self._drawn[count:]
        return given

    def uuid(self) -> str:
        """A version 4 UUID, as request ids and message ids are (RFC 9562)."""
        digits = self.bytes(16).hex()
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def ordered(self, now: datetime) -> str:
        """32 hex digits that sort by time: things made together lie together in the store."""
        return f"{int(now.timestamp() * 1_000_000):016x}{self.bytes(8).hex()}"

    def hex(self, digits: int) -> str:
        return self.bytes((digits + 1) // 2).hex()[:digits]

    def base32(self, length: int) -> str:
        """Capitals and the digits 2 to 7, as in access key ids."""
        return "".join([_BASE32[b & 31] for b in self.bytes(length)])

    def alphanumeric(self, length: int) -> str:
        """Letters and digits, evenly distributed."""
        chosen: list[str] = []
        while len(chosen) < length:
            chosen += [_LETTERS_DIGITS[b] for b in (x & 63 for x in self.bytes(length)) if b < 62]
        return "".join(chosen[:length])


def host_id(request_id: str) -> str:
    """S3's second, longer request id (x-amz-id-2), made from the first."""
    return base64.b64encode(hashlib.blake2b(request_id.encode(), digest_size=48).digest()).decode()
