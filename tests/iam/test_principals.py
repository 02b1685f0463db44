"""Sessions of roles: they may do what the role may, from the moment it changes; and the role tells when it was used."""

from __future__ import annotations

import json
import time

import pytest

from tests.iam.policies import ALLOW_ALL, acting, allow, policy, refused, trusting, user_with


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def assume(client, iam, account):
    """Makes a role that a user of the account may assume, and a session of it."""

    def make(*policies: str):
        key = user_with(iam, "david", policy(allow("sts:AssumeRole", "iam:ListGroups")))
        trust = trusting({"AWS": f"arn:aws:iam::{account}:user/david"})
        role = iam.create_role(RoleName="helper", Path="/x/", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for number, text in enumerate(policies):
            iam.put_role_policy(RoleName="helper", PolicyName=f"p{number}", PolicyDocument=text)
        sts = acting(client, key, "sts")
        return acting(client, sts.assume_role(RoleArn=role, RoleSessionName="now")["Credentials"])

    return make


@pytest.mark.spec("security:IAM-33")
def test_a_session_has_the_roles_permissions_and_none_of_the_users(assume):
    own = assume(policy(allow("iam:ListUsers")))
    assert len(own.list_users()["Users"]) == 1
    assert refused(own.list_groups).startswith("AccessDenied")


def test_what_changes_of_a_role_changes_its_sessions_at_once(iam, assume):
    own = assume(policy(allow("iam:ListUsers")))
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]

    iam.put_role_permissions_boundary(RoleName="helper", PermissionsBoundary=bound)
    bounded = refused(own.list_users)
    iam.delete_role_permissions_boundary(RoleName="helper")
    allowed = own.list_users()["Users"]
    iam.delete_role_policy(RoleName="helper", PolicyName="p0")
    without = refused(own.list_users)
    iam.attach_role_policy(RoleName="helper", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")

    assert "permissions boundary" in bounded and "identity-based policy" in without
    assert len(allowed) == len(own.list_users()["Users"]) == 1


def test_a_session_names_no_user(assume):
    own = assume(ALLOW_ALL)
    assert refused(own.get_user) == "ValidationError: Must specify userName when calling with non-User credentials"


def test_a_session_of_a_deleted_role_may_do_nothing(iam, assume, account):
    own = assume(ALLOW_ALL)
    assert own.list_users()["Users"]
    iam.delete_role_policy(RoleName="helper", PolicyName="p0")
    iam.delete_role(RoleName="helper")
    assert refused(own.list_users).startswith(("AccessDenied", "InvalidClientTokenId"))


def test_a_session_of_a_deleted_role_gets_nothing_of_the_roles_namesake(iam, assume):
    own = assume(ALLOW_ALL)
    trust = iam.get_role(RoleName="helper")["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role_policy(RoleName="helper", PolicyName="p0")
    iam.delete_role(RoleName="helper")
    iam.create_role(RoleName="helper", Path="/x/", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="helper", PolicyName="p0", PolicyDocument=ALLOW_ALL)
    assert refused(own.list_users).startswith(("AccessDenied", "InvalidClientTokenId"))


def test_a_role_tells_when_it_was_last_used(iam, assume):
    own = assume(ALLOW_ALL)
    assert iam.get_role(RoleName="helper")["Role"]["RoleLastUsed"] == {}
    own.list_users()
    deadline = time.monotonic() + 10
    while not (used := iam.get_role(RoleName="helper")["Role"]["RoleLastUsed"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert used["Region"] == "us-east-1" and used["LastUsedDate"]


def test_whom_a_role_trusts_is_a_user_and_not_its_name(iam, client, assume, account):
    assume(ALLOW_ALL)
    role = iam.get_role(RoleName="helper")["Role"]["Arn"]
    for key in iam.list_access_keys(UserName="david")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="david", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="david", PolicyName="p0")
    iam.delete_user(UserName="david")
    namesake = acting(client, user_with(iam, "david", ALLOW_ALL), "sts")
    words = refused(namesake.assume_role, RoleArn=role, RoleSessionName="now")
    assert words.startswith("AccessDenied")
