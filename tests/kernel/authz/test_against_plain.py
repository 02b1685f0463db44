"""Policies made up at random: the policy engine and an evaluation without cleverness agree on every request."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.kernel.authz import Ask, Policies, PolicyKind, evaluate, globs, positions
from cumulet.kernel.authz.explain import explain
from cumulet.kernel.authz.simulate import Simulation, simulate
from tests.kernel.authz import plain
from tests.kernel.authz.language import (
    ANA,
    AWAY,
    AWAY_WORKER,
    BOB,
    FEDERATED,
    FEDERATED_ROOT,
    HOME,
    LINKED,
    ROLE_ARN,
    ROOT,
    S3,
    STRANGER,
    WORKER,
    outcome,
    policy,
)

_CALLERS = [ANA, BOB, ROOT, WORKER, AWAY_WORKER, FEDERATED, FEDERATED_ROOT, LINKED, S3, STRANGER]
_ACTIONS = ["s3:GetObject", "s3:GetObjectAcl", "S3:getobject", "sqs:SendMessage"]
_ACTION_PATTERNS = ["s3:GetObject", "s3:Get*", "s3:*", "*", "sqs:*", "s3:*Acl", "s3:GetO?ject", "*:*"]
_RESOURCES = ["arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::a/b/c", "*"]
_RESOURCE_PATTERNS = [
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::?/b",
    "arn:aws:s3:::a*b*c",
]
_NAMES = ["*", HOME, AWAY, f"arn:aws:iam::{HOME}:root", ANA.arn, BOB.arn, ROLE_ARN, WORKER.arn, AWAY_WORKER.arn]
_NAMES += [AWAY_WORKER.identity_arn, FEDERATED.arn]
_KEYS = ["aws:one", "aws:Two"]
_VALUES = ["", "red", "Red", "r*", "5", "50", "true", "false"]
_PLAIN = ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike"]
_PLAIN += ["StringNotLike", "Bool", "NumericEquals", "NumericNotEquals", "NumericLessThan"]
_OPERATORS = [*_PLAIN, *(name + "IfExists" for name in _PLAIN), "Null"]
_OPERATORS += [f"{quantifier}:{name}" for quantifier in ("ForAllValues", "ForAnyValue") for name in _PLAIN]
_OPERATORS += [f"ForAnyValue:{name}IfExists" for name in _PLAIN]


def _some(values: list[str]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3)


@st.composite
def _statements(draw: st.DrawFn, with_principal: bool, effects: tuple[str, ...] = ("Allow", "Deny")) -> dict[str, Any]:
    """Mostly Allows that fit, so that decisions go beyond the first kind of policy."""
    found: dict[str, Any] = {"Effect": effects[0] if draw(st.integers(0, 3)) else draw(st.sampled_from(effects))}
    found[draw(st.sampled_from(["Action"] * 4 + ["NotAction"]))] = draw(_some(_ACTION_PATTERNS))
    found[draw(st.sampled_from(["Resource"] * 4 + ["NotResource"]))] = draw(_some(_RESOURCE_PATTERNS))
    if draw(st.integers(0, 3)) == 0:
        conditions = st.dictionaries(st.sampled_from(_KEYS), _some(_VALUES), min_size=1)
        found["Condition"] = draw(st.dictionaries(st.sampled_from(_OPERATORS), conditions, max_size=2))
    if with_principal:
        everybody, some, service = st.just("*"), _some(_NAMES), st.just("s3.amazonaws.com")
        names = everybody | st.fixed_dictionaries({"AWS": some}, optional={"Service": service})
        found[draw(st.sampled_from(["Principal"] * 4 + ["NotPrincipal"]))] = draw(names)
    return found


def _policies(kind: PolicyKind) -> st.SearchStrategy[Any]:
    with_principal = kind in (PolicyKind.RESOURCE, PolicyKind.ENDPOINT)
    statements = st.lists(_statements(with_principal), min_size=1, max_size=3)
    return statements.map(lambda found: policy(*found, kind=kind))


_LEVELS = st.lists(st.lists(_policies(PolicyKind.SCP), max_size=2).map(tuple), max_size=2).map(tuple)
_GIVEN = st.builds(
    Policies,
    identity=st.lists(_policies(PolicyKind.IDENTITY), max_size=3).map(tuple),
    boundary=st.none() | _policies(PolicyKind.IDENTITY),
    session=st.none() | st.lists(_policies(PolicyKind.SESSION), max_size=2).map(tuple),
    scps=st.just(()) | _LEVELS,
    rcps=st.just(()) | _LEVELS,
    resource=st.none() | _policies(PolicyKind.RESOURCE),
    endpoint=st.none() | st.none() | _policies(PolicyKind.ENDPOINT),
)
_CONTEXT = st.dictionaries(
    st.sampled_from([key.lower() for key in _KEYS]),
    st.sampled_from(_VALUES) | st.lists(st.sampled_from(_VALUES), min_size=1, max_size=3),
)
_ASKS = st.builds(
    Ask,
    caller=st.sampled_from(_CALLERS),
    action=st.sampled_from(_ACTIONS),
    resource=st.sampled_from(_RESOURCES),
    account=st.sampled_from([HOME, HOME, AWAY]),
    context=_CONTEXT,
    must_allow=st.booleans(),
    granted=st.sampled_from([False, False, False, True]),
)


@settings(max_examples=300, deadline=None)
@given(ask=_ASKS, held=_GIVEN)
def test_decisions_agree(ask: Ask, held: Policies) -> None:
    assert outcome(evaluate(ask, held)) == plain.decide(ask, held)


@settings(max_examples=100, deadline=None)
@given(ask=_ASKS, held=_GIVEN)
def test_an_explanation_tells_the_same_as_the_decision(ask: Ask, held: Policies) -> None:
    decision, found = evaluate(ask, held), explain(ask, held)
    assert (found["allowed"], found["reason"]) == (decision.allowed, decision.reason.value)
    assert bool(found["words"]) != decision.allowed
    if decision.statement is not None:
        applying = [(each["policy"], each["statement"]) for each in found["statements"] if each["applies"]]
        assert (found["decided_by"]["policy"], found["decided_by"]["statement"]) in applying
    (result,) = simulate(Simulation(ask.caller, held, ask.context, ask.account), [ask.action], [ask.resource])
    plainly = evaluate(Ask(ask.caller, ask.action, ask.resource, ask.account, ask.context), held)
    assert result["EvalDecision"] == plainly.reason.value


@settings(max_examples=100, deadline=None)
@given(statements=st.lists(_statements(False), min_size=1, max_size=4), indent=st.sampled_from([None, 0, 1, 4]))
def test_each_statement_stands_where_it_is_said_to_stand(statements: list[dict[str, Any]], indent: int | None) -> None:
    text = json.dumps({"Version": "2012-10-17", "Id": 'a{[\\"', "Statement": statements}, indent=indent)
    assert [json.loads(text[start:end]) for start, end in positions.spans(text)] == statements


_LETTERS = st.text(alphabet="ab*?", max_size=8)


@settings(max_examples=300, deadline=None)
@given(pattern=_LETTERS, value=_LETTERS)
def test_patterns_agree(pattern: str, value: str) -> None:
    matcher = globs.any_of([pattern], variables=False)
    assert (matcher is None or bool(matcher(value, {}))) == plain.glob(pattern, value)
    assert globs.plain(pattern)(value) == plain.glob(pattern, value)


@settings(max_examples=200, deadline=None)
@given(before=_LETTERS, inside=_LETTERS, after=_LETTERS, value=_LETTERS)
def test_what_fills_a_variable_is_text(before: str, inside: str, after: str, value: str) -> None:
    found = globs.compiled(before + "${aws:x}" + after, variables=True)(value, {"aws:x": inside})
    masked = inside.replace("*", "\0").replace("?", "\1")
    possible = {value, *_masked(value, inside)}
    assert found == any(plain.glob(before + masked + after, each) for each in possible)


def _masked(value: str, inside: str) -> set[str]:
    """The value with one occurrence of what fills the variable marked as text."""
    masked = inside.replace("*", "\0").replace("?", "\1")
    places = [i for i in range(len(value)) if inside and value.startswith(inside, i)]
    return {value[:i] + masked + value[i + len(inside) :] for i in places}
