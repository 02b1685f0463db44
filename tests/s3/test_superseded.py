"""The first forms of two configurations: clients that know only these get what they expect."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal
from tests.s3.test_notifications import make_queue

from cumulet.kernel import identity
from cumulet.kernel.errors import ServiceError

RULE = {
    "ID": "logs",
    "Prefix": "logs/",
    "Status": "Enabled",
    "Expiration": {"Days": 365},
    "Transition": {"Days": 30, "StorageClass": "STANDARD_IA"},
    "NoncurrentVersionTransition": {"NoncurrentDays": 30, "StorageClass": "GLACIER"},
}


@pytest.fixture
def inside(shared_cloud, account):
    """S3 as callers in process have it: they say which of the two operations they mean."""
    kernel = shared_cloud.cloud.kernel
    client = kernel.client(identity.trusted_caller(account), "s3", "us-east-1")
    return lambda method, **given: shared_cloud.run(getattr(client, method)(**given))


def test_a_client_of_the_first_lifecycle_form_sets_what_the_newer_one_tells(s3, bucket):
    s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]})
    assert s3.get_bucket_lifecycle(Bucket=bucket)["Rules"] == [RULE]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Transitions"] == [RULE["Transition"]] and rule["Prefix"] == "logs/"


def test_lifecycle_in_process(inside, bucket):
    inside("put_bucket_lifecycle", Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]})
    assert inside("get_bucket_lifecycle", Bucket=bucket) == {"Rules": [RULE]}
    (rule,) = inside("get_bucket_lifecycle_configuration", Bucket=bucket)["Rules"]
    assert rule["NoncurrentVersionTransitions"] == [RULE["NoncurrentVersionTransition"]]


def test_a_rule_by_tag_has_no_first_form(inside, bucket):
    rule = {"ID": "t", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}}
    inside("put_bucket_lifecycle_configuration", Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    with pytest.raises(ServiceError, match="GetBucketLifecycleConfiguration"):
        inside("get_bucket_lifecycle", Bucket=bucket)


def test_notifications_of_the_first_form(s3, sqs, account, bucket):
    _, arn = make_queue(sqs, account)
    first = {"QueueConfiguration": {"Id": "q", "Queue": arn, "Event": "s3:ObjectCreated:*"}}
    s3.put_bucket_notification(Bucket=bucket, NotificationConfiguration=first)
    (rule,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert rule == {"Id": "q", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    assert plain(s3.get_bucket_notification(Bucket=bucket))["QueueConfiguration"]["Queue"] == arn


def test_notifications_in_process(inside, sqs, account, bucket):
    _, arn = make_queue(sqs, account)
    first = {"QueueConfiguration": {"Id": "q", "Queue": arn, "Event": "s3:ObjectCreated:*"}}
    inside("put_bucket_notification", Bucket=bucket, NotificationConfiguration=first)
    told = inside("get_bucket_notification", Bucket=bucket)
    assert told == {"QueueConfiguration": {"Id": "q", "Queue": arn, "Events": ["s3:ObjectCreated:*"]}}
    inside("put_bucket_notification", Bucket=bucket, NotificationConfiguration={})
    assert inside("get_bucket_notification", Bucket=bucket) == {}


def test_refusals_are_those_of_the_newer_operations(s3, bucket):
    wrong = {"Rules": [{**RULE, "Expiration": {"Days": 0}}]}
    error = refusal(s3.put_bucket_lifecycle, Bucket=bucket, LifecycleConfiguration=wrong)
    assert error["Code"] == "InvalidArgument"
