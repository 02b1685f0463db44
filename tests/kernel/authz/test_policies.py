"""What a text has to be, to be a policy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.kernel.authz import MalformedPolicy, PolicyKind, Problem, parse
from tests.kernel.authz.language import allow, deny

_GOOD = allow("s3:GetObject", on="arn:aws:s3:::photos/*")


def _text(statement: Any, **document: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement} | document)


def _without(*names: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in _GOOD.items() if key not in names} | more


_IN_ARN_FORMAT = 'Resource photos must be in ARN format or "*".'
_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


@pytest.mark.parametrize(
    ("text", "problem", "words"),
    [
        ("", Problem.JSON, "This policy contains invalid Json"),
        ("{", Problem.JSON, None),
        ("nonsense", Problem.JSON, None),
        ('{"a": NaN}', Problem.JSON, None),
        ("[" * 100_000, Problem.JSON, None),
        ("[]", Problem.SYNTAX, "Syntax errors in policy."),
        ("null", Problem.SYNTAX, None),
        ("5", Problem.SYNTAX, None),
        ("{}", Problem.NO_STATEMENT, None),
        (_text([]), Problem.NO_STATEMENT, None),
        (_text("all"), Problem.SYNTAX, None),
        (_text([_GOOD, 5]), Problem.SYNTAX, None),
        (_text(_GOOD, Version="2020-01-01"), Problem.VERSION, "The policy must contain a valid version string."),
        (_text(_GOOD, Version=20121017), Problem.VERSION, None),
        (_text(_GOOD, Extra=1), Problem.UNKNOWN_ELEMENT, None),
        (_text(_GOOD, Id=5), Problem.SYNTAX, None),
        ('{"Statement": [], "Statement": []}', Problem.DUPLICATE_KEY, None),
        (_text(_GOOD).replace('"Effect"', '"Effect": "Deny", "Effect"'), Problem.DUPLICATE_KEY, None),
        (" " * 140_000, Problem.TOO_LARGE, None),
        (_text(_without(extra=1)), Problem.UNKNOWN_ELEMENT, None),
        (_text(_without("Effect")), Problem.NO_EFFECT, None),
        (_text(_without(Effect="allow")), Problem.EFFECT, "The policy failed legacy parsing"),
        (_text(_without(Effect=["Allow"])), Problem.EFFECT, None),
        (_text(_without("Action")), Problem.NO_ACTION, "Policy statement must contain actions."),
        (_text(_without(Action=[])), Problem.NO_ACTION, None),
        (_text(_without(NotAction="s3:*")), Problem.ACTION_TWICE, None),
        (_text(_without(Action={"a": 1})), Problem.SYNTAX, None),
        (_text(_without(Action=5)), Problem.SYNTAX, None),
        (_text(_without(Action="GetObject")), Problem.VENDOR, _VENDOR),
        (_text(_without(Action=["s3:GetObject", "*Object"])), Problem.VENDOR, None),
        (_text(_without(Action=":Get")), Problem.VENDOR, None),
        (_text(_without(Action="a:b:c")), Problem.COLONS, "Actions/Condition can contain only one colon."),
        (_text(_without(Action="s 3:Get")), Problem.ACTION_VENDOR, "Vendor s 3 is not valid"),
        (_text(_without("Resource")), Problem.NO_RESOURCE, "Policy statement must contain resources."),
        (_text(_without(Resource=[])), Problem.NO_RESOURCE, None),
        (_text(_without(NotResource="*")), Problem.RESOURCE_TWICE, None),
        (_text(_without(Resource="photos")), Problem.RESOURCE, _IN_ARN_FORMAT),
        (_text(_without(Resource="")), Problem.RESOURCE, None),
        (_text(_without(Resource="arn:x:s3:::a")), Problem.PARTITION,
         'Partition "x" is not valid for resource "arn:x:s3:::a".'),
        (_text(_without(Resource="arn:aws:s*:::a")), Problem.RESOURCE_VENDOR,
         "Resource vendor must be fully qualified and cannot contain regexes."),
        (_text(_without(Sid="with space")), Problem.SID, None),
        (_text(_without(Sid=5)), Problem.SYNTAX, None),
        (_text([_without(Sid="one"), _without(Sid="one")]), Problem.SID_TWICE,
         "Statement IDs (SID) in a single policy must be unique."),
        (_text(_without(Condition=[])), Problem.CONDITION, None),
        (_text(_without(Condition={"StringEquals": "x"})), Problem.CONDITION, None),
        (_text(_without(Condition={"StringSame": {"aws:x": "y"}})), Problem.CONDITION_OPERATOR, None),
        (_text(_without(Condition={"NullIfExists": {"aws:x": "true"}})), Problem.CONDITION_OPERATOR, None),
        (_text(_without(Condition={":StringEquals": {"aws:x": "y"}})), Problem.CONDITION_OPERATOR, None),
        (_text(_without(Condition={"ForSomeValues:StringEquals": {"aws:x": "y"}})), Problem.CONDITION_OPERATOR, None),
        (_text(_without(Condition={"StringEquals": {"x": "y"}})), Problem.VENDOR, _VENDOR),
        (_text(_without(Condition={"StringEquals": {"aws:x": {"a": 1}}})), Problem.CONDITION, None),
        (_text(_without(Condition={"StringEquals": {"aws:x": None}})), Problem.CONDITION, None),
        (_text(_without(Principal="*")), Problem.PRINCIPAL_PROHIBITED,
         "Policy document should not specify a principal."),
        (_text(_without(NotPrincipal="*")), Problem.PRINCIPAL_PROHIBITED, None),
    ],
    ids=lambda value: value.name if isinstance(value, Problem) else "",
)  # fmt: skip
def test_a_malformed_identity_policy_says_what_is_wrong(text: str, problem: Problem, words: str | None) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        parse(text, PolicyKind.IDENTITY)
    assert refused.value.problem is problem
    assert words is None or refused.value.words == words


@pytest.mark.parametrize(
    ("principal", "problem"),
    [
        (None, Problem.NO_PRINCIPAL),
        ("arn:aws:iam::111122223333:root", Problem.PRINCIPAL),
        ({}, Problem.PRINCIPAL),
        ({"Aws": "*"}, Problem.PRINCIPAL),
        ({"AWS": "11112222333"}, Problem.PRINCIPAL),
        ({"AWS": "Ana"}, Problem.PRINCIPAL),
        ({"AWS": "arn:aws:iam::111122223333:user/*"}, Problem.PRINCIPAL),
        ({"AWS": "arn:aws:iam::111122223333:group/a"}, Problem.PRINCIPAL),
        ({"AWS": 111122223333}, Problem.PRINCIPAL),
        ({"AWS": ["*", {}]}, Problem.PRINCIPAL),
        ({"Service": "s3"}, Problem.PRINCIPAL),
        ({"CanonicalUser": "x"}, Problem.PRINCIPAL),
    ],
)
def test_a_malformed_principal_is_refused(principal: Any, problem: Problem) -> None:
    statement = _GOOD if principal is None else _without(Principal=principal)
    with pytest.raises(MalformedPolicy) as refused:
        parse(_text(statement), PolicyKind.RESOURCE)
    assert refused.value.problem is problem


def test_both_principal_and_its_opposite_are_one_too_many() -> None:
    with pytest.raises(MalformedPolicy) as refused:
        parse(_text(_without(Principal="*", NotPrincipal="*")), PolicyKind.RESOURCE)
    assert refused.value.problem is Problem.PRINCIPAL_TWICE


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (allow("sts:AssumeRole", on="*", to="*"), Problem.RESOURCE_PROHIBITED),
        (allow("s3:GetObject", on=None, to="*"), Problem.NOT_STS),
        (allow("*", on=None, to="*"), Problem.NOT_STS),
        (allow("sts:AssumeRole", on=None), Problem.NO_PRINCIPAL),
    ],
)
def test_a_trust_policy_speaks_of_the_role_and_of_assuming_it(statement: Any, problem: Problem) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        parse(_text(statement), PolicyKind.TRUST)
    assert refused.value.problem is problem
    assert parse(_text(allow("sts:AssumeRole", on=None, to="*")), PolicyKind.TRUST).statements


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject", to="*"),
        deny("s3:GetObject", to={"AWS": "111122223333"}),
        deny("*", to="*"),
        deny(but="s3:GetObject", to="*"),
        deny("*:*", to="*"),
        deny(["s3:*", "ec2:*"], to="*"),
    ],
)
def test_a_resource_control_policy_only_denies_and_to_everybody(statement: Any) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        parse(_text(statement), PolicyKind.RCP)
    assert refused.value.problem is Problem.NOT_OF_THE_KIND


def test_the_policy_that_aws_attaches_everywhere_is_a_resource_control_policy() -> None:
    assert parse(_text(allow("*", to="*")), PolicyKind.RCP).statements[0].allow


def test_a_service_control_policy_takes_the_whole_language() -> None:
    statements = [
        allow(but="iam:*", on="arn:aws:s3:::photos/*", when={"Bool": {"aws:SecureTransport": True}}),
        deny(["*:*", "s3:*Object"], off="arn:aws:s3:::photos"),
    ]
    assert len(parse(_text(statements), PolicyKind.SCP).statements) == 2
    with pytest.raises(MalformedPolicy):
        parse(_text(allow(to="*")), PolicyKind.SCP)


def test_a_statement_needs_no_list() -> None:
    assert len(parse(_text(_GOOD)).statements) == 1


def test_parsing_again_gives_the_same_policy_and_the_same_error_anew() -> None:
    assert parse(_text(_GOOD), source="a") is parse(_text(_GOOD), source="a")
    errors = []
    for _ in range(2):
        with pytest.raises(MalformedPolicy) as refused:
            parse("{")
        errors.append(refused.value)
    assert errors[0] is not errors[1]


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_WORDS = st.sampled_from(
    ["Version", "Id", "Statement", "Sid", "Effect", "Allow", "Deny", "Principal", "NotPrincipal", "AWS", "Service", "*",
     "Action", "NotAction", "Resource", "NotResource", "Condition", "StringLike", "NumericEquals", "aws:x", "s3:*",
     "arn:aws:s3:::a/${aws:username}*?", "2012-10-17", "${a, 'b'}", "ForAllValues:ArnLike", "DateEquals", "IpAddress"]
)  # fmt: skip
_ANYTHING = st.recursive(
    _SCALARS | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None)
@given(document=_ANYTHING, kind=st.sampled_from(PolicyKind))
def test_whatever_the_document_only_one_error_is_raised(document: Any, kind: PolicyKind) -> None:
    _parse_or_refuse(json.dumps(document), kind)


@settings(max_examples=120, deadline=None)
@given(
    part=st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"])},
        optional={
            "Sid": _SCALARS, "Action": _WORDS | _ANYTHING, "Resource": _WORDS | _ANYTHING, "Principal": _ANYTHING,
            "NotAction": _WORDS, "Condition": st.dictionaries(_WORDS, st.dictionaries(_WORDS, _ANYTHING)),
        },
    ),
    kind=st.sampled_from(PolicyKind),
)  # fmt: skip
def test_nearly_right_statements_are_taken_or_refused(part: dict[str, Any], kind: PolicyKind) -> None:
    _parse_or_refuse(json.dumps({"Version": "2012-10-17", "Statement": part}), kind)


@settings(max_examples=120, deadline=None)
@given(text=st.text(max_size=200))
def test_whatever_the_text_only_one_error_is_raised(text: str) -> None:
    _parse_or_refuse(text, PolicyKind.IDENTITY)


def _parse_or_refuse(text: str, kind: PolicyKind) -> None:
    try:
        parsed = parse(text, kind)
    except MalformedPolicy as refused:
        assert refused.words
    else:
        for statement in parsed.statements:
            statement.fits_resource("arn:aws:s3:::a/b", {})
            statement.conditions_hold({"aws:x": ["1", "a"]})
