"""What a FIFO queue remembers for five minutes: who sent which message, and what a receive took.

Nothing has to act when the time is over: what is out of date is not recalled, and each new memory clears away two
old ones, so that no more is kept than was sent in five minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction

_KEPT = timedelta(minutes=5)


class Memory(Record):
    until: datetime
    value: list[Any]


def home(queue_id: str) -> Key:
    """Under which a queue's memories are."""
    return ("sqs", "recent", queue_id)


def recall(tx: ReadTransaction, queue_id: str, *what: str) -> list[Any] | None:
    """The value that was remembered as `what` in the last five minutes."""
    memory: Memory | None = tx.get((*home(queue_id), "of", *what))
    return memory.value if memory is not None and memory.until > tx.now else None


def remember(tx: Transaction, queue_id: str, *what: str, value: list[Any]) -> None:
    _forget_some(tx, queue_id)
    memory = Memory(until=tx.now + _KEPT, value=value)
    tx.put((*home(queue_id), "of", *what), memory)
    tx.put((*home(queue_id), "until", memory.until, *what), None)


def _forget_some(tx: Transaction, queue_id: str) -> None:
    start = len(home(queue_id)) + 1
    for key, _ in list(tx.items((*home(queue_id), "until"), until=tx.now, limit=2)):
        tx.delete(key)
        until, *what = key[start:]
        memory: Memory | None = tx.get((*home(queue_id), "of", *what))
        if memory is not None and memory.until == until:
            tx.delete((*home(queue_id), "of", *what))
