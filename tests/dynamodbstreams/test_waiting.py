"""Who reads a stream for others can wait for records instead of asking again and again."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import trusted_caller
from tests.conftest import connect
from tests.dynamodbstreams.conftest import NAME, iterator, put, told, with_stream


@pytest.fixture
def dynamodb(own_cloud, account):
    return connect(own_cloud, "dynamodb", account=account)


@pytest.fixture
def streams(own_cloud, account):
    return connect(own_cloud, "dynamodbstreams", account=account)


def begin(cloud: Any, account: str, held: str, seconds: float) -> Any:
    """Start to wait; the result is a future of the page."""
    kernel = cloud.cloud.kernel
    client = kernel.client(trusted_caller(account), "dynamodbstreams", "us-east-1")
    work = client.next_records(ShardIterator=held, WaitSeconds=seconds)
    return asyncio.run_coroutine_threadsafe(work, cloud._loop)


@pytest.mark.spec("data:DDBS-06")
def test_a_record_ends_the_wait_of_all(own_cloud, account, dynamodb, streams):
    held = iterator(streams, with_stream(dynamodb))
    waiting = [begin(own_cloud, account, held, 60) for _ in range(3)]
    time.sleep(0.1)
    assert not any(each.done() for each in waiting)
    put(dynamodb, "a")

    for each in waiting:
        assert told(each.result(timeout=5)["Records"]) == [("INSERT", "a")]


def test_the_end_of_the_shard_ends_the_wait(own_cloud, account, dynamodb, streams):
    waiting = begin(own_cloud, account, iterator(streams, with_stream(dynamodb)), 60)
    dynamodb.update_table(TableName=NAME, StreamSpecification={"StreamEnabled": False})

    assert waiting.result(timeout=5) == {"Records": []}


def test_a_wait_has_an_end_by_the_clock(own_cloud, account, dynamodb, streams):
    waiting = begin(own_cloud, account, iterator(streams, with_stream(dynamodb)), 600)
    time.sleep(0.1)
    assert not waiting.done()
    own_cloud.advance(minutes=10)

    page = waiting.result(timeout=5)
    assert page["Records"] == [] and page["NextShardIterator"]


def test_waiting_needs_the_permission_to_read(own_cloud, account, dynamodb, streams):
    held = iterator(streams, with_stream(dynamodb))
    waiting = begin(own_cloud, "111111111112", held, 60)
    with pytest.raises(ServiceError, match="GetRecords"):
        waiting.result(timeout=5)
