"""What a FIFO queue remembers for five minutes: who sent which message, and what a receive took.

Nothing has to act when the time is over: what is out of date is not recalled, and each new memory clears away two
old ones, so that no more is kept than was sent in five minutes. Memories are under the keys that begin with `home`."""

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


def recall(tx: ReadTransaction, home: Key, *what: str) -> list[Any] | None:
    """The value that was remembered as `what` in the last five minutes."""
    memory: Memory | None = tx.get((*home, "of", *what))
    return memory.value if memory is not None and memory.until > tx.now else None


def remember(tx: Transaction, home: Key, *what: str, value: list[Any]) -> None:
    _forget_some(tx, home)
    memory = Memory(until=tx.now + _KEPT, value=value)
    tx.put((*home, "of", *what), memory)
    tx.put((*home, "until", memory.until, *what), None)


def _forget_some(tx: Transaction, home: Key) -> None:
    start = len(home) + 1
    for key, _ in list(tx.items((*home, "until"), until=tx.now, limit=2)):
        tx.delete(key)
        until, *what = key[start:]
        memory: Memory | None = tx.get((*home, "of", *what))
        if memory is not None and memory.until == until:
            tx.delete((*home, "of", *what))
