"""Short words for policies and callers, so that a table of cases reads as one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cumulet.kernel.authz import Ask, Decision, Layer, Policies, Policy, PolicyKind, Reason, evaluate, parse
from cumulet.kernel.identity import Caller, Kind, Session

HOME, AWAY = "111122223333", "444455556666"
QUEUE = f"arn:aws:sqs:us-east-1:{HOME}:jobs"
BUCKET, CAT = "arn:aws:s3:::photos", "arn:aws:s3:::photos/cat.png"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE_ARN = f"arn:aws:iam::{HOME}:role/team/Worker"

ROOT = Caller(kind=Kind.ROOT, account=HOME, arn=f"arn:aws:iam::{HOME}:root", id=HOME)
ANA = Caller(kind=Kind.USER, account=HOME, arn=f"arn:aws:iam::{HOME}:user/Ana", id="AIDAANAANAANAANAANAAN")
BOB = Caller(kind=Kind.USER, account=AWAY, arn=f"arn:aws:iam::{AWAY}:user/Bob", id="AIDABOBBOBBOBBOBBOBBO")
AWAY_ROOT = Caller(kind=Kind.ROOT, account=AWAY, arn=f"arn:aws:iam::{AWAY}:root", id=AWAY)
WORKER = Caller(
    kind=Kind.ROLE, account=HOME, arn=f"arn:aws:sts::{HOME}:assumed-role/Worker/monday", principal=ROLE_ARN,
    id="AROAWORKERWORKERWORKE:monday",
)  # fmt: skip
AWAY_WORKER = Caller(
    kind=Kind.ROLE, account=AWAY, arn=f"arn:aws:sts::{AWAY}:assumed-role/Auditor/tuesday",
    principal=f"arn:aws:iam::{AWAY}:role/Auditor", id="AROAAUDITORAUDITORAUD:tuesday",
)  # fmt: skip
LINKED = Caller(
    kind=Kind.ROLE, account=HOME, arn=f"arn:aws:sts::{HOME}:assumed-role/AWSServiceRoleForRDS/rds",
    principal=f"arn:aws:iam::{HOME}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
    id="AROALINKEDLINKEDLINKE:rds",
)  # fmt: skip
FEDERATED = Caller(
    kind=Kind.FEDERATED, account=HOME, arn=f"arn:aws:sts::{HOME}:federated-user/guest", principal=ANA.arn,
    id=f"{HOME}:guest",
)  # fmt: skip
FEDERATED_ROOT = Caller(
    kind=Kind.FEDERATED, account=HOME, arn=f"arn:aws:sts::{HOME}:federated-user/guest", principal=ROOT.arn,
    id=f"{HOME}:guest",
)  # fmt: skip
S3 = Caller(kind=Kind.SERVICE, account=HOME, arn="s3.amazonaws.com")
SNS = Caller(kind=Kind.SERVICE, account=HOME, arn="sns.amazonaws.com")
STRANGER = Caller(kind=Kind.ANONYMOUS)


def vouched(provider: str) -> Caller:
    """Somebody for whom an identity provider vouches, before a role is assumed."""
    return Caller(kind=Kind.FEDERATED, arn=provider)


def session_of(provider: str, session: Session) -> Caller:
    return Caller(
        kind=Kind.ROLE, account=HOME, arn=f"arn:aws:sts::{HOME}:assumed-role/Worker/app", principal=ROLE_ARN,
        id="AROAWORKERWORKERWORKE:app", session=session,
    )  # fmt: skip


def allow(action: Any = "*", on: Any = "*", **more: Any) -> dict[str, Any]:
    return _statement("Allow", action, on, more)


def deny(action: Any = "*", on: Any = "*", **more: Any) -> dict[str, Any]:
    return _statement("Deny", action, on, more)


def _statement(effect: str, action: Any, on: Any, more: dict[str, Any]) -> dict[str, Any]:
    """`when` is the Condition, `to` and `to_all_but` are Principal and NotPrincipal, `but` and `off` NotAction and
    NotResource."""
    names = {"when": "Condition", "to": "Principal", "to_all_but": "NotPrincipal", "but": "NotAction"}
    names |= {"off": "NotResource", "sid": "Sid"}
    found = {names[name]: value for name, value in more.items()}
    found |= {} if "NotAction" in found else {"Action": action}
    found |= {} if "NotResource" in found or on is None else {"Resource": on}
    return {"Effect": effect, **found}


def policy(*statements: dict[str, Any], kind: PolicyKind, source: str = "", version: str = "2012-10-17") -> Policy:
    text = json.dumps({"Version": version, "Statement": list(statements)})
    return parse(text, kind, source or f"arn:aws:iam::{HOME}:policy/{kind.value}")


Statements = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One request, and what AWS's documentation says of it."""

    page: str
    words: str
    expect: str
    """"allowed", "denied by X" (explicitly) or "no X" (implicitly), X being the kind of policy."""
    action: str = "sqs:SendMessage"
    resource: str = QUEUE
    caller: Caller = ANA
    account: str = HOME
    context: dict[str, Any] = field(default_factory=dict)
    identity: Statements = field(default_factory=list)
    boundary: Statements | None = None
    session: Statements | None = None
    scps: list[Statements] = field(default_factory=list)
    rcps: list[Statements] = field(default_factory=list)
    on_resource: Statements | None = None
    trust: Statements | None = None
    endpoint: Statements | None = None
    must_allow: bool = False
    granted: bool = False
    canonical_user: str = ""
    version: str = "2012-10-17"

    def ask(self) -> Ask:
        context = {name.lower(): value for name, value in self.context.items()}
        return Ask(
            self.caller, self.action, self.resource, self.account, context, self.must_allow or self.trust is not None,
            self.granted, self.canonical_user,
        )  # fmt: skip

    def given(self) -> Policies:
        def one(statements: Statements | None, kind: PolicyKind) -> Policy | None:
            return None if statements is None else policy(*statements, kind=kind, version=self.version)

        def some(statements: Statements | None, kind: PolicyKind) -> tuple[Policy, ...]:
            found = one(statements, kind) if statements else None
            return () if found is None else (found,)

        return Policies(
            identity=some(self.identity, PolicyKind.IDENTITY),
            boundary=one(self.boundary, PolicyKind.IDENTITY),
            session=None if self.session is None else some(self.session, PolicyKind.SESSION),
            scps=tuple(some(level, PolicyKind.SCP) for level in self.scps),
            rcps=tuple(some(level, PolicyKind.RCP) for level in self.rcps),
            resource=one(self.on_resource, PolicyKind.RESOURCE) or one(self.trust, PolicyKind.TRUST),
            endpoint=one(self.endpoint, PolicyKind.ENDPOINT),
        )

    def decide(self) -> Decision:
        return evaluate(self.ask(), self.given())


_NAMES = {
    Layer.RCP: "rcp", Layer.SCP: "scp", Layer.ENDPOINT: "endpoint", Layer.RESOURCE: "resource", Layer.TRUST: "trust",
    Layer.IDENTITY: "identity", Layer.BOUNDARY: "boundary", Layer.SESSION: "session",
}  # fmt: skip


def outcome(decision: Decision) -> str:
    """A decision in the words of `Case.expect`."""
    if decision.allowed:
        return "allowed"
    how = "denied by" if decision.reason is Reason.EXPLICIT_DENY else "no"
    return f"{how} {_NAMES[decision.layer]}"
