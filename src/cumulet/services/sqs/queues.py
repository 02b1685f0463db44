"""Queues: their names, URLs and tags, and how to find them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from cumulet.kernel.keys import Key, StartsWith
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs.attributes import Settings
from cumulet.services.sqs.errors import InvalidAddress, InvalidParameterValue, QueueDoesNotExist
from cumulet.services.sqs.shelves import Shelf

_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]"
_HOST_REGION = re.compile(rf"(?:^|\.)sqs\.({_REGION})\.|^({_REGION})\.queue\.|^queue\.({_REGION})\.")
_MOST_TAGS = 50


class Queue(Record):
    """Where a queue is: its account and Region, and its name there."""

    scope: Scope
    name: str

    def key(self, *rest: object) -> Key:
        """The key of something that belongs to whichever queue has this name."""
        return self.scope.key("sqs", "queue", self.name, *rest)

    @property
    def arrivals(self) -> Key:
        """The channel on which receivers wait."""
        return self.key("arrivals")

    @property
    def arn(self) -> str:
        return self.scope.arn("sqs", self.name)


@lru_cache(maxsize=8192)
def locate(url: str, region: str) -> Queue:
    """The queue that a URL names; a Region in its host or path wins over `region`. Raises InvalidAddress.

    The forms: https://HOST/ACCOUNT/NAME, where HOST may be sqs.REGION.DOMAIN or REGION.queue.DOMAIN, and
    HOST/queue/REGION/ACCOUNT/NAME."""
    try:
        parts = urlsplit(url[:2048])
    except ValueError:
        raise InvalidAddress(url) from None
    path = parts.path.strip("/").split("/")
    if len(path) < 2 or not re.fullmatch("[0-9]{12}", path[-2]):
        raise InvalidAddress(url)
    if len(path) == 4 and path[0] == "queue":
        region = path[1]
    elif (host := _HOST_REGION.search(parts.netloc)) is not None:
        region = host[1] or host[2] or host[3]
    return Queue(scope=Scope(account=path[-2], region=region), name=path[-1])


def owned_by(scope: Scope, account: str) -> Scope:
    return replace(scope, account=account)


def of_arn(arn: str) -> Queue | None:
    """The queue that an ARN names, if it is the ARN of a queue."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sqs":
        return None
    return Queue(scope=Scope(account=parts[4], region=parts[3]), name=parts[5])


def settings(tx: ReadTransaction, queue: Queue) -> Settings:
    """The queue's settings. Raises QueueDoesNotExist."""
    found = find(tx, queue)
    if found is None:
        raise QueueDoesNotExist
    return found


def find(tx: ReadTransaction, queue: Queue) -> Settings | None:
    """The queue's settings, if there is such a queue."""
    found: Settings | None = tx.get(queue.key("settings"))
    return found


def shelf(queue: Queue, settings: Settings) -> Shelf:
    """Where the queue's messages are now."""
    name = f"{settings.id}.{settings.purges}"
    return Shelf(queue.scope.key("sqs", "shelf", name), name, settings.fifo)


def memories(queue: Queue, settings: Settings) -> Key:
    """Where the queue keeps what it remembers for a while."""
    return queue.scope.key("sqs", "recent", settings.id)


def names(tx: ReadTransaction, scope: Scope, prefix: str, after: str | None, at_most: int) -> list[str]:
    """Names of queues, sorted, that begin with `prefix` and come after `after`."""
    begin = scope.key("sqs", "names")
    keys = tx.items(
        begin, since=prefix if after is None else None, after=after, until=StartsWith(prefix), limit=at_most
    )
    return [key[-1] for key, _ in keys]


def tags(tx: ReadTransaction, queue: Queue) -> dict[str, str]:
    settings(tx, queue)
    return tx.get(queue.key("tags")) or {}


def tag(tx: Transaction, queue: Queue, new: Mapping[str, str]) -> None:
    """Add tags, over those of the same names. Raises InvalidParameterValue beyond 50, or for what is no tag."""
    for key, value in new.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise InvalidParameterValue(f"Tag key or value is invalid: {key[:128]}")
    every = tags(tx, queue) | dict(new)
    if len(every) > _MOST_TAGS:
        raise InvalidParameterValue(f"Too many tags added for queue {queue.name}.")
    tx.put(queue.key("tags"), every)


def untag(tx: Transaction, queue: Queue, keys: Sequence[str]) -> None:
    left = {key: value for key, value in tags(tx, queue).items() if key not in keys}
    tx.put(queue.key("tags"), left)
