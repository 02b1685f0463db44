"""The policy simulator: what a set of policies would decide, in the form of IAM's simulation operations.

Source: IAM API Reference, SimulateCustomPolicy and EvaluationResult."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cumulet.kernel.authz import positions
from cumulet.kernel.authz.decisions import Ask, Decision, Layer, Policies, Reason
from cumulet.kernel.authz.evaluation import evaluate, scps_bind
from cumulet.kernel.authz.explain import Considered, consider, keys_of, missing_keys
from cumulet.kernel.authz.globs import Context
from cumulet.kernel.authz.policies import Policy
from cumulet.kernel.identity import Caller

_TYPES = {
    Layer.IDENTITY: "IAM Policy",
    Layer.RESOURCE: "Resource Policy",
    Layer.BOUNDARY: "IAM Permissions Boundary Policy",
}


class Simulation(NamedTuple):
    """Who would call, and what would bear on it. The policies' sources are their names in the answers; `owner` is the
    account of resources whose ARN names none."""

    caller: Caller
    given: Policies
    context: Context
    owner: str = ""


def context_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, str | list[str]]:
    """The request's input (ContextEntries) as a context."""
    found: dict[str, str | list[str]] = {}
    for entry in entries:
        values = list(entry.get("ContextKeyValues") or ())
        is_list = entry.get("ContextKeyType", "").endswith("List")
        if values:
            found[entry["ContextKeyName"].lower()] = values if is_list or len(values) > 1 else values[0]
    return found


def context_keys(policies: Iterable[Policy]) -> list[str]:
    """The condition keys that the policies name, each once, as GetContextKeysFor...Policy tells them."""
    keys = {key.lower(): key for policy in policies for each in policy.statements for key in sorted(keys_of(each))}
    return list(keys.values())


def simulate(simulation: Simulation, actions: Sequence[str], resources: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One EvaluationResult for each action on each resource; no resources mean `*`."""
    for action in actions:
        for resource in resources or ["*"]:
            yield _result(simulation, action, resource)


def _result(simulation: Simulation, action: str, resource: str) -> dict[str, Any]:
    account = _owner_in(resource) or simulation.owner
    ask = Ask(simulation.caller, action, resource, account, simulation.context)
    decision = evaluate(ask, simulation.given)
    considered = list(consider(ask, simulation.given))
    matched, missing = _matched(considered, decision.reason), missing_keys(considered, ask)
    whole = resource == "*"
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision.reason.value,
        "MatchedStatements": matched,
        "MissingContextValues": missing if whole else [],
        **_limits(ask, simulation.given, considered, decision),
    }
    if not whole:
        details = _details(ask, considered)
        result["EvalDecisionDetails"] = details
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": decision.reason.value,
                "MatchedStatements": matched,
                "MissingContextValues": missing,
                "EvalDecisionDetails": details,
                **{k: v for k, v in result.items() if k == "PermissionsBoundaryDecisionDetail"},
            }
        ]
    return result


def _owner_in(resource: str) -> str:
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""


def _matched(considered: Iterable[Considered], reason: Reason) -> list[dict[str, Any]]:
    """What decided: of a denial only the Deny statements, of a missing permission none."""
    if reason is Reason.IMPLICIT_DENY:
        return []
    allow = reason is Reason.ALLOWED
    return [
        _place(each)
        for each in considered
        if not each.failed and each.statement.allow is allow and each.layer in _TYPES
    ]


def _place(each: Considered) -> dict[str, Any]:
    start, end = positions.spans(each.policy.text)[each.statement.index]
    return {
        "SourcePolicyId": each.policy.source,
        "SourcePolicyType": _TYPES[each.layer],
        "StartPosition": positions.place(each.policy.text, start),
        "EndPosition": positions.place(each.policy.text, end),
    }


def _limits(ask: Ask, given: Policies, considered: Sequence[Considered], decision: Decision) -> dict[str, Any]:
    """Whether the organization and the boundary let the request through, where there are any."""
    found: dict[str, Any] = {}
    if given.scps and scps_bind(ask.caller):
        found["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": decision.layer is not Layer.SCP}
    if given.boundary is not None:
        decided = _outcome(considered, Layer.BOUNDARY)
        found["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": decided is Reason.ALLOWED}
    return found


def _details(ask: Ask, considered: Sequence[Considered]) -> dict[str, str]:
    """Across accounts: what each kind of policy says by itself."""
    if ask.account in ("", ask.caller.account):
        return {}
    kinds = (Layer.IDENTITY, Layer.RESOURCE)
    return {_TYPES[layer]: _outcome(considered, layer).value for layer in kinds}


def _outcome(considered: Iterable[Considered], layer: Layer) -> Reason:
    effects = {each.statement.allow for each in considered if each.layer is layer and not each.failed}
    if False in effects:
        return Reason.EXPLICIT_DENY
    return Reason.ALLOWED if True in effects else Reason.IMPLICIT_DENY
