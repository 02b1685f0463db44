"""The event history: what LookupEvents finds of the last 90 days, newest first.

A page is found by reading chunks of the audit record backwards, passing over those in which nothing can match. A page
may end before it is full, or be empty, when much was read for it: its token leads on."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cumulet.kernel.audit import KEPT, entries, operations
from cumulet.kernel.audit.entries import MANAGEMENT, Entry
from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import records, resources
from cumulet.services.cloudtrail.errors import (
    InvalidLookupAttributesException,
    InvalidNextTokenException,
    InvalidTimeRangeException,
    ThrottlingException,
)

_MOST_CHUNKS, _MOST_ENTRIES = 1000, 10_000
"""What is looked through for one page; a search for something rare goes on in the next."""
_LOOKUPS_A_SECOND = 2
_WHOLE = 1 << 30
"""The place behind the last entry of a chunk, however many it has."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where the next page begins: before this entry of this chunk."""

    time: datetime
    chunk: str
    index: int


class Search(NamedTuple):
    since: datetime
    until: datetime
    attribute: str
    value: str

    @property
    def word(self) -> str | None:
        """What a chunk has to list to be worth reading."""
        return self.value if self.attribute in ("EventName", "Username", "AccessKeyId") else None


def search(start: datetime | None, end: datetime | None, attributes: list[Mapping[str, str]]) -> Search:
    """Raises InvalidTimeRangeException, InvalidLookupAttributesException."""
    if start is not None and end is not None and start > end:
        raise InvalidTimeRangeException("The start time must be before the end time.")
    if len(attributes) > 1:
        raise InvalidLookupAttributesException("Only one lookup attribute can be specified.")
    first = attributes[0] if attributes else {"AttributeKey": "", "AttributeValue": ""}
    latest = datetime(9999, 1, 1, tzinfo=UTC)
    return Search(start or _EARLIEST, end or latest, first["AttributeKey"], first["AttributeValue"])


def spend(tx: Transaction, scope: Scope) -> None:
    """Count a lookup. Raises ThrottlingException beyond two a second (CloudTrail API Reference, LookupEvents)."""
    key = scope.key("cloudtrail", "lookups")
    second, count = tx.get(key) or [0, 0]
    now = int(tx.now.timestamp())
    count = count + 1 if second == now else 1
    if count > _LOOKUPS_A_SECOND:
        raise ThrottlingException
    tx.put(key, [now, count])


def page(
    tx: ReadTransaction, scope: Scope, wanted: Search, place: Place | None, limit: int
) -> tuple[list[Entry], Place | None]:
    """Up to `limit` entries, and where the next page begins, if there may be one."""
    found: list[Entry] = []
    looked_at = 0
    matches = _test(wanted)
    since = max(wanted.since, tx.now - KEPT)
    base = (*entries.space(scope.account, MANAGEMENT), scope.region)
    following: Place | None = None
    bound: Any = (place.time, place.chunk) if place is not None else None
    for key, chunk in tx.items(base, since=since, until=bound, limit=_MOST_CHUNKS, reverse=True):
        following = Place(key[-2], key[-1], 0)
        if chunk.first > wanted.until or (wanted.word is not None and not chunk.may_hold(wanted.word)):
            continue
        if looked_at > _MOST_ENTRIES:
            return found, Place(key[-2], key[-1], _WHOLE)
        each = chunk.entries()
        looked_at += len(each)
        last = min(place.index, len(each)) if place is not None and _is_at(key, place) else len(each)
        for index in range(last - 1, -1, -1):
            if since <= each[index].time <= wanted.until and matches(each[index]):
                if len(found) == limit:
                    return found, Place(key[-2], key[-1], index + 1)
                found.append(each[index])
    return found, following if following is not None and _is_more(tx, base, since, following) else None


def _is_at(key: Key, place: Place) -> bool:
    return key[-2] == place.time and key[-1] == place.chunk


def _is_more(tx: ReadTransaction, base: Key, since: datetime, place: Place) -> bool:
    return next(tx.items(base, since=since, before=(place.time, place.chunk), limit=1), None) is not None


def _test(wanted: Search) -> Callable[[Entry], bool]:
    value = wanted.value
    tests: dict[str, Callable[[Entry], bool]] = {
        "": lambda entry: True,
        "EventId": lambda entry: entry.id == value,
        "EventName": lambda entry: entry.operation == value,
        "ReadOnly": lambda entry: ("true" if entry.read_only else "false") == value.lower(),
        "Username": lambda entry: entries.user_name(entry.caller) == value,
        "EventSource": lambda entry: operations.source(entry.service) == value,
        "AccessKeyId": lambda entry: entry.caller.access_key == value,
        "ResourceType": lambda entry: any(each["ResourceType"] == value for each in resources.named(entry)),
        "ResourceName": lambda entry: any(each["ResourceName"] == value for each in resources.named(entry)),
    }
    return tests[wanted.attribute]


def as_wire(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "EventId": entry.id,
        "EventName": entry.operation,
        "ReadOnly": "true" if entry.read_only else "false",
        "EventTime": entry.time.replace(microsecond=0),
        "EventSource": operations.source(entry.service),
        "Resources": resources.named(entry),
        "CloudTrailEvent": json.dumps(records.record(entry), separators=(",", ":")),
    }
    if entry.caller.access_key:
        told["AccessKeyId"] = entry.caller.access_key
    if name := entries.user_name(entry.caller):
        told["Username"] = name
    return told


def token(place: Place) -> str:
    micros = (place.time - _EARLIEST) // timedelta(microseconds=1)
    return base64.b64encode(json.dumps([micros, place.chunk, place.index]).encode()).decode()


def parse_token(text: str) -> Place:
    try:
        micros, chunk, index = json.loads(base64.b64decode(text[:500], validate=True))
        place = Place(_EARLIEST + timedelta(microseconds=int(micros)), str(chunk), int(index))
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidNextTokenException("The next token is not valid.") from None
    return place
