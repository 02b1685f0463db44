"""A trail for all accounts of an organization."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import ACCOUNT, BUCKET, content, lake, query
from tests.conftest import connect


@pytest.fixture
def organization(own_cloud) -> str:
    organizations = connect(own_cloud, "organizations", account=ACCOUNT)
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    return made


@pytest.fixture
def member(own_cloud, organization) -> str:
    organizations = connect(own_cloud, "organizations", account=ACCOUNT)
    organizations.create_account(Email="dev@example.com", AccountName="dev")
    own_cloud.settle()
    accounts = organizations.list_accounts()["Accounts"]
    return next(each["Id"] for each in accounts if each["Id"] != ACCOUNT)


def test_a_trail_collects_from_every_account_of_the_organization(own_cloud, trails, files, organization, member):
    policy = json.loads(files.get_bucket_policy(Bucket=BUCKET)["Policy"])
    policy["Statement"][1]["Resource"] = f"arn:aws:s3:::{BUCKET}/AWSLogs/*"
    files.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    made = trails.create_trail(Name="everything", S3BucketName=BUCKET, IsOrganizationTrail=True)
    trails.start_logging(Name="everything")
    connect(own_cloud, "sqs", account=member).create_queue(QueueName="orders")
    connect(own_cloud, "sqs", account="999900001111").create_queue(QueueName="stranger")
    own_cloud.advance(minutes=6)

    listed = files.list_objects_v2(Bucket=BUCKET, Prefix=f"AWSLogs/{organization}/{member}/CloudTrail/")["Contents"]
    [record] = [r for each in listed for r in content(files, each["Key"])["Records"] if r["eventName"] == "CreateQueue"]
    everything = json.dumps([each["Key"] for each in files.list_objects_v2(Bucket=BUCKET)["Contents"]])

    assert made["IsOrganizationTrail"] is True
    assert record["recipientAccountId"] == member
    assert "999900001111" not in everything


def test_an_event_data_store_collects_from_every_account_of_the_organization(own_cloud, member):
    cloudtrail = connect(own_cloud, "cloudtrail", account=ACCOUNT)
    whole, own = lake(cloudtrail, OrganizationEnabled=True), lake(cloudtrail)
    for account in (member, ACCOUNT, "999900001111"):
        connect(own_cloud, "sqs", account=account).create_queue(QueueName="orders")
    asked = "SELECT recipientAccountId AS account FROM {} WHERE eventName = 'CreateQueue'"
    of_all = {row["account"] for row in query(cloudtrail, asked.format(whole))}
    of_one = {row["account"] for row in query(cloudtrail, asked.format(own))}

    assert of_all == {member, ACCOUNT}
    assert of_one == {ACCOUNT}
    assert cloudtrail.get_event_data_store(EventDataStore=whole)["OrganizationEnabled"] is True


def test_a_member_cannot_make_such_a_trail(own_cloud, trails, member):
    with pytest.raises(ClientError) as refused:
        connect(own_cloud, "cloudtrail", account=member).create_trail(
            Name="everything", S3BucketName=BUCKET, IsOrganizationTrail=True
        )
    assert refused.value.response["Error"]["Code"] == "NotOrganizationManagementAccountException"


def test_the_organization_has_to_let_cloudtrail_in(own_cloud, trails, organization):
    organizations = connect(own_cloud, "organizations", account=ACCOUNT)
    organizations.disable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    with pytest.raises(ClientError) as refused:
        trails.create_trail(Name="everything", S3BucketName=BUCKET, IsOrganizationTrail=True)
    assert refused.value.response["Error"]["Code"] == "CloudTrailAccessNotEnabledException"
