"""Why a decision is as it is: every statement that was considered, and what of it did not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cumulet.kernel.authz.conditions import Condition
from cumulet.kernel.authz.decisions import Ask, Decision, Layer, Policies, Reason, words
from cumulet.kernel.authz.evaluation import evaluate, layers, meant
from cumulet.kernel.authz.policies import Policy, Statement

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
    return {
        "allowed": decision.allowed,
        "reason": decision.reason.value,
        "layer": decision.layer.value,
        "words": "" if decision.allowed else words(decision, ask),
        "decided_by": _name(decision.policy, decision.statement),
        "principal": ask.caller.arn,
        "action": ask.action,
        "resource": ask.resource,
        "statements": [_account(each, ask) for each in considered],
        "missing_keys": missing_keys(considered, ask),
        "would_allow": would_allow(decision, ask),
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
        statement["Resource"] = ask.resource
    return {"in": decision.layer.value, "statement": statement}


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


def _account(each: Considered, ask: Ask) -> dict[str, Any]:
    found: dict[str, Any] = {
        "layer": each.layer.value,
        "policy": each.policy.source,
        "statement": each.statement.sid or each.statement.index,
        "effect": "Allow" if each.statement.allow else "Deny",
        "applies": not each.failed,
        "failed": each.failed,
    }
    if each.condition is not None:
        found["condition"] = {
            "operator": each.condition.operator,
            "key": each.condition.key,
            "wanted": list(each.condition.values),
            "given": ask.context.get(each.condition.key.lower()),
        }
    return found


def _name(policy: Policy | None, statement: Statement | None) -> dict[str, Any] | None:
    if policy is None or statement is None:
        return None
    return {"policy": policy.source, "statement": statement.sid or statement.index}
