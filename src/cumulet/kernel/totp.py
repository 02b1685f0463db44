"""One-time passwords by time (RFC 6238): six digits that change every 30 seconds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from datetime import datetime

_PERIOD_SECONDS = 30
_DIGITS = 6
_SHORTEST_SEED_BYTES, _LONGEST_SEED_BYTES = 16, 64
_DRIFT = 1
"""Periods by which the device's clock may be off."""


def code(seed: str, instant: datetime) -> str:
    """The code that a device with this seed (base32) shows at `instant`."""
    return _code(seed, period(instant))


def is_valid(seed: str, given: str, now: datetime) -> bool:
    """Whether a device with this seed shows this code about now. How often a code may be used is for others to say."""
    number = period(now)
    return match(seed, given, range(number - _DRIFT, number + _DRIFT + 1)) is not None


def match(seed: str, given: str, periods: Iterable[int]) -> int | None:
    """The first of these periods in which a device with this seed shows this code."""
    return next(
        (number for number in periods if hmac.compare_digest(_code(seed, number).encode(), given.encode())), None
    )


def period(instant: datetime) -> int:
    """Which period since 1970 it is."""
    return int(instant.timestamp()) // _PERIOD_SECONDS


def is_seed(text: str) -> bool:
    """Whether this is base32 of at least 16 bytes, as RFC 4226 asks for, and at most 64."""
    try:
        return _SHORTEST_SEED_BYTES <= len(_key(text)) <= _LONGEST_SEED_BYTES
    except (binascii.Error, ValueError):
        return False


def _key(seed: str) -> bytes:
    return base64.b32decode(seed + "=" * (-len(seed) % 8))


def _code(seed: str, number: int) -> str:
    digest = hmac.digest(_key(seed), struct.pack(">Q", max(number, 0)), hashlib.sha1)
    at = digest[-1] & 15
    value: int = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{value % 10**_DIGITS:0{_DIGITS}}"
