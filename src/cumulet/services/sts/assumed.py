"""Sessions of roles: who somebody is who has assumed one, and for how long.

Source: AWS STS API Reference, AssumeRole; IAM User Guide, Methods to assume a role (role chaining)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from cumulet.kernel.identity import Caller, Kind, Session
from cumulet.services.sts.errors import AccessDenied, ValidationError
from cumulet.services.sts.session_policies import SessionPolicies
from cumulet.services.sts.session_tags import NONE, SessionTags

DEFAULT_SECONDS = 3600
CHAINED_SECONDS = 3600
SHORTEST_SECONDS = 900
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:.*/)?[^/]+", re.DOTALL)
_PARTITION = 1


class Role(NamedTuple):
    """What STS needs to know of a role. `trust` is its trust policy."""

    arn: str
    id: str
    name: str
    account: str
    trust: str
    longest_seconds: int
    tags: Mapping[str, str]


class Wanted(NamedTuple):
    """The session that is asked for, whichever way."""

    name: str
    policies: SessionPolicies
    tags: SessionTags = NONE
    source_identity: str = ""
    mfa: datetime | None = None
    provider: str = ""
    context: Mapping[str, str] = {}
    is_chained: bool = False


def account_in(role_arn: str) -> str | None:
    """The account of a role's ARN; None for an ARN of something else. Raises ValidationError for what is no ARN."""
    if not _ARN.fullmatch(role_arn):
        raise ValidationError(f"{role_arn} is invalid")
    parts = _ROLE.fullmatch(role_arn)
    return parts[2] if parts is not None else None


def seconds(role: Role, wanted: int | None, *, is_chained: bool = False) -> int:
    """How long the session lasts. Raises ValidationError."""
    if wanted is None:
        return min(DEFAULT_SECONDS, role.longest_seconds)
    if is_chained and wanted > CHAINED_SECONDS:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if wanted > role.longest_seconds:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return wanted


def session(role: Role, wanted: Wanted, now: datetime, lasts: timedelta) -> Caller:
    """Who calls with the credentials that are to be made."""
    partition = role.arn.split(":")[_PARTITION]
    issued = now.replace(microsecond=0)
    return Caller(
        kind=Kind.ROLE,
        account=role.account,
        arn=f"arn:{partition}:sts::{role.account}:assumed-role/{role.name}/{wanted.name}",
        id=f"{role.id}:{wanted.name}",
        principal=role.arn,
        session=Session(
            issued=issued, expires=issued + lasts, name=wanted.name,
            policies=wanted.policies.texts, policy_arns=wanted.policies.arns,
            tags=wanted.tags.all, transitive=wanted.tags.transitive, source_identity=wanted.source_identity,
            mfa=wanted.mfa, provider=wanted.provider, context=dict(wanted.context), chained=wanted.is_chained,
        ),
    )  # fmt: skip


def source_identity(session: Session | None, wanted: str | None) -> str:
    """The source identity of a new session: once set, it stays, whatever roles follow. Raises AccessDenied."""
    kept = session.source_identity if session is not None else ""
    if kept and wanted not in (None, kept):
        raise AccessDenied("The source identity of the calling session is set and cannot be changed.")
    return kept or wanted or ""
