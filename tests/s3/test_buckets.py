"""Buckets: names, Regions, owners, listing, and going away."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal

from cumulet.services.s3 import buckets


@pytest.mark.spec("storage:S3-01")
def test_a_name_belongs_to_one_account_in_all_regions(client, account):
    client("s3").create_bucket(Bucket=f"mine-{account}")
    other = f"9{account[1:]}"

    for region in ("us-east-1", "eu-west-1"):
        s3 = client("s3", account=other, region=region)
        settings = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        refused = refusal(s3.create_bucket, Bucket=f"mine-{account}", **settings)
        assert (refused["Code"], refused["status"]) == ("BucketAlreadyExists", 409)
        assert refused["BucketName"] == f"mine-{account}"


def test_creating_ones_own_bucket_again_is_harmless_in_us_east_1_only(client, account):
    east, west = client("s3"), client("s3", region="eu-west-1")
    settings = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    east.create_bucket(Bucket=f"east-{account}")
    west.create_bucket(Bucket=f"west-{account}", **settings)

    east.create_bucket(Bucket=f"east-{account}")
    assert refusal(west.create_bucket, Bucket=f"west-{account}", **settings)["Code"] == "BucketAlreadyOwnedByYou"


@pytest.mark.spec("storage:S3-02")
def test_a_bucket_has_one_region_and_all_are_listed_together(client, account):
    here, there = f"here-{account}", f"there-{account}"
    s3 = client("s3")
    made = s3.create_bucket(Bucket=here)
    s3.create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})

    listed = {b["Name"]: b for b in client("s3", region="eu-west-1").list_buckets()["Buckets"]}

    assert made["Location"] == f"/{here}"
    assert made["BucketArn"] == listed[here]["BucketArn"] == f"arn:aws:s3:::{here}"
    assert {name: b["BucketRegion"] for name, b in listed.items()} == {here: "us-east-1", there: "ap-south-1"}
    assert s3.get_bucket_location(Bucket=here)["LocationConstraint"] is None
    assert s3.get_bucket_location(Bucket=there)["LocationConstraint"] == "ap-south-1"
    head = plain(s3.head_bucket(Bucket=there))
    assert head == {"BucketRegion": "ap-south-1", "BucketArn": f"arn:aws:s3:::{there}", "AccessPointAlias": False}


def test_the_old_name_of_ireland_is_told_as_it_was_given(s3, account):
    s3.create_bucket(Bucket=f"eu-{account}", CreateBucketConfiguration={"LocationConstraint": "EU"})

    assert s3.get_bucket_location(Bucket=f"eu-{account}")["LocationConstraint"] == "EU"
    assert s3.head_bucket(Bucket=f"eu-{account}")["BucketRegion"] == "eu-west-1"


@pytest.mark.parametrize(
    ("region", "constraint", "code"),
    [
        ("us-east-1", "foo", "InvalidLocationConstraint"),
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
        ("eu-west-1", "bar", "IllegalLocationConstraintException"),
        ("eu-west-1", None, "IllegalLocationConstraintException"),
    ],
)
def test_a_bucket_is_made_where_its_endpoint_may_make_it(client, account, region, constraint, code):
    settings = {} if constraint is None else {"CreateBucketConfiguration": {"LocationConstraint": constraint}}

    refused = refusal(client("s3", region=region).create_bucket, Bucket=f"b-{account}", **settings)

    assert (refused["Code"], refused["status"]) == (code, 400)


@pytest.mark.spec("storage:S3-03")
@pytest.mark.parametrize(
    "name",
    [
        "ab", "a" * 64, "Upper", "under_score", "192.168.5.4", "-dash", "dash-", ".dot", "xn--puny", "an-s3alias",
        "two..dots", "sthree-x", "lake--ol-s3",
    ],
)  # fmt: skip
def test_names_that_break_the_rules_are_refused(s3, name):
    refused = refusal(s3.create_bucket, Bucket=name)

    assert (refused["Code"], refused["status"]) == ("InvalidBucketName", 400)


@pytest.mark.spec("storage:S3-03")
@pytest.mark.parametrize("name", ["a1b", "{account}", "with.dots-and-dashes.{account}", "1{account}" + "z" * 50])
def test_names_that_keep_the_rules_are_taken(s3, account, name):
    s3.create_bucket(Bucket=name.format(account=account))
    s3.delete_bucket(Bucket=name.format(account=account))


@pytest.mark.spec("storage:S3-05")
def test_an_account_may_have_so_many_buckets_and_no_more(s3, account, monkeypatch):
    monkeypatch.setattr(buckets, "QUOTA", 2)
    for n in range(2):
        s3.create_bucket(Bucket=f"b{n}-{account}")

    assert refusal(s3.create_bucket, Bucket=f"b3-{account}")["Code"] == "TooManyBuckets"
    s3.delete_bucket(Bucket=f"b0-{account}")
    s3.create_bucket(Bucket=f"b3-{account}")


def test_what_is_not_there_is_not_found(s3, account):
    missing = {"BucketName": f"none-{account}", "Code": "NoSuchBucket", "status": 404}
    for call in (s3.list_objects, s3.list_objects_v2, s3.delete_bucket, s3.get_bucket_versioning):
        assert missing.items() <= refusal(call, Bucket=f"none-{account}").items()
    assert refusal(s3.head_bucket, Bucket=f"none-{account}") == {"Code": "404", "Message": "Not Found", "status": 404}


def test_a_bucket_goes_only_when_it_is_empty(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")

    refused = refusal(s3.delete_bucket, Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)

    assert refused["Message"] == "The bucket you tried to delete is not empty"
    assert (refused["Code"], refused["status"]) == ("BucketNotEmpty", 409)
    assert refusal(s3.head_bucket, Bucket=bucket)["status"] == 404


def test_a_delete_marker_keeps_a_bucket(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="never-was")["VersionId"]

    refused = refusal(s3.delete_bucket, Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="never-was", VersionId=marker)
    s3.delete_bucket(Bucket=bucket)

    assert refused["Message"].endswith("not empty. You must delete all versions in the bucket.")


def test_unfinished_uploads_go_with_their_bucket(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x" * 20_000)

    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)

    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_buckets_are_listed_in_pages_by_prefix_and_region(s3, account):
    names = sorted(f"{letter}-{account}" for letter in ("aa", "ab", "ac", "ba"))
    for name in names:
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket=f"ad-{account}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    first = s3.list_buckets(MaxBuckets=2, Prefix="a", BucketRegion="us-east-1")
    rest = s3.list_buckets(
        MaxBuckets=2, Prefix="a", BucketRegion="us-east-1", ContinuationToken=first["ContinuationToken"]
    )

    assert [b["Name"] for b in first["Buckets"] + rest["Buckets"]] == names[:3]
    assert first["Prefix"] == "a" and "ContinuationToken" not in rest
    assert "Prefix" not in s3.list_buckets()


def test_pages_of_buckets_are_asked_for_properly(s3):
    unknown = refusal(s3.list_buckets, BucketRegion="eu-east-1")
    assert unknown == {
        "ArgumentName": "bucket-region", "Code": "InvalidArgument", "status": 400,
        "Message": "Argument value eu-east-1 is not a valid AWS Region",
    }  # fmt: skip
    assert refusal(s3.list_buckets, MaxBuckets=0)["Code"] == "InvalidArgument"
    assert refusal(s3.list_buckets, MaxBuckets=10_001)["Code"] == "InvalidArgument"
    assert refusal(s3.list_buckets, ContinuationToken="é")["Code"] == "InvalidArgument"


def test_another_owner_than_expected_is_refused(s3, bucket, account):
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)

    assert refusal(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="111122223333")["Code"] == "AccessDenied"
