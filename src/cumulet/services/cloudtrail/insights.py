"""How often a call was made, or failed: the numbers in which Insights looks for what is unusual.

Source: CloudTrail API Reference, ListInsightsMetricData."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cumulet.kernel.audit import entries, operations
from cumulet.kernel.audit.entries import MANAGEMENT
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.cloudtrail.errors import InvalidParameterException

MOST_POINTS = 21_600
_LONGEST = {60: timedelta(days=15), 300: timedelta(days=63), 3600: timedelta(days=90)}
"""How far back the numbers go, by period in seconds."""


class Wanted(NamedTuple):
    source: str
    name: str
    error: str
    """A code, for ApiErrorRateInsight; else nothing."""
    since: datetime
    until: datetime
    period: int


def wanted(source: str, name: str, error: str, since: datetime | None, until: datetime, period: int) -> Wanted:
    """Raises InvalidParameterException."""
    if period not in _LONGEST:
        raise InvalidParameterException("The period has to be 60, 300 or 3600 seconds.")
    begin = since or until - min(_LONGEST[period], timedelta(seconds=period * MOST_POINTS))
    if begin >= until:
        raise InvalidParameterException("The start time must be before the end time.")
    if (until - begin).total_seconds() / period > 10 * MOST_POINTS:
        raise InvalidParameterException("The time is too long for the period.")
    return Wanted(source, name, error, _begin(begin, period), until, period)


def _begin(instant: datetime, period: int) -> datetime:
    seconds = int(instant.timestamp())
    return datetime.fromtimestamp(seconds - seconds % period, UTC)


def counts(tx: ReadTransaction, scope: Scope, asked: Wanted) -> dict[datetime, int]:
    """How many calls there were in each period; those without any are left out."""
    found: dict[datetime, int] = {}
    for time in _times(tx, scope, asked):
        at = _begin(time, asked.period)
        found[at] = found.get(at, 0) + 1
    return dict(sorted(found.items()))


def _times(tx: ReadTransaction, scope: Scope, asked: Wanted) -> Iterator[datetime]:
    base = (*entries.space(scope.account, MANAGEMENT), scope.region)
    for chunk in tx.range(base, since=asked.since):
        if chunk.first >= asked.until or not chunk.may_hold(asked.name):
            continue
        for entry in chunk.entries():
            is_meant = entry.operation == asked.name and operations.source(entry.service) == asked.source
            if is_meant and asked.since <= entry.time < asked.until and asked.error in ("", entry.error):
                yield entry.time


def filled(asked: Wanted, found: dict[datetime, int]) -> dict[datetime, int]:
    """With a zero for each period without calls."""
    step = timedelta(seconds=asked.period)
    points = (asked.since + step * number for number in range(int((asked.until - asked.since) / step) + 1))
    return {at: found.get(at, 0) for at in points if at < asked.until}
