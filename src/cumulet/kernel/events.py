"""Events: what happened, told to whoever subscribed, in the transaction in which it happened.

An event is kept in a log for a day and handed to its subscribers by a job, at least once. A service subscribes
with a module `events.py` (see docs/architecture.md); it is imported when the first event is delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cumulet.kernel import jobs
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Transaction

_LOG = ("events", "log")
_KEPT = timedelta(days=1)


class Event(Record):
    """`type` is "service.What", as "s3.ObjectCreated:Put"; `detail` is in the form that the service publishes."""

    id: str
    type: str
    time: datetime
    scope: Scope
    resource: str
    detail: dict[str, Any]


def emit(tx: Transaction, event: Event) -> None:
    tx.put((*_LOG, event.time, event.id), event)
    tx.schedule(tx.now, "events.deliver", {"time": event.time, "id": event.id})
    if not jobs.is_scheduled(tx, "events.trim", "log"):
        tx.schedule(tx.now + _KEPT, "events.trim", key="log")


def find(tx: ReadTransaction, time: datetime, event_id: str) -> Event | None:
    """The event in the log, or None when it is older than a day."""
    event: Event | None = tx.get((*_LOG, time, event_id))
    return event


def logged(tx: ReadTransaction, since: datetime | None = None, limit: int | None = None) -> list[Event]:
    """The events of the last day, oldest first."""
    return list(tx.range(_LOG, since=since, limit=limit))


def deliver(tx: Transaction, event: Event, handlers: list[str]) -> None:
    """Give the event to each handler, as a job of its own: one that fails holds back no other."""
    for handler in handlers:
        tx.schedule(tx.now, handler, {"event": event.detail, "type": event.type}, scope=event.scope)


def trim(tx: Transaction) -> bool:
    """Forget events older than a day, up to 1,000 at once. Returns whether there may be more."""
    old = list(tx.items(_LOG, before=tx.now - _KEPT, limit=1000))
    for key, _ in old:
        tx.delete(key)
    if next(tx.range(_LOG, limit=1), None) is not None:
        tx.schedule(tx.now + (timedelta(0) if len(old) == 1000 else _KEPT), "events.trim", key="log")
    return len(old) == 1000
