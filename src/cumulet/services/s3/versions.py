"""Version ids: opaque to clients, but to us the order in which the versions of a key were made.

An id is 32 characters: the sequence (8 bytes), chance (14 bytes), and a check (2 bytes), so that an id that we
never gave out is told apart from one that is gone."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from cumulet.kernel.ids import Ids

NULL = "null"
"""The id of a version made while versioning was not enabled."""


def next_sequence(now: datetime, previous: int) -> int:
    """Microseconds, but always beyond the previous version's, whatever the clock does."""
    return max(int(now.timestamp() * 1_000_000), previous + 1)


def make_id(sequence: int, ids: Ids) -> str:
    head = sequence.to_bytes(8, "big") + ids.bytes(14)
    return base64.urlsafe_b64encode(head + _check(head)).decode().replace("-", ".")


def sequence_of(version_id: str) -> int | None:
    """The sequence in an id; None for a text that is no id of ours."""
    if len(version_id) != 32:
        return None
    try:
        raw = base64.b64decode(version_id.replace(".", "-"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 24 or _check(raw[:22]) != raw[22:]:
        return None
    return int.from_bytes(raw[:8], "big")


def _check(head: bytes) -> bytes:
    return binascii.crc_hqx(head, 0x5A3C).to_bytes(2, "big")
