"""Insights events: what was unusual, as it is told, looked up, and put into files.

Source: CloudTrail User Guide, "CloudTrail record contents for Insights events", "Logging Insights events"."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cumulet.kernel.audit import KEPT, operations
from cumulet.kernel.audit.rates import Count, Kindred
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import history, records
from cumulet.services.cloudtrail.errors import InvalidLookupAttributesException
from cumulet.services.cloudtrail.history import Place
from cumulet.services.cloudtrail.trails import Trail

CALL_RATE, ERROR_RATE = "ApiCallRateInsight", "ApiErrorRateInsight"
MOST_IN_FILE = 1000
_MOST_LOOKED_AT = 5000
_MOST_TRIMMED = 1000
_MOST_ATTRIBUTED = 5
_ROUNDED_UP = timedelta(minutes=5)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class InsightEvent(Record):
    """The start or the end of something unusual, in an account and Region. `told` is the event as JSON."""

    id: str
    at: datetime
    """When it is about; it is kept under the time at which it was found."""
    source: str
    name: str
    type: str
    data: bool
    told: str

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.told)
        return found


class Rate(msgspec.Struct, frozen=True):
    """Calls over some minutes."""

    count: Count
    minutes: int

    @property
    def average(self) -> float:
        return _average(self.count.calls, self.minutes)


def type_of(kind: Kindred) -> str:
    return ERROR_RATE if kind.error else CALL_RATE


def add(
    tx: Transaction, scope: Scope, state: str, at: datetime, shared: str, kind: Kindred, usual: Rate, unusual: Rate
) -> InsightEvent:
    """Record that something began ("Start") or ended ("End")."""
    source, made_id = operations.source(kind.service), tx.uuid()
    details: dict[str, Any] = {
        "state": state,
        "eventSource": source,
        "eventName": kind.operation,
        "insightType": type_of(kind),
        **({"errorCode": kind.error} if kind.error else {}),
        "insightContext": {"statistics": _statistics(usual, unusual), "attributions": _attributions(usual, unusual)},
    }
    told = {
        "eventVersion": records.VERSION,
        "eventTime": records.stamp(at),
        "awsRegion": scope.region,
        "eventID": made_id,
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": scope.account,
        "sharedEventID": shared,
        "insightDetails": details,
        "eventCategory": "Insight",
    }
    event = InsightEvent(
        id=made_id, at=at, source=source, name=kind.operation, type=type_of(kind), data=kind.data,
        told=json.dumps(told, separators=(",", ":")),
    )  # fmt: skip
    # in the order of what they are about, where one look found several
    tx.put((*_space(scope), tx.now, f"{records.stamp(at)} {made_id}"), event)
    return event


def _statistics(usual: Rate, unusual: Rate) -> dict[str, Any]:
    return {
        "baseline": {"average": usual.average},
        "insight": {"average": unusual.average},
        "insightDuration": unusual.minutes,
        "baselineDuration": usual.minutes,
    }


def _attributions(usual: Rate, unusual: Rate) -> list[dict[str, Any]]:
    """Who called, with what, and how it was answered: the most frequent of each, then and before."""
    parts: Mapping[str, Callable[[Count], Mapping[str, int]]] = {
        "userIdentityArn": lambda count: count.callers,
        "userAgent": lambda count: count.agents,
        "errorCode": lambda count: count.errors,
    }
    return [
        {
            "attribute": name,
            "insight": _most(part(unusual.count), unusual.minutes),
            "baseline": _most(part(usual.count), usual.minutes),
        }
        for name, part in parts.items()
    ]


def _most(numbers: Mapping[str, int], minutes: int) -> list[dict[str, Any]]:
    first = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))[:_MOST_ATTRIBUTED]
    return [{"value": value, "average": _average(number, minutes)} for value, number in first]


def _average(number: int, minutes: int) -> float:
    return round(number / max(1, minutes), 10)


def _space(scope: Scope) -> Key:
    return scope.key("cloudtrail", "insight-events")


def trim(tx: Transaction, scope: Scope) -> bool:
    """Forget events after 90 days. Whether any are left."""
    for key, _ in list(tx.items(_space(scope), before=tx.now - KEPT, limit=_MOST_TRIMMED)):
        tx.delete(key)
    return next(tx.items(_space(scope), limit=1), None) is not None


def page(
    tx: ReadTransaction, scope: Scope, takes: Callable[[InsightEvent], bool], place: Place | None, limit: int
) -> tuple[list[InsightEvent], Place | None]:
    """Up to `limit` events, those found last first, and where the next page begins, if there may be one."""
    found: list[InsightEvent] = []
    before: Any = (place.time, place.chunk) if place is not None else None
    last: Key | None = None
    for looked_at, (key, event) in enumerate(
        tx.items(_space(scope), since=tx.now - KEPT, before=before, reverse=True, limit=_MOST_LOOKED_AT)
    ):
        if len(found) == limit or looked_at == _MOST_LOOKED_AT - 1:
            assert last is not None
            return found, Place(last[-2], last[-1], 0)
        last = key
        if takes(event):
            found.append(event)
    return found, None


def test(attribute: str, value: str, since: datetime | None, until: datetime | None) -> Callable[[InsightEvent], bool]:
    """Raises InvalidLookupAttributesException: Insights events have an id, a source and a name to look for."""
    members = {"": "", "EventId": "id", "EventName": "name", "EventSource": "source"}
    if attribute not in members:
        raise InvalidLookupAttributesException(f"Insights events cannot be looked up by {attribute[:64]}.")

    def takes(event: InsightEvent) -> bool:
        is_in_time = (since is None or event.at >= since) and (until is None or event.at <= until)
        return is_in_time and (not attribute or getattr(event, members[attribute]) == value)

    return takes


def as_wire(event: InsightEvent) -> dict[str, Any]:
    return {
        "EventId": event.id,
        "EventName": event.name,
        "EventTime": event.at,
        "EventSource": event.source,
        "CloudTrailEvent": event.told,
    }


def answer(found: list[InsightEvent], following: Place | None) -> dict[str, Any]:
    told: dict[str, Any] = {"Events": [as_wire(event) for event in found]}
    return told | ({"NextToken": history.token(following)} if following is not None else {})


# Delivery to the bucket of a trail


def chosen(insights: tuple[dict[str, Any], ...], *, type: str, data: bool) -> bool:
    """Whether insight selectors ask for events of this type. Without categories, management events are meant."""
    category = "Data" if data else "Management"
    return any(
        each.get("InsightType") == type and category in (each.get("EventCategories") or ["Management"])
        for each in insights
    )


def undelivered(tx: ReadTransaction, trail: Trail, scope: Scope) -> list[tuple[Key, InsightEvent]]:
    """The next events of an account and Region that a trail has not seen."""
    place = tx.get(trail.key("insights", scope.account, scope.region))
    after = (place[0], place[1]) if place is not None else None
    since = None if after else trail.created
    return list(tx.items(_space(scope), since=since, after=after, limit=MOST_IN_FILE))


def file(trail: Trail, scope: Scope, events: list[tuple[Key, InsightEvent]]) -> tuple[str, bytes] | None:
    """The name and the gzip of a file; None if the trail asks for none of the events. A repeated delivery has the
    same name."""
    wanted = [event for _, event in events if chosen(trail.insights, type=event.type, data=event.data)]
    if not wanted:
        return None
    text = msgspec.json.encode({"Records": [msgspec.Raw(event.told.encode()) for event in wanted]})
    newest: datetime = events[-1][0][-2]
    at = newest - timedelta(seconds=newest.timestamp() % _ROUNDED_UP.total_seconds()) + _ROUNDED_UP
    unique = hashlib.sha256(repr((trail.arn, wanted[0].id)).encode()).digest()
    letters = "".join(_letters(unique[:16]))
    name = f"{scope.account}_CloudTrail-Insight_{scope.region}_{at:%Y%m%dT%H%MZ}_{letters}.json.gz"
    return trail.path(scope.account, "CloudTrail-Insight", scope.region, at) + name, gzip.compress(text, 6, mtime=0)


def _letters(some: bytes) -> Iterator[str]:
    for byte in some:
        yield _LETTERS[byte % len(_LETTERS)]


def move_on(tx: Transaction, trail: Trail, scope: Scope, last: Key) -> None:
    tx.put(trail.key("insights", scope.account, scope.region), [last[-2], last[-1]])
