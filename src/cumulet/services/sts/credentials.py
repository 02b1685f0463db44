"""Credentials as answers have them."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.sessions import Credentials


def shown(made: Credentials) -> dict[str, Any]:
    return {
        "AccessKeyId": made.access_key,
        "SecretAccessKey": made.secret,
        "SessionToken": made.token,
        "Expiration": made.expires,
    }


def session_answer(made: Credentials, packed_percent: int | None, source_identity: str = "") -> dict[str, Any]:
    """What all answers with credentials of a session have in common."""
    answer: dict[str, Any] = {"Credentials": shown(made)}
    if packed_percent is not None:
        answer["PackedPolicySize"] = packed_percent
    if source_identity:
        answer["SourceIdentity"] = source_identity
    return answer
