"""Messages of standard queues: sending, receiving, hiding, deleting, growing old."""

from __future__ import annotations

import hashlib

import pytest

from cumulet.services.sqs import messages, payload
from cumulet.services.sqs.errors import InvalidParameterValue, OverLimit
from cumulet.services.sqs.outbound import Draft
from tests.sqs.conftest import bodies
from tests.sqs.test_queues import refusal

COUNTS = ("", "NotVisible", "Delayed")


def counts(sqs, url) -> tuple[int, ...]:
    """Visible, in flight, delayed."""
    names = ["ApproximateNumberOfMessages" + kind for kind in COUNTS]
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(shown[name]) for name in names)


@pytest.mark.spec("integration:SQS-04", "integration:SQS-10")
def test_a_message_that_is_not_deleted_comes_back(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="thumbnails")["QueueUrl"]
    sent = own_sqs.send_message(QueueUrl=url, MessageBody="cat.png")

    first = own_sqs.receive_message(QueueUrl=url)
    own_cloud.advance(seconds=29)
    hidden = own_sqs.receive_message(QueueUrl=url)
    own_cloud.advance(seconds=1)
    again = own_sqs.receive_message(QueueUrl=url)

    assert "Messages" not in hidden
    assert first["Messages"][0]["MessageId"] == again["Messages"][0]["MessageId"] == sent["MessageId"]


@pytest.mark.spec("integration:SQS-05", "integration:SQS-06")
def test_each_receive_has_a_receipt_and_only_a_receipt_deletes(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    sent = own_sqs.send_message(QueueUrl=url, MessageBody="a")
    receipts = []
    for _ in range(2):
        receipts.append(own_sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"])
        own_cloud.advance(seconds=31)
    assert receipts[0] != receipts[1]
    assert all(len(receipt) <= 1024 for receipt in receipts)
    for nothing in (sent["MessageId"], "", "x" * 2000, receipts[0] + "!"):
        assert refusal(own_sqs.delete_message, QueueUrl=url, ReceiptHandle=nothing)[0] == "ReceiptHandleIsInvalid"
    own_sqs.delete_message(QueueUrl=url, ReceiptHandle=receipts[0])
    own_sqs.delete_message(QueueUrl=url, ReceiptHandle=receipts[1])
    assert counts(own_sqs, url) == (0, 0, 0)


def test_a_receipt_is_of_one_queue(sqs, url):
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a")
    receipt = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    assert refusal(sqs.delete_message, QueueUrl=other, ReceiptHandle=receipt)[0] == "ReceiptHandleIsInvalid"


def test_message_ids_are_unique(sqs, url):
    ids = {sqs.send_message(QueueUrl=url, MessageBody="same")["MessageId"] for _ in range(20)}
    assert len(ids) == 20
    assert max(map(len, ids)) <= 100


@pytest.mark.spec("integration:SQS-07")
def test_the_timeout_of_one_message_can_be_changed(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    own_sqs.send_message(QueueUrl=url, MessageBody="a")
    message = {
        "QueueUrl": url,
        "ReceiptHandle": own_sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"],
    }
    own_sqs.change_message_visibility(**message, VisibilityTimeout=100)
    own_cloud.advance(seconds=99)
    assert "Messages" not in own_sqs.receive_message(QueueUrl=url)
    own_sqs.change_message_visibility(**message, VisibilityTimeout=0)
    assert bodies(own_sqs.receive_message(QueueUrl=url)) == ["a"]
    for seconds in (-1, 43_201):
        answer = refusal(own_sqs.change_message_visibility, **message, VisibilityTimeout=seconds)
        reason = "Reason: VisibilityTimeout must be an integer between 0 and 43200."
        assert answer == (
            "InvalidParameterValue",
            f"Value {seconds} for parameter VisibilityTimeout is invalid. {reason}",
        )


def test_a_message_is_hidden_for_12_hours_in_all_at_most(tx, later, make_queue):
    queue = make_queue("orders")
    messages.send(tx, queue, Draft("a", {}, {}), "me")
    receipt = messages.receive(tx, queue, 1)[0].receipt
    messages.change_visibility(tx, queue, receipt, 43_200)
    later(seconds=10)
    messages.change_visibility(tx, queue, receipt, 43_190)
    with pytest.raises(InvalidParameterValue, match="Total VisibilityTimeout for the message is beyond the limit"):
        messages.change_visibility(tx, queue, receipt, 43_191)


def test_a_deleted_message_has_no_timeout(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    message = {"QueueUrl": url, "ReceiptHandle": sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]}
    sqs.delete_message(**message)
    code, words = refusal(sqs.change_message_visibility, **message, VisibilityTimeout=1)
    assert code == "InvalidParameterValue"
    assert words.endswith("Reason: Message does not exist or is not available for visibility timeout change.")


def test_a_receipt_still_works_when_its_time_is_over(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    own_sqs.send_message(QueueUrl=url, MessageBody="a")
    receipt = own_sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"][0]["ReceiptHandle"]
    own_cloud.advance(seconds=2)
    own_sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=30)
    assert "Messages" not in own_sqs.receive_message(QueueUrl=url)


@pytest.mark.spec("integration:SQS-08", "integration:SQS-09")
def test_queues_and_messages_have_delays(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "60"})["QueueUrl"]
    own_sqs.send_message(QueueUrl=url, MessageBody="as the queue says")
    own_sqs.send_message(QueueUrl=url, MessageBody="at once", DelaySeconds=0)
    own_sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
    assert counts(own_sqs, url) == (1, 0, 2)
    assert bodies(own_sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) == ["at once"]
    own_cloud.advance(seconds=60)
    assert bodies(own_sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)) != []
    own_sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    own_sqs.send_message(QueueUrl=url, MessageBody="now")
    own_cloud.advance(seconds=1)
    found = [bodies(own_sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) for _ in range(3)]
    assert any("now" in some for some in found)
    assert refusal(own_sqs.send_message, QueueUrl=url, MessageBody="a", DelaySeconds=901) == (
        "InvalidParameterValue",
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    )


@pytest.mark.spec("integration:SQS-12")
def test_messages_disappear_when_they_are_too_old(own_cloud, own_sqs):
    default = own_sqs.create_queue(QueueName="default")["QueueUrl"]
    long = own_sqs.create_queue(QueueName="long", Attributes={"MessageRetentionPeriod": "1209600"})["QueueUrl"]
    for url in (default, long):
        own_sqs.send_message(QueueUrl=url, MessageBody="a")
        own_sqs.send_message(QueueUrl=url, MessageBody="b")
        own_sqs.receive_message(QueueUrl=url)
    own_cloud.advance(days=4, seconds=-60)
    assert counts(own_sqs, default) == (2, 0, 0)
    own_cloud.advance(seconds=61)
    assert counts(own_sqs, default) == (0, 0, 0)
    assert "Messages" not in own_sqs.receive_message(QueueUrl=default)
    assert len(own_sqs.receive_message(QueueUrl=long, MaxNumberOfMessages=10)["Messages"]) == 2
    own_cloud.advance(days=10)
    assert "Messages" not in own_sqs.receive_message(QueueUrl=long)


def test_a_shorter_retention_holds_for_messages_that_are_there(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    own_sqs.send_message(QueueUrl=url, MessageBody="a")
    own_sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    own_cloud.advance(seconds=61)

    async def kept():
        read = own_cloud.cloud.kernel.store.read
        return await read(lambda tx: [key for key, _ in tx.items(("sqs",)) if "message" in key])

    assert own_cloud.run(kept()) == []


def test_what_is_too_old_is_never_received_nor_counted_even_before_it_is_swept(tx, later, make_queue):
    queue = make_queue("orders", MessageRetentionPeriod="60")
    for n in range(250):
        messages.send(tx, queue, Draft(str(n), {}, {}), "me")
    later(seconds=30)
    messages.send(tx, queue, Draft("young", {}, {}), "me")
    later(seconds=30)
    assert [each.message.body for each in messages.receive(tx, queue, 1)] == ["young"]
    assert messages.count(tx, queue) == (0, 1, 0)


@pytest.mark.spec("integration:SQS-13")
def test_the_size_limit_counts_bytes_and_attributes(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a" * 1_048_576)
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="a" * 1_048_577) == (
        "InvalidParameterValue",
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    sqs.send_message(QueueUrl=url, MessageBody="é" * 512)
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="é" * 513)[0] == "InvalidParameterValue"
    attribute = {"n": {"DataType": "String", "StringValue": "v"}}
    sqs.send_message(QueueUrl=url, MessageBody="a" * (1024 - 8), MessageAttributes=attribute)
    long = {"QueueUrl": url, "MessageBody": "a" * (1024 - 7), "MessageAttributes": attribute}
    assert refusal(sqs.send_message, **long)[0] == "InvalidParameterValue"


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "￾", "￿"])
def test_a_body_has_only_characters_of_xml(sqs, url, character):
    code, words = refusal(sqs.send_message, QueueUrl=url, MessageBody=f"a{character}b")
    assert code == "InvalidMessageContents"
    assert f"'#x{ord(character):X}'" in words


def test_a_body_is_returned_as_it_was(sqs, url):
    body = "\t\n\r <&>\"' \ue000 \U0001f600 é"
    sent = sqs.send_message(QueueUrl=url, MessageBody=body)
    received = sqs.receive_message(QueueUrl=url)["Messages"][0]
    assert received["Body"] == body
    assert received["MD5OfBody"] == sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()


def test_a_message_has_a_body(sqs, url):
    answer = refusal(sqs.send_message, QueueUrl=url, MessageBody="")
    assert answer == ("MissingParameter", "The request must contain the parameter MessageBody.")


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("VisibilityTimeout", 43_201, "Must be >= 0 and <= 43200, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
        ("WaitTimeSeconds", -1, "Must be >= 0 and <= 20, if provided."),
    ],
)
def test_what_can_be_asked_of_a_receive(sqs, url, parameter, value, reason):
    answer = refusal(sqs.receive_message, QueueUrl=url, **{parameter: value})
    assert answer == ("InvalidParameterValue", f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def test_system_attributes_are_shown_when_asked_for(sqs, url, account):
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="a", MessageSystemAttributes=trace)
    assert sent["MD5OfMessageSystemAttributes"] == payload.attributes_digest(trace)
    again = {"QueueUrl": url, "VisibilityTimeout": 0}
    everything = sqs.receive_message(**again, MessageSystemAttributeNames=["All"])["Messages"][0]["Attributes"]
    assert everything["SenderId"] == account
    assert everything["AWSTraceHeader"] == trace["AWSTraceHeader"]["StringValue"]
    assert everything["ApproximateReceiveCount"] == "1"
    assert 0 <= int(everything["ApproximateFirstReceiveTimestamp"]) - int(everything["SentTimestamp"]) < 60_000
    assert set(everything) == {
        "SenderId", "AWSTraceHeader", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SentTimestamp",
    }  # fmt: skip
    some = sqs.receive_message(**again, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    assert some["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert "Attributes" not in sqs.receive_message(**again)["Messages"][0]
    assert refusal(sqs.receive_message, **again, AttributeNames=["Colour"])[0] == "InvalidAttributeName"


def test_counts_are_exact_at_every_moment(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "10"})["QueueUrl"]
    for n in range(5):
        own_sqs.send_message(QueueUrl=url, MessageBody=str(n), DelaySeconds=20 * (n == 4))
    assert counts(own_sqs, url) == (4, 0, 1)
    taken = own_sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3)["Messages"]
    assert counts(own_sqs, url) == (1, 3, 1)
    own_sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[0]["ReceiptHandle"])
    own_sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=taken[1]["ReceiptHandle"], VisibilityTimeout=15)
    assert counts(own_sqs, url) == (1, 2, 1)
    own_cloud.advance(seconds=11)
    assert counts(own_sqs, url) == (2, 1, 1)
    own_cloud.advance(seconds=10)
    assert counts(own_sqs, url) == (4, 0, 0)


@pytest.mark.spec("integration:SQS-22")
def test_a_limit_of_messages_in_flight(tx, later, make_queue, monkeypatch):
    monkeypatch.setattr(messages, "MOST_IN_FLIGHT", 3)
    queue, fifo = make_queue("orders"), make_queue("orders.fifo")
    for n in range(4):
        messages.send(tx, queue, Draft("a", {}, {}), "me")
        messages.send(tx, fifo, Draft("a", {}, {}, group=str(n), deduplication_id=str(n)), "me")
    first = messages.receive(tx, queue, 3)
    messages.receive(tx, fifo, 3)
    with pytest.raises(OverLimit):
        messages.receive(tx, queue, 1)
    assert messages.receive(tx, queue, 1, wait_seconds=5) == []
    assert messages.receive(tx, fifo, 1) == []
    messages.delete(tx, queue, first[0].receipt)
    assert len(messages.receive(tx, queue, 10)) == 1
    later(seconds=30)
    assert len(messages.receive(tx, queue, 10)) == 3


def test_as_many_as_aws_allows_can_be_in_flight():
    assert messages.MOST_IN_FLIGHT == 120_000


@pytest.mark.spec("integration:SQS-14")
def test_consumers_share_the_messages(client, sqs, url):
    for n in range(30):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))
    consumers = [client("sqs") for _ in range(3)]
    found = [bodies(each.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) for each in consumers]
    assert sorted((body for some in found for body in some), key=int) == [str(n) for n in range(30)]


def test_a_noisy_group_does_not_starve_the_others(tx, later, make_queue):
    queue = make_queue("orders")
    for n in range(200):
        messages.send(tx, queue, Draft(f"noisy {n}", {}, {}, group="noisy"), "me")
    later(seconds=1)
    messages.send(tx, queue, Draft("quiet", {}, {}, group="quiet"), "me")
    messages.send(tx, queue, Draft("alone", {}, {}), "me")
    served = []
    for _ in range(4):
        later(seconds=0.01)
        served += [each.message.body for each in messages.receive(tx, queue, 1)]
    assert {"quiet", "alone"} < set(served)
    assert len(served) == 4
    while some := messages.receive(tx, queue, 10):
        served += [each.message.body for each in some]
    assert len(set(served)) == 202
