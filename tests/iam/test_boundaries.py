"""Permissions boundaries: what nobody exceeds who has one."""

from __future__ import annotations

import pytest

from tests.iam.policies import ALLOW_ALL, FOR_EC2, acting, allow, policy, refused, user_with


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def readers(iam) -> str:
    document = policy(allow("iam:List*", "iam:Get*"))
    return iam.create_policy(PolicyName="readers", PolicyDocument=document)["Policy"]["Arn"]


@pytest.mark.spec("security:IAM-42")
def test_users_and_roles_have_boundaries(iam, readers):
    shown = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": readers}
    user = iam.create_user(UserName="david", PermissionsBoundary=readers)["User"]
    role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)["Role"]
    iam.put_role_permissions_boundary(RoleName="web", PermissionsBoundary=readers)

    assert user["PermissionsBoundary"] == shown and "PermissionsBoundary" not in role
    assert iam.get_role(RoleName="web")["Role"]["PermissionsBoundary"] == shown
    assert iam.get_policy(PolicyArn=readers)["Policy"]["PermissionsBoundaryUsageCount"] == 2
    assert refused(iam.delete_policy, PolicyArn=readers).startswith("DeleteConflict")
    iam.delete_user_permissions_boundary(UserName="david")
    iam.delete_role_permissions_boundary(RoleName="web")
    assert iam.get_policy(PolicyArn=readers)["Policy"]["PermissionsBoundaryUsageCount"] == 0
    assert "PermissionsBoundary" not in iam.get_user(UserName="david")["User"]
    assert refused(iam.delete_user_permissions_boundary, UserName="david").startswith("NoSuchEntity")


def test_a_boundary_is_a_policy_that_exists(iam, account):
    absent = f"arn:aws:iam::{account}:policy/absent"
    assert refused(iam.create_user, UserName="david", PermissionsBoundary=absent).startswith("NoSuchEntity")
    assert iam.list_users()["Users"] == []


@pytest.mark.spec("security:IAM-43")
def test_permissions_reach_as_far_as_policy_and_boundary_both_do(iam, client, readers):
    own = acting(client, user_with(iam, "david", ALLOW_ALL))
    iam.put_user_permissions_boundary(UserName="david", PermissionsBoundary=readers)

    assert len(own.list_users()["Users"]) == 1
    words = refused(own.create_user, UserName="other")
    iam.delete_user_permissions_boundary(UserName="david")
    own.create_user(UserName="other")

    assert words.startswith("AccessDenied") and "no permissions boundary allows the iam:CreateUser action" in words


@pytest.mark.spec("security:IAM-45")
def test_who_may_create_users_only_with_a_boundary_cannot_raise_its_own_rights(iam, client, readers):
    condition = {"StringEquals": {"iam:PermissionsBoundary": readers}}
    developer = policy(
        allow("iam:CreateUser", "iam:PutUserPolicy", "iam:CreateRole", Condition=condition),
        allow("iam:CreateAccessKey"),
    )
    own = acting(client, user_with(iam, "developer", developer))

    without = refused(own.create_user, UserName="boss")
    own.create_user(UserName="helper", PermissionsBoundary=readers)
    own.put_user_policy(UserName="helper", PolicyName="all", PolicyDocument=ALLOW_ALL)
    raised = refused(own.put_user_policy, UserName="developer", PolicyName="all", PolicyDocument=ALLOW_ALL)
    helper = acting(client, own.create_access_key(UserName="helper")["AccessKey"])

    assert without.startswith("AccessDenied") and raised.startswith("AccessDenied")
    assert len(helper.list_users()["Users"]) == 2
    assert refused(helper.create_user, UserName="boss").startswith("AccessDenied")
