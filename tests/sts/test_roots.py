"""Roots of member accounts, for a few tasks of the organization's management account."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.sts.people import Account, acting, allow, policy, refusal

TASK = "arn:aws:iam::aws:policy/root-task/"


@pytest.fixture
def member(here) -> Account:
    """An account of the organization that `here` manages."""
    organizations = here.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(Email=f"m{here.number}@example.com", AccountName="member")
    here.cloud.settle()
    found = organizations.describe_create_account_status(
        CreateAccountRequestId=status["CreateAccountStatus"]["Id"]
    )["CreateAccountStatus"]  # fmt: skip
    assert found["State"] == "SUCCEEDED"
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    return Account(here.cloud, found["AccountId"])


def assume(here, credentials, member, task):
    return acting(here.cloud, credentials, "sts").assume_root(
        TargetPrincipal=member.number, TaskPolicyArn={"arn": TASK + task}
    )["Credentials"]  # fmt: skip


def test_the_root_of_a_member_is_given_for_one_task_only(here, member):
    here.iam.enable_organizations_root_sessions()
    here.iam.enable_organizations_root_credentials_management()
    ana = here.user("ana", allow("sts:AssumeRoot"))

    auditor = assume(here, ana, member, "IAMAuditRootUserCredentials")

    assert acting(here.cloud, auditor, "sts").get_caller_identity()["Arn"] == member.root
    acting(here.cloud, auditor, "iam").get_account_summary()
    for service, call in (("iam", "list_users"), ("s3", "list_buckets")):
        with pytest.raises(ClientError) as raised:
            getattr(acting(here.cloud, auditor, service), call)()
        assert refusal(raised)[0] == "AccessDenied"


def test_it_takes_permission_the_feature_and_a_member(here, member):
    allowed, forbidden = here.user("ana", allow("sts:AssumeRoot")), here.user("bob")

    def refused(credentials, target, task="S3UnlockBucketPolicy"):
        with pytest.raises(ClientError) as raised:
            assume(here, credentials, target, task)
        return refusal(raised)[0]

    assert refused(allowed, member) == "AccessDenied"
    here.iam.enable_organizations_root_sessions()
    assert refused(forbidden, member) == "AccessDenied"
    assert refused(allowed, Account(here.cloud, "8" + here.number[1:])) == "AccessDenied"
    assert refused(allowed, member, "IAMDeleteRootUserCredentials") == "AccessDenied"
    assert refused(allowed, member, "AdministratorAccess") == "ValidationError"
    assert assume(here, allowed, member, "S3UnlockBucketPolicy")


def test_a_bucket_that_refuses_everybody_is_unlocked(here, member):
    here.iam.enable_organizations_root_sessions()
    bucket = f"locked-{member.number}"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}"}
    member.client("s3").create_bucket(Bucket=bucket)
    member.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    unlocker = assume(here, here.user("ana", allow("sts:AssumeRoot")), member, "S3UnlockBucketPolicy")

    s3 = acting(here.cloud, unlocker, "s3")
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError) as raised:
        s3.delete_bucket(Bucket=bucket)

    assert refusal(raised)[0] == "AccessDenied"
    member.client("s3").delete_bucket(Bucket=bucket)
