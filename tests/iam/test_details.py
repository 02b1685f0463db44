"""All that an account has, in one answer."""

from __future__ import annotations

import pytest

from tests.iam.policies import ALLOW_ALL, FOR_EC2, allow, policy

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def iam(client):
    iam = client("iam")
    mine = iam.create_policy(PolicyName="mine", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMIN)
    iam.create_user(UserName="david", PermissionsBoundary=mine, Tags=[{"Key": "a", "Value": "b"}])
    iam.put_user_policy(UserName="david", PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    iam.add_user_to_group(GroupName="admins", UserName="david")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    return iam


def test_an_account_is_shown_with_all_its_details(iam):
    found = iam.get_account_authorization_details()
    (user,), (group,), (role,) = found["UserDetailList"], found["GroupDetailList"], found["RoleDetailList"]

    assert user["GroupList"] == ["admins"] and user["Tags"] == [{"Key": "a", "Value": "b"}]
    assert user["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == ["s3:*"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("policy/mine")
    assert [each["PolicyArn"] for each in group["AttachedManagedPolicies"]] == [ADMIN]
    assert role["InstanceProfileList"][0]["InstanceProfileName"] == "web"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    policies = {each["PolicyName"]: each for each in found["Policies"]}
    assert policies.keys() == {"mine", "AdministratorAccess"}
    assert policies["mine"]["PolicyVersionList"][0]["Document"]["Statement"][0]["Action"] == ["*"]
    assert not found["IsTruncated"]


def test_pages_and_filters_leave_nothing_out(iam):
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1}))
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    assert sum(len(page[name]) for page in pages for name in lists) == len(pages) == 5
    users = iam.get_account_authorization_details(Filter=["User"])
    assert users["UserDetailList"] and not users["RoleDetailList"] and not users["Policies"]
