"""Long polling: who waits hears at once of what comes, and who went away takes nothing."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.sqs.conftest import bodies
from tests.sqs.test_deadletters import make_pair

LONG = 15
"""Seconds that nobody should come to wait."""


@contextmanager
def polling(client, url: str, count: int = 1, **options):
    """Receives under way. Their results are lists of bodies."""

    def poll(_: int) -> list[str]:
        return bodies(client.receive_message(QueueUrl=url, **{"WaitTimeSeconds": LONG, **options}))

    with ThreadPoolExecutor(count) as threads:
        futures = [threads.submit(poll, n) for n in range(count)]
        time.sleep(0.3)
        yield futures


def first(*futures: Future) -> list[str]:
    started = time.monotonic()
    found = futures[0].result(timeout=LONG)
    assert time.monotonic() - started < LONG / 2
    return found


def everything(futures: list[Future]) -> list[str]:
    return sorted(body for each in futures for body in each.result(timeout=LONG))


@pytest.mark.spec("integration:SQS-11")
def test_who_waits_gets_a_message_the_moment_it_comes(sqs, url):
    with polling(sqs, url) as waiting:
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert first(*waiting) == ["a"]


@pytest.mark.spec("integration:SQS-11")
def test_an_empty_queue_is_polled_until_the_wait_is_over(sqs, url):
    for wait in ({"WaitTimeSeconds": 1}, {}):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"ReceiveMessageWaitTimeSeconds": "1"})
        started = time.monotonic()
        assert "Messages" not in sqs.receive_message(QueueUrl=url, **wait)
        assert 0.9 < time.monotonic() - started < 5
    started = time.monotonic()
    sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)
    assert time.monotonic() - started < 0.9


def test_each_message_wakes_one_who_waits(sqs, url):
    with polling(sqs, url, count=4) as waiting:
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(4)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
        assert everything(waiting) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("seconds", [1, 2])
def test_the_end_of_a_delay_wakes(sqs, url, seconds):
    with polling(sqs, url) as waiting:
        sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=seconds)
        assert first(*waiting) == ["a"]


def test_the_end_of_a_timeout_wakes_each_in_turn(sqs, url):
    for body in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    for timeout in (2, 1, 3):
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=timeout)
    with polling(sqs, url, count=3) as waiting:
        assert everything(waiting) == ["a", "b", "c"]


def test_a_message_that_is_given_back_wakes(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    receipt = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    with polling(sqs, url) as waiting:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
        assert first(*waiting) == ["a"]


def test_a_group_that_has_its_turn_wakes(sqs, fifo_url):
    for body in "ab":
        sqs.send_message(QueueUrl=fifo_url, MessageBody=body, MessageGroupId="g")
    receipt = sqs.receive_message(QueueUrl=fifo_url)["Messages"][0]["ReceiptHandle"]
    with polling(sqs, fifo_url) as waiting:
        sqs.delete_message(QueueUrl=fifo_url, ReceiptHandle=receipt)
        assert first(*waiting) == ["b"]


def test_a_message_that_dies_wakes_who_waits_for_the_dead(sqs):
    work, dead = make_pair(sqs)
    sqs.send_message(QueueUrl=work, MessageBody="bad")
    sqs.receive_message(QueueUrl=work)
    with polling(sqs, dead) as waiting:
        sqs.receive_message(QueueUrl=work)
        assert first(*waiting) == ["bad"]


def test_a_clock_that_is_moved_wakes(own_cloud, own_sqs):
    url = own_sqs.create_queue(QueueName="orders")["QueueUrl"]
    own_cloud.run(_freeze(own_cloud.cloud.kernel.clock))
    own_sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=15)
    with polling(own_sqs, url, count=2, WaitTimeSeconds=20) as waiting:
        own_cloud.advance(seconds=10)
        time.sleep(0.1)
        assert not any(each.done() for each in waiting)
        own_cloud.advance(seconds=6)
        time.sleep(0.3)
        assert [each.result() for each in waiting if each.done()] == [["a"]]
        own_cloud.advance(seconds=10)
        assert sorted(each.result(timeout=LONG) for each in waiting) == [[], ["a"]]


async def _freeze(clock) -> None:
    clock.set_rate(0)


def test_who_went_away_takes_nothing(sqs, url, account):
    gone = _raw_poll(url, account)
    time.sleep(0.3)
    gone.close()
    time.sleep(0.1)
    with polling(sqs, url) as waiting:
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert first(*waiting) == ["a"]


def test_a_wake_up_is_handed_on_by_who_went_away(sqs, url, account):
    gone = [_raw_poll(url, account) for _ in range(5)]
    with polling(sqs, url) as waiting:
        for each in gone:
            each.close()
        sqs.send_message(QueueUrl=url, MessageBody="a")
        sqs.send_message(QueueUrl=url, MessageBody="b")
        assert first(*waiting) in (["a"], ["b"])


def test_a_deleted_queue_ends_the_wait(sqs, url):
    with ThreadPoolExecutor(1) as threads:
        poll = threads.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=LONG)
        time.sleep(0.3)
        sqs.delete_queue(QueueUrl=url)
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            poll.result(timeout=LONG / 2)


def _raw_poll(url: str, account: str) -> socket.socket:
    """Send a long poll, and leave its connection to the caller."""
    place = urlsplit(url)
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": LONG})
    head = [
        "POST / HTTP/1.1",
        f"Host: {place.netloc}",
        "X-Amz-Target: AmazonSQS.ReceiveMessage",
        "Content-Type: application/x-amz-json-1.0",
        f"Content-Length: {len(body)}",
        f"X-Amz-Date: {time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}",
        f"Authorization: AWS4-HMAC-SHA256 Credential={account}/{time.strftime('%Y%m%d', time.gmtime())}"
        f"/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
    ]
    connection = socket.create_connection((place.hostname, place.port))
    connection.sendall("\r\n".join([*head, "", body]).encode())
    return connection
