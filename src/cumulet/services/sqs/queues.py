"""Queues: their names, URLs and settings."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs.errors import QueueDoesNotExist


class Queue(Record):
    """Where a queue is: its account and Region, and its name there."""

    scope: Scope
    name: str

    def key(self, *rest: object) -> Key:
        """The key of something that belongs to this queue."""
        return self.scope.key("sqs", self.name, *rest)

    @property
    def arn(self) -> str:
        return self.scope.arn("sqs", self.name)


class Settings(Record):
    """What CreateQueue and SetQueueAttributes set. Times are in seconds, sizes in bytes."""

    created: datetime
    modified: datetime
    fifo: bool = False
    visibility_timeout: int = 30
    delay_seconds: int = 0
    maximum_message_size: int = 1_048_576
    message_retention_period: int = 345_600
    receive_message_wait_time_seconds: int = 0


def locate(scope: Scope, url: str) -> Queue:
    """The queue that a URL names: its last two parts are the account and the name."""
    parts = urlsplit(url).path.strip("/").split("/")
    if len(parts) < 2:
        raise QueueDoesNotExist
    return Queue(scope=Scope(account=parts[-2], region=scope.region), name=parts[-1])


def settings(tx: ReadTransaction, queue: Queue) -> Settings:
    """The queue's settings. Raises QueueDoesNotExist."""
    found: Settings | None = tx.get(queue.key("settings"))
    if found is None:
        raise QueueDoesNotExist
    return found


def create(tx: Transaction, queue: Queue) -> None:
    if tx.get(queue.key("settings")) is None:
        tx.put(queue.key("settings"), Settings(created=tx.now, modified=tx.now))
