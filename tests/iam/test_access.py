"""What IAM's own operations need: on whom, and under which of IAM's conditions."""

from __future__ import annotations

import pytest

from tests.iam.policies import ALLOW_ALL, FOR_EC2, acting, allow, deny, policy, refused, user_with


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:IAM-17", "security:IAM-18")
def test_a_user_may_do_what_its_policy_names_and_nothing_else(iam, client, account):
    own = acting(client, user_with(iam, "david", policy(allow("iam:ListUsers"))))

    assert len(own.list_users()["Users"]) == 1
    assert refused(own.list_roles) == (
        f"AccessDenied: User: arn:aws:iam::{account}:user/david is not authorized to perform: iam:ListRoles on "
        f"resource: arn:aws:iam::{account}:role/ because no identity-based policy allows the iam:ListRoles action"
    )


def test_denials_name_what_is_there_by_its_kind_and_name(iam, client, account):
    own = acting(client, user_with(iam, "david"))
    arn = f"arn:aws:iam::{account}"
    said = {
        "user goliath": refused(own.get_user, UserName="goliath"),
        "user david": refused(own.create_access_key),
        "role web": refused(own.attach_role_policy, RoleName="web", PolicyArn=f"{arn}:policy/x/mine"),
        "group admins": refused(own.get_group, GroupName="admins"),
        "instance profile web": refused(own.get_instance_profile, InstanceProfileName="web"),
        f"policy {arn}:policy/x/mine": refused(own.delete_policy, PolicyArn=f"{arn}:policy/x/mine"),
        "policy mine": refused(own.create_policy, PolicyName="mine", PolicyDocument=ALLOW_ALL),
        f"{arn}:user/x/other": refused(own.create_user, UserName="other", Path="/x/"),
        f"{arn}:user/x/": refused(own.list_users, PathPrefix="/x/"),
        "policy path /": refused(own.list_policies),
    }
    for where, words in said.items():
        assert f" on resource: {where} because no identity-based policy allows the iam:" in words


@pytest.mark.spec("security:IAM-19")
def test_one_denial_ends_it_whatever_is_allowed(iam, client):
    own = acting(client, user_with(iam, "david", ALLOW_ALL, policy(deny("iam:DeleteUser"))))
    own.create_user(UserName="other")
    assert "with an explicit deny in an identity-based policy" in refused(own.delete_user, UserName="other")


@pytest.mark.spec("security:IAM-10", "security:IAM-11")
def test_needs_are_on_arns_with_their_paths(iam, client, account):
    red = f"arn:aws:iam::{account}:*/red/*"
    own = acting(client, user_with(iam, "david", policy(allow("iam:*", resource=red))))
    iam.create_user(UserName="in-blue", Path="/blue/")

    own.create_user(UserName="in-red", Path="/red/")
    own.create_role(RoleName="red", Path="/red/", AssumeRolePolicyDocument=FOR_EC2)
    own.create_group(GroupName="red", Path="/red/")
    own.create_policy(PolicyName="red", Path="/red/", PolicyDocument=ALLOW_ALL)
    own.create_instance_profile(InstanceProfileName="red", Path="/red/")

    assert own.get_user(UserName="in-red")["User"]["Path"] == "/red/"
    assert own.get_role(RoleName="red") and own.get_group(GroupName="red")
    assert refused(own.get_user, UserName="in-blue").startswith("AccessDenied")
    assert refused(own.create_user, UserName="x", Path="/blue/").startswith("AccessDenied")


@pytest.mark.spec("security:ACC-05")
def test_without_a_name_the_caller_itself_is_meant(iam, client, account):
    itself = f"arn:aws:iam::{account}:user/x/${{aws:username}}"
    iam.create_user(UserName="david", Path="/x/")
    iam.put_user_policy(UserName="david", PolicyName="p", PolicyDocument=policy(allow("iam:*", resource=itself)))
    own = acting(client, iam.create_access_key(UserName="david")["AccessKey"])
    iam.create_user(UserName="other", Path="/x/")

    key = own.create_access_key()["AccessKey"]["AccessKeyId"]
    own.update_access_key(AccessKeyId=key, Status="Inactive")
    own.delete_access_key(AccessKeyId=key)

    assert own.get_user()["User"]["UserName"] == own.get_user(UserName="david")["User"]["UserName"] == "david"
    assert refused(own.create_access_key, UserName="other").startswith("AccessDenied")


def test_conditions_can_name_the_policy_that_is_attached(iam, client, account):
    one, other = (iam.create_policy(PolicyName=n, PolicyDocument=ALLOW_ALL)["Policy"]["Arn"] for n in ("one", "other"))
    named = allow("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": one}})
    own = acting(client, user_with(iam, "david", policy(named)))
    iam.create_user(UserName="helper")

    own.attach_user_policy(UserName="helper", PolicyArn=one)
    assert refused(own.attach_user_policy, UserName="helper", PolicyArn=other).startswith("AccessDenied")


@pytest.mark.parametrize("key", ["iam:ResourceTag", "aws:ResourceTag"])
def test_conditions_can_name_the_tags_of_whom_it_is_about(iam, client, key):
    tagged = allow("iam:GetUser", Condition={"StringEquals": {f"{key}/Team": "blue"}})
    own = acting(client, user_with(iam, "david", policy(tagged)))
    iam.create_user(UserName="blue", Tags=[{"Key": "team", "Value": "blue"}])
    iam.create_user(UserName="red", Tags=[{"Key": "team", "Value": "red"}])

    assert own.get_user(UserName="blue")["User"]["UserName"] == "blue"
    assert refused(own.get_user, UserName="red").startswith("AccessDenied")


def test_conditions_can_name_the_tags_of_the_caller_and_change_at_once(iam, client):
    tagged = allow("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    own = acting(client, user_with(iam, "david", policy(tagged)))

    before = refused(own.list_users)
    iam.tag_user(UserName="david", Tags=[{"Key": "team", "Value": "blue"}])
    with_tag = own.list_users()["Users"]
    iam.untag_user(UserName="david", TagKeys=["team"])

    assert before.startswith("AccessDenied") and refused(own.list_users) == before
    assert len(with_tag) == 1


def test_who_tags_what_he_creates_needs_to_be_allowed_to_tag(iam, client):
    own = acting(client, user_with(iam, "david", policy(allow("iam:CreateUser"))))
    own.create_user(UserName="plain")
    words = refused(own.create_user, UserName="tagged", Tags=[{"Key": "a", "Value": "b"}])
    assert words.startswith("AccessDenied") and "iam:TagUser" in words


def test_a_role_goes_into_a_profile_only_by_who_may_pass_it_to_instances(iam, client):
    iam.create_role(RoleName="web", Path="/app/", AssumeRolePolicyDocument=FOR_EC2)
    iam.create_instance_profile(InstanceProfileName="web")
    own = acting(client, user_with(iam, "david", policy(allow("iam:AddRoleToInstanceProfile"))))

    without = refused(own.add_role_to_instance_profile, InstanceProfileName="web", RoleName="web")
    passing = allow("iam:PassRole", resource="arn:aws:iam::*:role/app/*",
                    Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})  # fmt: skip
    iam.put_user_policy(UserName="david", PolicyName="pass", PolicyDocument=policy(passing))
    own.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")

    assert without.startswith("AccessDenied") and "iam:PassRole" in without


def test_service_linked_roles_are_named_by_their_service(iam, client):
    condition = {"StringLike": {"iam:AWSServiceName": "rds.amazonaws.com"}}
    resource = "arn:aws:iam::*:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    document = policy(allow("iam:CreateServiceLinkedRole", resource=resource, Condition=condition))
    own = acting(client, user_with(iam, "david", document))

    own.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    assert refused(own.create_service_linked_role, AWSServiceName="ecs.amazonaws.com").startswith("AccessDenied")


def test_a_deleted_user_is_nobody_and_its_namesake_has_none_of_its_rights(iam, client):
    own = acting(client, user_with(iam, "david", ALLOW_ALL))
    assert own.list_users()["Users"]
    for key in iam.list_access_keys(UserName="david")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="david", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="david", PolicyName="p0")
    iam.delete_user(UserName="david")
    iam.create_user(UserName="david")
    namesake = acting(client, iam.create_access_key(UserName="david")["AccessKey"])

    assert refused(own.list_users).startswith("InvalidClientTokenId")
    assert refused(namesake.list_users).startswith("AccessDenied")


def test_a_session_of_a_deleted_user_gets_nothing_of_the_users_namesake(iam, client):
    sts = acting(client, user_with(iam, "david"), "sts")
    own = acting(client, sts.get_session_token()["Credentials"], "sqs")
    iam.delete_access_key(UserName="david", AccessKeyId=_only_key(iam, "david"))
    iam.delete_user(UserName="david")
    user_with(iam, "david", ALLOW_ALL)
    assert refused(own.list_queues).startswith("AccessDenied")


def test_iam_takes_no_session_token_without_a_code_and_no_federated_user(iam, client):
    sts = acting(client, user_with(iam, "david", ALLOW_ALL), "sts")
    plain = sts.get_session_token()["Credentials"]
    federated = sts.get_federation_token(Name="guest", Policy=ALLOW_ALL)["Credentials"]
    for credentials in (plain, federated):
        assert refused(acting(client, credentials).list_users).startswith("InvalidClientTokenId")
        assert acting(client, credentials, "sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def _only_key(iam, name: str) -> str:
    (key,) = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    return key["AccessKeyId"]


def test_accounts_know_nothing_of_each_other(iam, client):
    other = client("iam", account="999988887775")
    iam.create_user(UserName="david")
    assert refused(other.get_user, UserName="david").startswith("NoSuchEntity")
    assert other.list_users()["Users"] == [] and other.list_policies(Scope="Local")["Policies"] == []
