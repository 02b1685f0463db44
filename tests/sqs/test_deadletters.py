"""Dead-letter queues, and the tasks that empty them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sqs.conftest import bodies
from tests.sqs.test_queues import refusal


def arn_of(sqs, url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def make_pair(sqs, suffix: str = "", count: Any = 1, names: tuple[str, str] = ("work", "dead")) -> tuple[str, str]:
    """A queue and its dead-letter queue; messages are visible again at once."""
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if suffix else {}
    dead = sqs.create_queue(QueueName=names[1] + suffix, Attributes=fifo)["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": count})
    attributes = {"RedrivePolicy": redrive, "VisibilityTimeout": "0", **fifo}
    return sqs.create_queue(QueueName=names[0] + suffix, Attributes=attributes)["QueueUrl"], dead


@pytest.mark.spec("integration:SQS-17")
@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_what_cannot_be_processed_is_moved(sqs, suffix):
    work, dead = make_pair(sqs, suffix, count="2")
    group = {"MessageGroupId": "g"} if suffix else {}
    attribute = {"MyAttribute": {"DataType": "String", "StringValue": "foobar"}}
    sent = sqs.send_message(QueueUrl=work, MessageBody="bad", MessageAttributes=attribute, **group)
    for _ in range(2):
        assert bodies(sqs.receive_message(QueueUrl=work)) == ["bad"]
        assert "Messages" not in sqs.receive_message(QueueUrl=dead)
    assert "Messages" not in sqs.receive_message(QueueUrl=work)
    moved = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"][0]
    assert moved["MessageId"] == sent["MessageId"]
    assert moved["MessageAttributes"] == attribute
    assert moved["Attributes"]["ApproximateReceiveCount"] == "3"
    assert moved["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(sqs, work)
    redrive = sqs.get_queue_attributes(QueueUrl=work, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    assert json.loads(redrive) == {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 2}


@pytest.mark.spec("integration:SQS-17")
def test_the_sources_of_a_dead_letter_queue_are_listed(sqs):
    first, dead = make_pair(sqs)
    second, _ = make_pair(sqs, names=("more", "dead"))
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == sorted([first, second])
    page = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1)
    rest = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1, NextToken=page["NextToken"])
    assert page["queueUrls"] + rest["queueUrls"] == sorted([first, second])
    sqs.set_queue_attributes(QueueUrl=first, Attributes={"RedrivePolicy": ""})
    sqs.delete_queue(QueueUrl=second)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == []


def test_a_message_with_nowhere_to_go_stays(sqs):
    work, dead = make_pair(sqs)
    sqs.delete_queue(QueueUrl=dead)
    sqs.send_message(QueueUrl=work, MessageBody="bad")
    assert [bodies(sqs.receive_message(QueueUrl=work)) for _ in range(3)] == [["bad"]] * 3


@pytest.mark.parametrize(("permission", "allowed"), [("allowAll", True), ("denyAll", False), ("byQueue", True)])
def test_a_queue_says_who_may_use_it(sqs, account, permission, allowed):
    policy = {"redrivePermission": permission}
    if permission == "byQueue":
        policy["sourceQueueArns"] = [f"arn:aws:sqs:us-east-1:{account}:work"]
    dead = sqs.create_queue(QueueName="dead", Attributes={"RedriveAllowPolicy": json.dumps(policy)})["QueueUrl"]
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1})}
    if allowed:
        sqs.create_queue(QueueName="work", Attributes=redrive)
    else:
        assert refusal(sqs.create_queue, QueueName="work", Attributes=redrive)[0] == "InvalidParameterValue"
    if permission == "byQueue":
        assert refusal(sqs.create_queue, QueueName="other", Attributes=redrive)[0] == "InvalidParameterValue"


@pytest.mark.parametrize("policy", ["x", "{}", '{"redrivePermission": "some"}', '{"redrivePermission": "byQueue"}'])
def test_a_redrive_allow_policy_is_checked(sqs, url, policy):
    answer = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedriveAllowPolicy": policy})
    assert answer[0] == "InvalidAttributeValue"


def test_age_goes_on_in_the_dead_letter_queue(own_cloud, own_sqs):
    work, dead = make_pair(own_sqs)
    own_sqs.send_message(QueueUrl=work, MessageBody="bad")
    own_cloud.advance(days=3)
    own_sqs.receive_message(QueueUrl=work)
    own_sqs.receive_message(QueueUrl=work)
    assert bodies(own_sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)) == ["bad"]
    own_cloud.advance(days=1)
    assert "Messages" not in own_sqs.receive_message(QueueUrl=dead)


def bury(sqs, work: str, *texts: str) -> None:
    """Have messages moved to the dead-letter queue of `work`."""
    for text in texts:
        sqs.send_message(QueueUrl=work, MessageBody=text)
    for _ in range(2):
        sqs.receive_message(QueueUrl=work, MaxNumberOfMessages=10)


def test_messages_are_moved_back_to_where_they_came_from(own_cloud, own_sqs):
    first, dead = make_pair(own_sqs)
    second, _ = make_pair(own_sqs, names=("more", "dead"))
    bury(own_sqs, first, "a", "b")
    bury(own_sqs, second, "c")
    own_sqs.start_message_move_task(SourceArn=arn_of(own_sqs, dead))
    own_cloud.settle()
    tasks = own_sqs.list_message_move_tasks(SourceArn=arn_of(own_sqs, dead))["Results"]
    assert abs(tasks[0].pop("StartedTimestamp") / 1000 - own_cloud.now().timestamp()) < 60
    assert tasks == [
        {
            "Status": "COMPLETED",
            "SourceArn": arn_of(own_sqs, dead),
            "ApproximateNumberOfMessagesMoved": 3,
            "ApproximateNumberOfMessagesToMove": 3,
        }
    ]
    assert sorted(bodies(own_sqs.receive_message(QueueUrl=first, MaxNumberOfMessages=10))) == ["a", "b"]
    again = own_sqs.receive_message(QueueUrl=second, AttributeNames=["All"])["Messages"][0]
    assert again["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in again["Attributes"]


def test_a_move_has_a_rate_and_can_be_cancelled(own_cloud, own_sqs):
    work, dead = make_pair(own_sqs)
    bury(own_sqs, work, *"abcdefghij")
    target = own_sqs.create_queue(QueueName="target")["QueueUrl"]
    task = {"SourceArn": arn_of(own_sqs, dead), "DestinationArn": arn_of(own_sqs, target)}
    handle = own_sqs.start_message_move_task(**task, MaxNumberOfMessagesPerSecond=2)["TaskHandle"]
    own_cloud.settle()
    assert refusal(own_sqs.start_message_move_task, **task)[1].startswith("There is already a task running.")
    own_cloud.advance(seconds=1)
    running = own_sqs.list_message_move_tasks(SourceArn=task["SourceArn"])["Results"][0]
    assert (running["Status"], running["TaskHandle"], running["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 2)
    moved = own_sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    assert moved == running["ApproximateNumberOfMessagesMoved"] == 4
    own_cloud.advance(seconds=30)
    assert len(own_sqs.receive_message(QueueUrl=target, MaxNumberOfMessages=10)["Messages"]) == 4
    ended = own_sqs.list_message_move_tasks(SourceArn=task["SourceArn"])["Results"][0]
    assert ended["Status"] == "CANCELLED"
    assert "TaskHandle" not in ended
    assert refusal(own_sqs.cancel_message_move_task, TaskHandle=handle)[0] == "ResourceNotFoundException"


def test_a_move_without_a_known_source_fails(own_cloud, own_sqs):
    _, dead = make_pair(own_sqs)
    own_sqs.send_message(QueueUrl=dead, MessageBody="sent right here")
    own_sqs.start_message_move_task(SourceArn=arn_of(own_sqs, dead))
    own_cloud.settle()
    task = own_sqs.list_message_move_tasks(SourceArn=arn_of(own_sqs, dead))["Results"][0]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert bodies(own_sqs.receive_message(QueueUrl=dead)) == ["sent right here"]


def test_what_a_move_needs(sqs, url):
    _, dead = make_pair(sqs)
    source = arn_of(sqs, dead)
    assert refusal(sqs.start_message_move_task, SourceArn=arn_of(sqs, url)) == (
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    )
    assert refusal(sqs.start_message_move_task, SourceArn=source, DestinationArn=source + "x") == (
        "ResourceNotFoundException",
        "The resource that you specified for the DestinationArn parameter doesn't exist.",
    )
    assert refusal(sqs.start_message_move_task, SourceArn="x")[0] == "InvalidParameterValue"
    rate = {"MaxNumberOfMessagesPerSecond": 501}
    assert refusal(sqs.start_message_move_task, SourceArn=source, **rate)[0] == "InvalidParameterValue"
    assert refusal(sqs.list_message_move_tasks, SourceArn=source + "x")[0] == "ResourceNotFoundException"
    assert refusal(sqs.list_message_move_tasks, SourceArn=source, MaxResults=11)[0] == "InvalidParameterValue"
    for handle in ("foobar", "", "e30=", "YQ=="):
        answer = refusal(sqs.cancel_message_move_task, TaskHandle=handle)
        assert answer == ("InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
