"""A policy evaluation without any cleverness, to hold the policy engine to: slow, and obvious.

It reads the documents as they are written each time, tries every way that a pattern may fit, and first collects what
every kind of policy says before it decides anything."""

from __future__ import annotations

import json
import re
from typing import Any

from cumulet.kernel.authz import Ask, Policies, Policy
from cumulet.kernel.identity import Caller, Kind


def decide(ask: Ask, given: Policies) -> str:
    """As `language.outcome` writes it."""
    caller = ask.caller
    linked = "/aws-service-role/" in caller.identity_arn
    outside = caller.kind in (Kind.SERVICE, Kind.ANONYMOUS)
    elsewhere = ask.account != caller.account
    rcps = [] if linked else [_says(level, ask, given) for level in given.rcps]
    scps = [] if linked or outside else [_says(level, ask, given) for level in given.scps]
    resource = _says([given.resource] if given.resource else [], ask, given)
    identity = _says(given.identity, ask, given)
    boundary = None if given.boundary is None else _says([given.boundary], ask, given)
    session = None if given.session is None else _says(given.session, ask, given)
    endpoint = None if given.endpoint is None else _says([given.endpoint], ask, given)

    layers = [("rcp", rcps), ("scp", scps), ("endpoint", [endpoint]), ("resource", [resource])]
    layers += [("identity", [identity]), ("boundary", [boundary]), ("session", [session])]
    for name, said in layers:
        if any(each is not None and "deny" in each for each in said):
            return f"denied by {name}"
    for name, said in layers[:3]:
        if any(each is not None and not each for each in said):
            return f"no {name}"

    direct, role = "direct" in resource or ask.granted, "role" in resource
    if (elsewhere or ask.must_allow or outside) and not resource and not ask.granted:
        return "no resource"
    if outside or (direct and not elsewhere):
        return "allowed"
    is_root = caller.identity_arn.endswith(":root")
    if not (is_root or identity or (role and not elsewhere)):
        return "no identity"
    if boundary is not None and not boundary:
        return "no boundary"
    if session is None and caller.kind is Kind.FEDERATED:
        return "no session"
    return "no session" if session is not None and not session else "allowed"


def _says(policies: Any, ask: Ask, given: Policies) -> set[str]:
    """What the statements that fit say: "deny", or whom they allow: "direct", "role" or "account"."""
    said = set()
    for policy in policies:
        for statement in _statements(policy):
            how = _fits(statement, ask, given)
            if how:
                said.add("deny" if statement["Effect"] == "Deny" else how)
    return said


def _statements(policy: Policy) -> list[dict[str, Any]]:
    found = json.loads(policy.text)["Statement"]
    return found if isinstance(found, list) else [found]


def _fits(statement: dict[str, Any], ask: Ask, given: Policies) -> str:
    if not _element(statement, "Action", ask.action.lower(), lower=True):
        return ""
    if ("Resource" in statement or "NotResource" in statement) and not _element(statement, "Resource", ask.resource):
        return ""
    for operator, entries in statement.get("Condition", {}).items():
        for key, values in entries.items():
            if not _condition(operator, _list(values), ask.context.get(key.lower())):
                return ""
    if "Principal" in statement:
        return _principal(statement["Principal"], ask.caller)
    if "NotPrincipal" in statement:
        return _all_but(statement, ask.caller, given)
    return "direct"


def _element(statement: dict[str, Any], name: str, value: str, lower: bool = False) -> bool:
    for patterns, wanted in ((statement.get(name), True), (statement.get("Not" + name), False)):
        if patterns is not None:
            texts = [each.lower() if lower else each for each in _list(patterns)]
            return any(glob(pattern, value) for pattern in texts) == wanted
    return False


def glob(pattern: str, value: str) -> bool:
    """Every way in which a star may be filled is tried, by dynamic programming."""
    fits = [[False] * (len(value) + 1) for _ in range(len(pattern) + 1)]
    fits[0][0] = True
    for i, mark in enumerate(pattern, 1):
        for j in range(len(value) + 1):
            if mark == "*":
                fits[i][j] = fits[i - 1][j] or (j > 0 and fits[i][j - 1])
            elif j:
                fits[i][j] = fits[i - 1][j - 1] and mark in ("?", value[j - 1])
    return fits[len(pattern)][len(value)]


def _condition(operator: str, wanted: list[str], given: Any) -> bool:
    quantifier, _, name = operator.rpartition(":")
    plain = name.removesuffix("IfExists")
    if name == "Null":
        return ("true" in wanted and given is None) or ("false" in wanted and given is not None)
    negated = "Not" in plain
    values = None if given is None else [given] if isinstance(given, str) else list(given)
    if quantifier:
        values = [value for value in values or [] if value]
        if not values:
            return quantifier == "ForAllValues" or (name != plain and given is None)
        each = [any(_one(plain, value, want) for want in wanted) != negated for value in values]
        return all(each) if quantifier == "ForAllValues" else any(each)
    if values is None or (not values and not isinstance(given, str)):
        return negated or name != plain
    return any(_one(plain, value, want) for value in values for want in wanted) != negated


def _one(operator: str, value: str, wanted: str) -> bool:
    match operator.replace("Not", ""):
        case "StringEquals":
            return value == wanted
        case "StringEqualsIgnoreCase":
            return value.lower() == wanted.lower()
        case "StringLike":
            return glob(wanted, value)
        case "Bool":
            return value.lower() == wanted.lower()
        case "NumericEquals" | "NumericLessThan":
            if not (re.fullmatch(r"-?\d+", value) and re.fullmatch(r"-?\d+", wanted)):
                return False
            return int(value) == int(wanted) if operator.endswith("Equals") else int(value) < int(wanted)
    raise AssertionError(operator)


def _principal(named: Any, caller: Caller) -> str:
    names = _named(named)
    if ("AWS", "*") in names:
        return "direct"
    if caller.kind is Kind.SERVICE:
        return "direct" if ("Service", caller.arn) in names else ""
    if caller.kind is Kind.ANONYMOUS:
        return ""
    if caller.kind is not Kind.ROOT and ("AWS", caller.arn) in names:
        return "direct"
    if caller.kind is not Kind.ROOT and ("AWS", caller.identity_arn) in names:
        return "role"
    accounts = {("AWS", caller.account), ("AWS", f"arn:aws:iam::{caller.account}:root")}
    return "account" if accounts & names else ""


def _all_but(statement: dict[str, Any], caller: Caller, given: Policies) -> str:
    names = _named(statement["NotPrincipal"])
    if statement["Effect"] == "Allow":
        return "" if _principal(statement["NotPrincipal"], caller) else "direct"
    if given.boundary is not None and caller.kind in (Kind.USER, Kind.ROLE):
        return "direct"
    if ("AWS", "*") in names or (caller.kind is Kind.SERVICE and ("Service", caller.arn) in names):
        return ""
    if not {("AWS", caller.account), ("AWS", f"arn:aws:iam::{caller.account}:root")} & names:
        return "direct"
    if caller.kind is Kind.ROOT:
        return ""
    if caller.kind is Kind.USER:
        return "" if ("AWS", caller.arn) in names else "direct"
    if ("AWS", caller.identity_arn) not in names:
        return "direct"
    sessions = {name for _, name in names if name.rpartition("/")[0] == caller.arn.rpartition("/")[0]}
    return "" if not sessions or caller.arn in sessions else "direct"


def _named(named: Any) -> set[tuple[str, str]]:
    if named == "*":
        return {("AWS", "*")}
    return {(kind, name) for kind, names in named.items() for name in _list(names)}


def _list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
