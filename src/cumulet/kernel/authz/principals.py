"""Whom a statement of a resource's policy means, and how directly.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal"."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from cumulet.kernel.identity import Caller, Kind

KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,124}")
"""What stands in a policy for a user or role that was deleted."""


class Grant(enum.IntEnum):
    """How directly a statement means a caller. A grant is worth more, the more directly it is given."""

    NONE = 0
    ACCOUNT = 1
    """The caller's account, which may pass the permission on by its own policies."""
    ROLE = 2
    """The role of a session: its boundary and session policies still limit it."""
    DIRECT = 3
    """The user or session itself, or everybody."""


class Principals:
    """The names in a Principal or NotPrincipal element."""

    __slots__ = ("aws", "canonical", "everybody", "federated", "service")

    def __init__(self, named: Mapping[str, Iterable[str]]) -> None:
        aws = {_account_or_name(name) for name in named.get("AWS", ())}
        self.everybody = "*" in aws
        self.aws = frozenset(aws)
        self.service = frozenset(_service(name) for name in named.get("Service", ()))
        self.federated = frozenset(named.get("Federated", ()))
        self.canonical = frozenset(named.get("CanonicalUser", ()))

    def grant(self, caller: Caller, canonical_user: str = "") -> Grant:
        """How directly these names mean the caller."""
        if self.everybody:
            return Grant.DIRECT
        kind = caller.kind
        if kind is Kind.SERVICE:
            return Grant.DIRECT if self._has_service(caller.arn) else Grant.NONE
        if kind is Kind.ANONYMOUS:
            return Grant.NONE
        if self.aws and (found := self._aws_grant(caller)):
            return found
        if self.federated and _provider(caller) in self.federated:
            return Grant.DIRECT
        return Grant.ACCOUNT if canonical_user and canonical_user in self.canonical else Grant.NONE

    def exempts(self, caller: Caller, canonical_user: str = "") -> bool:
        """For a NotPrincipal: whether the caller is among those whom the statement does not mean.

        A user or a role is exempt only together with its account; and where sessions of a role are named, only they."""
        if self.everybody:
            return True
        if caller.kind in (Kind.SERVICE, Kind.ANONYMOUS) or not self.aws:
            return bool(self.grant(caller, canonical_user))
        if caller.account not in self.aws and canonical_user not in self.canonical:
            return False
        if caller.kind is Kind.ROOT:
            return True
        if caller.arn in self.aws:
            return caller.kind is Kind.USER or self._has_identity(caller)
        return self._has_identity(caller) and not self._names_sessions_of(caller)

    def _has_service(self, name: str) -> bool:
        return _service(name) in self.service

    def _aws_grant(self, caller: Caller) -> Grant:
        if caller.arn in self.aws and caller.kind is not Kind.ROOT:
            return Grant.DIRECT
        if self._has_identity(caller):
            return Grant.DIRECT if caller.kind is Kind.USER else Grant.ROLE
        return Grant.ACCOUNT if caller.account in self.aws else Grant.NONE

    def _has_identity(self, caller: Caller) -> bool:
        if caller.kind is Kind.ROOT:
            return False
        return caller.identity_arn in self.aws or (bool(caller.id) and caller.id.partition(":")[0] in self.aws)

    def _names_sessions_of(self, caller: Caller) -> bool:
        sessions = caller.arn.rpartition("/")[0] + "/"
        return any(name.startswith(sessions) for name in self.aws)


def _account_or_name(name: str) -> str:
    """An account by its number, whichever way it is written."""
    parts = name.split(":")
    is_root = len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam" and parts[5] == "root"
    return parts[4] if is_root else name


@lru_cache(maxsize=1024)
def _service(name: str) -> str:
    """A service principal without the Region and without China's ending: s3.us-east-1.amazonaws.com is S3."""
    name = name.lower().removesuffix(".cn")
    return re.sub(r"^([a-z0-9.-]+?)\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com$", r"\1.amazonaws.com", name)


def _provider(caller: Caller) -> str:
    """Who vouched for the caller: an identity provider's ARN, or the issuer's name."""
    if caller.session is not None and caller.session.provider:
        return caller.session.provider
    return caller.arn if caller.kind is Kind.FEDERATED else ""
