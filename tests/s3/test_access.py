"""Who gets in: owners, strangers with and without an account, and what a policy says to each of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.s3.answers import plain, refusal
from tests.s3.strangers import anonymous, fetch, open_up, policy


@pytest.fixture
def stranger(client, account):
    """The root of another account."""
    return client("s3", account=f"9{account[1:]}")


@pytest.mark.spec("storage:S3-23")
def test_a_new_bucket_and_its_objects_are_private(s3, bucket, stranger, client):
    s3.put_object(Bucket=bucket, Key="k", Body=b"mine")

    for visitor in (anonymous(client), stranger):
        assert refusal(visitor.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"
        assert refusal(visitor.list_objects_v2, Bucket=bucket)["Message"] == "Access Denied"
        assert refusal(visitor.put_object, Bucket=bucket, Key="k")["status"] == 403

    assert refusal(stranger.head_bucket, Bucket="no-such-bucket-at-all")["status"] == 404
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"mine"


@pytest.mark.spec("storage:S3-31", "storage:S3-32")
def test_a_public_policy_needs_block_public_access_off(s3, bucket, client):
    s3.put_object(Bucket=bucket, Key="k", Body=b"all's")
    public = policy(bucket, {})

    blocked = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=public)
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    read = fetch(s3.meta.endpoint_url, f"/{bucket}/k")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    shut = fetch(s3.meta.endpoint_url, f"/{bucket}/k")

    assert blocked["Code"] == "AccessDenied"
    assert "BlockPublicPolicy" in blocked["Message"]
    assert (read.status, read.body) == (200, "all's")
    assert shut.status == 403


@pytest.mark.spec("storage:S3-32")
def test_new_buckets_have_all_blocks_on(s3, bucket):
    shown = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]

    assert shown == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.delete_public_access_block(Bucket=bucket)
    gone = refusal(s3.get_public_access_block, Bucket=bucket)
    assert (gone["Code"], gone["BucketName"], gone["status"]) == (
        "NoSuchPublicAccessBlockConfiguration",
        bucket,
        404,
    )


@pytest.mark.spec("storage:S3-32")
def test_blocks_of_the_account_count_for_every_bucket(shared_cloud, s3, bucket, account):
    from cumulet.services.s3 import public_access

    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    assert fetch(s3.meta.endpoint_url, f"/{bucket}/k").status == 200

    store = shared_cloud.cloud.kernel.store
    wanted = {"RestrictPublicBuckets": True, "BlockPublicPolicy": True}
    shared_cloud.run(store.write(public_access.set_of_account, account, wanted))

    assert fetch(s3.meta.endpoint_url, f"/{bucket}/k").status == 403
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=policy(bucket, {}))["status"] == 403


@pytest.mark.spec("storage:S3-29")
def test_a_policy_lets_another_account_in(s3, bucket, stranger, account):
    s3.put_object(Bucket=bucket, Key="in/k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="out/k", Body=b"x")
    other = f"9{account[1:]}"
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            bucket,
            {"Principal": {"AWS": f"arn:aws:iam::{other}:root"}, "Resource": f"arn:aws:s3:::{bucket}/in/*"},
            {"Principal": {"AWS": other}, "Action": ["s3:PutObject"], "Resource": f"arn:aws:s3:::{bucket}/in/*"},
        ),
    )

    assert stranger.get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"x"
    stranger.put_object(Bucket=bucket, Key="in/new", Body=b"y")
    assert refusal(stranger.get_object, Bucket=bucket, Key="out/k")["Code"] == "AccessDenied"
    assert refusal(stranger.delete_object, Bucket=bucket, Key="in/k")["Code"] == "AccessDenied"
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    assert s3.get_object(Bucket=bucket, Key="in/new")["Body"].read() == b"y"


@pytest.mark.spec("storage:S3-27")
def test_the_objects_of_a_bucket_are_not_the_bucket(s3, bucket, stranger):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Action": "s3:*"}))

    assert stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert refusal(stranger.list_objects_v2, Bucket=bucket)["Code"] == "AccessDenied"

    listing = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, listing))
    assert stranger.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert refusal(stranger.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"


def test_only_who_may_list_learns_that_a_key_is_missing(s3, bucket, stranger):
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    unknowing = refusal(stranger.get_object, Bucket=bucket, Key="missing")
    listing = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}, listing))
    knowing = refusal(stranger.get_object, Bucket=bucket, Key="missing")

    assert (unknowing["status"], unknowing["Code"]) == (403, "AccessDenied")
    assert (knowing["status"], knowing["Code"]) == (404, "NoSuchKey")


def test_an_explicit_deny_hits_the_owner_but_never_locks_the_root_out_of_the_policy(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(bucket, {"Effect": "Deny", "Action": "s3:*", "Resource": resources})
    )

    denied = refusal(s3.get_object, Bucket=bucket, Key="k")
    assert denied["Code"] == "AccessDenied"
    assert denied["Message"].endswith("with an explicit deny in a resource-based policy")
    assert f'"arn:aws:s3:::{bucket}/k"' in denied["Message"]
    assert refusal(s3.delete_bucket, Bucket=bucket)["status"] == 403

    s3.delete_bucket_policy(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.spec("storage:S3-28")
def test_a_policy_refuses_uploads_without_encryption(s3, bucket):
    deny = {
        "Effect": "Deny", "Action": "s3:PutObject",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, deny))

    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x")["status"] == 403
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")


@pytest.mark.spec("storage:S3-28")
@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.1.1"]}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"Bool": {"aws:SecureTransport": True}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
        ({"DateLessThan": {"aws:EpochTime": 1}}, False),
        ({"StringLike": {"aws:Referer": "https://example.com/*"}}, False),
        ({"StringNotLike": {"aws:Referer": "https://example.com/*"}}, True),
        ({"Null": {"aws:Referer": "true"}}, True),
        ({"Null": {"aws:PrincipalArn": True}}, False),
        ({"StringEquals": {"s3:ExistingObjectTag/class": "open"}}, True),
        ({"StringEquals": {"s3:ExistingObjectTag/class": "secret"}}, False),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::9*:root"}}, True),
        ({"NumericLessThan": {"s3:max-keys": 5}}, False),
        ({"StringEquals": {"some:Unknown": "x"}}, False),
    ],
)  # fmt: skip
def test_an_allow_counts_if_its_conditions_hold(s3, bucket, stranger, account, condition, allowed):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="class=open")
    statement = {"Principal": {"AWS": f"9{account[1:]}"}, "Condition": condition}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, statement))

    if allowed:
        assert stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    else:
        assert refusal(stranger.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"


def test_prefixes_can_be_given_to_listers(s3, bucket, stranger, account):
    s3.put_object(Bucket=bucket, Key="home/a", Body=b"x")
    allow = {
        "Principal": {"AWS": f"9{account[1:]}"}, "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringLike": {"s3:prefix": ["home/*"]}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, allow))

    assert stranger.list_objects_v2(Bucket=bucket, Prefix="home/")["KeyCount"] == 1
    assert refusal(stranger.list_objects_v2, Bucket=bucket)["status"] == 403
    assert refusal(stranger.list_objects_v2, Bucket=bucket, Prefix="etc/")["status"] == 403


def test_versions_and_several_permissions_are_asked_for(s3, bucket, stranger, account):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    other = {"AWS": f"9{account[1:]}"}
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(bucket, {"Principal": other, "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]}),
    )

    assert stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert refusal(stranger.get_object, Bucket=bucket, Key="k", VersionId=version)["status"] == 403
    assert refusal(stranger.put_object, Bucket=bucket, Key="k", Body=b"", Tagging="a=b")["status"] == 403
    answer = stranger.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": version}]}
    )
    assert [each["Key"] for each in answer["Deleted"]] == ["k"]
    assert [(each["Code"], each["VersionId"]) for each in answer["Errors"]] == [("AccessDenied", version)]


def test_not_principal_action_and_resource(s3, bucket, stranger, account):
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    statement = {
        "Sid": "all-but", "Effect": "Deny", "NotPrincipal": {"AWS": account}, "NotAction": "s3:ListBucket",
        "NotResource": f"arn:aws:s3:::{bucket}/a",
    }  # fmt: skip
    open_up(s3, bucket)
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Statement": [
                    statement,
                    {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": f"arn:aws:s3:::{bucket}/*"},
                ]
            }
        ),
    )

    assert stranger.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
    assert refusal(stranger.get_object, Bucket=bucket, Key="b")["status"] == 403
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"x"


def test_a_copy_needs_the_right_to_read_its_source(s3, bucket, stranger, account):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    mine = f"mine-{account}"
    stranger.create_bucket(Bucket=mine)

    refused = refusal(stranger.copy_object, Bucket=mine, Key="k", CopySource=f"{bucket}/k")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Principal": {"AWS": f"9{account[1:]}"}}))
    stranger.copy_object(Bucket=mine, Key="k", CopySource=f"{bucket}/k")

    assert refused["Code"] == "AccessDenied"
    assert stranger.get_object(Bucket=mine, Key="k")["Body"].read() == b"x"
    wrong = refusal(
        stranger.copy_object, Bucket=mine, Key="k", CopySource=f"{bucket}/k", ExpectedSourceBucketOwner="111111111111"
    )
    assert wrong["Code"] == "AccessDenied"


def test_the_expected_owner_has_to_be_the_owner(s3, bucket, account):
    assert plain(s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=account)) == {}
    wrong = refusal(s3.get_bucket_versioning, Bucket=bucket, ExpectedBucketOwner="111111111111")
    assert (wrong["Code"], wrong["Message"], wrong["status"]) == ("AccessDenied", "Access Denied", 403)
    assert refusal(s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="me")["status"] == 400


def test_a_refused_head_of_a_bucket_tells_its_region(client, s3, account, stranger):
    name = f"far-{account}"
    client("s3", region="eu-west-1").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    answer = fetch(s3.meta.endpoint_url, f"/{name}", method="HEAD")
    assert (answer.status, answer.headers["x-amz-bucket-region"]) == (403, "eu-west-1")
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"


@pytest.mark.spec("storage:S3-34", "storage:S3-28")
@pytest.mark.parametrize(
    "condition",
    [
        {"Null": {"aws:MultiFactorAuthAge": "true"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    ],
)
def test_a_policy_can_demand_mfa_for_sensitive_reads(s3, bucket, condition):
    for key in ("secret/k", "open/k"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    deny = {"Effect": "Deny", "Resource": f"arn:aws:s3:::{bucket}/secret/*", "Condition": condition}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, deny))

    assert refusal(s3.get_object, Bucket=bucket, Key="secret/k")["Code"] == "AccessDenied"
    assert s3.get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"x"


@pytest.mark.spec("storage:S3-28")
def test_a_policy_opens_and_shuts_by_the_clock(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="hours")
    s3.put_object(Bucket="hours", Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket="hours")
    noon = own_cloud.now() + timedelta(hours=1)
    window = {
        "DateGreaterThan": {"aws:CurrentTime": noon.isoformat()},
        "DateLessThan": {"aws:CurrentTime": (noon + timedelta(hours=1)).isoformat()},
    }
    s3.put_bucket_policy(Bucket="hours", Policy=policy("hours", {"Condition": window}))

    statuses = []
    for _ in range(3):
        statuses.append(fetch(own_cloud.url, "/hours/k").status)
        own_cloud.advance(minutes=70)
    assert statuses == [403, 200, 403]
