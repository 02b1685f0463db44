"""What is unusual: a minute with more calls of a kind than the days before let expect.

Minutes that are over are taken one after the other. Each is compared with the seven days before it, then added to its
hour, which is the baseline of those that follow. AWS does not tell its model; here a minute is unusual if it has at
least ten calls, five times the average of the baseline, and twice as many as the busiest usual minute. During the
first day there is no baseline, so nothing is unusual.

Source: CloudTrail User Guide, "Working with CloudTrail Insights": write management events are counted for the call
rate, all that failed for the error rate; the baseline is that of the seven days before the start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import structs

from cumulet.kernel.audit import rates
from cumulet.kernel.audit.rates import NOTHING, Count, Kindred
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import insight_events
from cumulet.services.cloudtrail.insight_events import InsightEvent, Rate

MINUTE = timedelta(minutes=1)
_LEARNING = timedelta(days=1)
_BASELINE = timedelta(days=7)
AT_ONCE = 60
"""Minutes that one transaction takes."""
_LEAST_CALLS = 10
_TIMES_AVERAGE, _TIMES_BUSIEST = 5, 2
_MOST_TRIMMED = 500


class Unusual(Record):
    """Something unusual that has not ended."""

    id: str
    """The sharedEventID of its start and its end."""
    kind: Kindred
    began: datetime
    last: datetime
    """The last minute that was unusual."""
    threshold: float
    usual: tuple[Count, int]
    calls: Count

    @property
    def so_far(self) -> Rate:
        return Rate(self.calls, (self.last - self.began) // MINUTE + 1)


def take(tx: Transaction, scope: Scope) -> tuple[list[InsightEvent], int]:
    """Look at some minutes that are over, `AT_ONCE` if there are as many. What was found, and how many they were."""
    until = tx.now.replace(second=0, microsecond=0)
    found: list[InsightEvent] = []
    minutes = list(tx.items(rates.space(scope.account, scope.region), before=until, limit=AT_ONCE))
    for key, counted in minutes:
        tx.delete(key)
        found += _look(tx, scope, key[-1], dict(counted.counts))
    if len(minutes) < AT_ONCE:
        found += _end_those_before(tx, scope, until - MINUTE)
    return found, len(minutes)


def is_going_on(tx: ReadTransaction, scope: Scope) -> bool:
    """Whether somebody has to look again: minutes are not over, or something unusual has not ended."""
    spaces = (rates.space(scope.account, scope.region), _open(scope))
    return any(next(tx.items(space, limit=1), None) is not None for space in spaces)


def trim(tx: Transaction, scope: Scope) -> bool:
    """Forget hours that no baseline has any more. Whether any are left."""
    for key, _ in list(tx.items(_hours(scope), before=tx.now - _BASELINE - _LEARNING, limit=_MOST_TRIMMED)):
        tx.delete(key)
    if next(tx.items(_hours(scope), limit=1), None) is not None:
        return True
    tx.delete(_began(scope))
    return False


def forget(tx: Transaction, scope: Scope) -> None:
    """Nobody wants to know any more."""
    for space in (rates.space(scope.account, scope.region), _hours(scope), _open(scope)):
        tx.delete_range(space)
    tx.delete(_began(scope))


def _look(tx: Transaction, scope: Scope, minute: datetime, counts: Mapping[Kindred, Count]) -> list[InsightEvent]:
    began = tx.get(_began(scope))
    if began is None:
        began = minute
        tx.put(_began(scope), began)
    found = _end_those_before(tx, scope, minute - MINUTE)
    for key, going in list(tx.items(_open(scope))):
        count = counts.get(going.kind)
        if count is None or count.calls < going.threshold:
            found.append(_end(tx, scope, key, going))
        else:
            tx.put(key, replace(going, last=minute, calls=going.calls.plus(count)))
    if minute - began >= _LEARNING:
        found += _begin(tx, scope, minute, began, counts)
    _remember(tx, scope, minute, counts)
    return found


def _begin(
    tx: Transaction, scope: Scope, minute: datetime, began: datetime, counts: Mapping[Kindred, Count]
) -> list[InsightEvent]:
    """The kinds of calls that are unusual from this minute on."""
    many = {kind: count for kind, count in counts.items() if count.calls >= _LEAST_CALLS}
    many = {kind: count for kind, count in many.items() if tx.get(_open_key(scope, kind)) is None}
    if not many:
        return []
    found: list[InsightEvent] = []
    since = max(began, minute - _BASELINE)
    length = (minute - since) // MINUTE
    before = _before(tx, scope, since, minute, many)
    for kind, count in sorted(many.items()):
        usual = before[kind]
        threshold = max(_LEAST_CALLS, _TIMES_AVERAGE * usual.calls / length, _TIMES_BUSIEST * usual.busiest)
        if count.calls < threshold:
            continue
        new = Unusual(
            id=tx.uuid(), kind=kind, began=minute, last=minute, threshold=threshold, usual=(usual, length), calls=count
        )
        tx.put(_open_key(scope, kind), new)
        found.append(insight_events.add(tx, scope, "Start", minute, new.id, kind, Rate(usual, length), new.so_far))
    return found


def _before(
    tx: ReadTransaction, scope: Scope, since: datetime, minute: datetime, wanted: Mapping[Kindred, Count]
) -> dict[Kindred, Count]:
    """The sums of the hours of a baseline."""
    sums = dict.fromkeys(wanted, NOTHING)
    for hour in tx.range(_hours(scope), since=since.replace(minute=0), until=minute):
        for kind, count in hour.counts:
            if kind in sums:
                sums[kind] = sums[kind].plus(count)
    return sums


def _end_those_before(tx: Transaction, scope: Scope, minute: datetime) -> list[InsightEvent]:
    """End what was not seen to go on until then: the minutes since had no calls at all."""
    every = list(tx.items(_open(scope)))
    return [_end(tx, scope, key, going) for key, going in every if going.last < minute]


def _end(tx: Transaction, scope: Scope, key: Key, going: Unusual) -> InsightEvent:
    tx.delete(key)
    at = going.last + MINUTE
    return insight_events.add(tx, scope, "End", at, going.id, going.kind, Rate(*going.usual), going.so_far)


def _remember(tx: Transaction, scope: Scope, minute: datetime, counts: Mapping[Kindred, Count]) -> None:
    """Add a minute to its hour. An unusual one is not what later ones are held against as the busiest."""
    key = (*_hours(scope), minute.replace(minute=0))
    usual = {kind: count for kind, count in counts.items() if tx.get(_open_key(scope, kind)) is None}
    new = {kind: structs.replace(count, busiest=count.calls if kind in usual else 0) for kind, count in counts.items()}
    tx.put(key, rates.summed(tx.get(key), new))


def _hours(scope: Scope) -> Key:
    return scope.key("cloudtrail", "insight-hours")


def _open(scope: Scope) -> Key:
    return scope.key("cloudtrail", "insight-open")


def _open_key(scope: Scope, kind: Kindred) -> Key:
    return (*_open(scope), kind.service, kind.operation, kind.error, kind.data)


def _began(scope: Scope) -> Key:
    return scope.key("cloudtrail", "insight-began")
