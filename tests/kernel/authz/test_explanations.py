"""What is said of a decision: AWS's words, the whole account, and the simulator's answers."""

from __future__ import annotations

from typing import Any

import pytest

from cumulet.kernel.authz import Ask, Policies, PolicyKind, evaluate, parse, words
from cumulet.kernel.authz.explain import explain
from cumulet.kernel.authz.simulate import Simulation, context_keys, context_of, simulate
from tests.kernel.authz.language import (
    ANA,
    AWAY,
    BOB,
    CAT,
    HOME,
    QUEUE,
    ROLE_ARN,
    STRANGER,
    Case,
    allow,
    deny,
    policy,
)  # fmt: skip

_PAGE = 'IAM User Guide, "Troubleshoot access denied error messages"'
_START = f"User: {ANA.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
_ALL = [allow()]
_OTHER = [allow("s3:*")]


def _said(**case: Any) -> str:
    made = Case(_PAGE, "", "", **case)
    return words(made.decide(), made.ask())


@pytest.mark.parametrize(
    ("case", "end"),
    [
        ({}, "because no identity-based policy allows the sqs:SendMessage action"),
        ({"identity": _ALL, "boundary": _OTHER}, "because no permissions boundary allows the sqs:SendMessage action"),
        ({"identity": _ALL, "session": _OTHER}, "because no session policy allows the sqs:SendMessage action"),
        ({"identity": _ALL, "scps": [_OTHER]}, "because no service control policy allows the sqs:SendMessage action"),
        ({"identity": _ALL, "rcps": [[]]}, "because no resource control policy allows the sqs:SendMessage action"),
        ({"identity": _ALL, "account": AWAY}, "because no resource-based policy allows the sqs:SendMessage action"),
        ({"identity": _ALL, "endpoint": [allow("s3:*", to="*")]},
         "because no VPC endpoint policy allows the sqs:SendMessage action"),
        ({"identity": [deny()]},
         f"with an explicit deny in an identity-based policy: arn:aws:iam::{HOME}:policy/identity"),
        ({"boundary": [deny()]},
         f"with an explicit deny in a permissions boundary: arn:aws:iam::{HOME}:policy/identity"),
        ({"session": [deny()]}, f"with an explicit deny in a session policy: arn:aws:iam::{HOME}:policy/session"),
        ({"scps": [[deny()]]}, f"with an explicit deny in a service control policy: arn:aws:iam::{HOME}:policy/scp"),
        ({"rcps": [[allow(to="*"), deny("sqs:*", to="*")]]},
         f"with an explicit deny in a resource control policy: arn:aws:iam::{HOME}:policy/rcp"),
        ({"on_resource": [deny(to="*")]}, "with an explicit deny in a resource-based policy"),
        ({"endpoint": [deny(to="*")]}, "with an explicit deny in a VPC endpoint policy"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_denial_is_told_in_the_words_of_aws(case: dict[str, Any], end: str) -> None:
    assert _said(**case) == _START + end


def test_a_stranger_does_not_learn_which_policy_refuses() -> None:
    told = _said(caller=BOB, identity=_ALL, on_resource=[allow(to="*")], rcps=[[allow(to="*"), deny("sqs:*", to="*")]])
    assert told.endswith("with an explicit deny in a resource control policy")
    same = {"aws:PrincipalOrgID": "o-1", "aws:ResourceOrgID": "o-1"}
    told = _said(caller=BOB, on_resource=[allow(to="*")], rcps=[[deny("sqs:*", to="*")]], context=same)
    assert told.endswith(f"with an explicit deny in a resource control policy: arn:aws:iam::{HOME}:policy/rcp")


def test_an_inline_policy_has_no_arn_to_tell() -> None:
    inline = policy(deny(), kind=PolicyKind.IDENTITY, source="inline Mine of user Ana")
    ask = Ask(ANA, "sqs:SendMessage", QUEUE, HOME)
    assert words(evaluate(ask, Policies(identity=(inline,))), ask).endswith("explicit deny in an identity-based policy")


def test_an_action_without_a_resource_names_none() -> None:
    assert _said(action="s3:ListAllMyBuckets", resource="*") == (
        f"User: {ANA.arn} is not authorized to perform: s3:ListAllMyBuckets "
        "because no identity-based policy allows the s3:ListAllMyBuckets action"
    )


def test_nobody_is_told_why_a_role_does_not_trust_them() -> None:
    told = _said(
        action="sts:AssumeRole", resource=ROLE_ARN, identity=_ALL, trust=[allow("sts:AssumeRole", None, to=_S3)]
    )
    assert told == f"User: {ANA.arn} is not authorized to perform: sts:AssumeRole on resource: {ROLE_ARN}"


_S3 = {"Service": "s3.amazonaws.com"}


def test_some_services_quote_the_resource() -> None:
    ask = Ask(STRANGER, "s3:GetObject", CAT, HOME)
    assert words(evaluate(ask, Policies()), ask, quote=True).startswith(
        f'User: anonymous is not authorized to perform: s3:GetObject on resource: "{CAT}" because'
    )


def _explained(**case: Any) -> dict[str, Any]:
    made = Case(_PAGE, "", "", **case)
    return explain(made.ask(), made.given())


def test_every_statement_is_accounted_for_with_what_did_not_fit() -> None:
    found = _explained(
        identity=[
            allow("s3:*", sid="OtherService"),
            allow(on=QUEUE + "2"),
            allow(when={"Bool": {"aws:SecureTransport": "true"}}),
            allow(but="sqs:*"),
        ],
        on_resource=[allow(to={"AWS": BOB.arn})],
    )
    told = [(each["statement"], each["failed"]) for each in found["statements"]]
    assert told == [
        (0, "Principal"), ("OtherService", "Action"), (1, "Resource"), (2, "Condition"), (3, "NotAction"),
    ]  # fmt: skip
    assert found["statements"][3]["condition"] == {
        "operator": "Bool", "key": "aws:SecureTransport", "wanted": ["true"], "given": None,
    }  # fmt: skip
    assert found["missing_keys"] == ["aws:SecureTransport"]
    assert not found["allowed"]


def test_what_decided_is_named() -> None:
    found = _explained(identity=[allow(), deny("sqs:*", sid="NoQueues")])
    assert found["decided_by"] == {"policy": f"arn:aws:iam::{HOME}:policy/identity", "statement": "NoQueues"}
    assert found["would_allow"] is None
    assert "explicit deny" in found["words"]


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"identity": _ALL, "boundary": _OTHER},
        {"identity": _ALL, "session": _OTHER},
        {"identity": _ALL, "scps": [_OTHER]},
        {"identity": _ALL, "caller": BOB, "on_resource": [allow(to={"AWS": HOME})]},
    ],
)
def test_the_statement_that_is_offered_allows_the_request(case: dict[str, Any]) -> None:
    offered = _explained(**case)["would_allow"]
    name = {
        "an identity-based policy": "identity", "a permissions boundary": "boundary", "a session policy": "session",
        "a service control policy": "scps", "a resource-based policy": "on_resource",
    }[offered["in"]]  # fmt: skip
    added = [*case.get(name, []), offered["statement"]] if name != "scps" else [[*_OTHER, offered["statement"]]]
    assert _explained(**{**case, name: added})["allowed"]


# The simulator


def _simulate(simulation: Simulation, action: str, *resources: str) -> list[dict[str, Any]]:
    return list(simulate(simulation, [action], list(resources)))


_DATED = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
    '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)


def _dated(time: str | None) -> Simulation:
    entries = [{"ContextKeyName": "aws:CurrentTime", "ContextKeyValues": [time], "ContextKeyType": "date"}]
    held = Policies(identity=(parse(_DATED, PolicyKind.IDENTITY, "PolicyInputList.1"),))
    return Simulation(ANA, held, context_of(entries if time else []))


def test_an_allowed_action_is_answered_with_the_statement_and_its_place() -> None:
    """The example of the AWS CLI's documentation, simulate-custom-policy."""
    assert _simulate(_dated("2019-04-25T11:00:00Z"), "dynamodb:CreateBackup") == [
        {
            "EvalActionName": "dynamodb:CreateBackup",
            "EvalResourceName": "*",
            "EvalDecision": "allowed",
            "MatchedStatements": [
                {
                    "SourcePolicyId": "PolicyInputList.1",
                    "SourcePolicyType": "IAM Policy",
                    "StartPosition": {"Line": 1, "Column": 38},
                    "EndPosition": {"Line": 1, "Column": 167},
                }
            ],
            "MissingContextValues": [],
        }
    ]


def test_a_condition_that_fails_denies_implicitly() -> None:
    (result,) = _simulate(_dated("2014-04-25T11:00:00Z"), "dynamodb:CreateBackup")
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])


def test_missing_keys_are_named_where_the_resource_is() -> None:
    (everywhere,) = _simulate(_dated(None), "dynamodb:CreateBackup")
    (table,) = _simulate(_dated(None), "dynamodb:CreateBackup", f"arn:aws:dynamodb:us-east-1:{HOME}:table/t")
    assert everywhere["MissingContextValues"] == ["aws:CurrentTime"]
    assert table["MissingContextValues"] == []
    assert table["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:CurrentTime"]


def test_statements_in_a_list_start_after_the_mark_before_them() -> None:
    text = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": "*"
        },
        {
            "Effect": "Deny",
            "Action": "s3:DeleteBucket",
            "Resource": "*"
        }
    ]
}"""
    simulation = Simulation(ANA, Policies(identity=(parse(text, PolicyKind.IDENTITY, "both"),)), {})
    (read,) = _simulate(simulation, "s3:GetObject")
    (delete,) = _simulate(simulation, "s3:DeleteBucket")
    assert [(m["StartPosition"], m["EndPosition"]) for m in read["MatchedStatements"]] == [
        ({"Line": 3, "Column": 19}, {"Line": 8, "Column": 10})
    ]
    assert [(m["StartPosition"], m["EndPosition"]) for m in delete["MatchedStatements"]] == [
        ({"Line": 8, "Column": 11}, {"Line": 13, "Column": 10})
    ]
    assert delete["EvalDecision"] == "explicitDeny"


def test_boundary_and_organization_are_told_beside_the_decision() -> None:
    held = Policies(
        identity=(policy(allow(), kind=PolicyKind.IDENTITY),),
        boundary=policy(*_OTHER, kind=PolicyKind.IDENTITY),
        scps=((policy(allow(), kind=PolicyKind.SCP),),),
    )
    (result,) = _simulate(Simulation(ANA, held, {}), "sqs:SendMessage", QUEUE)
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    closed = held._replace(scps=((policy(*_OTHER, kind=PolicyKind.SCP),),))
    (result,) = _simulate(Simulation(ANA, closed, {}), "sqs:SendMessage", QUEUE)
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_across_accounts_each_side_is_told() -> None:
    held = Policies(identity=(policy(allow(), kind=PolicyKind.IDENTITY),))
    (result,) = _simulate(Simulation(BOB, held, {}), "sqs:SendMessage", QUEUE)
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "implicitDeny"}


def test_every_action_is_tried_on_every_resource() -> None:
    found = list(simulate(_dated(None), ["s3:GetObject", "s3:PutObject"], [CAT, QUEUE]))
    assert [(each["EvalActionName"], each["EvalResourceName"]) for each in found] == [
        ("s3:GetObject", CAT), ("s3:GetObject", QUEUE), ("s3:PutObject", CAT), ("s3:PutObject", QUEUE),
    ]  # fmt: skip


def test_the_keys_of_policies_are_those_of_conditions_and_variables() -> None:
    found = policy(
        allow(on="arn:aws:s3:::a/${aws:username}", when={"StringLike": {"s3:prefix": "${aws:PrincipalTag/team, 'x'}"}}),
        allow(when={"Bool": {"AWS:SecureTransport": "true", "s3:Prefix": "x"}}),
        kind=PolicyKind.IDENTITY,
    )
    keys = context_keys([found])
    assert sorted(key.lower() for key in keys) == [
        "aws:principaltag/team", "aws:securetransport", "aws:username", "s3:prefix",
    ]  # fmt: skip
