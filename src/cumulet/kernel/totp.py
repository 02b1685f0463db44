"""One-time passwords by time (RFC 6238): six digits that change every 30 seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from datetime import datetime

_PERIOD_SECONDS = 30
_DIGITS = 6
_DRIFT = 1
"""Periods by which the device's clock may be off."""


def code(seed: str, instant: datetime) -> str:
    """The code that a device with this seed (base32) shows at `instant`."""
    return _code(seed, _period(instant))


def is_valid(seed: str, given: str, now: datetime) -> bool:
    """Whether a device with this seed shows this code about now. How often a code may be used is for others to say."""
    near = range(_period(now) - _DRIFT, _period(now) + _DRIFT + 1)
    return any(hmac.compare_digest(_code(seed, number).encode(), given.encode()) for number in near)


def _period(instant: datetime) -> int:
    return int(instant.timestamp()) // _PERIOD_SECONDS


def _code(seed: str, period: int) -> str:
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    digest = hmac.digest(key, struct.pack(">Q", max(period, 0)), hashlib.sha1)
    at = digest[-1] & 15
    number: int = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"
