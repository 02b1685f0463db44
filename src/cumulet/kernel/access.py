"""What a call needs to be permitted, in the terms of policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

Value = str | Sequence[str]


class Facts(Protocol):
    """Tells values of condition keys, in lower case; a dict, or what works them out when they are asked for."""

    def get(self, key: str, /) -> Value | None: ...


_NOTHING: Facts = {}


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
    canonical_user: str = ""
    """The caller's account as S3 names it, where policies may say it so."""
    context: Facts = _NOTHING
    """Condition keys of the resource and the request, in lower case. The global ones are added (context.py)."""


def pass_role(role: str, service: str, *, resource: str = "") -> Need:
    """The permission to hand a role to a service ("lambda.amazonaws.com"), for the sake of a resource if one is named.

    Source: IAM User Guide, Grant a user permissions to pass a role to an AWS service."""
    parts = role.split(":", 5)
    context: dict[str, Value] = {"iam:passedtoservice": service}
    if resource:
        context["iam:associatedresourcearn"] = resource
    return Need(action="iam:PassRole", resource=role, account=parts[4] if len(parts) == 6 else "", context=context)
