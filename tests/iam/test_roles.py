"""Roles: what they have, whom they trust, what keeps them from being deleted."""

from __future__ import annotations

import pytest

from tests.iam.policies import FOR_EC2, allow, policy, refused, trusting


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:IAM-31")
def test_a_role_has_a_trust_policy_and_a_longest_session(iam, account):
    made = iam.create_role(RoleName="web", Path="/app/", AssumeRolePolicyDocument=FOR_EC2, Description="Serves.")[
        "Role"
    ]
    got = iam.get_role(RoleName="web")["Role"]
    listed = iam.list_roles(PathPrefix="/app/")["Roles"]

    assert made["Arn"] == f"arn:aws:iam::{account}:role/app/web"
    assert made["RoleId"].startswith("AROA")
    assert "MaxSessionDuration" not in made and got["MaxSessionDuration"] == 3600
    assert got["RoleLastUsed"] == {} and "RoleLastUsed" not in listed[0]
    principal = got["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"Service": "ec2.amazonaws.com"}


def test_a_document_comes_back_with_its_encoded_characters(iam):
    odd = trusting({"Service": "lambda.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceArn": "arn%3Aa+b/ü"}})
    iam.create_role(RoleName="odd", AssumeRolePolicyDocument=odd)
    got = iam.get_role(RoleName="odd")["Role"]["AssumeRolePolicyDocument"]
    assert got["Statement"][0]["Condition"] == {"StringEquals": {"aws:SourceArn": "arn%3Aa+b/ü"}}


def test_a_role_can_be_changed(iam):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    iam.update_role(RoleName="web", MaxSessionDuration=7200, Description="a")
    iam.update_assume_role_policy(RoleName="web", PolicyDocument=trusting({"Service": "lambda.amazonaws.com"}))
    iam.tag_role(RoleName="web", Tags=[{"Key": "a", "Value": "b"}])
    described = iam.update_role_description(RoleName="web", Description="b")["Role"]
    got = iam.get_role(RoleName="web")["Role"]

    assert (got["MaxSessionDuration"], got["Description"]) == (7200, "b")
    assert described["Description"] == "b"
    assert got["Tags"] == iam.list_role_tags(RoleName="web")["Tags"] == [{"Key": "a", "Value": "b"}]
    assert "lambda" in str(got["AssumeRolePolicyDocument"])
    assert refused(iam.update_role, RoleName="web", MaxSessionDuration=3599).startswith("ValidationError")


@pytest.mark.parametrize(
    "document",
    ["{", "[]", '{"Version":"2012-10-17","Statement":[]}', policy(allow("s3:*")), policy(allow("sts:AssumeRole"))],
)  # fmt: skip
def test_a_trust_policy_is_held_to_its_language(iam, document):
    words = refused(iam.create_role, RoleName="web", AssumeRolePolicyDocument=document)
    assert words.startswith("MalformedPolicyDocument: ")
    assert refused(iam.get_role, RoleName="web").startswith("NoSuchEntity")


def test_what_is_no_json_is_refused_in_the_words_of_aws(iam):
    words = refused(iam.create_role, RoleName="web", AssumeRolePolicyDocument="invalid")
    assert words == "MalformedPolicyDocument: This policy contains invalid Json"


def test_those_whom_a_role_trusts_exist(iam, account):
    nobody = f"arn:aws:iam::{account}:user/nobody"
    words = refused(iam.create_role, RoleName="web", AssumeRolePolicyDocument=trusting({"AWS": nobody}))
    assert words == f'MalformedPolicyDocument: Invalid principal in policy: "AWS":"{nobody}"'
    for principal in ({"Service": "nothing"}, {"AWS": f"arn:aws:iam::{account}:user/*"}, {"CanonicalUser": "a" * 64}):
        words = refused(iam.create_role, RoleName="web", AssumeRolePolicyDocument=trusting(principal))
        assert words.startswith("MalformedPolicyDocument: ")


@pytest.mark.parametrize(
    "principal",
    ["*", {"AWS": "*"}, {"AWS": "111122223333"}, {"AWS": "arn:aws:iam::111122223333:root"},
     {"Federated": "cognito-identity.amazonaws.com"}],
)  # fmt: skip
def test_accounts_everybody_and_providers_can_be_trusted(iam, principal):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trusting(principal))
    document = iam.get_role(RoleName="web")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"] == principal


def test_trust_follows_a_renamed_user_and_never_a_namesake(iam, account):
    user = iam.create_user(UserName="david")["User"]
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trusting({"AWS": [user["Arn"], account]}))

    def trusted():
        document = iam.get_role(RoleName="web")["Role"]["AssumeRolePolicyDocument"]
        return document["Statement"][0]["Principal"]["AWS"]

    before = trusted()
    iam.update_user(UserName="david", NewUserName="goliath")
    renamed = trusted()
    iam.delete_user(UserName="goliath")
    gone = trusted()
    iam.create_user(UserName="david")

    assert before == [user["Arn"], account]
    assert renamed == [f"arn:aws:iam::{account}:user/goliath", account]
    assert gone == trusted() == [user["UserId"], account]


def test_a_role_that_trusts_somebody_gone_can_be_kept_as_it_is_shown(iam, account):
    user = iam.create_user(UserName="david")["User"]
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trusting({"AWS": user["Arn"]}))
    iam.delete_user(UserName="david")
    iam.update_assume_role_policy(RoleName="web", PolicyDocument=trusting({"AWS": user["UserId"]}))
    assert user["UserId"] in str(iam.get_role(RoleName="web")["Role"]["AssumeRolePolicyDocument"])


def test_a_role_is_deleted_only_when_nothing_holds_it(iam):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=policy(allow("s3:*")))

    words = [refused(iam.delete_role, RoleName="web")]
    iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="web")
    words.append(refused(iam.delete_role, RoleName="web"))
    iam.delete_role_policy(RoleName="web", PolicyName="p")
    iam.delete_role(RoleName="web")

    assert words == [
        "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.",
        "DeleteConflict: Cannot delete entity, must delete policies first.",
    ]
    assert refused(iam.get_role, RoleName="web") == "NoSuchEntity: The role with name web cannot be found."


def test_trust_policies_are_short(iam):
    long = trusting({"Service": "ec2.amazonaws.com"}, Condition={"StringEquals": {"aws:a": "x" * 2048}})
    words = refused(iam.create_role, RoleName="web", AssumeRolePolicyDocument=long)
    assert words == "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048"
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2 + " " * 5000)


def test_a_service_linked_role_belongs_to_its_service(iam, account):
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="mine")["Role"]
    name = "AWSServiceRoleForAutoScaling_mine"
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    again = refused(iam.create_service_linked_role, AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="mine")

    assert made["Arn"] == f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/{name}"
    assert [policy["PolicyName"] for policy in attached] == ["AutoScalingServiceRolePolicy"]
    assert again.startswith(f"InvalidInput: Service role name {name} has been taken in this account")
    for change in (
        lambda: refused(iam.delete_role, RoleName=name),
        lambda: refused(iam.put_role_policy, RoleName=name, PolicyName="p", PolicyDocument=policy(allow("s3:*"))),
        lambda: refused(iam.update_assume_role_policy, RoleName=name, PolicyDocument=FOR_EC2),
    ):
        assert change() == (
            f"UnmodifiableEntity: Cannot perform the operation on the protected role '{name}' - "
            "this role is only modifiable by AWS"
        )
    iam.update_role_description(RoleName=name, Description="Scales mine.")
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "b"}])
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "Scales mine."
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert refused(iam.get_role, RoleName=name).startswith("NoSuchEntity")
    assert refused(iam.get_service_linked_role_deletion_status, DeletionTaskId="task/x").startswith("NoSuchEntity")


def test_a_service_without_such_a_role_or_suffix_is_told(iam):
    assert refused(iam.create_service_linked_role, AWSServiceName="nothing.amazonaws.com").startswith("InvalidInput")
    words = refused(iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com", CustomSuffix="x")
    assert words == "InvalidInput: Custom suffix is not allowed for ecs.amazonaws.com"
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=FOR_EC2)
    assert refused(iam.delete_service_linked_role, RoleName="mine").startswith("ValidationError")
    reserved = {"RoleName": "x", "Path": "/aws-service-role/ecs.amazonaws.com/", "AssumeRolePolicyDocument": FOR_EC2}
    assert refused(iam.create_role, **reserved).startswith("ValidationError")
