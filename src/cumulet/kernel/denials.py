"""Denials told in full only to those who may know: EC2 and others answer them sealed, and STS opens them.

Source: AWS STS API Reference, DecodeAuthorizationMessage, which names the members."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cumulet.kernel.authz import Ask, Decision, Policy, Reason

if TYPE_CHECKING:
    from cumulet.kernel.keyring import Keyring

_PURPOSE = b"denial\0"
"""So that nothing else that the keyring sealed can pass for a denial."""
_LARGEST = 256 * 1024


def encode(keyring: Keyring, decision: Decision, ask: Ask, now: datetime) -> str:
    """The denial as a text that only `decode` of this cloud can read."""
    plain = zlib.compress(json.dumps(described(decision, ask)).encode())
    return base64.urlsafe_b64encode(keyring.wrap(_PURPOSE + plain, now)).decode()


def decode(keyring: Keyring, text: str) -> str:
    """The denial as JSON. Raises ValueError for what this cloud did not encode."""
    try:
        plain = keyring.unwrap(base64.b64decode(text.encode(), altchars=b"-_", validate=True))
        if not plain.startswith(_PURPOSE):
            raise ValueError("sealed for something else")
        return zlib.decompressobj().decompress(plain[len(_PURPOSE) :], _LARGEST).decode()
    except (binascii.Error, zlib.error, IndexError, UnicodeError) as error:
        raise ValueError("no encoded denial") from error


def described(decision: Decision, ask: Ask) -> dict[str, Any]:
    """What a decoded message says."""
    caller = ask.caller
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.reason is Reason.EXPLICIT_DENY,
        "matchedStatements": {"items": _matched(decision.policy, decision)},
        "failures": {"items": []},
        "context": {
            "principal": {"id": caller.id, "name": caller.arn.rpartition("/")[2], "arn": caller.arn},
            "action": ask.action,
            "resource": ask.resource,
            "conditions": {"items": []},
        },
    }


def _matched(policy: Policy | None, decision: Decision) -> list[dict[str, Any]]:
    statement = decision.statement
    if policy is None or statement is None:
        return []
    effect = "ALLOW" if statement.allow else "DENY"
    return [{"statementId": statement.sid, "effect": effect, "sourcePolicyId": policy.source}]
