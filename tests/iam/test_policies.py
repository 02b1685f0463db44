"""Managed policies: versions, attachments, counts, AWS's own; and inline ones."""

from __future__ import annotations

import pytest

from tests.iam.policies import ALLOW_ALL, FOR_EC2, acting, allow, policy, refused, user_with

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def arn(iam) -> str:
    return iam.create_policy(PolicyName="mine", Path="/x/", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]


def test_a_new_policy_has_one_version_and_no_attachments(iam, account):
    made = iam.create_policy(PolicyName="mine", PolicyDocument=ALLOW_ALL, Description="Everything.")["Policy"]
    got = iam.get_policy(PolicyArn=made["Arn"])["Policy"]

    assert made["Arn"] == f"arn:aws:iam::{account}:policy/mine"
    assert made["PolicyId"].startswith("ANPA")
    assert (got["DefaultVersionId"], got["AttachmentCount"], got["PermissionsBoundaryUsageCount"]) == ("v1", 0, 0)
    assert got["IsAttachable"] and got["Tags"] == [] and got["Description"] == "Everything."
    assert "Description" not in made
    words = refused(iam.create_policy, PolicyName="Mine", PolicyDocument=ALLOW_ALL)
    assert words == "EntityAlreadyExists: A policy called Mine already exists. Duplicate names are not allowed."


@pytest.mark.spec("security:IAM-09")
@pytest.mark.parametrize(
    "document",
    ["", "x", "{}", '{"Version":"2012-10-17"}', '{"Statement":[{"Effect":"Allow"}]}', policy(allow("nothing")),
     policy({**allow("s3:*"), "Principal": "*"}), policy({**allow("s3:*"), "Effect": "Maybe"})],
)  # fmt: skip
def test_a_document_that_is_no_policy_is_refused(iam, document):
    iam.create_user(UserName="david")
    words = refused(iam.create_policy, PolicyName="mine", PolicyDocument=document)
    assert words.startswith(("MalformedPolicyDocument: ", "ValidationError: "))
    words = refused(iam.put_user_policy, UserName="david", PolicyName="mine", PolicyDocument=document)
    assert words.startswith(("MalformedPolicyDocument: ", "ValidationError: "))
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_there_are_five_versions_and_their_numbers_are_never_used_again(iam, arn):
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:*")))
    full = refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=ALLOW_ALL)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    added = iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW_ALL, SetAsDefault=True)["PolicyVersion"]
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]

    assert full.startswith("LimitExceeded: A managed policy can have up to 5 versions.")
    assert (added["VersionId"], added["IsDefaultVersion"]) == ("v6", True)
    assert [version["VersionId"] for version in versions] == ["v6", "v4", "v3", "v2", "v1"]
    assert [version["IsDefaultVersion"] for version in versions] == [True, False, False, False, False]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v6"
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == ["s3:*"]


def test_versions_are_found_by_their_ids_only(iam, arn):
    words = f"NoSuchEntity: Policy {arn} version v2 does not exist or is not attachable."
    assert refused(iam.get_policy_version, PolicyArn=arn, VersionId="v2") == words
    assert refused(iam.set_default_policy_version, PolicyArn=arn, VersionId="v2") == words
    words = refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v1")
    assert words == "DeleteConflict: Cannot delete the default version of a policy."


def test_a_policy_is_deleted_only_when_it_is_unused_and_has_one_version(iam, arn):
    iam.create_user(UserName="david")
    iam.attach_user_policy(UserName="david", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW_ALL)

    attached = refused(iam.delete_policy, PolicyArn=arn)
    iam.detach_user_policy(UserName="david", PolicyArn=arn)
    with_versions = refused(iam.delete_policy, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)

    assert attached == "DeleteConflict: Cannot delete a policy attached to entities."
    assert with_versions.startswith("DeleteConflict: This policy has more than one version.")
    assert refused(iam.get_policy, PolicyArn=arn) == f"NoSuchEntity: Policy {arn} was not found."


def test_what_is_no_arn_of_a_policy_is_refused(iam, account):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    for given in ("x" * 20, "arn:aws:nothing-at-all"):
        words = refused(iam.attach_role_policy, RoleName="web", PolicyArn=given)
        assert words == "ValidationError: Invalid ARN:  Could not be parsed!"
    absent = f"arn:aws:iam::{account}:policy/absent"
    words = refused(iam.attach_role_policy, RoleName="web", PolicyArn=absent)
    assert words == f"NoSuchEntity: Policy {absent} does not exist or is not attachable."
    assert refused(iam.detach_role_policy, RoleName="web", PolicyArn=absent).startswith("NoSuchEntity")


@pytest.mark.spec("security:IAM-13")
def test_a_policy_tells_to_whom_it_is_attached(iam, arn):
    iam.create_user(UserName="david", Path="/a/")
    iam.create_group(GroupName="admins")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    iam.attach_user_policy(UserName="david", PolicyArn=arn)
    iam.attach_user_policy(UserName="david", PolicyArn=arn)
    iam.attach_group_policy(GroupName="admins", PolicyArn=arn)
    iam.attach_role_policy(RoleName="web", PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName="web", PermissionsBoundary=arn)

    found = iam.list_entities_for_policy(PolicyArn=arn)
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    users = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="User")
    bounded = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    paged = [
        len(page["PolicyUsers"] + page["PolicyGroups"] + page["PolicyRoles"])
        for page in iam.get_paginator("list_entities_for_policy").paginate(
            PolicyArn=arn, PaginationConfig={"PageSize": 2}
        )
    ]

    assert [each["UserName"] for each in found["PolicyUsers"]] == ["david"]
    assert [each["GroupName"] for each in found["PolicyGroups"]] == ["admins"]
    assert [each["RoleName"] for each in found["PolicyRoles"]] == ["web"]
    assert (got["AttachmentCount"], got["PermissionsBoundaryUsageCount"]) == (3, 1)
    assert users["PolicyUsers"] and not users["PolicyGroups"] and not users["PolicyRoles"]
    assert bounded["PolicyRoles"] and not bounded["PolicyUsers"]
    assert sum(paged) == 3 and len(paged) == 2
    assert iam.list_attached_user_policies(UserName="david")["AttachedPolicies"] == [
        {"PolicyName": "mine", "PolicyArn": arn}
    ]
    assert iam.list_attached_user_policies(UserName="david", PathPrefix="/y/")["AttachedPolicies"] == []


def test_ten_policies_are_attached_at_most(iam):
    iam.create_user(UserName="david")
    for n in range(11):
        made = iam.create_policy(PolicyName=f"p{n}", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
        if n < 10:
            iam.attach_user_policy(UserName="david", PolicyArn=made)
    words = refused(iam.attach_user_policy, UserName="david", PolicyArn=made)
    assert words == "LimitExceeded: Cannot exceed quota for PoliciesPerUser: 10"


@pytest.mark.spec("security:IAM-15")
def test_aws_gives_every_account_its_policies_and_nobody_changes_them(iam):
    every = iam.get_paginator("list_policies").paginate(Scope="AWS")
    arns = {each["Arn"] for page in every for each in page["Policies"]}
    admin = iam.get_policy(PolicyArn=ADMIN)["Policy"]
    version = iam.get_policy_version(PolicyArn=ADMIN, VersionId=admin["DefaultVersionId"])["PolicyVersion"]

    assert {
        ADMIN,
        "arn:aws:iam::aws:policy/IAMFullAccess",
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    } <= arns
    assert version["Document"]["Statement"][0]["Action"] == "*"
    assert iam.list_policies(Scope="Local")["Policies"] == []
    for change in (
        lambda: refused(iam.create_policy_version, PolicyArn=ADMIN, PolicyDocument=ALLOW_ALL),
        lambda: refused(iam.delete_policy, PolicyArn=ADMIN),
        lambda: refused(iam.tag_policy, PolicyArn=ADMIN, Tags=[{"Key": "a", "Value": "b"}]),
    ):
        assert change().startswith("AccessDenied") and change().endswith(f"on resource: policy {ADMIN}")


def test_attachments_of_awss_policies_count_in_their_account_alone(iam, client):
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMIN)
    assert iam.get_policy(PolicyArn=ADMIN)["Policy"]["AttachmentCount"] == 1
    assert [each["Arn"] for each in iam.list_policies(OnlyAttached=True)["Policies"]] == [ADMIN]
    other = client("iam", account="999988887777")
    assert other.get_policy(PolicyArn=ADMIN)["Policy"]["AttachmentCount"] == 0


def test_another_accounts_policy_is_not_found(client, iam, arn):
    other = client("iam", account="999988887776")
    assert refused(other.get_policy, PolicyArn=arn).startswith("NoSuchEntity")
    other.create_user(UserName="david")
    assert refused(other.attach_user_policy, UserName="david", PolicyArn=arn).startswith("NoSuchEntity")


@pytest.mark.spec("security:IAM-14")
def test_inline_policies_live_and_die_with_their_holder(iam):
    document = policy(allow("s3:GetObject", resource="arn:aws:s3:::b/%41+ü"))
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    iam.put_role_policy(RoleName="web", PolicyName="read", PolicyDocument=document)
    got = iam.get_role_policy(RoleName="web", PolicyName="read")

    assert got["PolicyDocument"]["Statement"][0]["Resource"] == "arn:aws:s3:::b/%41+ü"
    assert (got["RoleName"], got["PolicyName"]) == ("web", "read")
    words = refused(iam.get_role_policy, RoleName="web", PolicyName="write")
    assert words == "NoSuchEntity: The role policy with name write cannot be found."
    iam.delete_role_policy(RoleName="web", PolicyName="read")
    assert iam.list_role_policies(RoleName="web")["PolicyNames"] == []


def test_inline_policies_are_measured_together_and_without_white_space(iam):
    iam.create_user(UserName="david")
    half = policy(allow("s3:*", resource="arn:aws:s3:::" + "x" * 1100))
    iam.put_user_policy(UserName="david", PolicyName="a", PolicyDocument=half + " " * 4000)
    words = refused(iam.put_user_policy, UserName="david", PolicyName="b", PolicyDocument=half)
    assert words == "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user david"
    iam.put_user_policy(UserName="david", PolicyName="a", PolicyDocument=half)


def test_managed_policies_have_a_size(iam):
    long = policy(allow("s3:*", resource="arn:aws:s3:::" + "x" * 6144))
    words = refused(iam.create_policy, PolicyName="mine", PolicyDocument=long)
    assert words == "LimitExceeded: Cannot exceed quota for PolicySize: 6144"


def test_a_new_default_version_acts_at_once(iam, client, arn):
    own = acting(client, user_with(iam, "david"))
    iam.attach_user_policy(UserName="david", PolicyArn=arn)
    before = own.list_users()["Users"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:*")), SetAsDefault=True)
    without = refused(own.list_users)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")

    assert len(before) == len(own.list_users()["Users"]) == 1
    assert without.startswith("AccessDenied")
