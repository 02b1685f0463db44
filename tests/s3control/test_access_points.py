"""Access points, and the public access block of an account."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from tests.conftest import connect
from tests.s3control.conftest import at_aws


def refusal(call, **given):
    with pytest.raises(ClientError) as raised:
        call(**given)
    return raised.value.response["Error"]


@pytest.fixture
def point(s3control, account, bucket):
    """A new access point "finance" of the bucket: its ARN and alias."""
    made = s3control.create_access_point(AccountId=account, Name="finance", Bucket=bucket)
    return made["AccessPointArn"], made["Alias"]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_a_life(s3control, account, bucket, point):
    arn, alias = point
    assert arn == f"arn:aws:s3:us-east-1:{account}:accesspoint/finance"
    assert alias.startswith("finance-") and alias.endswith("-s3alias") and len(alias) <= 63
    found = s3control.get_access_point(AccountId=account, Name="finance")
    listed = {
        "Name": "finance", "NetworkOrigin": "Internet", "Bucket": bucket, "AccessPointArn": arn, "Alias": alias,
        "BucketAccountId": account,
    }  # fmt: skip
    assert listed.items() <= found.items()
    assert found["Endpoints"]["ipv4"] == "s3-accesspoint.us-east-1.amazonaws.com"
    assert all(found["PublicAccessBlockConfiguration"].values()) and len(found["PublicAccessBlockConfiguration"]) == 4
    assert s3control.list_access_points(AccountId=account)["AccessPointList"] == [listed]
    deleted = s3control.delete_access_point(AccountId=account, Name="finance")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (s3control.get_access_point, s3control.delete_access_point):
        error = refusal(call, AccountId=account, Name="finance")
        assert (error["Code"], error["AccessPointName"]) == ("NoSuchAccessPoint", "finance")
        assert error["Message"] == "The specified accesspoint does not exist"


def test_names_and_buckets_are_checked(s3control, account, bucket, point):
    for name in ("sa", "xn-_test-alias", "Upper", "ends-", "x-s3alias"):
        error = refusal(s3control.create_access_point, AccountId=account, Name=name, Bucket=bucket)
        assert (error["Code"], error["URI"]) == ("InvalidURI", f"accesspoint/{name}")
    error = refusal(s3control.create_access_point, AccountId=account, Name="lost", Bucket="no-such-bucket-here")
    assert error["Message"] == "Amazon S3 AccessPoint can only be created for existing bucket"
    error = refusal(s3control.create_access_point, AccountId=account, Name="finance", Bucket=bucket)
    assert error["Code"] == "AccessPointAlreadyOwnedByYou"
    assert refusal(s3control.list_access_points, AccountId="999999999999")["Code"] == "AccessDenied"


def test_lists_come_in_pages_and_by_bucket(s3, s3control, account, bucket):
    s3.create_bucket(Bucket=bucket + "-2")
    for name, where in (("aaa", bucket), ("bbb", bucket + "-2"), ("ccc", bucket)):
        s3control.create_access_point(AccountId=account, Name=name, Bucket=where)
    first = s3control.list_access_points(AccountId=account, MaxResults=2)
    rest = s3control.list_access_points(AccountId=account, MaxResults=2, NextToken=first["NextToken"])
    assert [p["Name"] for p in first["AccessPointList"] + rest["AccessPointList"]] == ["aaa", "bbb", "ccc"]
    assert "NextToken" not in rest
    of_bucket = s3control.list_access_points(AccountId=account, Bucket=bucket)["AccessPointList"]
    assert [p["Name"] for p in of_bucket] == ["aaa", "ccc"]


@pytest.mark.spec("storage:S3AP-02")
def test_objects_are_reached_by_the_alias(s3, bucket, point):
    _, alias = point
    s3.put_object(Bucket=alias, Key="a/b", Body=b"by the point")
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"by the point"
    assert s3.get_object(Bucket=alias, Key="a/b")["Body"].read() == b"by the point"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=alias)["Contents"]] == ["a/b"]
    assert s3.head_bucket(Bucket=alias)["AccessPointAlias"] and not s3.head_bucket(Bucket=bucket)["AccessPointAlias"]
    s3.copy_object(Bucket=alias, Key="copy", CopySource=f"{alias}/a/b")
    s3.delete_object(Bucket=alias, Key="a/b")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["copy"]


@pytest.mark.spec("storage:S3AP-02")
@pytest.mark.parametrize("endpoint", [None, "http://s3.us-east-1.localhost.localstack.cloud:4566"])
def test_objects_are_reached_by_the_arn(shared_cloud, s3, account, bucket, point, endpoint):
    """Clients make a host name of the ARN, of one form for AWS and of another for an endpoint they are told."""
    arn, _ = point
    named = at_aws(shared_cloud, "s3", account, endpoint_url=endpoint)
    named.put_object(Bucket=arn, Key="k", Body=b"by the ARN")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"by the ARN"
    assert [each["Key"] for each in named.list_objects_v2(Bucket=arn)["Contents"]] == ["k"]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{arn}/object/k")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"by the ARN"
    error = refusal(named.get_object, Bucket=arn.replace("finance", "absent"), Key="k")
    assert error["Code"] == ("NoSuchAccessPoint" if endpoint is None else "NoSuchBucket")


@pytest.mark.spec("storage:S3AP-01")
def test_each_point_has_its_own_policy(s3, s3control, account, bucket, point):
    arn, alias = point
    other = s3control.create_access_point(AccountId=account, Name="sales", Bucket=bucket)["Alias"]
    for key in ("finance/a", "sales/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    text = policy(
        {
            "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{arn}/object/sales/*",
        },
        {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"{arn}/object/*"},
    )  # fmt: skip
    s3control.put_access_point_policy(AccountId=account, Name="finance", Policy=text)
    assert s3control.get_access_point_policy(AccountId=account, Name="finance")["Policy"] == text
    assert s3.get_object(Bucket=alias, Key="finance/a")["Body"].read() == b"1"
    assert refusal(s3.get_object, Bucket=alias, Key="sales/a")["Code"] == "AccessDenied"
    assert refusal(s3.put_object, Bucket=alias, Key="finance/b", Body=b"1")["Code"] == "AccessDenied"
    assert s3.get_object(Bucket=other, Key="sales/a")["Body"].read() == b"1"
    assert s3.get_object(Bucket=bucket, Key="sales/a")["Body"].read() == b"1"
    s3control.delete_access_point_policy(AccountId=account, Name="finance")
    assert s3.get_object(Bucket=alias, Key="sales/a")["Body"].read() == b"1"
    error = refusal(s3control.get_access_point_policy, AccountId=account, Name="finance")
    assert error["Code"] == "NoSuchAccessPointPolicy"


def test_a_stranger_needs_both_the_point_and_the_bucket(shared_cloud, s3, s3control, account, bucket, point):
    arn, alias = point
    stranger = "9" + account[1:]
    theirs = connect(shared_cloud, "s3", account=stranger)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    who = {"AWS": f"arn:aws:iam::{stranger}:root"}
    by_point = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": f"{arn}/object/*"}
    s3control.put_access_point_policy(AccountId=account, Name="finance", Policy=policy(by_point))
    assert refusal(theirs.get_object, Bucket=alias, Key="k")["Code"] == "AccessDenied"
    delegate = {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": account}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(delegate))
    assert theirs.get_object(Bucket=alias, Key="k")["Body"].read() == b"1"
    assert refusal(theirs.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"
    s3control.delete_access_point_policy(AccountId=account, Name="finance")
    assert refusal(theirs.get_object, Bucket=alias, Key="k")["Code"] == "AccessDenied"


def test_a_public_policy_is_refused_while_the_point_blocks_it(s3control, account, bucket, point):
    text = policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{point[0]}/object/*"})
    given = {"AccountId": account, "Policy": text}
    assert refusal(s3control.put_access_point_policy, Name="finance", **given)["Code"] == "AccessDenied"
    made = s3control.create_access_point(
        AccountId=account, Name="open", Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": False}
    )
    text = text.replace(point[0], made["AccessPointArn"])
    s3control.put_access_point_policy(AccountId=account, Name="open", Policy=text)
    assert s3control.get_access_point_policy_status(AccountId=account, Name="open")["PolicyStatus"] == {
        "IsPublic": True
    }
    error = refusal(s3control.put_access_point_policy, AccountId=account, Name="open", Policy="{nonsense")
    assert error["Code"] == "MalformedPolicy"


@pytest.mark.spec("storage:S3AP-04")
def test_a_point_for_a_vpc_refuses_who_comes_from_elsewhere(s3, s3control, account, bucket):
    made = s3control.create_access_point(
        AccountId=account, Name="inside", Bucket=bucket, VpcConfiguration={"VpcId": "vpc-1a2b3c4d"}
    )
    assert refusal(s3.put_object, Bucket=made["Alias"], Key="k", Body=b"1")["Code"] == "AccessDenied"
    found = s3control.get_access_point(AccountId=account, Name="inside")
    assert (found["NetworkOrigin"], found["VpcConfiguration"]) == ("VPC", {"VpcId": "vpc-1a2b3c4d"})


def test_a_bucket_with_points_stays_and_cannot_be_configured_by_them(s3, s3control, account, bucket, point):
    assert refusal(s3.delete_bucket, Bucket=bucket)["Code"] == "BucketHasAccessPointsAttached"
    for call in (s3.delete_bucket, s3.get_bucket_encryption):
        assert refusal(call, Bucket=point[1])["Code"] == "MethodNotAllowed"
    s3control.delete_access_point(AccountId=account, Name="finance")
    s3.delete_bucket(Bucket=bucket)


def test_the_blocks_of_an_account_stand_before_those_of_a_bucket(s3, s3control, account, bucket):
    error = refusal(s3control.get_public_access_block, AccountId=account)
    assert error["Code"] == "NoSuchPublicAccessBlockConfiguration"
    s3.delete_public_access_block(Bucket=bucket)
    text = policy(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    )
    blocks = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3control.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=blocks)
    assert s3control.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"] == blocks
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=text)["Code"] == "AccessDenied"
    s3control.delete_public_access_block(AccountId=account)
    s3.put_bucket_policy(Bucket=bucket, Policy=text)


def test_tags_of_buckets_and_points(s3, s3control, account, bucket, point):
    for arn in (f"arn:aws:s3:::{bucket}", point[0]):
        s3control.tag_resource(AccountId=account, ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
        s3control.tag_resource(AccountId=account, ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
        s3control.untag_resource(AccountId=account, ResourceArn=arn, TagKeys=["a"])
        found = s3control.list_tags_for_resource(AccountId=account, ResourceArn=arn)["Tags"]
        assert found == [{"Key": "b", "Value": "2"}]
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ([("aws:x", "1")], "reserved for system tags"),
        ([("k", "1"), ("k", "2")], "duplicate tag keys"),
        ([("k#", "1")], "isn't valid"),
        ([("k", "v#")], "isn't valid"),
    ],
)
def test_tags_are_checked(s3control, account, bucket, tags, words):
    given = [{"Key": key, "Value": value} for key, value in tags]
    error = refusal(s3control.tag_resource, AccountId=account, ResourceArn=f"arn:aws:s3:::{bucket}", Tags=given)
    assert error["Code"] == "InvalidTag" and words in error["Message"]


@pytest.mark.spec("storage:S3SL-01")
def test_storage_lens_begins_with_a_default_dashboard(s3control, account):
    listed = s3control.list_storage_lens_configurations(AccountId=account)["StorageLensConfigurationList"]
    assert [each["Id"] for each in listed] == ["default-account-dashboard"] and listed[0]["IsEnabled"]
    wanted = {"Id": "mine", "AccountLevel": {"BucketLevel": {}}, "IsEnabled": True}
    given = {"ConfigId": "mine", "AccountId": account}
    tags = [{"Key": "k", "Value": "v"}]
    s3control.put_storage_lens_configuration(**given, StorageLensConfiguration=wanted, Tags=tags)
    found = s3control.get_storage_lens_configuration(**given)["StorageLensConfiguration"]
    assert found["StorageLensArn"] == f"arn:aws:s3:us-east-1:{account}:storage-lens/mine" and found["IsEnabled"]
    assert s3control.get_storage_lens_configuration_tagging(**given)["Tags"] == tags
    s3control.delete_storage_lens_configuration(**given)
    assert refusal(s3control.get_storage_lens_configuration, **given)["Code"] == "NoSuchConfiguration"


def test_what_is_missing_says_so(s3control, account):
    error = refusal(s3control.list_access_points_for_object_lambda, AccountId=account)
    assert error["Code"] == "NotImplemented"
    error = refusal(s3control.list_multi_region_access_points, AccountId=account)
    assert error["Code"] == "NotImplemented"


def test_an_account_is_forgotten_with_its_access_points(own_cloud):
    s3 = connect(own_cloud, "s3", account="111111111111")
    control = at_aws(own_cloud, "s3control", "111111111111")
    s3.create_bucket(Bucket="forgotten")
    alias = control.create_access_point(AccountId="111111111111", Name="finance", Bucket="forgotten")["Alias"]
    kernel = own_cloud.cloud.kernel
    own_cloud.run(kernel.store.write(kernel.registry.load("s3").reset, kernel.blobs, "111111111111"))
    assert control.list_access_points(AccountId="111111111111")["AccessPointList"] == []
    assert refusal(s3.head_bucket, Bucket=alias)["Code"] == "404"
    left = own_cloud.run(kernel.store.read(lambda tx: [key for key, _ in tx.items(("s3",)) if alias in key]))
    assert left == []
