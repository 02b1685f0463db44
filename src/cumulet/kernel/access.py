"""What a call needs to be permitted, in the terms of policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

Value = str | Sequence[str]

_NOTHING: Mapping[str, Value] = {}


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One permission that a call needs, on one resource."""

    action: str
    """As policies name it: "s3:GetObject"."""
    resource: str = "*"
    """An ARN, or `*` where the action is on no resource."""
    account: str = ""
    """Whose the resource is; empty for the account in whose scope the call is made."""
    policy: str | None = None
    """The resource's own policy, as text, if it has one."""
    must_allow: bool = False
    """Whether the resource's policy has to allow, or to leave it to its account (KMS keys, the trust of roles)."""
    is_trust: bool = False
    """Whether that policy is a role's trust policy, which names no resource."""
    granted: bool = False
    """Whether something else than a policy of the resource gives it: an ACL, or a grant of a KMS key."""
    tags: Callable[[], Mapping[str, str]] | None = None
    """Tells the resource's tags, if a policy asks for them (aws:ResourceTag/...)."""
    context: Mapping[str, Value] = _NOTHING
    """Condition keys of the resource and the request, in lower case. The global ones are added (context.py)."""
