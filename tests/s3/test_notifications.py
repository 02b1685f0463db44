"""Event notifications: who may be told, what they are told, and when."""

from __future__ import annotations

import json

import pytest
import urllib3
from botocore.exceptions import ClientError
from tests.conftest import connect
from urllib3.filepost import encode_multipart_formdata

from cumulet.kernel import events

CREATED = ["s3:ObjectCreated:*"]


def make_queue(sqs, account, name="told", source="*"):
    """A queue that lets S3 send for buckets like `source`. Returns its URL and ARN."""
    arn = f"arn:aws:sqs:{sqs.meta.region_name}:{account}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"], arn


def tell(s3, bucket, arn, events=CREATED, rules=(), **more):
    rule = {"Id": "told", "QueueArn": arn, "Events": list(events)}
    if rules:
        rule["Filter"] = {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in rules]}}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [rule], **more}
    )


def heard(cloud, sqs, url, *, tests=False):
    """The records in the queue, in the order in which they arrived; the test events only if asked for."""
    cloud.settle()
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            body = json.loads(message["Body"])
            found += [body] if tests and "Event" in body else body.get("Records", [])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.fixture
def queue(sqs, account):
    return make_queue(sqs, account)


def refusal(call, **given):
    with pytest.raises(ClientError) as raised:
        call(**given)
    return raised.value.response["Error"]


@pytest.mark.spec("storage:S3-97")
def test_a_queue_hears_of_every_new_object(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn)
    put = s3.put_object(Bucket=bucket, Key="a b/ü@.txt", Body=b"something")
    record = heard(shared_cloud, sqs, url)[0]

    assert record["eventName"] == "ObjectCreated:Put" and record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3" and record["awsRegion"] == "us-east-1"
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    answered = put["ResponseMetadata"]["HTTPHeaders"]
    assert record["responseElements"] == {name: answered[name] for name in ("x-amz-request-id", "x-amz-id-2")}
    assert record["s3"]["configurationId"] == "told" and record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["s3"]["bucket"]["name"] == bucket and record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    told = record["s3"]["object"]
    assert told.pop("sequencer")
    assert told == {"key": "a+b/%C3%BC%40.txt", "size": 9, "eTag": put["ETag"].strip('"')}


def test_each_way_to_make_an_object_has_its_name(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn)
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"c" * 10)
    s3.complete_multipart_upload(
        Bucket=bucket, Key="c", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    found = {record["s3"]["object"]["key"]: record["eventName"] for record in heard(shared_cloud, sqs, url)}
    assert found == {
        "a": "ObjectCreated:Put",
        "b": "ObjectCreated:Copy",
        "c": "ObjectCreated:CompleteMultipartUpload",
    }


def test_deletions_tell_markers_from_what_is_gone(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn, ["s3:ObjectRemoved:*"])
    s3.put_object(Bucket=bucket, Key="plain", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="plain")
    s3.delete_object(Bucket=bucket, Key="never there")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="kept", Body=b"1")["VersionId"]
    marker = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "kept"}]})["Deleted"][0]
    s3.delete_object(Bucket=bucket, Key="kept", VersionId=version)

    found = [(r["eventName"], r["s3"]["object"]) for r in heard(shared_cloud, sqs, url)]
    by_version = {told.get("versionId"): (name, told) for name, told in found}
    assert len(found) == 3
    assert by_version[None][0] == "ObjectRemoved:Delete" and set(by_version[None][1]) == {"key", "sequencer"}
    assert by_version[marker["DeleteMarkerVersionId"]][0] == "ObjectRemoved:DeleteMarkerCreated"
    assert by_version[version][0] == "ObjectRemoved:Delete"


def test_tagging_is_told(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    tell(s3, bucket, arn, ["s3:ObjectTagging:*"])
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    found = heard(shared_cloud, sqs, url)
    assert sorted(record["eventName"] for record in found) == ["ObjectTagging:Delete", "ObjectTagging:Put"]
    assert {record["eventVersion"] for record in found} == {"2.3"}
    assert set(found[0]["s3"]["object"]) == {"key", "eTag"}


def test_a_changed_acl_is_told(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    tell(s3, bucket, arn, ["s3:ObjectAcl:Put"])
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    (record,) = heard(shared_cloud, sqs, url)
    assert (record["eventName"], record["eventVersion"]) == ("ObjectAcl:Put", "2.3")
    assert set(record["s3"]["object"]) == {"key", "eTag"}


def test_what_is_posted_by_a_form_has_a_name_of_its_own(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn)
    form = s3.generate_presigned_post(Bucket=bucket, Key="posted")
    fields = {**form["fields"], "file": ("f", b"12345")}
    body, content_type = encode_multipart_formdata(fields)
    answer = urllib3.request("POST", form["url"], body=body, headers={"Content-Type": content_type})
    assert answer.status == 204
    (record,) = heard(shared_cloud, sqs, url)
    assert (record["eventName"], record["s3"]["object"]["size"]) == ("ObjectCreated:Post", 5)


def test_expiry_and_restores_are_told(own_cloud):
    """What S3 does by itself is told as well."""
    s3 = connect(own_cloud, "s3", account="111111111111")
    sqs = connect(own_cloud, "sqs", account="111111111111")
    s3.create_bucket(Bucket="ageing")
    url, arn = make_queue(sqs, "111111111111", source="ageing")
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="ageing", LifecycleConfiguration={"Rules": [rule]})
    tell(s3, "ageing", arn, ["s3:LifecycleExpiration:*", "s3:ObjectRestore:*"])
    s3.put_object(Bucket="ageing", Key="old/k", Body=b"1")
    s3.put_object(Bucket="ageing", Key="cold", Body=b"1", StorageClass="GLACIER")
    s3.restore_object(Bucket="ageing", Key="cold", RestoreRequest={"Days": 1})
    names = [(r["eventName"], r["s3"]["object"]["key"]) for r in heard(own_cloud, sqs, url)]
    for _ in range(4):
        own_cloud.advance(days=1)
        names += [(r["eventName"], r["s3"]["object"]["key"]) for r in heard(own_cloud, sqs, url)]
    assert sorted(names) == [
        ("LifecycleExpiration:Delete", "old/k"),
        ("ObjectRestore:Completed", "cold"),
        ("ObjectRestore:Delete", "cold"),
        ("ObjectRestore:Post", "cold"),
    ]


def test_a_message_waits_until_its_queue_takes_it(own_cloud):
    """A destination that is shut for a while misses nothing: deliveries are tried again."""
    s3 = connect(own_cloud, "s3", account="111111111111")
    sqs = connect(own_cloud, "sqs", account="111111111111")
    s3.create_bucket(Bucket="patient")
    url, arn = make_queue(sqs, "111111111111", source="patient")
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    tell(s3, "patient", arn)
    heard(own_cloud, sqs, url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    s3.put_object(Bucket="patient", Key="k", Body=b"1")
    assert heard(own_cloud, sqs, url) == []
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    own_cloud.advance(minutes=1)
    assert [record["s3"]["object"]["key"] for record in heard(own_cloud, sqs, url)] == ["k"]


@pytest.mark.spec("storage:S3-98")
def test_only_keys_that_fit_the_filter_are_told(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn, rules=[("Prefix", "photos/"), ("suffix", ".jpg")])
    for key in ("photos/cat.jpg", "photos/cat.png", "cat.jpg", "photos/.jpg"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    keys = {record["s3"]["object"]["key"] for record in heard(shared_cloud, sqs, url)}
    assert keys == {"photos/cat.jpg", "photos/.jpg"}
    rules = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"][0]["Filter"]["Key"]
    assert rules == {"FilterRules": [{"Name": "Prefix", "Value": "photos/"}, {"Name": "Suffix", "Value": ".jpg"}]}


def test_a_new_destination_gets_a_test_event(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn)
    (event,) = heard(shared_cloud, sqs, url, tests=True)
    assert event["Service"] == "Amazon S3" and event["Event"] == "s3:TestEvent" and event["Bucket"] == bucket
    assert set(event) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}


@pytest.mark.spec("storage:S3-99")
def test_a_queue_has_to_let_s3_in(s3, sqs, account, bucket):
    sqs.create_queue(QueueName="shut")
    make_queue(sqs, account, "for-another-bucket", source="another")
    shut, other, absent = (
        f"arn:aws:sqs:us-east-1:{account}:{name}" for name in ("shut", "for-another-bucket", "absent")
    )
    rules = [
        {"QueueArn": shut, "Events": ["s3:ObjectCreated:Put"]},
        {"QueueArn": other, "Events": ["s3:ObjectCreated:Post"]},
        {"QueueArn": absent, "Events": ["s3:ObjectCreated:Copy"]},
    ]
    given = {"Bucket": bucket, "NotificationConfiguration": {"QueueConfigurations": rules}}
    error = refusal(s3.put_bucket_notification_configuration, **given)
    assert error["Message"] == "Unable to validate the following destination configurations"
    not_allowed = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
    assert error["ArgumentName1"] == shut and error["ArgumentValue1"] == not_allowed
    assert error["ArgumentName2"] == other and error["ArgumentValue2"] == not_allowed
    assert error["ArgumentName3"] == absent and error["ArgumentValue3"] == "The destination queue does not exist"
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)

    s3.put_bucket_notification_configuration(**given, SkipDestinationValidation=True)
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert [rule["QueueArn"] for rule in kept] == [shut, other, absent] and all(rule["Id"] for rule in kept)


OVERLAPS = [
    ([], []),
    ([("Prefix", "a")], [("Prefix", "ab")]),
    ([("Suffix", ".jpg")], [("Prefix", "x")]),
    ([("Prefix", "a"), ("Suffix", "g")], [("Prefix", "ab"), ("Suffix", "jpg")]),
]


@pytest.mark.spec("storage:S3-100")
@pytest.mark.parametrize(("one", "other"), OVERLAPS)
def test_two_rules_may_not_want_the_same_event(s3, bucket, account, one, other):
    arn = f"arn:aws:sqs:us-east-1:{account}:any"

    def rule(events, rules):
        return {
            "QueueArn": arn,
            "Events": events,
            "Filter": {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in rules]}},
        }

    def put(first, second):
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={"QueueConfigurations": [first, second]},
            SkipDestinationValidation=True,
        )

    error = refusal(put, first=rule(CREATED, one), second=rule(["s3:ObjectCreated:Copy"], other))
    assert error["Code"] == "InvalidArgument" and ("overlap" in error["Message"])
    put(rule(["s3:ObjectCreated:Put"], one), rule(["s3:ObjectCreated:Copy"], other))
    put(rule(CREATED, [("Prefix", "a"), ("Suffix", ".png")]), rule(CREATED, [("Prefix", "a"), ("Suffix", ".jpg")]))


@pytest.mark.parametrize(
    ("changes", "message", "members"),
    [
        ({"QueueArn": "invalid"}, "The ARN could not be parsed", {"ArgumentName": "Queue", "ArgumentValue": "invalid"}),
        ({"QueueArn": "arn:aws:sns:us-east-1:111111111111:t"}, "The ARN is not well formed", {}),
        (
            {"QueueArn": "arn:aws:sqs:eu-west-1:111111111111:t"},
            "The notification destination service region is not valid for the bucket location constraint",
            {},
        ),
        ({"Events": ["s3:Nothing"]}, "The event is not supported for notifications", {"ArgumentValue": "s3:Nothing"}),
        (
            {"Filter": {"Key": {"FilterRules": [{"Name": "INVALID", "Value": "x"}]}}},
            "filter rule name must be either prefix or suffix",
            {"ArgumentName": "FilterRule.Name", "ArgumentValue": "INVALID"},
        ),
        (
            {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"}, {"Name": "Prefix", "Value": "y"}]}}},
            "Cannot specify more than one prefix rule in a filter.",
            {},
        ),
    ],
)
def test_rules_that_say_nothing_sensible_are_refused(s3, bucket, changes, message, members):
    rule = {"QueueArn": "arn:aws:sqs:us-east-1:111111111111:q", "Events": CREATED} | changes
    error = refusal(
        s3.put_bucket_notification_configuration,
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [rule]},
        SkipDestinationValidation=True,
    )
    assert error["Code"] == "InvalidArgument" and error["Message"] == message
    assert members.items() <= error.items()


def test_an_empty_configuration_ends_the_telling(shared_cloud, s3, sqs, bucket, queue):
    url, arn = queue
    tell(s3, bucket, arn)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert heard(shared_cloud, sqs, url) == []
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert set(answer) == {"ResponseMetadata"}


def test_a_bucket_tells_queues_of_its_own_region(own_cloud):
    s3 = connect(own_cloud, "s3", account="111111111111", region="eu-west-1")
    sqs = connect(own_cloud, "sqs", account="222222222222", region="eu-west-1")
    s3.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    url, arn = make_queue(sqs, "222222222222", source="west")
    tell(s3, "west", arn)
    s3.put_object(Bucket="west", Key="k", Body=b"1")
    (record,) = heard(own_cloud, sqs, url)
    assert record["awsRegion"] == "eu-west-1"


def events_of(cloud, pattern):
    cloud.settle()
    logged = cloud.run(cloud.cloud.kernel.store.read(events.logged))
    return [event for event in logged if event.type.startswith(pattern)]


def test_eventbridge_gets_every_event_in_its_own_form(own_cloud):
    s3 = connect(own_cloud, "s3", account="111111111111")
    s3.create_bucket(Bucket="bridged")
    s3.put_bucket_notification_configuration(
        Bucket="bridged", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    assert s3.get_bucket_notification_configuration(Bucket="bridged")["EventBridgeConfiguration"] == {}
    s3.put_object(Bucket="bridged", Key="a b", Body=b"12345")
    s3.delete_object(Bucket="bridged", Key="a b")
    created, deleted = (event.detail for event in events_of(own_cloud, "s3.Object"))
    assert created["source"] == "aws.s3" and created["detail-type"] == "Object Created"
    assert created["account"] == "111111111111" and created["resources"] == ["arn:aws:s3:::bridged"]
    assert created["detail"]["reason"] == "PutObject" and created["detail"]["requester"] == "111111111111"
    told = created["detail"]["object"]
    assert (told["key"], told["size"]) == ("a b", 5) and told["etag"] and told["sequencer"]
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"


def test_what_cannot_be_delivered_is_in_the_log(own_cloud):
    """Until the service of a destination is here, its events wait where they can be seen, instead of vanishing."""
    s3 = connect(own_cloud, "s3", account="111111111111")
    s3.create_bucket(Bucket="unheard")
    arn = "arn:aws:sns:us-east-1:111111111111:topic"
    if "sns" in own_cloud.cloud.kernel.registry.names:
        pytest.skip("SNS is here")
    s3.put_bucket_notification_configuration(
        Bucket="unheard",
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": arn, "Events": CREATED}]},
    )
    s3.put_object(Bucket="unheard", Key="k", Body=b"1")
    (event,) = events_of(own_cloud, "s3.NotificationUndelivered")
    assert event.detail["destination"] == arn and "sns" in event.detail["reason"]
    assert event.detail["message"]["Records"][0]["s3"]["object"]["key"] == "k"
