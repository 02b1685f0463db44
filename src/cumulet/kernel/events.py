"""Events: what happened, told to whoever subscribed, in the transaction in which it happened.

An event is handed to its subscribers by a job, at least once, and kept in a log until it was, at least for a day. A
service subscribes with a module `events.py` (see docs/architecture.md); it is imported when the first event is
delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cumulet.kernel import jobs
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Transaction

_LOG = ("events", "log")
_DELIVER, _TRIM = "events.deliver", "events.trim"
_KEPT = timedelta(days=1)
_AT_ONCE = 1000
_DELIVERED_IN = timedelta(minutes=1)
"""When to look again after events that are old and not delivered yet."""


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
    tx.schedule(tx.now, _DELIVER, {"time": event.time, "id": event.id}, key=_name(event))
    if not jobs.is_scheduled(tx, _TRIM, "log"):
        tx.schedule(tx.now + _KEPT, _TRIM, key="log")


def find(tx: ReadTransaction, time: datetime, event_id: str) -> Event | None:
    """The event in the log, or None when it is delivered and older than a day."""
    event: Event | None = tx.get((*_LOG, time, event_id))
    return event


def logged(tx: ReadTransaction, since: datetime | None = None, limit: int | None = None) -> list[Event]:
    """The events of the last day, oldest first."""
    return list(tx.range(_LOG, since=since, limit=limit))


def deliver(tx: Transaction, event: Event, handlers: list[str]) -> None:
    """Give the event to each handler, as a job of its own: one that fails holds back no other."""
    for handler in handlers:
        tx.schedule(tx.now, handler, {"event": event.detail, "type": event.type}, scope=event.scope)


def trim(tx: Transaction) -> None:
    """Forget events older than a day, some at once. After a jump of the clock an event may be as old and not delivered
    yet: it stays as long as the job that delivers it, which is gone also when it was given up."""
    old: list[tuple[Key, Event]] = list(tx.items(_LOG, before=tx.now - _KEPT, limit=_AT_ONCE))
    told = [key for key, event in old if not jobs.is_scheduled(tx, _DELIVER, _name(event))]
    for key in told:
        tx.delete(key)
    if next(tx.range(_LOG, limit=1), None) is not None:
        tx.schedule(tx.now + _pause(len(old), len(told)), _TRIM, key="log")


def _pause(old: int, told: int) -> timedelta:
    """How long until there may be something to forget again."""
    if told < old:
        return _DELIVERED_IN
    return timedelta(0) if old == _AT_ONCE else _KEPT


def _name(event: Event) -> str:
    return f"{event.time.isoformat()} {event.id}"
