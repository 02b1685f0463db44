"""Queues: names, URLs, attributes, tags; how they come and go."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel import jobs
from cumulet.services.sqs import queues
from tests.sqs.conftest import bodies


def refusal(call, **parameters) -> tuple[str, str]:
    """The code and the words of the error that a call must answer with."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.spec("integration:SQS-01")
def test_a_queue_is_addressed_by_the_url_it_was_given(sqs, account):
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url.endswith(f"/{account}/orders")
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert bodies(sqs.receive_message(QueueUrl=url)) == ["a"]


@pytest.mark.spec("integration:SQS-01")
def test_a_name_is_taken_by_a_queue_with_other_attributes(sqs):
    attributes = {"DelaySeconds": "1"}
    url = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
    assert sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"] == url
    assert sqs.create_queue(QueueName="orders")["QueueUrl"] == url
    with pytest.raises(sqs.exceptions.QueueNameExists) as caught:
        sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "2"})
    assert caught.value.response["Error"] == {
        "Code": "QueueAlreadyExists",
        "QueryErrorCode": "QueueNameExists",
        "Type": "Sender",
        "Message": "A queue already exists with the same name and a different value for attribute DelaySeconds",
    }


@pytest.mark.parametrize("name", ["", "a" * 81, "a b", "ä", "a.fifo", "a.b", "x/y"])
def test_a_name_has_up_to_80_letters_digits_hyphens_and_underscores(sqs, name):
    code, words = refusal(sqs.create_queue, QueueName=name)
    assert code in ("InvalidParameterValue", "MissingParameter")
    if name:
        assert words == "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"


def test_a_fifo_queue_is_named_so(sqs):
    fifo = {"FifoQueue": "true"}
    assert refusal(sqs.create_queue, QueueName="a", Attributes=fifo)[1].startswith("The name of a FIFO queue can only")
    assert refusal(sqs.create_queue, QueueName="a" * 76 + ".fifo", Attributes=fifo)[0] == "InvalidParameterValue"
    sqs.create_queue(QueueName="a" * 75 + ".fifo", Attributes=fifo)


def test_a_queue_that_is_not_there(sqs, url):
    code, words = refusal(sqs.get_queue_url, QueueName="nothing")
    assert (code, words) == ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
    assert refusal(sqs.send_message, QueueUrl=url + "s", MessageBody="a")[0] == code
    assert refusal(sqs.send_message, QueueUrl="orders", MessageBody="a")[0] == "InvalidAddress"


def test_new_attributes_have_the_defaults_of_aws(sqs, url, account):
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(attributes.pop("CreatedTimestamp")) == int(attributes.pop("LastModifiedTimestamp"))
    assert attributes == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": f"arn:aws:sqs:us-east-1:{account}:orders",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }


def test_a_fifo_queue_shows_what_makes_it_one(sqs, fifo_url):
    names = ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"]
    assert sqs.get_queue_attributes(QueueUrl=fifo_url, AttributeNames=names)["Attributes"] == {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "true",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }


def test_attributes_that_are_not_asked_for_are_not_shown(sqs, url):
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    assert refusal(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Colour"]) == (
        "InvalidAttributeName",
        "Unknown Attribute Colour.",
    )


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1024, 1_048_576),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
        ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
    ],
)
def test_numbers_have_limits(sqs, url, name, least, most):
    for good in (least, most):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(good)})
    for bad in (least - 1, most + 1, "x", "1.5", "٣", "9" * 400):
        answer = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={name: str(bad)})
        assert answer == ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def test_an_attribute_set_to_nothing_is_as_at_first(sqs, url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5", "KmsMasterKeyId": "alias/mine"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "", "KmsMasterKeyId": ""})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["DelaySeconds"], attributes["SqsManagedSseEnabled"]) == ("0", "false")
    assert "KmsMasterKeyId" not in attributes


def test_keys_of_kms_and_of_sqs_exclude_each_other(sqs, url):
    names = ["SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"]
    kms = {"KmsMasterKeyId": "k", "KmsDataKeyReusePeriodSeconds": "6000"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=kms)
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert shown == {**kms, "SqsManagedSseEnabled": "false"}
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={**kms, "SqsManagedSseEnabled": "true"}) == (
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert shown == {"SqsManagedSseEnabled": "true"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ContentBasedDeduplication", "Unknown Attribute ContentBasedDeduplication."),
        ("FifoQueue", "Unknown Attribute FifoQueue."),
        ("DeduplicationScope", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
        ("FifoThroughputLimit", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."),
    ],
)
def test_a_standard_queue_has_no_attributes_of_a_fifo_queue(sqs, name, words):
    answer = refusal(sqs.create_queue, QueueName="orders", Attributes={name: "false"})
    assert answer == ("InvalidAttributeName", words)


def test_a_queue_keeps_its_type(sqs, fifo_url, url):
    assert refusal(sqs.set_queue_attributes, QueueUrl=fifo_url, Attributes={"FifoQueue": "false"}) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    )
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": "true"}) == (
        "InvalidAttributeName",
        "Unknown Attribute FifoQueue.",
    )


def test_high_throughput_needs_deduplication_by_group(sqs, fifo_url):
    high = {"FifoThroughputLimit": "perMessageGroupId"}
    assert refusal(sqs.set_queue_attributes, QueueUrl=fifo_url, Attributes=high)[0] == "InvalidAttributeValue"
    sqs.set_queue_attributes(QueueUrl=fifo_url, Attributes={**high, "DeduplicationScope": "messageGroup"})


@pytest.mark.parametrize("policy", ["x", "[]", "{}", '{"Statement": 1}', '{"Statement": [1]}', "[" * 100_000])
def test_a_policy_has_statements(sqs, url, policy):
    answer = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": policy})
    assert answer == ("InvalidAttributeValue", "Invalid value for the parameter Policy.")


def test_queues_are_listed_in_pages(sqs):
    urls = [sqs.create_queue(QueueName=f"list-{n}")["QueueUrl"] for n in range(5)]
    sqs.create_queue(QueueName="other")
    assert sqs.list_queues(QueueNamePrefix="list-")["QueueUrls"] == urls
    first = sqs.list_queues(QueueNamePrefix="list-", MaxResults=2)
    second = sqs.list_queues(QueueNamePrefix="list-", MaxResults=3, NextToken=first["NextToken"])
    assert first["QueueUrls"] + second["QueueUrls"] == urls
    assert "NextToken" not in second
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="nothing")
    assert refusal(sqs.list_queues, MaxResults=0)[0] == "InvalidParameterValue"
    assert refusal(sqs.list_queues, NextToken="?")[0] == "InvalidParameterValue"


def test_tags_come_and_go(sqs):
    url = sqs.create_queue(QueueName="orders", tags={"team": "blue"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"stage": "test", "team": "red"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "red", "stage": "test"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "stage", "other"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    assert refusal(sqs.tag_queue, QueueUrl=url, Tags={str(n): "" for n in range(51)})[0] == "InvalidParameterValue"


@pytest.mark.spec("integration:SQS-27")
def test_a_purge_empties_the_queue_at_most_once_a_minute(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    for body in "abc":
        own_sqs.send_message(QueueUrl=url, MessageBody=body)
    taken = own_sqs.receive_message(QueueUrl=url)["Messages"][0]
    own_sqs.purge_queue(QueueUrl=url)
    assert "Messages" not in own_sqs.receive_message(QueueUrl=url)
    own_sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])
    with pytest.raises(own_sqs.exceptions.PurgeQueueInProgress) as caught:
        own_sqs.purge_queue(QueueUrl=url)
    words = "Only one PurgeQueue operation on orders is allowed every 60 seconds."
    assert caught.value.response["Error"]["Message"] == words
    own_cloud.advance(seconds=60)
    own_sqs.purge_queue(QueueUrl=url)
    counts = own_sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_deleted_name_rests_for_a_minute(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    own_sqs.send_message(QueueUrl=url, MessageBody="old")
    own_sqs.delete_queue(QueueUrl=url)
    assert refusal(own_sqs.get_queue_url, QueueName="orders")[0] == "AWS.SimpleQueueService.NonExistentQueue"
    assert "QueueUrls" not in own_sqs.list_queues()
    assert refusal(own_sqs.create_queue, QueueName="orders") == (
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    )
    own_cloud.advance(seconds=60)
    own_sqs.create_queue(QueueName="orders")
    assert "Messages" not in own_sqs.receive_message(QueueUrl=url)


def _who_waits(tx) -> set[str]:
    return {job.handler.partition(".")[0] for job in tx.range(("jobs", "due"))}


def test_nothing_of_a_deleted_queue_stays_in_the_store(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for n in range(3):
        own_sqs.send_message(QueueUrl=url, MessageBody="m", MessageGroupId="g", MessageDeduplicationId=str(n))
    own_sqs.delete_queue(QueueUrl=url)
    own_cloud.settle()
    own_cloud.advance(days=15)

    async def left():
        assert await own_cloud.cloud.kernel.store.read(jobs.failed) == []
        assert "sqs" not in await own_cloud.cloud.kernel.store.read(_who_waits)
        return await own_cloud.cloud.kernel.store.read(lambda tx: [key for key, _ in tx.items(("sqs",))])

    assert [key[3] for key in own_cloud.run(left())] == ["deleted"]


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("http://localhost:4566/111111111111/q", "us-east-1"),
        ("http://127.0.0.1:4566/queue/eu-west-1/111111111111/q", "eu-west-1"),
        ("https://sqs.eu-central-1.amazonaws.com/111111111111/q", "eu-central-1"),
        ("https://ap-south-1.queue.amazonaws.com/111111111111/q", "ap-south-1"),
        ("http://sqs.us-west-2.localhost.localstack.cloud:4566/111111111111/q", "us-west-2"),
        ("http://us-west-2.queue.localhost.localstack.cloud:4566/111111111111/q", "us-west-2"),
        ("http://localhost.localstack.cloud:4566/111111111111/q", "us-east-1"),
        ("https://sqs.us-gov-west-1.amazonaws.com/111111111111/q", "us-gov-west-1"),
    ],
)
def test_the_region_that_a_url_names_wins(url, region):
    queue = queues.locate(url, "us-east-1")
    assert (queue.scope.account, queue.scope.region, queue.name) == ("111111111111", region, "q")


def test_queues_of_two_regions_and_accounts_share_nothing(client, sqs, url):
    assert "QueueUrls" not in client("sqs", region="eu-west-1").list_queues()
    assert "QueueUrls" not in client("sqs", account="999999999999").list_queues()


def test_a_redrive_policy_is_checked(sqs, url, account):
    def words(policy) -> str:
        text = policy if isinstance(policy, str) else json.dumps(policy)
        code, message = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": text})
        assert code == "InvalidParameterValue"
        return message.partition("Reason: ")[2]

    arn = f"arn:aws:sqs:us-east-1:{account}:dead"
    assert words("x") == "Redrive policy is not a valid JSON map."
    assert words({"deadLetterTargetArn": arn}).endswith("does not contain mandatory attribute: maxReceiveCount.")
    assert words({"deadLetterTargetArn": arn, "maxReceiveCount": 0}).startswith("Invalid value for maxReceiveCount: 0")
    assert words({"deadLetterTargetArn": "dead", "maxReceiveCount": 1}) == "Invalid value for deadLetterTargetArn."
    assert words({"deadLetterTargetArn": arn, "maxReceiveCount": 1}) == "Dead letter target does not exist."
    fifo = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})
    assert fifo and "same type" in words({"deadLetterTargetArn": arn + ".fifo", "maxReceiveCount": 1})
    other = arn.replace(account, "999999999999")
    assert "owner should be same" in words({"deadLetterTargetArn": other, "maxReceiveCount": 1})
