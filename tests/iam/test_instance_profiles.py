"""Instance profiles: what hands a role to an instance."""

from __future__ import annotations

import pytest

from tests.iam.policies import FOR_EC2, refused


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:IAM-34")
def test_a_profile_holds_a_role(iam, account):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    made = iam.create_instance_profile(InstanceProfileName="servers", Path="/x/")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName="servers", RoleName="web")
    got = iam.get_instance_profile(InstanceProfileName="servers")["InstanceProfile"]

    assert made["Arn"] == f"arn:aws:iam::{account}:instance-profile/x/servers"
    assert made["InstanceProfileId"].startswith("AIPA") and made["Roles"] == []
    assert [role["RoleName"] for role in got["Roles"]] == ["web"]
    assert [each["Arn"] for each in iam.list_instance_profiles_for_role(RoleName="web")["InstanceProfiles"]] == [
        made["Arn"]
    ]
    assert len(iam.list_instance_profiles(PathPrefix="/x/")["InstanceProfiles"]) == 1


def test_a_profile_holds_one_role_at_most(iam):
    for name in ("a", "b"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=FOR_EC2)
    iam.create_instance_profile(InstanceProfileName="servers")
    iam.add_role_to_instance_profile(InstanceProfileName="servers", RoleName="a")
    words = refused(iam.add_role_to_instance_profile, InstanceProfileName="servers", RoleName="b")
    assert words == "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    words = refused(iam.remove_role_from_instance_profile, InstanceProfileName="servers", RoleName="b")
    assert words.startswith("NoSuchEntity")


def test_a_profile_is_deleted_without_its_role(iam):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    iam.create_instance_profile(InstanceProfileName="servers")
    iam.add_role_to_instance_profile(InstanceProfileName="servers", RoleName="web")

    words = refused(iam.delete_instance_profile, InstanceProfileName="servers")
    iam.remove_role_from_instance_profile(InstanceProfileName="servers", RoleName="web")
    iam.delete_instance_profile(InstanceProfileName="servers")

    assert words == "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."
    words = refused(iam.get_instance_profile, InstanceProfileName="servers")
    assert words == "NoSuchEntity: Instance Profile servers cannot be found."


def test_profiles_have_tags(iam):
    iam.create_instance_profile(InstanceProfileName="servers", Tags=[{"Key": "a", "Value": "b"}])
    iam.tag_instance_profile(InstanceProfileName="servers", Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_instance_profile(InstanceProfileName="servers", TagKeys=["a"])
    tags = iam.list_instance_profile_tags(InstanceProfileName="servers")["Tags"]
    assert tags == iam.get_instance_profile(InstanceProfileName="servers")["InstanceProfile"]["Tags"]
    assert tags == [{"Key": "c", "Value": "d"}]
