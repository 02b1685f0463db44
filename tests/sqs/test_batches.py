"""Batches: what refuses them whole, and what fails alone."""

from __future__ import annotations

import pytest

from tests.sqs.conftest import bodies
from tests.sqs.test_queues import refusal


def entries(*texts: str, **members) -> list[dict]:
    return [{"Id": str(n), "MessageBody": text, **members} for n, text in enumerate(texts)]


@pytest.mark.spec("integration:SQS-32", "integration:SQS-02")
def test_messages_are_sent_changed_and_deleted_together(sqs, url):
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries(*"abc"))
    assert [each["Id"] for each in sent["Successful"]] == ["0", "1", "2"]
    assert "Failed" not in sent
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    receipts = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in received]
    changes = [{**each, "VisibilityTimeout": 0} for each in receipts]
    assert len(sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes)["Successful"]) == 3
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    assert sorted(m["Body"] for m in received) == ["a", "b", "c"]
    assert len(sqs.delete_message_batch(QueueUrl=url, Entries=receipts)["Successful"]) == 3
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_an_entry_can_fail_alone(sqs, url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries("a" * 1025, "b", "\0"))
    assert [each["Id"] for each in answer["Successful"]] == ["1"]
    assert answer["Failed"][0] == {
        "Id": "0",
        "SenderFault": True,
        "Code": "InvalidParameterValue",
        "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
    }
    assert answer["Failed"][1]["Code"] == "InvalidMessageContents"
    assert bodies(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)) == ["b"]
    nothing = [{"Id": "x", "ReceiptHandle": "x"}]
    assert sqs.delete_message_batch(QueueUrl=url, Entries=nothing)["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"


@pytest.mark.parametrize(
    ("batch", "code", "words"),
    [
        ([], "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."),
        (entries(*"abcdefghijk"), "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."),
        (entries("a") * 2, "BatchEntryIdsNotDistinct", "Id 0 repeated."),
        ([{"Id": "a:b", "MessageBody": "a"}], "InvalidBatchEntryId", "A batch entry id can only contain"),
        ([{"Id": "", "MessageBody": "a"}], "InvalidBatchEntryId", "It can be at most 80 letters long."),
        ([{"Id": "a" * 81, "MessageBody": "a"}], "InvalidBatchEntryId", "It can be at most 80 letters long."),
        (
            entries("a" * 600_000, "b" * 600_000),
            "BatchRequestTooLong",
            "longer than 1048576 bytes. You have sent 1200000",
        ),
    ],
)
def test_what_refuses_a_whole_batch(sqs, url, batch, code, words):
    answer = refusal(sqs.send_message_batch, QueueUrl=url, Entries=batch)
    assert answer[0] == f"AWS.SimpleQueueService.{code}"
    assert words in answer[1]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_batch_to_a_queue_that_is_not_there(sqs, url):
    for call, entry in (
        (sqs.send_message_batch, {"MessageBody": "a"}),
        (sqs.delete_message_batch, {"ReceiptHandle": "a"}),
    ):
        answer = refusal(call, QueueUrl=url + "x", Entries=[{"Id": "1", **entry}])
        assert answer[0] == "AWS.SimpleQueueService.NonExistentQueue"
