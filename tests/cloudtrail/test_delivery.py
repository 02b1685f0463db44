"""Log files: what of the record comes into the bucket, when and under which names."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import ACCOUNT, BUCKET, delivered, keys
from tests.conftest import connect

NAME = re.compile(
    rf"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/\d{{4}}/\d\d/\d\d/"
    rf"{ACCOUNT}_CloudTrail_us-east-1_\d{{8}}T\d{{4}}Z_[A-Za-z0-9]{{16}}\.json\.gz"
)


@pytest.fixture
def sqs(own_cloud):
    return connect(own_cloud, "sqs", account=ACCOUNT)


def names(records) -> list[str]:
    return [record["eventName"] for record in records]


@pytest.mark.spec("integration:CTR-03", "integration:CTR-06")
def test_management_events_are_delivered_within_minutes(trails, files, sqs, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    sqs.create_queue(QueueName="before")
    trails.start_logging(Name="everything")
    sqs.create_queue(QueueName="after")
    early = keys(files)
    own_cloud.advance(minutes=6)
    [key] = keys(files)

    assert early == []
    assert NAME.fullmatch(key)
    records = [record for record in delivered(files) if record["eventSource"] == "sqs.amazonaws.com"]
    assert [record["requestParameters"]["queueName"] for record in records] == ["after"]
    status = trails.get_trail_status(Name="everything")
    assert "LatestDeliveryError" not in status
    assert status["LatestDeliveryTime"] >= status["StartLoggingTime"]


def test_each_event_is_delivered_once(trails, files, sqs, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    for number in range(3):
        sqs.create_queue(QueueName=f"queue-{number}")
        own_cloud.advance(minutes=6)

    queues = [record for record in delivered(files) if record["eventName"] == "CreateQueue"]

    assert [record["requestParameters"]["queueName"] for record in queues] == ["queue-0", "queue-1", "queue-2"]
    assert len({record["eventID"] for record in delivered(files)}) == len(delivered(files))


def test_an_idle_cloud_delivers_nothing(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    own_cloud.advance(minutes=6)
    before = keys(files)
    own_cloud.advance(minutes=6)
    own_cloud.advance(days=1)

    assert len(before) == 1
    assert set(names(delivered(files))) <= {"StartLogging"}


@pytest.mark.spec("integration:CTR-04")
def test_a_trail_of_all_regions_collects_them_in_one_bucket(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    trails.start_logging(Name="everything")
    connect(own_cloud, "sqs", account=ACCOUNT, region="eu-west-1").create_queue(QueueName="orders")
    own_cloud.advance(minutes=6)

    assert sorted({key.split("/")[3] for key in keys(files)}) == ["eu-west-1", "us-east-1"]


@pytest.mark.spec("integration:CTR-05")
def test_a_trail_of_one_region_leaves_the_others_alone(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    connect(own_cloud, "sqs", account=ACCOUNT, region="eu-west-1").create_queue(QueueName="orders")
    own_cloud.advance(minutes=6)

    assert {key.split("/")[3] for key in keys(files)} == {"us-east-1"}


def test_what_happened_until_logging_stopped_is_delivered(trails, files, sqs, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    sqs.create_queue(QueueName="orders")
    trails.stop_logging(Name="everything")
    sqs.create_queue(QueueName="unseen")
    own_cloud.advance(minutes=10)

    queues = [r["requestParameters"]["queueName"] for r in delivered(files) if r["eventName"] == "CreateQueue"]
    assert queues == ["orders"]


def test_a_bucket_that_locks_cloudtrail_out_is_told_of_and_tried_again(trails, files, sqs, own_cloud):
    policy = files.get_bucket_policy(Bucket=BUCKET)["Policy"]
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    sqs.create_queue(QueueName="orders")
    files.delete_bucket_policy(Bucket=BUCKET)
    own_cloud.advance(minutes=6)
    failed = trails.get_trail_status(Name="everything")
    files.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    own_cloud.advance(minutes=6)

    assert failed["LatestDeliveryError"] == "AccessDenied"
    assert "LatestDeliveryError" not in trails.get_trail_status(Name="everything")
    assert "CreateQueue" in names(delivered(files))


@pytest.mark.spec("integration:CTR-07")
def test_data_events_are_delivered_if_they_are_selected(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    for bucket in ("watched-photos", "other-photos"):
        files.create_bucket(Bucket=bucket)
    files.put_object(Bucket="watched-photos", Key="early", Body=b"1")
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::watched-photos/"]}]
    selector = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": resources}
    trails.put_event_selectors(TrailName="everything", EventSelectors=[selector])
    files.put_object(Bucket="watched-photos", Key="cat.png", Body=b"meow")
    files.get_object(Bucket="watched-photos", Key="cat.png")
    files.put_object(Bucket="other-photos", Key="dog.png", Body=b"woof")
    own_cloud.advance(minutes=6)

    [record] = delivered(files)

    assert record["eventName"] == "PutObject"
    assert record["eventCategory"] == "Data"
    assert record["managementEvent"] is False
    assert record["requestParameters"]["key"] == "cat.png"
    assert record["resources"] == [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::watched-photos/cat.png"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::watched-photos"},
    ]
    assert "meow" not in json.dumps(record)


def test_advanced_selectors_choose_by_every_field(trails, files, sqs, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    other = sqs.create_queue(QueueName="parcels")["QueueUrl"]
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
        {"Field": "resources.ARN", "EndsWith": ["orders"]},
        {"Field": "eventName", "NotEquals": ["ReceiveMessage"], "NotStartsWith": ["Delete"]},
        {"Field": "readOnly", "Equals": ["false"]},
    ]
    trails.put_event_selectors(TrailName="everything", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    for each in (url, other):
        sqs.send_message(QueueUrl=each, MessageBody="twelve eggs")
        received = sqs.receive_message(QueueUrl=each)["Messages"][0]
        sqs.delete_message(QueueUrl=each, ReceiptHandle=received["ReceiptHandle"])
    own_cloud.advance(minutes=6)

    [record] = delivered(files)

    assert record["eventName"] == "SendMessage"
    assert record["requestParameters"] == {"queueUrl": url, "messageBody": "HIDDEN_DUE_TO_SECURITY_REASONS"}


@pytest.mark.spec("integration:CTR-10")
def test_log_files_are_encrypted_at_rest(trails, files, sqs, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    own_cloud.advance(minutes=6)
    [key] = keys(files)

    assert files.head_object(Bucket=BUCKET, Key=key)["ServerSideEncryption"] == "AES256"


def test_log_files_are_encrypted_with_a_key_of_ones_own(trails, files, own_cloud):
    kms = connect(own_cloud, "kms", account=ACCOUNT)
    use = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "*", "Effect": "Allow"}
    own = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*", "Effect": "Allow"}
    statements = [own, {**use, "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"]}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=policy)["KeyMetadata"]
    kms.create_alias(AliasName="alias/trail", TargetKeyId=key["KeyId"])
    made = trails.create_trail(Name="everything", S3BucketName=BUCKET, KmsKeyId="alias/trail")
    trails.start_logging(Name="everything")
    own_cloud.advance(minutes=6)
    [name] = keys(files)
    told = files.head_object(Bucket=BUCKET, Key=name)

    assert made["KmsKeyId"] == key["Arn"]
    assert (told["ServerSideEncryption"], told["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    assert names(delivered(files)) == ["StartLogging"]


def test_a_key_has_to_let_cloudtrail_in(trails, own_cloud):
    kms = connect(own_cloud, "kms", account=ACCOUNT)
    with pytest.raises(ClientError) as refused:
        trails.create_trail(Name="everything", S3BucketName=BUCKET, KmsKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    assert refused.value.response["Error"]["Code"] == "InsufficientEncryptionPolicyException"


def test_a_trail_on_its_own_bucket_does_not_feed_on_itself(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    trails.put_event_selectors(TrailName="everything", EventSelectors=[{"DataResources": resources}])
    files.put_object(Bucket=BUCKET, Key="hello", Body=b"1")
    for _ in range(4):
        own_cloud.advance(minutes=6)
    count = len(keys(files))
    own_cloud.advance(hours=1)

    assert len(keys(files)) <= count + 1  # the listing itself is an event, too
    assert all(record["userIdentity"]["type"] == "Root" for record in delivered(files))


def test_delivery_goes_on_after_a_restart(tmp_path):
    from cumulet.testing import LocalCloud
    from tests.cloudtrail.conftest import TRAIL_ARN, make_bucket

    with LocalCloud(tmp_path / "cloud") as cloud:
        make_bucket(connect(cloud, "s3", account=ACCOUNT), BUCKET, ACCOUNT, TRAIL_ARN)
        cloudtrail = connect(cloud, "cloudtrail", account=ACCOUNT)
        cloudtrail.create_trail(Name="everything", S3BucketName=BUCKET)
        cloudtrail.start_logging(Name="everything")
        connect(cloud, "sqs", account=ACCOUNT).create_queue(QueueName="orders")
    with LocalCloud(tmp_path / "cloud") as cloud:
        cloud.advance(minutes=6)
        assert "CreateQueue" in names(delivered(connect(cloud, "s3", account=ACCOUNT)))
