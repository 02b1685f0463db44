"""How queues come, change and go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from cumulet.kernel.keys import Key
from cumulet.kernel.records import replace
from cumulet.kernel.store import Transaction
from cumulet.services.sqs import attributes, deadletters, messages, queues, shelves
from cumulet.services.sqs.attributes import Settings
from cumulet.services.sqs.errors import (
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueNameExists,
)
from cumulet.services.sqs.queues import Queue

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_WAIT = timedelta(seconds=60)
_EVERYONE = 1_000_000


def create(tx: Transaction, queue: Queue, given: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Make a queue, or find that it is there already with the attributes `given`. Returns whether it is new.

    Raises QueueNameExists for other attributes, QueueDeletedRecently, or what is wrong with name or attributes."""
    fifo = _is_fifo(queue.name, given)
    existing = queues.find(tx, queue)
    rest = {name: text for name, text in given.items() if name != "FifoQueue"}
    if existing is not None:
        _check_same(existing, rest)
        return False
    deleted = tx.get(queue.scope.key("sqs", "deleted", queue.name))
    if deleted is not None and tx.now - deleted < _WAIT:
        raise QueueDeletedRecently
    fresh = Settings(id=tx.ids.hex(16), created=tx.now, modified=tx.now, fifo=fifo)
    _keep(tx, queue, fresh, attributes.apply(fresh, rest))
    tx.put(queue.scope.key("sqs", "names", queue.name), None)
    shelves.start(tx, queues.shelf(queue, fresh), sequence=0)
    queues.tag(tx, queue, tags)
    return True


def change(tx: Transaction, queue: Queue, given: Mapping[str, str]) -> None:
    """Set attributes. Raises what is wrong with them."""
    old = queues.settings(tx, queue)
    attributes.check_type(given, old.fifo)
    rest = {name: text for name, text in given.items() if name != "FifoQueue"}
    new = replace(attributes.apply(old, rest), modified=tx.now)
    _keep(tx, queue, old, new)
    if new.message_retention_period != old.message_retention_period:
        messages.schedule_expiry(tx, queue)


def delete(tx: Transaction, queue: Queue) -> None:
    old = queues.settings(tx, queue)
    _keep(tx, queue, old, replace(old, redrive_policy=None))
    tx.delete_range(queue.key())
    tx.delete(queue.scope.key("sqs", "names", queue.name))
    tx.wake(queue.arrivals, _EVERYONE)
    tx.put(queue.scope.key("sqs", "deleted", queue.name), tx.now)
    _discard(tx, queues.shelf(queue, old).key())
    _discard(tx, queues.memories(queue, old))


def purge(tx: Transaction, queue: Queue) -> None:
    """Begin a new shelf. Raises PurgeQueueInProgress within a minute of the last time."""
    old = queues.settings(tx, queue)
    if old.purged is not None and tx.now - old.purged < _WAIT:
        raise PurgeQueueInProgress(queue.name)
    new = replace(old, purges=old.purges + 1, purged=tx.now)
    tx.put(queue.key("settings"), new)
    shelves.start(tx, queues.shelf(queue, new), shelves.sequence(tx, queues.shelf(queue, old)))
    _discard(tx, queues.shelf(queue, old).key())


def discard(tx: Transaction, prefix: Key, at_most: int = 1000) -> None:
    """Throw away, some now and the rest in further jobs, what no queue refers to any more."""
    found = [key for key, _ in tx.items(prefix, limit=at_most)]
    for key in found:
        tx.delete(key)
    if len(found) == at_most:
        _discard(tx, prefix)


def _is_fifo(name: str, given: Mapping[str, str]) -> bool:
    """Raises InvalidParameterValue for a name that no such queue may have."""
    base, suffix = (name[:-5], ".fifo") if name.endswith(".fifo") else (name, "")
    wanted = given.get("FifoQueue", "").lower() == "true"
    if not _NAME.fullmatch(base) or len(name) > 80 or wanted != bool(suffix):
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length."
            if wanted
            else "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    attributes.check_type(given, wanted)
    return wanted


def _check_same(existing: Settings, given: Mapping[str, str]) -> None:
    """Whoever creates a queue again may leave attributes out, but not name other values."""
    other = attributes.difference(existing, given)
    if other is not None:
        raise QueueNameExists(other)


def _keep(tx: Transaction, queue: Queue, old: Settings, new: Settings) -> None:
    """Write the settings, and the index of who uses which dead-letter queue."""
    if new.redrive_policy != old.redrive_policy:
        deadletters.link(tx, queue, old, new)
    tx.put(queue.key("settings"), new)


def _discard(tx: Transaction, prefix: Key) -> None:
    tx.schedule(tx.now, "sqs.discard", {"prefix": list(prefix)})
