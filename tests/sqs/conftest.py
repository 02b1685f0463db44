"""What the tests of SQS share: a bare transaction for the rules, and queues that are there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cumulet.kernel.clock import Clock
from cumulet.kernel.ids import Ids
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import MemoryEngine, Transaction
from cumulet.kernel.store.cache import Cache
from cumulet.services.sqs import lifecycle
from cumulet.services.sqs.queues import Queue


@pytest.fixture
def tx() -> Transaction:
    """A transaction on an empty store. Set `tx.now` to move the time."""
    return Transaction(MemoryEngine(), Clock(), Ids(seed=1), Cache(), now=datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def later(tx) -> Callable[..., None]:
    """Move the time of the bare transaction: `later(seconds=30)`."""

    def move(**duration: float) -> None:
        tx.now += timedelta(**duration)

    return move


@pytest.fixture
def make_queue(tx) -> Callable[..., Queue]:
    """Create a queue on the bare transaction: `make_queue("a", VisibilityTimeout="5")`."""

    def make(name: str, **attributes: str) -> Queue:
        queue = Queue(scope=Scope(account="111111111111", region="us-east-1"), name=name)
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        lifecycle.create(tx, queue, fifo | attributes, {})
        return queue

    return make


@pytest.fixture
def url(sqs) -> str:
    """A standard queue."""
    return sqs.create_queue(QueueName="orders")["QueueUrl"]


@pytest.fixture
def fifo_url(sqs) -> str:
    """A FIFO queue that tells repeated messages by their content."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]


@pytest.fixture
def own_sqs(own_cloud) -> Any:
    """A client of a cloud whose clock this test may move."""
    return own_cloud.client("sqs", account="111111111111")


def bodies(answer: dict[str, Any]) -> list[str]:
    """The bodies of the messages that a receive gave."""
    return [message["Body"] for message in answer.get("Messages", [])]
