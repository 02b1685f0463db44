"""Decisions, and what AWS says to those who are refused.

Source: IAM User Guide, "Troubleshoot access denied error messages"."""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import NamedTuple

from cumulet.kernel.authz.globs import Context
from cumulet.kernel.authz.policies import Policy, Statement
from cumulet.kernel.identity import Caller


class Ask(NamedTuple):
    """May `caller` do `action` to `resource`, which belongs to `account` (empty: to the caller's own)?

    `must_allow`: the resource's policy has to allow it, or to leave it to the account (KMS keys, role trust policies).
    `granted`: something else of the resource allows it: an ACL, or a grant of a KMS key.
    `canonical_user` is the caller's account as S3 names it, where policies may say so."""

    caller: Caller
    action: str
    resource: str = "*"
    account: str = ""
    context: Context = MappingProxyType({})
    must_allow: bool = False
    granted: bool = False
    canonical_user: str = ""


class Policies(NamedTuple):
    """All that may bear on a request. None and () differ: None binds nobody, () allows nothing.

    `scps` and `rcps` have a level for each step from the organization's root to the account."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    scps: tuple[tuple[Policy, ...], ...] = ()
    rcps: tuple[tuple[Policy, ...], ...] = ()
    resource: Policy | None = None
    endpoint: Policy | None = None


class Reason(enum.Enum):
    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class Layer(enum.Enum):
    """A kind of policy, as the words of a denial name it."""

    RCP = "a resource control policy"
    SCP = "a service control policy"
    ENDPOINT = "a VPC endpoint policy"
    RESOURCE = "a resource-based policy"
    TRUST = "the role trust policy"
    IDENTITY = "an identity-based policy"
    BOUNDARY = "a permissions boundary"
    SESSION = "a session policy"
    NONE = ""
    """No policy: the account's root needs none, and a resource may be open by an ACL or a grant."""


class Decision(NamedTuple):
    """`layer` allowed or refused the request. Of an implicit denial, it is the kind of policy that should have allowed
    it. `policy` and `statement` are those that decided, if any did."""

    allowed: bool
    reason: Reason
    layer: Layer
    policy: Policy | None = None
    statement: Statement | None = None


_NAMED = frozenset({Layer.RCP, Layer.SCP, Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION})
"""The policies whose ARN a denial tells, to callers of the same account or organization."""


def words(decision: Decision, ask: Ask, *, quote: bool = False) -> str:
    """What AWS says of a denial. Some services `quote` the resource, as S3 does."""
    who = ask.caller.arn or "anonymous"
    where = (
        ""
        if ask.resource in ("", "*")
        else f' on resource: "{ask.resource}"'
        if quote
        else f" on resource: {ask.resource}"
    )
    return f"User: {who} is not authorized to perform: {ask.action}{where}{_because(decision, ask)}"


def _because(decision: Decision, ask: Ask) -> str:
    if decision.reason is Reason.EXPLICIT_DENY:
        return f" with an explicit deny in {decision.layer.value}{_which(decision, ask)}"
    if decision.layer is Layer.TRUST:
        return ""  # STS does not say why nobody trusts the caller
    return f" because no {decision.layer.value.partition(' ')[2]} allows the {ask.action} action"


def _which(decision: Decision, ask: Ask) -> str:
    source = decision.policy.source if decision.policy else ""
    if decision.layer not in _NAMED or not source.startswith("arn:") or not _at_home(ask):
        return ""
    return f": {source}"


def _at_home(ask: Ask) -> bool:
    if ask.account in ("", ask.caller.account):
        return True
    own, other = ask.context.get("aws:principalorgid"), ask.context.get("aws:resourceorgid")
    return own is not None and own == other
