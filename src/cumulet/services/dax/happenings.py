"""Events: what happened to clusters and groups in the last 14 days. Source: DAX API Reference, DescribeEvents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dax import names
from cumulet.services.dax.errors import InvalidParameterValueException
from cumulet.services.dax.names import CLUSTERS, EVENTS, PARAMETER_GROUPS

_KEPT = timedelta(days=14)
_USUAL_MINUTES = 60
_TRIMMED_AT_ONCE = 10


class Event(Record):
    at: datetime
    id: str
    kind: str
    source: str
    message: str

    @property
    def described(self) -> dict[str, Any]:
        return {"SourceName": self.source, "SourceType": self.kind, "Message": self.message, "Date": self.at}


def note(tx: Transaction, scope: Scope, kind: str, source: str, message: str) -> None:
    """Tell of something that happened; what is too old goes meanwhile."""
    for key, _ in list(tx.items(names.key(scope, EVENTS), before=tx.now - _KEPT, limit=_TRIMMED_AT_ONCE)):
        tx.delete(key)
    shown = {CLUSTERS: "CLUSTER", PARAMETER_GROUPS: "PARAMETER_GROUP"}.get(kind, "SUBNET_GROUP")
    event = Event(at=tx.now, id=tx.ids.ordered(tx.now), kind=shown, source=source, message=message)
    tx.put(names.key(scope, EVENTS, event.at, event.id), event)


def page(
    tx: ReadTransaction,
    scope: Scope,
    *,
    source: str | None,
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    minutes: int | None,
    limit: int,
    after: str | None,
) -> tuple[list[Event], str | None]:
    """A page of what happened in a span of time, oldest first, and where the next begins. Without a span, in the last
    hour. Raises InvalidParameterValueException."""
    if minutes is not None and not 0 <= minutes <= _KEPT // timedelta(minutes=1):
        raise InvalidParameterValueException("Duration is given in minutes, of 14 days at most")
    now, span = tx.now, timedelta(minutes=_USUAL_MINUTES if minutes is None else minutes)
    until = min(until or now, now)
    if until <= now - _KEPT:
        return [], None
    if since is None:
        since = until - span
    elif minutes is not None:
        until = min(until, max(since, now - _KEPT) + span)
    since = max(since, now - _KEPT)

    def wanted() -> Iterator[Event]:
        event: Event
        for event in tx.range(names.key(scope, EVENTS), since=since, until=until):
            if (
                (source in (None, event.source))
                and (kind in (None, event.kind))
                and (after is None or event.id > after)
            ):
                yield event

    found = list(islice(wanted(), limit + 1))
    return found[:limit], found[limit - 1].id if len(found) > limit else None
