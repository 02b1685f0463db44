"""The event history: what is on record of a call, and how it is found."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import ACCOUNT, events, find
from tests.conftest import connect


@pytest.mark.spec("integration:CTR-01", "integration:CTR-02")
def test_a_call_is_on_record_without_anything_set_up(cloudtrail, sqs, account):
    url = sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "5"})["QueueUrl"]

    event = find(cloudtrail, "CreateQueue")

    assert event["eventVersion"] == "1.11"
    assert event["eventSource"] == "sqs.amazonaws.com"
    assert event["awsRegion"] == "us-east-1"
    assert event["sourceIPAddress"] == "127.0.0.1"
    assert event["userAgent"].startswith("Boto3/")
    assert event["requestParameters"] == {"queueName": "orders", "attributes": {"DelaySeconds": "5"}}
    assert event["responseElements"] == {"queueUrl": url}
    assert event["userIdentity"] == {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": account,
    }
    assert event["readOnly"] is False
    assert event["managementEvent"] is True
    assert event["eventCategory"] == "Management"
    assert event["eventType"] == "AwsApiCall"
    assert event["recipientAccountId"] == account


def test_a_reading_call_tells_no_answer(cloudtrail, sqs):
    sqs.list_queues()

    event = find(cloudtrail, "ListQueues")

    assert event["readOnly"] is True
    assert event["responseElements"] is None


def test_a_failed_call_tells_its_error(cloudtrail, s3):
    with pytest.raises(ClientError):
        s3.get_bucket_policy(Bucket="nobody-has-this-bucket")

    event = find(cloudtrail, "GetBucketPolicy")

    assert event["errorCode"] == "NoSuchBucket"
    assert event["errorMessage"] == "The specified bucket does not exist"


def test_s3_events_have_names_and_parameters_of_their_own(cloudtrail, s3):
    s3.create_bucket(Bucket="photos-of-cats")
    s3.put_bucket_lifecycle_configuration(
        Bucket="photos-of-cats",
        LifecycleConfiguration={"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 9}}]},
    )

    event = find(cloudtrail, "PutBucketLifecycle")

    assert event["requestParameters"]["bucketName"] == "photos-of-cats"
    assert event["requestParameters"]["lifecycle"] == ""
    assert event["requestParameters"]["Host"].startswith("127.0.0.1:")
    assert event["resources"][0]["ARN"] == "arn:aws:s3:::photos-of-cats"


def test_secrets_are_not_on_record(client, cloudtrail):
    iam = client("iam")
    iam.create_user(UserName="eve")
    iam.create_login_profile(UserName="eve", Password="Not-to-be-told-1")
    key = iam.create_access_key(UserName="eve")["AccessKey"]

    told = json.dumps(events(cloudtrail))
    created = find(cloudtrail, "CreateAccessKey")

    assert "Not-to-be-told-1" not in told
    assert key["SecretAccessKey"] not in told
    assert created["responseElements"]["accessKey"]["accessKeyId"] == key["AccessKeyId"]


def test_data_events_are_not_in_the_history(cloudtrail, sqs):
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="twelve eggs")

    assert "SendMessage" not in {event["eventName"] for event in events(cloudtrail)}


@pytest.mark.parametrize(
    ("attribute", "value", "found"),
    [
        ("EventName", "CreateQueue", ["CreateQueue"]),
        ("EventName", "DeleteQueue", []),
        ("EventSource", "s3.amazonaws.com", ["CreateBucket"]),
        ("ReadOnly", "true", ["ListQueues"]),
        ("ResourceType", "AWS::S3::Bucket", ["CreateBucket"]),
        ("ResourceName", "found-by-name-{account}", ["CreateBucket"]),
        ("Username", "root", ["CreateBucket", "ListQueues", "CreateQueue"]),
        ("AccessKeyId", "{account}", ["CreateBucket", "ListQueues", "CreateQueue"]),
        ("AccessKeyId", "somebody-else", []),
    ],
)
def test_events_are_found_by_one_attribute(cloudtrail, sqs, s3, account, attribute, value, found):
    sqs.create_queue(QueueName="orders")
    sqs.list_queues()
    s3.create_bucket(Bucket=f"found-by-name-{account}")

    wanted = {"AttributeKey": attribute, "AttributeValue": value.format(account=account)}
    answer = cloudtrail.lookup_events(LookupAttributes=[wanted])

    assert [event["EventName"] for event in answer["Events"]] == found


def test_an_event_is_found_by_its_id(cloudtrail, sqs):
    sqs.create_queue(QueueName="orders")
    [event] = cloudtrail.lookup_events()["Events"]

    wanted = {"AttributeKey": "EventId", "AttributeValue": event["EventId"]}
    [again] = cloudtrail.lookup_events(LookupAttributes=[wanted])["Events"]

    assert again == event
    assert event["Username"] == "root"
    assert event["ReadOnly"] == "false"
    assert {"ResourceType": "AWS::SQS::Queue", "ResourceName": "orders"} in event["Resources"]


def test_pages_hold_every_event_once(cloudtrail, sqs):
    names = [f"queue-{number}" for number in range(12)]
    for name in names:
        sqs.create_queue(QueueName=name)

    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]
    pages = cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=wanted, PaginationConfig={"PageSize": 5}
    )
    found = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]

    assert [event["requestParameters"]["queueName"] for event in found] == names[::-1]


def test_a_search_that_looks_at_much_goes_on_in_further_pages(cloudtrail, sqs, monkeypatch):
    monkeypatch.setattr("cumulet.services.cloudtrail.history._MOST_ENTRIES", 3)
    for number in range(10):
        sqs.create_queue(QueueName=f"queue-{number}")
        cloudtrail.describe_trails()
        cloudtrail.lookup_events()

    found = events(cloudtrail, LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}])

    assert [event["requestParameters"]["queueName"] for event in found] == [f"queue-{n}" for n in range(9, -1, -1)]


@pytest.mark.spec("integration:CTR-13")
def test_the_use_of_keys_is_in_the_history(client, cloudtrail):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.encrypt(KeyId=key["KeyId"], Plaintext=b"nobody may read this")

    event = find(cloudtrail, "Encrypt")

    assert event["requestParameters"]["keyId"] == key["KeyId"]
    assert event["readOnly"] is True
    assert event["responseElements"] is None
    assert event["resources"] == [{"accountId": key["AWSAccountId"], "type": "AWS::KMS::Key", "ARN": key["Arn"]}]
    assert "nobody may read this" not in json.dumps(event)


def test_each_region_has_a_history_and_global_services_have_theirs_in_one(client, cloudtrail):
    elsewhere = client("cloudtrail", region="eu-west-1")
    client("sqs", region="eu-west-1").create_queue(QueueName="orders")
    client("iam", region="us-east-1").create_user(UserName="ann")

    assert "CreateQueue" in {event["eventName"] for event in events(elsewhere)}
    assert "CreateUser" not in {event["eventName"] for event in events(elsewhere)}
    assert "CreateQueue" not in {event["eventName"] for event in events(cloudtrail)}
    assert find(cloudtrail, "CreateUser")["awsRegion"] == "us-east-1"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"StartTime": 2000000000, "EndTime": 1000000000}, "InvalidTimeRangeException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "AAAA"}, "InvalidNextTokenException"),
        (
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "A"}] * 2},
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_what_cannot_be_looked_up(cloudtrail, wanted, code):
    with pytest.raises(ClientError) as refused:
        cloudtrail.lookup_events(**wanted)
    assert refused.value.response["Error"]["Code"] in (code, "ValidationException")


@pytest.mark.spec("integration:CTR-01")
def test_events_are_kept_for_90_days(own_cloud):
    cloudtrail = connect(own_cloud, "cloudtrail", account=ACCOUNT)
    sqs = connect(own_cloud, "sqs", account=ACCOUNT)
    sqs.create_queue(QueueName="first")
    own_cloud.advance(days=89)
    sqs.create_queue(QueueName="second")
    before = _queues(cloudtrail)
    own_cloud.advance(days=2)

    assert before == ["second", "first"]
    assert _queues(cloudtrail) == ["second"]


def test_a_time_range_bounds_what_is_found(own_cloud):
    cloudtrail = connect(own_cloud, "cloudtrail", account=ACCOUNT)
    sqs = connect(own_cloud, "sqs", account=ACCOUNT)
    for name in ("first", "second", "third"):
        sqs.create_queue(QueueName=name)
        own_cloud.advance(hours=1)

    now = own_cloud.now()
    around = {"StartTime": now - timedelta(hours=2.5), "EndTime": now - timedelta(hours=1.5)}

    assert _queues(cloudtrail, **around) == ["second"]


def test_the_history_survives_a_restart(tmp_path):
    from cumulet.testing import LocalCloud

    with LocalCloud(tmp_path / "cloud") as cloud:
        connect(cloud, "sqs", account=ACCOUNT).create_queue(QueueName="orders")
    with LocalCloud(tmp_path / "cloud") as cloud:
        assert _queues(connect(cloud, "cloudtrail", account=ACCOUNT)) == ["orders"]


def test_lookups_are_limited_where_callers_are_held_to_quotas(tmp_path):
    from cumulet.testing import LocalCloud

    with LocalCloud(tmp_path / "cloud", quotas=True) as cloud:
        cloud.cloud.kernel.clock.set_rate(0)
        cloudtrail = connect(cloud, "cloudtrail", account=ACCOUNT)
        cloudtrail.lookup_events()
        cloudtrail.lookup_events()
        with pytest.raises(ClientError, match="Rate exceeded"):
            cloudtrail.lookup_events()


def _queues(cloudtrail, **bounds):
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]
    found = events(cloudtrail, LookupAttributes=wanted, **bounds)
    return [event["requestParameters"]["queueName"] for event in found]
