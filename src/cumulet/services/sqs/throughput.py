"""How many calls a second a FIFO queue takes, where the cloud is told to hold its callers to the quotas of AWS.

300 calls a second of each kind (sending, receiving, deleting), so 3,000 messages in batches of ten; with high
throughput no limit is held. Source: SQS Developer Guide, message quotas."""

from __future__ import annotations

from datetime import datetime

from cumulet.kernel.records import Record
from cumulet.kernel.store import Transaction
from cumulet.services.sqs import queues
from cumulet.services.sqs.errors import RequestThrottled
from cumulet.services.sqs.queues import Queue

CALLS_A_SECOND = 300


class Spent(Record):
    """How many calls of one kind there were in this second."""

    second: datetime
    calls: int


def spend(tx: Transaction, queue: Queue, kind: str) -> None:
    """Count a call. Raises RequestThrottled for one too many."""
    settings = queues.settings(tx, queue)
    if not settings.fifo or settings.fifo_throughput_limit == "perMessageGroupId":
        return
    second = tx.now.replace(microsecond=0)
    spent: Spent | None = tx.get(queue.key("spent", kind))
    calls = spent.calls if spent is not None and spent.second == second else 0
    if calls >= CALLS_A_SECOND:
        raise RequestThrottled
    tx.put(queue.key("spent", kind), Spent(second=second, calls=calls + 1))
