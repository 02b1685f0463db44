"""The policy simulator, and what policies speak of."""

from __future__ import annotations

import pytest

from tests.iam.policies import ALLOW_ALL, FOR_EC2, allow, deny, policy, refused


@pytest.fixture
def iam(client):
    return client("iam")


def decisions(answer) -> list[str]:
    return [each["EvalDecision"] for each in answer["EvaluationResults"]]


def test_custom_policies_are_simulated(iam):
    texts = [policy(allow("s3:Get*")), policy(deny("s3:GetObject", resource="arn:aws:s3:::secret/*"))]
    answer = iam.simulate_custom_policy(
        PolicyInputList=texts,
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::open/a", "arn:aws:s3:::secret/a"],
    )
    assert decisions(answer) == ["allowed", "explicitDeny", "implicitDeny", "implicitDeny"]
    matched = answer["EvaluationResults"][1]["MatchedStatements"]
    assert [each["SourcePolicyId"] for each in matched] == ["PolicyInputList.2"]


def test_results_come_in_pages(iam):
    wanted = {"PolicyInputList": [ALLOW_ALL], "ActionNames": [f"s3:Get{n}" for n in range(5)]}
    pages = list(iam.get_paginator("simulate_custom_policy").paginate(**wanted, PaginationConfig={"PageSize": 2}))
    names = [each["EvalActionName"] for page in pages for each in page["EvaluationResults"]]
    assert names == wanted["ActionNames"] and len(pages) == 3


def test_circumstances_are_given(iam):
    text = policy(allow("s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    wanted = {"PolicyInputList": [text], "ActionNames": ["s3:GetObject"]}
    entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["10.1.2.3"]}

    without = iam.simulate_custom_policy(**wanted)
    within = iam.simulate_custom_policy(**wanted, ContextEntries=[entry])

    assert decisions(without) == ["implicitDeny"] and decisions(within) == ["allowed"]
    assert without["EvaluationResults"][0]["MissingContextValues"] == ["aws:SourceIp"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"] == ["aws:SourceIp"]


def test_a_boundary_limits_what_is_simulated(iam):
    answer = iam.simulate_custom_policy(
        PolicyInputList=[ALLOW_ALL],
        PermissionsBoundaryPolicyInputList=[policy(allow("s3:*"))],
        ActionNames=["s3:GetObject", "sqs:SendMessage"],
    )
    assert decisions(answer) == ["allowed", "implicitDeny"]
    detail = answer["EvaluationResults"][1]["PermissionsBoundaryDecisionDetail"]
    assert detail == {"AllowedByPermissionsBoundary": False}


def test_principals_are_simulated_with_all_they_have(iam, account):
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=policy(allow("s3:*", "sqs:*")))["Policy"]["Arn"]
    user = iam.create_user(UserName="david", PermissionsBoundary=bound)["User"]["Arn"]
    iam.create_group(GroupName="all")
    iam.add_user_to_group(GroupName="all", UserName="david")
    iam.put_group_policy(GroupName="all", PolicyName="all", PolicyDocument=ALLOW_ALL)
    iam.put_user_policy(UserName="david", PolicyName="no", PolicyDocument=policy(deny("s3:Put*")))
    actions = ["s3:GetObject", "s3:PutObject", "iam:CreateUser"]

    answer = iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=actions)
    group = iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{account}:group/all", ActionNames=actions)

    assert decisions(answer) == ["allowed", "explicitDeny", "implicitDeny"]
    assert decisions(group) == ["allowed"] * 3
    assert answer["EvaluationResults"][1]["MatchedStatements"][0]["SourcePolicyId"] == "user_david_no"


def test_roles_are_simulated_and_nobody_is_not(iam, account):
    iam.create_role(RoleName="web", Path="/x/", AssumeRolePolicyDocument=FOR_EC2)
    iam.attach_role_policy(RoleName="web", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    arn = f"arn:aws:iam::{account}:role/x/web"
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject"])
    assert decisions(answer) == ["allowed", "implicitDeny"]
    absent = f"arn:aws:iam::{account}:role/web"
    assert refused(iam.simulate_principal_policy, PolicySourceArn=absent, ActionNames=["s3:Get"]).startswith("NoSuch")


@pytest.mark.parametrize(
    "wanted",
    [
        {"PolicyInputList": ["{"], "ActionNames": ["s3:GetObject"]},
        {"PolicyInputList": [ALLOW_ALL], "ActionNames": ["s3:*"]},
        {"PolicyInputList": [ALLOW_ALL], "ActionNames": ["s3:Get"], "CallerArn": "arn:aws:iam::1:role/x"},
        {"PolicyInputList": [ALLOW_ALL], "ActionNames": ["s3:Get"],
         "PermissionsBoundaryPolicyInputList": [ALLOW_ALL] * 2},
        {"PolicyInputList": [ALLOW_ALL], "ActionNames": ["s3:Get"] * 1001, "ResourceArns": ["*"] * 1001},
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_refused(iam, wanted):
    assert refused(iam.simulate_custom_policy, **wanted).startswith(("InvalidInput", "ValidationError"))


def test_policies_tell_which_services_they_give_access_to(iam, account):
    iam.create_user(UserName="david")
    iam.put_user_policy(UserName="david", PolicyName="s3", PolicyDocument=policy(allow("s3:Get*")))
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="david")
    other = policy({"Effect": "Allow", "NotAction": ["s3:*", "iam:GetUser"], "Resource": "*"})
    iam.put_group_policy(GroupName="g", PolicyName="rest", PolicyDocument=other)
    arn = iam.create_policy(PolicyName="managed", PolicyDocument=policy(allow("s3:*", "sqs:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="david", PolicyArn=arn)

    answer = iam.list_policies_granting_service_access(
        Arn=f"arn:aws:iam::{account}:user/david", ServiceNamespaces=["s3", "iam", "sqs"]
    )
    found = {
        each["ServiceNamespace"]: sorted(granting["PolicyName"] for granting in each["Policies"])
        for each in answer["PoliciesGrantingServiceAccess"]
    }
    assert found == {"s3": ["managed", "s3"], "iam": ["rest"], "sqs": ["managed", "rest"]}
    inline = next(e for e in answer["PoliciesGrantingServiceAccess"] if e["ServiceNamespace"] == "iam")["Policies"]
    assert inline == [{"PolicyName": "rest", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "g"}]
