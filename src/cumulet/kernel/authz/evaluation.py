"""May a caller do this? AWS's policy evaluation, from top to bottom.

1. A Deny that fits, in any policy at all, refuses.
2. The organization has to allow it: every level of resource control policies (of the resource's account) and of service
   control policies (of the caller's). The VPC endpoint has to, if the request came through one.
3. The resource's policy may allow it: to the caller itself, which suffices within an account; to the role of a session,
   whose boundary and session policies still count; or to the account, whose own policies then decide.
4. The caller's own policies have to allow it: identity policies, boundary, session policies, each of them.
   Across accounts, both 3 and 4 have to.

Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access", "Policy evaluation
for requests within a single account", "Cross-account policy evaluation logic"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cumulet.kernel.authz.decisions import Ask, Decision, Layer, Policies, Reason
from cumulet.kernel.authz.policies import Policy, PolicyKind, Statement
from cumulet.kernel.authz.principals import Grant
from cumulet.kernel.identity import Caller, Kind

_SERVICE_LINKED = ":role/aws-service-role/"
_OUTSIDE = frozenset({Kind.SERVICE, Kind.ANONYMOUS})
"""Callers without policies of their own."""


def evaluate(ask: Ask, given: Policies) -> Decision:
    """The decision, with what made it."""
    return (
        _explicitly_denied(ask, given)
        or _held_back_by_organization(ask, given)
        or _held_back_by_endpoint(ask, given)
        or _allowed_or_not(ask, given)
    )


def _explicitly_denied(ask: Ask, given: Policies) -> Decision | None:
    for layer, policies in layers(ask, given):
        for policy in policies:
            for statement in policy.about(ask.action)[0]:
                if applies(statement, ask, given):
                    return Decision(False, Reason.EXPLICIT_DENY, layer, policy, statement)
    return None


def layers(ask: Ask, given: Policies) -> Iterator[tuple[Layer, Iterable[Policy]]]:
    """The policies that bear on the request."""
    if given.rcps and rcps_bind(ask):
        yield Layer.RCP, (policy for level in given.rcps for policy in level)
    if given.scps and scps_bind(ask.caller):
        yield Layer.SCP, (policy for level in given.scps for policy in level)
    if given.endpoint is not None:
        yield Layer.ENDPOINT, (given.endpoint,)
    if given.resource is not None:
        yield layer_of(given.resource), (given.resource,)
    if given.identity:
        yield Layer.IDENTITY, given.identity
    if given.boundary is not None:
        yield Layer.BOUNDARY, (given.boundary,)
    if given.session:
        yield Layer.SESSION, given.session


def _held_back_by_organization(ask: Ask, given: Policies) -> Decision | None:
    """Every level between the organization's root and the account has to allow the request."""
    if given.rcps and rcps_bind(ask):
        for level in given.rcps:
            if _allowing(level, ask, given) is None:
                return _nobody_allowed(Layer.RCP)
    if given.scps and scps_bind(ask.caller):
        for level in given.scps:
            if _allowing(level, ask, given) is None:
                return _nobody_allowed(Layer.SCP)
    return None


def _held_back_by_endpoint(ask: Ask, given: Policies) -> Decision | None:
    if given.endpoint is None or _allowing((given.endpoint,), ask, given) is not None:
        return None
    return _nobody_allowed(Layer.ENDPOINT)


def _allowed_or_not(ask: Ask, given: Policies) -> Decision:
    grant, granted = _granted_by_resource(ask, given)
    elsewhere = ask.account not in ("", ask.caller.account)
    resource_decides = elsewhere or ask.must_allow or _is_outside(ask.caller)
    if grant is Grant.NONE and resource_decides:
        return _nobody_allowed(layer_of(given.resource))
    if granted is not None and (_is_outside(ask.caller) or (grant is Grant.DIRECT and not elsewhere)):
        return granted
    return _allowed_by_own(ask, given, granted if grant is Grant.ROLE and not elsewhere else None)


def _granted_by_resource(ask: Ask, given: Policies) -> tuple[Grant, Decision | None]:
    """The most direct grant of the resource's policy."""
    if ask.granted:
        return Grant.DIRECT, _WITHOUT_POLICY
    best, decision = Grant.NONE, None
    if given.resource is None:
        return best, decision
    for statement in given.resource.about(ask.action)[1]:
        grant = meant(statement, ask, given)
        if grant > best and _fits(statement, ask):
            best = grant
            decision = Decision(True, Reason.ALLOWED, layer_of(given.resource), given.resource, statement)
    return best, decision


def _allowed_by_own(ask: Ask, given: Policies, granted: Decision | None) -> Decision:
    """The caller's own policies. What the resource has `granted` to the role needs no identity policy."""
    allowed = granted or _allowed_by_identity(ask, given)
    if allowed is None:
        return _nobody_allowed(Layer.IDENTITY)
    if given.boundary is not None and _allowing((given.boundary,), ask, given) is None:
        return _nobody_allowed(Layer.BOUNDARY)
    if not _allowed_by_session(ask, given):
        return _nobody_allowed(Layer.SESSION)
    return allowed


def _allowed_by_identity(ask: Ask, given: Policies) -> Decision | None:
    return _WITHOUT_POLICY if _is_roots(ask.caller) else _allowing(given.identity, ask, given, Layer.IDENTITY)


def _allowed_by_session(ask: Ask, given: Policies) -> bool:
    """A federated user without session policies has no permissions, a role's session all of the role's."""
    if given.session is None:
        return ask.caller.kind is not Kind.FEDERATED
    return _allowing(given.session, ask, given) is not None


def _allowing(policies: Iterable[Policy], ask: Ask, given: Policies, layer: Layer = Layer.NONE) -> Decision | None:
    for policy in policies:
        for statement in policy.about(ask.action)[1]:
            if applies(statement, ask, given):
                return Decision(True, Reason.ALLOWED, layer, policy, statement)
    return None


def applies(statement: Statement, ask: Ask, given: Policies) -> bool:
    """Whether a statement that speaks of the action fits the rest of the request."""
    return (statement.principals is None or meant(statement, ask, given) > 0) and _fits(statement, ask)


def _fits(statement: Statement, ask: Ask) -> bool:
    return statement.fits_resource(ask.resource, ask.context) and (
        not statement.conditions or statement.conditions_hold(ask.context)
    )


def meant(statement: Statement, ask: Ask, given: Policies) -> Grant:
    """How directly a statement means the caller.

    NotPrincipal with Deny means everybody who has a permissions boundary, whatever it names (IAM User Guide,
    "Permissions boundaries for IAM entities")."""
    named, caller = statement.principals, ask.caller
    if named is None:
        return Grant.DIRECT
    if not statement.not_principal:
        return named.grant(caller, ask.canonical_user)
    if statement.allow:
        return Grant.NONE if named.grant(caller, ask.canonical_user) else Grant.DIRECT
    bounded = given.boundary is not None and caller.kind in (Kind.USER, Kind.ROLE)
    return Grant.DIRECT if bounded or not named.exempts(caller, ask.canonical_user) else Grant.NONE


def scps_bind(caller: Caller) -> bool:
    """Service control policies bind the principals of an account, its root too, but no service-linked role."""
    return caller.kind not in _OUTSIDE and _SERVICE_LINKED not in caller.identity_arn


def rcps_bind(ask: Ask) -> bool:
    """Resource control policies bind everybody but service-linked roles, in everything but retiring a grant.

    Source: Organizations User Guide, "Resources and entities not restricted by RCPs"."""
    return _SERVICE_LINKED not in ask.caller.identity_arn and ask.action.lower() != "kms:retiregrant"


def layer_of(policy: Policy | None) -> Layer:
    return Layer.TRUST if policy is not None and policy.kind is PolicyKind.TRUST else Layer.RESOURCE


def _is_outside(caller: Caller) -> bool:
    """Services, the public, and those for whom only an identity provider vouches yet."""
    return caller.kind in _OUTSIDE or not caller.account


def _is_roots(caller: Caller) -> bool:
    """The account's root, or a federated user of its."""
    return caller.kind is Kind.ROOT or caller.identity_arn.endswith(":root")


def _nobody_allowed(layer: Layer) -> Decision:
    return _IMPLICIT[layer]


_IMPLICIT = {layer: Decision(False, Reason.IMPLICIT_DENY, layer) for layer in Layer}
_WITHOUT_POLICY = Decision(True, Reason.ALLOWED, Layer.NONE)
