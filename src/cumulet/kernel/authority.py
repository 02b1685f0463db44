"""Who may do what: gathers the policies that bear on a call, and asks the policy engine (authz).

The kernel knows no service. What users and roles may do it asks of `services/iam/authority.py`, and what binds whole
accounts, of `services/organizations/authority.py`: modules found by folder, as everything of a service is. What they
said is kept, compiled, until a rule says that something changed (`changed`, `organization_changed`)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cumulet.kernel import models
from cumulet.kernel.access import Need
from cumulet.kernel.authz import Ask, Decision, MalformedPolicy, Policies, Policy, PolicyKind, evaluate, parse, words
from cumulet.kernel.authz.explain import explain
from cumulet.kernel.context import Context
from cumulet.kernel.errors import AccessDenied, AccessDeniedException, ServiceError
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.records import Record

if TYPE_CHECKING:
    from cumulet.kernel.registry import Registry
    from cumulet.kernel.scope import Scope
    from cumulet.kernel.service import RequestInfo, Service
    from cumulet.kernel.store import ReadTransaction, Transaction

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
Level = tuple[Policy, ...]

_NOBODY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'
_KEPT = 4096
"""Callers whose policies are kept compiled."""


class Sources(Record):
    """The policies of a user or role, as texts with their names, and its tags."""

    id: str
    identity: tuple[tuple[str, str], ...] = ()
    boundary: tuple[str, str] | None = None
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen


class Membership(Record):
    """Where an account stands in its organization; `path` is as aws:PrincipalOrgPaths has it ("o-1/r-2/ou-3/")."""

    organization: str
    path: str
    management_account: str


class Standing(Record):
    """What is known of a caller before anything is asked: its policies, compiled, and its tags."""

    policies: Any
    """authz.evaluation.Policies, without a resource's."""
    tags: Mapping[str, str]
    """Names in lower case; those of the session go before those of the user or role."""
    is_unbound: bool
    """An account's own root that no organization binds."""


def changed(tx: Transaction, account: str) -> None:
    """To be called by every rule that changes what anybody of `account` may do."""
    # A version is never counted: after a reset, or in a restored snapshot, no number may come again.
    tx.put(("authority", "version", account), tx.ids.ordered(tx.now))


def organization_changed(tx: Transaction) -> None:
    """To be called by every rule that changes what binds whole accounts, or where an account stands."""
    changed(tx, "")


class Authority:
    """Decides for one cloud."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._standings: OrderedDict[tuple[Any, ...], Standing] = OrderedDict()
        self._levels: OrderedDict[tuple[Any, ...], tuple[Level, ...]] = OrderedDict()

    def admit(self, tx: ReadTransaction, call: Service, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raise unless the caller may do this: each of the operation's needs has to be met."""
        caller = call.caller
        standing = self.standing(tx, caller)
        if standing.is_unbound and not call.has_resource_policies:
            return
        call.needs_asked = list(call.needs(tx, operation, parameters))
        for need in call.needs_asked:
            if not (standing.is_unbound and need.policy is None and not need.must_allow and _is_own(need, caller)):
                self.demand(tx, call, need)

    def demand(self, tx: ReadTransaction, call: Service, need: Need) -> None:
        """Raise unless the caller may do this one thing."""
        ask = self._ask(tx, call.caller, call.scope, call.request, need)
        decision = self._evaluate(tx, ask, need)
        if not decision.allowed:
            refusal = call.denial(words(decision, ask))
            refusal.because, refusal.asked = decision, need
            refusal.explained = explain(ask, self._bearing(tx, ask, need))
            raise refusal

    def decide(self, tx: ReadTransaction, caller: Caller, scope: Scope, request: RequestInfo, need: Need) -> Decision:
        """Whether the caller may do this one thing, and why."""
        return self._evaluate(tx, self._ask(tx, caller, scope, request, need), need)

    def words(
        self, tx: ReadTransaction, caller: Caller, scope: Scope, request: RequestInfo, need: Need, decision: Decision
    ) -> str:
        """What AWS says of a denial by `decide`, the resource in quotation marks, as S3 has it."""
        return words(decision, self._ask(tx, caller, scope, request, need), quote=True)

    def explain(
        self, tx: ReadTransaction, caller: Caller, scope: Scope, request: RequestInfo, need: Need
    ) -> dict[str, Any]:
        """The whole account of a decision by `decide`, as plain data (authz.explain)."""
        ask = self._ask(tx, caller, scope, request, need)
        return explain(ask, self._bearing(tx, ask, need))

    def standing(self, tx: ReadTransaction, caller: Caller) -> Standing:
        """The caller's policies and tags, as of now."""
        version = (tx.get(("authority", "version", caller.account)), tx.get(("authority", "version", "")))
        session = caller.access_key if caller.session is not None else ""
        key = (caller.kind, caller.identity_arn, session, *version)
        kept = self._standings.get(key)
        if kept is None:
            kept = self._standings[key] = self._gather(tx, caller)
            _trim(self._standings)
        return kept

    def levels(self, tx: ReadTransaction, account: str, kind: str) -> tuple[Level, ...]:
        """The SCPs or RCPs that bind an account, by level from the organization's root down; none if none bind."""
        key = (account, kind, tx.get(("authority", "version", "")))
        kept = self._levels.get(key)
        if kept is None:
            controls = self._asked("organizations", "controls")
            found = controls(tx, account, kind) if controls is not None and account else []
            parsed = PolicyKind.SCP if kind == SCP else PolicyKind.RCP
            kept = tuple(tuple(parse(text, parsed, name) for name, text in level) for level in found)
            self._levels[key] = kept
            _trim(self._levels)
        return kept

    def membership(self, tx: ReadTransaction, account: str) -> Membership | None:
        """Where the account stands in an organization, if it is in one."""
        ask = self._asked("organizations", "membership")
        found: Membership | None = ask(tx, account) if ask is not None else None
        return found

    def managed_policy(self, tx: ReadTransaction, arn: str) -> str | None:
        """The text of a managed policy's default version."""
        ask = self._asked("iam", "managed_policy")
        text: str | None = ask(tx, arn) if ask is not None else None
        return text

    def id_of(self, tx: ReadTransaction, arn: str) -> str | None:
        """The unique id of the user or role that has this ARN."""
        ask = self._asked("iam", "id_of")
        found: str | None = ask(tx, arn) if ask is not None else None
        return found

    def arn_of(self, tx: ReadTransaction, account: str, unique: str) -> str | None:
        """The ARN that the user or role with this unique id has now; None if it is gone."""
        ask = self._asked("iam", "arn_of")
        found: str | None = ask(tx, account, unique) if ask is not None else None
        return found

    def _ask(self, tx: ReadTransaction, caller: Caller, scope: Scope, request: RequestInfo, need: Need) -> Ask:
        account = need.account or scope.account
        context = Context(
            caller, request, tx.now, scope.region, account, need, self.standing(tx, caller).tags,
            lambda of: self.membership(tx, of),
        )  # fmt: skip
        return Ask(
            caller, need.action, need.resource, account, context, need.must_allow, need.granted, need.canonical_user
        )  # fmt: skip

    def _evaluate(self, tx: ReadTransaction, ask: Ask, need: Need) -> Decision:
        return evaluate(ask, self._bearing(tx, ask, need))

    def _bearing(self, tx: ReadTransaction, ask: Ask, need: Need) -> Policies:
        """All policies that bear on a request."""
        held: Policies = self.standing(tx, ask.caller).policies
        rcps = self.levels(tx, ask.account, RCP)
        kind = PolicyKind.TRUST if need.is_trust else PolicyKind.RESOURCE
        resource = _readable(need.policy, kind, need.resource) if need.policy else None
        if rcps or resource is not None:
            held = held._replace(resource=resource, rcps=rcps)
        return held

    def _gather(self, tx: ReadTransaction, caller: Caller) -> Standing:
        sources = self._sources(tx, caller)
        session = caller.session
        scps = () if caller.kind in (Kind.SERVICE, Kind.ANONYMOUS) else self.levels(tx, caller.account, SCP)
        tags = {**sources.tags, **(session.tags if session is not None else {})}
        identity = PolicyKind.IDENTITY
        held = Policies(
            identity=tuple(parse(text, identity, name) for name, text in sources.identity),
            boundary=parse(sources.boundary[1], identity, sources.boundary[0]) if sources.boundary else None,
            session=self._session_policies(tx, caller),
            scps=scps,
        )
        return Standing(
            policies=held,
            tags={name.lower(): value for name, value in tags.items()},
            is_unbound=caller.kind is Kind.ROOT
            and session is None
            and not scps
            and not self.levels(tx, caller.account, RCP),
        )

    def _sources(self, tx: ReadTransaction, caller: Caller) -> Sources:
        if caller.kind not in (Kind.USER, Kind.ROLE, Kind.FEDERATED):
            return Sources(id=caller.id)
        ask = self._asked("iam", "policies_of")
        found: Sources | None = ask(tx, caller.identity_arn) if ask is not None else None
        if found is None or (caller.kind is not Kind.FEDERATED and found.id != caller.id.partition(":")[0]):
            return Sources(id=caller.id)  # gone, though a namesake may have come since
        return found

    def _session_policies(self, tx: ReadTransaction, caller: Caller) -> tuple[Policy, ...] | None:
        session = caller.session
        if session is None or (session.policies is None and not session.policy_arns):
            return None
        inline = [parse(text, PolicyKind.SESSION, "session policy") for text in session.policies or ()]
        managed = [(arn, self.managed_policy(tx, arn)) for arn in session.policy_arns]
        return (*inline, *(parse(text, PolicyKind.SESSION, arn) for arn, text in managed if text))

    def _asked(self, service: str, function: str) -> Callable[..., Any] | None:
        module = self._registry.module(service, "authority")
        return getattr(module, function) if module is not None else None


def denial(service: str, message: str) -> ServiceError:
    """AccessDenied, as the protocol of the service has it."""
    protocol = models.load(service).protocols[0]
    if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        refusal: ServiceError = AccessDeniedException(message)
        refusal.status = 403 if protocol == "rest-json" else 400
        return refusal
    return AccessDenied(message)


def _readable(text: str, kind: PolicyKind, source: str) -> Policy:
    """The policy; one that an older version of Cumulet kept, and that cannot be read now, lets nobody in."""
    try:
        return parse(text, kind, source)
    except MalformedPolicy:
        return parse(_NOBODY, PolicyKind.RESOURCE, source)


def _is_own(need: Need, caller: Caller) -> bool:
    return not need.account or need.account == caller.account


def _trim(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > _KEPT:
        kept.popitem(last=False)
