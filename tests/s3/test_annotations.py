"""Annotations: named texts beside an object, which go where it goes and no further."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.roles import role_for
from tests.s3.answers import plain, refusal
from tests.s3.test_notifications import heard, make_queue, tell


def annotate(s3, bucket, name="summary", text="a cat", key="cat.png", **more):
    return s3.put_object_annotation(Bucket=bucket, Key=key, AnnotationName=name, AnnotationPayload=text, **more)


def read(s3, bucket, name="summary", key="cat.png", **more):
    found = s3.get_object_annotation(Bucket=bucket, Key=key, AnnotationName=name, **more)
    return found["AnnotationPayload"].read().decode()


def names(s3, bucket, key="cat.png", **more):
    listed = s3.list_object_annotations(Bucket=bucket, Key=key, **more)
    return [each["AnnotationName"] for each in listed["Annotations"]]


@pytest.fixture
def cat(s3, bucket):
    s3.put_object(Bucket=bucket, Key="cat.png", Body=b"meow")
    return bucket


def test_an_annotation_comes_back_as_it_was_set(s3, cat):
    before = s3.head_object(Bucket=cat, Key="cat.png")
    text = json.dumps({"label": "Kätzchen", "score": 0.9}) * 2000
    put = annotate(s3, cat, text=text, ChecksumAlgorithm="SHA256")
    assert (put["Key"], put["AnnotationName"], put["ServerSideEncryption"]) == ("cat.png", "summary", "AES256")
    assert put["ChecksumSHA256"] and "ObjectVersionId" not in put

    found = s3.get_object_annotation(Bucket=cat, Key="cat.png", AnnotationName="summary", ChecksumMode="ENABLED")
    assert found["AnnotationPayload"].read().decode() == text
    assert found["ETag"] == put["ETag"] and found["ChecksumSHA256"] == put["ChecksumSHA256"]
    assert found["ContentLength"] == len(text.encode())
    after = s3.head_object(Bucket=cat, Key="cat.png")
    assert {**plain(before), "LastModified": 0} == {**plain(after), "LastModified": 0}
    assert before["LastModified"] == after["LastModified"]


def test_one_of_the_same_name_is_replaced_and_one_can_be_deleted(s3, cat):
    annotate(s3, cat)
    annotate(s3, cat, text="a dog")
    annotate(s3, cat, name="other")
    assert read(s3, cat) == "a dog" and names(s3, cat) == ["other", "summary"]
    for _ in range(2):  # what is gone stays gone
        gone = s3.delete_object_annotation(Bucket=cat, Key="cat.png", AnnotationName="summary")
        assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert names(s3, cat) == ["other"]
    error = refusal(s3.get_object_annotation, Bucket=cat, Key="cat.png", AnnotationName="summary")
    assert (error["Code"], error["status"]) == ("NoSuchAnnotation", 404)


def test_lists_go_by_name_prefix_and_page(s3, cat):
    for name in ("b/2", "a", "b/1", "b/3", "c"):
        annotate(s3, cat, name=name)
    assert names(s3, cat) == ["a", "b/1", "b/2", "b/3", "c"]
    first = s3.list_object_annotations(Bucket=cat, Key="cat.png", AnnotationPrefix="b/", MaxAnnotationResults=2)
    assert [each["AnnotationName"] for each in first["Annotations"]] == ["b/1", "b/2"]
    assert (first["AnnotationCount"], first["AnnotationPrefix"], first["MaxAnnotationResults"]) == (2, "b/", 2)
    assert {each["Size"] for each in first["Annotations"]} == {5}
    more = {"AnnotationPrefix": "b/", "ContinuationToken": first["NextContinuationToken"]}
    last = s3.list_object_annotations(Bucket=cat, Key="cat.png", **more)
    assert [each["AnnotationName"] for each in last["Annotations"]] == ["b/3"] and "NextContinuationToken" not in last
    wrong = {"Bucket": cat, "Key": "cat.png", "ContinuationToken": "?"}
    assert refusal(s3.list_object_annotations, **wrong)["Code"] == "InvalidArgument"


@pytest.mark.parametrize(
    ("name", "text", "code", "status"),
    [
        ("aws-x", "a", "InvalidAnnotationName", 400),
        ("S3", "a", "InvalidAnnotationName", 400),
        ("é" * 257, "a", "AnnotationNameTooLong", 400),
        ("n", b"", "InvalidRequest", 400),
        ("n", b"\xff\xfe", "UnsupportedMediaType", 415),
        ("n", b"x" * (1024 * 1024 + 1), "EntityTooLarge", 400),
    ],
)
def test_what_cannot_be_an_annotation_is_refused(s3, cat, name, text, code, status):
    given = {"Bucket": cat, "Key": "cat.png", "AnnotationName": name, "AnnotationPayload": text}
    error = refusal(s3.put_object_annotation, **given)
    assert (error["Code"], error["status"]) == (code, status)
    assert names(s3, cat) == []


def test_the_largest_annotation_with_the_longest_name(s3, cat):
    annotate(s3, cat, name="é" * 256, text="x" * 1024 * 1024)
    assert len(read(s3, cat, name="é" * 256)) == 1024 * 1024


def test_a_version_has_at_most_a_thousand(s3, cat):
    for number in range(1000):
        annotate(s3, cat, name=f"n{number}", text="t")
    given = {"Bucket": cat, "Key": "cat.png", "AnnotationPayload": "t"}
    error = refusal(s3.put_object_annotation, AnnotationName="one too many", **given)
    assert error["Code"] == "AnnotationLimitExceeded"
    annotate(s3, cat, name="n7", text="another")
    assert len(names(s3, cat)) == 1000


def test_there_must_be_an_object_and_the_expected_one(s3, cat):
    given = {"Bucket": cat, "AnnotationName": "n", "AnnotationPayload": "t"}
    assert refusal(s3.put_object_annotation, Key="dog.png", **given)["Code"] == "NoSuchKey"
    error = refusal(s3.put_object_annotation, Key="cat.png", ObjectIfMatch='"no"', **given)
    assert error["Code"] == "PreconditionFailed"
    etag = s3.head_object(Bucket=cat, Key="cat.png")["ETag"]
    annotate(s3, cat, ObjectIfMatch=etag)
    gone = {"Bucket": cat, "Key": "cat.png", "AnnotationName": "summary"}
    assert refusal(s3.delete_object_annotation, **gone, ObjectIfMatch="no")["Code"] == "PreconditionFailed"
    assert names(s3, cat) == ["summary"]


def test_each_version_has_its_own(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old, new = (s3.put_object(Bucket=bucket, Key="cat.png", Body=b"meow")["VersionId"] for _ in range(2))
    assert annotate(s3, bucket, text="old", VersionId=old)["ObjectVersionId"] == old
    assert annotate(s3, bucket, text="new")["ObjectVersionId"] == new
    assert read(s3, bucket, VersionId=old) == "old" and read(s3, bucket) == "new"
    s3.delete_object(Bucket=bucket, Key="cat.png", VersionId=new)
    assert read(s3, bucket) == "old"


def test_annotations_go_with_their_object(own_cloud):
    """Overwritten, deleted, and deleted with the bucket's other versions: nothing is left in store or on disk."""
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="pets")
    blobs = own_cloud.cloud.settings.home / "blobs"
    for leave in (s3.put_object, s3.delete_object):
        s3.put_object(Bucket="pets", Key="cat.png")
        annotate(s3, "pets", text="x" * 100_000)
        annotate(s3, "pets", name="small")
        leave(Bucket="pets", Key="cat.png")
        assert [path for path in blobs.rglob("*") if path.is_file()] == []
        left = own_cloud.run(own_cloud.cloud.kernel.store.read(lambda tx: list(tx.items(("s3", "annotation")))))
        assert left == []
    assert own_cloud.check() == []


def test_an_account_is_reset_with_its_annotations(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="pets")
    s3.put_object(Bucket="pets", Key="cat.png")
    annotate(s3, "pets", text="x" * 100_000)
    kernel = own_cloud.cloud.kernel
    own_cloud.run(kernel.store.write(kernel.registry.load("s3").reset, kernel.blobs, "000000000000"))
    assert own_cloud.run(kernel.store.read(lambda tx: list(tx.items(("s3", "annotation"))))) == []
    assert own_cloud.check() == []


def test_copies_take_them_along_unless_told_not_to(s3, cat):
    annotate(s3, cat, text="x" * 50_000)
    source = {"Bucket": cat, "Key": "cat.png"}
    s3.copy_object(Bucket=cat, Key="with.png", CopySource=source)
    s3.copy_object(Bucket=cat, Key="without.png", CopySource=source, AnnotationDirective="EXCLUDE")
    assert names(s3, cat, key="without.png") == []
    s3.delete_object(Bucket=cat, Key="cat.png")
    assert read(s3, cat, key="with.png") == "x" * 50_000
    wrong = {"Bucket": cat, "Key": "k", "CopySource": {**source, "Key": "with.png"}, "AnnotationDirective": "SOME"}
    assert refusal(s3.copy_object, **wrong)["Code"] == "InvalidArgument"


def test_objects_with_a_customers_key_have_none(s3, bucket):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    s3.put_object(Bucket=bucket, Key="cat.png", **key)
    given = {"Bucket": bucket, "Key": "cat.png", "AnnotationName": "n", "AnnotationPayload": "t"}
    assert refusal(s3.put_object_annotation, **given)["Code"] == "InvalidRequest"


def test_a_lock_keeps_annotations_too(shared_cloud, s3, account):
    bucket = f"locked-{account}"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    until = shared_cloud.now() + timedelta(days=1)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until, "ChecksumAlgorithm": "CRC32"}
    s3.put_object(Bucket=bucket, Key="cat.png", **lock)
    annotate(s3, bucket)
    which = {"Bucket": bucket, "Key": "cat.png", "AnnotationName": "summary"}
    assert refusal(s3.delete_object_annotation, **which)["Code"] == "AccessDenied"
    assert refusal(s3.put_object_annotation, **which, AnnotationPayload="t")["Code"] == "AccessDenied"
    s3.meta.events.register(
        "before-call.s3.DeleteObjectAnnotation",
        lambda params, **_: params["headers"].update({"x-amz-bypass-governance-retention": "true"}),
    )
    s3.delete_object_annotation(**which)
    assert names(s3, bucket) == []


def test_replicas_get_them_and_their_changes(shared_cloud, client, s3, bucket, account):
    other = f"replica-{account}"
    s3.create_bucket(Bucket=other)
    for each in (bucket, other):
        s3.put_bucket_versioning(Bucket=each, VersioningConfiguration={"Status": "Enabled"})
    role = role_for(client("iam"), "s3")
    rule = {"ID": "r", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}}
    rule |= {"DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": f"arn:aws:s3:::{other}"}}
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="cat.png", Body=b"meow")
    annotate(s3, bucket, text="one")
    shared_cloud.settle()
    assert read(s3, other) == "one"
    annotate(s3, bucket, text="two")
    annotate(s3, bucket, name="more")
    shared_cloud.settle()
    assert read(s3, other) == "two" and names(s3, other) == ["more", "summary"]
    s3.delete_object_annotation(Bucket=bucket, Key="cat.png", AnnotationName="summary")
    shared_cloud.settle()
    assert names(s3, other) == ["more"] and names(s3, bucket) == ["more"]
    listed = s3.list_object_annotations(Bucket=other, Key="cat.png")["Annotations"]
    assert listed[0]["ReplicationStatus"] == "REPLICA"


def test_queues_hear_of_them(shared_cloud, s3, sqs, account, cat):
    url, arn = make_queue(sqs, account)
    tell(s3, cat, arn, events=["s3:ObjectAnnotation:*"])
    annotate(s3, cat)
    s3.delete_object_annotation(Bucket=cat, Key="cat.png", AnnotationName="summary")
    events = [record["eventName"] for record in heard(shared_cloud, sqs, url)]
    assert sorted(events) == ["ObjectAnnotation:Delete", "ObjectAnnotation:Put"]


def test_strangers_need_the_permission(s3, cat, client, account):
    annotate(s3, cat)
    stranger = client("s3", account="999999999999")
    which = {"Bucket": cat, "Key": "cat.png"}
    assert refusal(stranger.list_object_annotations, **which)["Code"] == "AccessDenied"
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "s3:GetObjectAnnotation",
        "Resource": f"arn:aws:s3:::{cat}/*",
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket=cat, Policy=policy)
    assert read(stranger, cat) == "a cat"
    assert refusal(stranger.list_object_annotations, **which)["Code"] == "AccessDenied"
