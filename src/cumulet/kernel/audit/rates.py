"""Rates: how often each call was made, or failed, in each minute, where somebody watches for what is unusual.

They are counted from a batch of the record while it is written, so nothing is read for them later and nothing is
counted where nobody watches. Whoever watches takes the minutes that are over, and keeps of them what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from cumulet.kernel.audit import entries, readers
from cumulet.kernel.audit.entries import Entry
from cumulet.kernel.audit.readers import Reader
from cumulet.kernel.identity import Kind
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.store import Transaction

MOST_KINDS = 1000
"""Of calls in one minute; what is more is not counted."""
_MOST_NAMED = 10
"""Callers, agents and errors of one kind that are told apart."""
_WITHIN_SECONDS = 60


class Kindred(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Calls that are counted together: all writes of a name, or, with an `error`, all that failed with it."""

    service: str
    operation: str
    error: str = ""
    data: bool = False


class Count(msgspec.Struct, frozen=True, array_like=True):
    """`busiest` is the most in one minute, where several are summed up."""

    calls: int = 0
    busiest: int = 0
    callers: dict[str, int] = {}
    agents: dict[str, int] = {}
    errors: dict[str, int] = {}

    def plus(self, other: Count) -> Count:
        return Count(
            self.calls + other.calls, max(self.busiest, other.busiest), _sum(self.callers, other.callers),
            _sum(self.agents, other.agents), _sum(self.errors, other.errors),
        )  # fmt: skip


def _sum(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    sums = dict(some)
    for name, number in more.items():
        if name in sums or len(sums) < _MOST_NAMED:
            sums[name] = sums.get(name, 0) + number
    return sums


NOTHING = Count()


class Counted(Record):
    """The counts of a stretch of time."""

    counts: tuple[tuple[Kindred, Count], ...] = ()


def count(tx: Transaction, account: str, region: str, batch: Sequence[Entry], watching: Iterable[Reader]) -> None:
    """Add entries of one account and Region to their minutes, and have who watches look at them when they are over."""
    handlers = {reader.rates for reader in watching if reader.rates}
    if not handlers:
        return
    by_minute: dict[datetime, dict[Kindred, Count]] = {}
    for entry in batch:
        if entry.caller.kind is not Kind.SERVICE and entry.kind == "AwsApiCall":
            _count_entry(by_minute.setdefault(entry.time.replace(second=0, microsecond=0), {}), entry)
    for minute, new in by_minute.items():
        key = (*space(account, region), minute)
        kept: Counted | None = tx.get(key)
        tx.put(key, summed(kept, new))
    if by_minute:
        scope = Scope(account=account, region=region)
        watchers = [_watcher(handler, scope) for handler in sorted(handlers)]
        readers.call(tx, watchers, batch[0].time)


def summed(kept: Counted | None, new: Mapping[Kindred, Count]) -> Counted:
    """What was kept, and what is new."""
    every = dict(kept.counts) if kept is not None else {}
    for kind, number in new.items():
        if kind in every or len(every) < MOST_KINDS:
            every[kind] = every.get(kind, NOTHING).plus(number)
    return Counted(counts=tuple(every.items()))


def space(account: str, region: str) -> Key:
    """Under this lie the minutes that nobody has taken yet."""
    return (*entries.space(account, "rates"), region)


def look_again(tx: Transaction, handler: str, scope: Scope, at: datetime) -> None:
    """Have who watches look again then."""
    readers.call_at(tx, _watcher(handler, scope), at)


def _watcher(handler: str, scope: Scope) -> Reader:
    return Reader(name=f"rates {scope.region}", handler=handler, scope=scope, within_seconds=_WITHIN_SECONDS)


def _count_entry(minute: dict[Kindred, Count], entry: Entry) -> None:
    kinds = [] if entry.read_only else [Kindred(entry.service, entry.operation, "", entry.data)]
    if entry.error:
        kinds.append(Kindred(entry.service, entry.operation, entry.error, entry.data))
    one = Count(
        1, 0, {entry.caller.arn: 1} if entry.caller.arn else {}, {entry.user_agent: 1} if entry.user_agent else {},
        {entry.error or "null": 1},
    )  # fmt: skip
    for kind in kinds:
        if kind in minute or len(minute) < MOST_KINDS:
            minute[kind] = minute.get(kind, NOTHING).plus(one)
