"""Accounts as S3 shows them: by a canonical user id, 64 hex digits, made of the account's number."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

ANONYMOUS = "anonymous"
"""Stands in records for whoever wrote without an account."""

_ANONYMOUS_ID = "65a011a29cdf8ec533ec3d1ccaae921c"
"""What S3 shows as the owner of an object that nobody signed for (S3 User Guide, ACL overview)."""
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")


@lru_cache(maxsize=4096)
def canonical_id(account: str) -> str:
    if account == ANONYMOUS:
        return _ANONYMOUS_ID
    return hashlib.sha256(f"cumulet canonical user {account}".encode()).hexdigest()


def owner(account: str) -> dict[str, str]:
    """An account as the API's Owner."""
    return {"ID": canonical_id(account)}


def is_canonical_id(text: str) -> bool:
    return _CANONICAL_ID.fullmatch(text) is not None or text == _ANONYMOUS_ID
