"""Server access logs: one line for each request, delivered as objects some minutes later."""

from __future__ import annotations

import re

import pytest
from tests.conftest import connect
from tests.s3.answers import plain, refusal
from tests.s3.strangers import fetch, open_up, policy

from cumulet.services.s3.owners import canonical_id

ACCOUNT = "123456789012"
FIELDS = re.compile(r'\[[^]]*\]|"[^"]*"|[^ ]+')


@pytest.fixture
def s3(own_cloud):
    return connect(own_cloud, "s3", account=ACCOUNT)


@pytest.fixture
def logged(s3):
    """A bucket "source" whose log goes to "logs", under "log/"."""
    s3.create_bucket(Bucket="source")
    s3.create_bucket(Bucket="logs")
    allow(s3, "logs")
    switch_on(s3)
    return "source"


def allow(s3, target, **condition):
    statement = {"Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject"}
    s3.put_bucket_policy(Bucket=target, Policy=policy(target, {**statement, **condition}))


def switch_on(s3, source="source", target="logs", prefix="log/", **more):
    enabled = {"TargetBucket": target, "TargetPrefix": prefix, **more}
    s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})


def delivered(cloud, s3, target="logs"):
    """Let the log arrive: the keys of its objects, and the fields of each of its lines."""
    cloud.advance(minutes=6)
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=target).get("Contents", [])]
    text = "".join(s3.get_object(Bucket=target, Key=key)["Body"].read().decode() for key in keys if "log/" in key)
    return keys, [FIELDS.findall(line) for line in text.splitlines()]


@pytest.mark.spec("storage:S3-94", "storage:S3-96")
def test_every_request_leaves_a_line(own_cloud, s3, logged):
    s3.put_object(Bucket=logged, Key="a b", Body=b"12345")
    s3.get_object(Bucket=logged, Key="a b")
    refusal(s3.get_object, Bucket=logged, Key="missing")
    fetch(own_cloud.url, f"/{logged}/a%20b?x=y", Referer='http://e.com/"quoted"', User_Agent="me/1")

    keys, lines = delivered(own_cloud, s3)

    assert len(keys) == 1
    assert re.fullmatch(r"log/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}", keys[0])
    assert [line[6] for line in lines] == ["REST.PUT.OBJECT", "REST.GET.OBJECT", "REST.GET.OBJECT", "REST.GET.OBJECT"]
    put, got, missing, anonymous = lines
    me = canonical_id(ACCOUNT)
    assert put[0] == me
    assert put[1] == logged
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]", put[2])
    assert put[3:5] == ["127.0.0.1", me]
    assert put[7] == "a%2520b"
    assert put[8] == '"PUT /source/a%20b HTTP/1.1"'
    assert got[9:13] == ["200", "-", "5", "5"]
    assert missing[9:11] == ["404", "NoSuchKey"]
    assert anonymous[4] == "-"
    assert anonymous[8] == f'"GET /{logged}/a%20b?x=y HTTP/1.1"'
    assert anonymous[9:11] == ["403", "AccessDenied"]
    assert anonymous[15:17] == ['"http://e.com/%22quoted%22"', '"me/1"']
    assert put[19:22] == ["SigV4", "-", "AuthHeader"]
    assert {len(line) for line in lines} == {26}


@pytest.mark.spec("storage:S3-95")
def test_a_bucket_that_logs_to_itself_does_not_feed_on_its_log(own_cloud, s3):
    s3.create_bucket(Bucket="self")
    allow(s3, "self")
    switch_on(s3, "self", "self")
    s3.put_object(Bucket="self", Key="k")

    _, lines = delivered(own_cloud, s3, "self")
    assert [line[6] for line in lines] == ["REST.PUT.OBJECT"]
    s3.put_bucket_logging(Bucket="self", BucketLoggingStatus={})
    own_cloud.advance(days=1)
    assert len([e for e in s3.list_objects_v2(Bucket="self")["Contents"] if e["Key"].startswith("log/")]) == 1


@pytest.mark.spec("storage:S3-95")
def test_a_target_has_to_be_near_and_ones_own(own_cloud, s3):
    s3.create_bucket(Bucket="source")
    connect(own_cloud, "s3", account="999999999999").create_bucket(Bucket="theirs")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def refused(target, **more):
        enabled = {"TargetBucket": target, "TargetPrefix": "", **more}
        return refusal(s3.put_bucket_logging, Bucket="source", BucketLoggingStatus={"LoggingEnabled": enabled})["Code"]

    assert refused("nowhere-to-be-found") == "InvalidTargetBucketForLogging"
    assert refused("theirs") == "InvalidTargetBucketForLogging"
    assert refused("far") == "CrossLocationLoggingProhibitted"
    grant = {"Grantee": {"Type": "CanonicalUser", "ID": canonical_id(ACCOUNT)}, "Permission": "READ"}
    assert refused("source", TargetGrants=[grant]) == "InvalidTargetBucketForLogging"
    assert plain(s3.get_bucket_logging(Bucket="source")) == {}


def test_the_setting_is_kept_and_taken_away(s3, logged):
    shown = plain(s3.get_bucket_logging(Bucket=logged))
    s3.put_bucket_logging(Bucket=logged, BucketLoggingStatus={})

    assert shown == {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "log/"}}
    assert plain(s3.get_bucket_logging(Bucket=logged)) == {}


def test_a_log_goes_only_where_the_policy_lets_it(own_cloud, s3, logged):
    allow(s3, "logs", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another"}})
    s3.put_object(Bucket=logged, Key="k")
    assert delivered(own_cloud, s3)[0] == []

    allow(
        s3,
        "logs",
        Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::sou*"}},
    )
    s3.put_object(Bucket=logged, Key="k")
    assert len(delivered(own_cloud, s3)[1]) == 1


@pytest.mark.spec("storage:S3-33")
def test_where_acls_count_the_log_delivery_group_is_let_in(own_cloud, s3):
    s3.create_bucket(Bucket="source")
    s3.create_bucket(Bucket="logs", ObjectOwnership="ObjectWriter")
    enabled = {"TargetBucket": "logs", "TargetPrefix": "log/"}
    refused = refusal(s3.put_bucket_logging, Bucket="source", BucketLoggingStatus={"LoggingEnabled": enabled})
    s3.put_bucket_acl(Bucket="logs", ACL="log-delivery-write")
    grant = {
        "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"},
        "Permission": "READ_ACP",
    }
    switch_on(s3, TargetGrants=[grant])
    s3.head_bucket(Bucket="source")

    keys, lines = delivered(own_cloud, s3)

    assert refused["Code"] == "InvalidTargetBucketForLogging"
    assert [line[6] for line in lines] == ["REST.HEAD.BUCKET"]
    assert grant in s3.get_object_acl(Bucket="logs", Key=keys[0])["Grants"]


def test_partitioned_keys(own_cloud, s3, logged):
    switch_on(s3, TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    s3.head_bucket(Bucket=logged)
    day = own_cloud.now()

    keys, _ = delivered(own_cloud, s3)

    start = f"log/{ACCOUNT}/us-east-1/source/{day:%Y/%m/%d}/{day:%Y-%m-%d}-00-00-00-"
    assert [key.startswith(start) for key in keys] == [True]


def test_many_lines_arrive_in_several_objects(own_cloud, s3, logged, monkeypatch):
    monkeypatch.setattr("cumulet.services.s3.access_logs.MOST_LINES", 3)
    for _ in range(7):
        s3.head_bucket(Bucket=logged)

    keys, lines = delivered(own_cloud, s3)
    assert (len(keys), len(lines)) == (3, 7)
    assert own_cloud.cloud.kernel.store.peek(("s3", "log", logged)) is None


def test_each_object_of_a_batch_has_a_line(own_cloud, s3, logged):
    s3.delete_objects(Bucket=logged, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})

    lines = delivered(own_cloud, s3)[1]
    assert [line[6:8] for line in lines] == [
        ["BATCH.DELETE.OBJECT", "a"],
        ["BATCH.DELETE.OBJECT", "b"],
        ["REST.POST.MULTI_OBJECT_DELETE", "-"],
    ]
    assert [line[9] for line in lines] == ["204", "204", "200"]


def test_websites_and_refused_strangers_are_logged_too(own_cloud, s3, logged):
    s3.put_object(Bucket=logged, Key="index.html", Body=b"x")
    s3.put_bucket_website(Bucket=logged, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    open_up(s3, logged)
    s3.put_bucket_policy(Bucket=logged, Policy=policy(logged, {}))
    port = own_cloud.url.rpartition(":")[2]
    for path in ("/", "/missing"):
        fetch(own_cloud.url, path, host=f"{logged}.s3-website.localhost:{port}")

    lines = delivered(own_cloud, s3)[1]
    operations = [line[6] for line in lines]
    assert [line[9:11] for line in lines[-2:]] == [["200", "-"], ["403", "AccessDenied"]]
    assert operations[1:] == [
        "REST.PUT.WEBSITE",
        "REST.DELETE.PUBLIC_ACCESS_BLOCK",
        "REST.PUT.BUCKETPOLICY",
        "WEBSITE.GET.OBJECT",
        "WEBSITE.GET.OBJECT",
    ]
