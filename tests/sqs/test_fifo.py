"""FIFO queues: order within groups, deduplication, sequence numbers, attempts."""

from __future__ import annotations

import pytest
from botocore.config import Config

from cumulet.services.sqs import messages
from cumulet.services.sqs.errors import InvalidParameterValue
from cumulet.services.sqs.outbound import Draft
from cumulet.testing import LocalCloud
from tests.sqs.conftest import bodies
from tests.sqs.test_queues import refusal


def send(tx, queue, body: str, group: str) -> None:
    messages.send(tx, queue, Draft(body, {}, {}, group=group, deduplication_id=body), "me")


def taken(received) -> list[str]:
    return [each.message.body for each in received]


@pytest.mark.spec("integration:SQS-18")
def test_messages_come_out_in_the_order_of_sending(sqs, fifo_url):
    for n in range(25):
        sqs.send_message(QueueUrl=fifo_url, MessageBody=str(n), MessageGroupId="g")
    found = []
    while batch := sqs.receive_message(QueueUrl=fifo_url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in batch]
        for message in batch:
            sqs.delete_message(QueueUrl=fifo_url, ReceiptHandle=message["ReceiptHandle"])
    assert found == [str(n) for n in range(25)]


@pytest.mark.spec("integration:SQS-19")
def test_a_group_waits_for_its_message_in_flight_and_others_do_not(tx, later, make_queue):
    queue = make_queue("orders.fifo")
    for body in ("a1", "a2", "b1"):
        send(tx, queue, body, body[0])
    first = messages.receive(tx, queue, 1)
    assert taken(first) == ["a1"]
    assert taken(messages.receive(tx, queue, 10)) == ["b1"]
    assert messages.receive(tx, queue, 10) == []
    messages.delete(tx, queue, first[0].receipt)
    assert taken(messages.receive(tx, queue, 10)) == ["a2"]
    later(seconds=30)
    assert sorted(taken(messages.receive(tx, queue, 10))) == ["a2", "b1"]


def test_a_message_that_was_not_deleted_comes_first_again(tx, later, make_queue):
    queue = make_queue("orders.fifo")
    for body in ("a1", "a2", "a3"):
        send(tx, queue, body, "a")
    assert taken(messages.receive(tx, queue, 2)) == ["a1", "a2"]
    assert messages.receive(tx, queue, 2) == []
    later(seconds=30)
    assert taken(messages.receive(tx, queue, 10)) == ["a1", "a2", "a3"]


def test_a_group_waits_for_all_of_its_messages_in_flight(tx, later, make_queue):
    queue = make_queue("orders.fifo")
    for body in ("a1", "a2", "a3"):
        send(tx, queue, body, "a")
    first, second = messages.receive(tx, queue, 2)
    messages.change_visibility(tx, queue, first.receipt, 0)
    assert messages.receive(tx, queue, 10) == []
    messages.delete(tx, queue, second.receipt)
    assert taken(messages.receive(tx, queue, 10)) == ["a1", "a3"]


def test_one_receive_takes_of_one_group_first(tx, make_queue):
    queue = make_queue("orders.fifo")
    for body in ("a1", "b1", "a2", "b2", "a3"):
        send(tx, queue, body, body[0])
    assert taken(messages.receive(tx, queue, 4)) == ["a1", "a2", "a3", "b1"]


@pytest.mark.spec("integration:SQS-20")
def test_a_repeated_send_is_dropped_for_five_minutes(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    message = {"QueueUrl": url, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = own_sqs.send_message(**message, MessageBody="one")
    again = own_sqs.send_message(**message, MessageBody="two")
    assert (first["MessageId"], first["SequenceNumber"]) == (again["MessageId"], again["SequenceNumber"])
    received = own_sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [each["Body"] for each in received] == ["one"]
    own_sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    own_cloud.advance(seconds=299)
    own_sqs.send_message(**message, MessageBody="three")
    assert "Messages" not in own_sqs.receive_message(QueueUrl=url)
    own_cloud.advance(seconds=1)
    own_sqs.send_message(**message, MessageBody="four")
    assert bodies(own_sqs.receive_message(QueueUrl=url)) == ["four"]


@pytest.mark.spec("integration:SQS-20")
def test_equal_bodies_are_told_by_their_content(sqs, fifo_url):
    for body in ("same", "same", "other"):
        sqs.send_message(QueueUrl=fifo_url, MessageBody=body, MessageGroupId="g")
    sqs.send_message(QueueUrl=fifo_url, MessageBody="same", MessageGroupId="h", MessageDeduplicationId="own")
    assert bodies(sqs.receive_message(QueueUrl=fifo_url, MaxNumberOfMessages=10)) == ["same", "other", "same"]


def test_deduplication_by_group(sqs):
    attributes = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
    url = sqs.create_queue(QueueName="a.fifo", Attributes=attributes)["QueueUrl"]
    for group in "aab":
        sqs.send_message(QueueUrl=url, MessageBody=group, MessageGroupId=group, MessageDeduplicationId="d")
    assert bodies(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) == ["a", "b"]


def test_memories_do_not_pile_up(tx, later, make_queue):
    queue = make_queue("orders.fifo")
    for n in range(500):
        send(tx, queue, str(n), "g")
        later(seconds=10)
    kept = [key for key, _ in tx.items(queue.scope.key("sqs", "recent"))]
    assert len(kept) <= 2 * 31


@pytest.mark.spec("integration:SQS-18")
def test_sequence_numbers_have_20_digits_and_increase(sqs, fifo_url):
    def number(n: int) -> str:
        return sqs.send_message(QueueUrl=fifo_url, MessageBody=str(n), MessageGroupId="g")["SequenceNumber"]

    numbers = [number(n) for n in range(3)]
    sqs.purge_queue(QueueUrl=fifo_url)
    numbers.append(number(3))
    assert numbers == sorted(set(numbers))
    assert {len(each) for each in numbers} == {20}
    shown = sqs.receive_message(QueueUrl=fifo_url, AttributeNames=["All"])["Messages"][0]["Attributes"]
    assert shown["SequenceNumber"] == numbers[3]
    assert shown["MessageGroupId"] == "g"
    assert len(shown["MessageDeduplicationId"]) == 64


def test_what_a_fifo_queue_needs_and_refuses(sqs, url):
    fifo_url = sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    message = {"QueueUrl": fifo_url, "MessageBody": "a"}
    assert refusal(sqs.send_message, **message) == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    assert refusal(sqs.send_message, **message, MessageGroupId="g") == (
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
    complete = {**message, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    assert "not valid for this queue type" in refusal(sqs.send_message, **complete, DelaySeconds=5)[1]
    entry = {"Id": "1", "MessageBody": "a"}
    assert refusal(sqs.send_message_batch, QueueUrl=fifo_url, Entries=[entry]) == (
        "InvalidParameterValue",
        "The request must contain the parameter MessageGroupId.",
    )
    standard = {"QueueUrl": url, "MessageBody": "a", "MessageDeduplicationId": "d"}
    assert "not valid for this queue type" in refusal(sqs.send_message, **standard)[1]
    attempt = {"QueueUrl": url, "ReceiveRequestAttemptId": "x"}
    assert "not valid for this queue type" in refusal(sqs.receive_message, **attempt)[1]


@pytest.mark.parametrize("value", ["", "group 123", "a" * 129, "é"])
@pytest.mark.parametrize("name", ["MessageGroupId", "MessageDeduplicationId"])
def test_ids_have_up_to_128_letters_digits_and_marks(sqs, fifo_url, name, value):
    message = {"MessageGroupId": "g", "MessageDeduplicationId": "d", name: value}
    assert refusal(sqs.send_message, QueueUrl=fifo_url, MessageBody="a", **message) == (
        "InvalidParameterValue",
        f"Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and "
        "punctuation characters. 1 to 128 in length.",
    )


def test_all_marks_are_taken(sqs, fifo_url):
    marks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ09"
    sqs.send_message(QueueUrl=fifo_url, MessageBody="a", MessageGroupId=marks, MessageDeduplicationId=marks)


def test_a_receipt_expires(tx, later, make_queue):
    queue = make_queue("orders.fifo")
    send(tx, queue, "a", "g")
    old = messages.receive(tx, queue, 1)[0].receipt
    later(seconds=30)
    with pytest.raises(InvalidParameterValue, match="The receipt handle has expired"):
        messages.delete(tx, queue, old)
    new = messages.receive(tx, queue, 1)[0].receipt
    with pytest.raises(InvalidParameterValue, match="The receipt handle has expired"):
        messages.change_visibility(tx, queue, old, 10)
    messages.delete(tx, queue, new)
    messages.delete(tx, queue, new)


def test_an_attempt_gets_the_same_messages_again(tx, later, make_queue):
    queue = make_queue("orders.fifo")
    for body in ("a1", "a2", "b1"):
        send(tx, queue, body, body[0])
    first = messages.receive(tx, queue, 2, None, "attempt")
    later(seconds=20)
    again = messages.receive(tx, queue, 2, None, "attempt")
    assert [each.receipt for each in again] == [each.receipt for each in first]
    later(seconds=20)
    assert taken(messages.receive(tx, queue, 10)) == ["b1"], "the timeout began anew with the second try"
    messages.delete(tx, queue, first[0].receipt)
    with pytest.raises(InvalidParameterValue, match="not valid anymore"):
        messages.receive(tx, queue, 2, None, "attempt")


def test_the_delay_of_a_fifo_queue(tx, later, make_queue):
    queue = make_queue("orders.fifo", DelaySeconds="10")
    send(tx, queue, "a", "g")
    assert messages.receive(tx, queue, 1) == []
    assert messages.count(tx, queue) == (0, 0, 1)
    later(seconds=10)
    assert taken(messages.receive(tx, queue, 1)) == ["a"]


@pytest.mark.spec("integration:SQS-21")
def test_a_fifo_queue_takes_300_calls_a_second_where_quotas_are_held(tmp_path):
    with LocalCloud(tmp_path / "cloud", quotas=True) as cloud:
        cloud.run(_freeze(cloud))
        sqs = cloud.client("sqs", config=Config(retries={"max_attempts": 0}))
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        url = sqs.create_queue(QueueName="a.fifo", Attributes=attributes)["QueueUrl"]
        batch = [{"Id": str(n), "MessageBody": str(n), "MessageGroupId": "g"} for n in range(10)]
        for _ in range(300):
            sqs.send_message_batch(QueueUrl=url, Entries=batch)
        message = {"QueueUrl": url, "MessageBody": "more", "MessageGroupId": "g"}
        assert refusal(sqs.send_message, **message)[0] == "RequestThrottled"
        sqs.receive_message(QueueUrl=url)
        cloud.advance(seconds=1)
        sqs.send_message(**message)


async def _freeze(cloud) -> None:
    cloud.cloud.kernel.clock.set_rate(0)
