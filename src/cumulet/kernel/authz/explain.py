"""Why a decision is as it is: every statement that was considered, and what of it did not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cumulet.kernel.authz.conditions import Condition
from cumulet.kernel.authz.decisions import Ask, Decision, Layer, Policies, Reason, words
from cumulet.kernel.authz.evaluation import evaluate, layers, meant
from cumulet.kernel.authz.grammar import CURRENT
from cumulet.kernel.authz.malformed import MalformedPolicy
from cumulet.kernel.authz.policies import Policy, PolicyKind, Statement, parse

_MOST_TOLD = 100
"""Statements that an account of a decision names; those about other actions are left out first."""
_MOST_STEPS = 8
_OBJECTS = ("arn:aws:s3:", "arn:aws-cn:s3:", "arn:aws-us-gov:s3:")
_WILD = re.compile(r"[*?]|\$(?={)")
_VARIABLE_KEY = re.compile(r"\$\{\s*([^{},\s]+:[^{},]*?)\s*[},]")


class Considered(NamedTuple):
    """One statement, and the first of its elements that does not fit the request; none if it applies."""

    layer: Layer
    policy: Policy
    statement: Statement
    failed: str
    condition: Condition | None = None


def consider(ask: Ask, given: Policies) -> Iterator[Considered]:
    """Every statement of every policy that bears on the request."""
    for layer, policies in layers(ask, given):
        for policy in policies:
            for statement in policy.statements:
                yield Considered(layer, policy, statement, *_misfit(statement, ask, given))


def explain(ask: Ask, given: Policies) -> dict[str, Any]:
    """The whole account of a decision, as plain data."""
    decision = evaluate(ask, given)
    considered = list(consider(ask, given))
    about = [each for each in considered if each.failed not in ("Action", "NotAction")]
    written: dict[str, list[dict[str, Any]]] = {}
    told = considered if len(considered) <= _MOST_TOLD else about[:_MOST_TOLD]
    return {
        "allowed": decision.allowed,
        "reason": decision.reason.value,
        "layer": decision.layer.value,
        "words": "" if decision.allowed else words(decision, ask),
        "decided_by": _name(decision.policy, decision.statement),
        "principal": ask.caller.arn,
        "action": ask.action,
        "resource": ask.resource,
        "statements": [_account(each, ask, written) for each in told],
        "left_out": len(considered) - len(told),
        "missing_keys": missing_keys(considered, ask),
        "would_allow": would_allow(decision, ask),
        "remedies": [] if decision.allowed else remedies(ask, given),
    }


def missing_keys(considered: Iterable[Considered], ask: Ask) -> list[str]:
    """The condition keys that the fitting statements ask for, and the request lacks."""
    relevant = [each.statement for each in considered if each.failed in ("", "Condition", "Resource")]
    found = {key.lower(): key for statement in relevant if _is_relevant(statement, ask) for key in keys_of(statement)}
    return sorted(key for lower, key in found.items() if ask.context.get(lower) is None)


def keys_of(statement: Statement) -> set[str]:
    """The condition keys that a statement names, in conditions and as variables."""
    texts = [*statement.resources, *(value for condition in statement.conditions for value in condition.values)]
    variables = {key for text in texts for key in _VARIABLE_KEY.findall(text)}
    return variables | {condition.key for condition in statement.conditions}


def would_allow(decision: Decision, ask: Ask) -> dict[str, Any] | None:
    """The smallest statement that takes an implicit denial away, for a policy of the kind that lacks it. It may take
    more than one: another kind of policy may refuse next."""
    if decision.reason is not Reason.IMPLICIT_DENY:
        return None
    statement: dict[str, Any] = {"Effect": "Allow", "Action": ask.action}
    if decision.layer in (Layer.RESOURCE, Layer.TRUST, Layer.ENDPOINT):
        statement["Principal"] = _as_principal(ask)
    if decision.layer is not Layer.TRUST:
        statement["Resource"] = literal(ask.resource)
    return {"in": decision.layer.value, "statement": statement}


def remedies(ask: Ask, given: Policies) -> list[dict[str, Any]]:
    """All statements that are missing, in the order in which they are missed; none if only a Deny stands in the way."""
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_STEPS):
        decision = evaluate(ask, given)
        if decision.allowed:
            return found
        offered = would_allow(decision, ask)
        if offered is None:
            return []
        found.append(offered)
        try:
            given = _with(given, decision.layer, offered["statement"])
        except MalformedPolicy:  # a resource control policy takes no Allow of this kind
            return found
    return found


def literal(resource: str) -> str:
    """A resource as a policy names just this one: a `*` in the name of an object stands for itself."""
    return _WILD.sub(r"${\g<0>}", resource) if resource.startswith(_OBJECTS) else resource


def _with(given: Policies, layer: Layer, statement: dict[str, Any]) -> Policies:
    """The policies, and one more of the kind that lacks the statement."""
    match layer:
        case Layer.IDENTITY:
            return given._replace(identity=(*given.identity, _joined(None, statement, PolicyKind.IDENTITY)))
        case Layer.BOUNDARY:
            return given._replace(boundary=_joined(given.boundary, statement, PolicyKind.IDENTITY))
        case Layer.SESSION:
            return given._replace(session=(*(given.session or ()), _joined(None, statement, PolicyKind.SESSION)))
        case Layer.SCP:
            added = _joined(None, statement, PolicyKind.SCP)
            return given._replace(scps=tuple((*level, added) for level in given.scps))
        case Layer.RCP:
            added = _joined(None, {**statement, "Principal": "*"}, PolicyKind.RCP)
            return given._replace(rcps=tuple((*level, added) for level in given.rcps))
        case Layer.ENDPOINT:
            return given._replace(endpoint=_joined(given.endpoint, statement, PolicyKind.RESOURCE))
        case Layer.TRUST:
            return given._replace(resource=_joined(given.resource, statement, PolicyKind.TRUST))
        case _:
            return given._replace(resource=_joined(given.resource, statement, PolicyKind.RESOURCE))


def _joined(policy: Policy | None, statement: dict[str, Any], kind: PolicyKind) -> Policy:
    document = {"Version": CURRENT, "Statement": []} if policy is None else json.loads(policy.text)
    entries = document["Statement"]
    document["Statement"] = [*(entries if isinstance(entries, list) else [entries]), statement]
    # Not one of those that are kept compiled: refusals must not drive out the policies that are in use.
    return parse(json.dumps(document), kind, remembered=False)


def _as_principal(ask: Ask) -> Any:
    caller = ask.caller
    if not caller.arn:
        return "*"
    return {"Service": caller.arn} if not caller.arn.startswith("arn:") else {"AWS": caller.identity_arn}


def _misfit(statement: Statement, ask: Ask, given: Policies) -> tuple[str, Condition | None]:
    if not statement.speaks_of(ask.action):
        return "NotAction" if statement.not_action else "Action", None
    if statement.principals is not None and not meant(statement, ask, given):
        return "NotPrincipal" if statement.not_principal else "Principal", None
    if not statement.fits_resource(ask.resource, ask.context):
        return "NotResource" if statement.not_resource else "Resource", None
    if not statement.conditions_hold(ask.context):
        return "Condition", next(each for each in statement.conditions if not each.holds(ask.context))
    return "", None


def _is_relevant(statement: Statement, ask: Ask) -> bool:
    return statement.speaks_of(ask.action) and (
        statement.fits_resource(ask.resource, ask.context) or any("${" in resource for resource in statement.resources)
    )


def _account(each: Considered, ask: Ask, written: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "layer": each.layer.value,
        "policy": each.policy.source,
        "statement": each.statement.sid or each.statement.index,
        "effect": "Allow" if each.statement.allow else "Deny",
        "applies": not each.failed,
        "failed": each.failed,
        "wanted": _wanted(each, written),
    }
    if each.condition is not None:
        found["condition"] = {
            "operator": each.condition.operator,
            "key": each.condition.key,
            "wanted": list(each.condition.values),
            "given": ask.context.get(each.condition.key.lower()),
        }
    return found


def _wanted(each: Considered, written: dict[str, list[dict[str, Any]]]) -> Any:
    """What the statement says in the element that does not fit, as it is written. `written` keeps what was read."""
    statement = each.statement
    match each.failed:
        case "" | "Condition":
            return None
        case "Action" | "NotAction":
            return list(statement.actions)
        case "Resource" | "NotResource":
            return list(statement.resources)
    text = each.policy.text
    if text not in written:
        entries = json.loads(text)["Statement"]
        written[text] = entries if isinstance(entries, list) else [entries]
    return written[text][statement.index].get(each.failed)


def _name(policy: Policy | None, statement: Statement | None) -> dict[str, Any] | None:
    if policy is None or statement is None:
        return None
    return {"policy": policy.source, "statement": statement.sid or statement.index}
