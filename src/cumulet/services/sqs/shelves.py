"""Shelves: where a queue's messages are kept, and how many of them are where.

A purge gives the queue a new shelf and leaves the old one to a job, so that it takes no longer with a million
messages. The counts are exact and cheap, though messages come into sight by the mere passing of time: those out of
sight are also counted under the instant at which they appear, and instants gone by are taken off now and then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction

_FOLD_EVERY = timedelta(minutes=1)
_AT_ONCE = 1000


class Shelf(NamedTuple):
    """Where messages are: under the keys that begin with `base`. In a FIFO queue each group has an order to keep."""

    base: Key
    id: str
    fifo: bool

    def key(self, *rest: object) -> Key:
        return self.base + rest


class Counts(Record):
    """What stands on a shelf. `hidden` and `delayed` still count those that appeared since `folded`.

    `sequence` numbers the messages; `grouped` are those of a standard queue that name a group."""

    total: int = 0
    hidden: int = 0
    delayed: int = 0
    grouped: int = 0
    sequence: int = 0
    folded: datetime | None = None


class Numbers(NamedTuple):
    """Exactly how many messages can be received now, are in flight, and wait for their delay to end."""

    visible: int
    hidden: int
    delayed: int


class Tally:
    """The counts during one rule: changed in memory, written once, by `save`."""

    def __init__(self, tx: Transaction, shelf: Shelf) -> None:
        self._tx = tx
        self._shelf = shelf
        counts: Counts = tx.get(shelf.key("counts")) or Counts()
        self.total, self.grouped, self.sequence = counts.total, counts.grouped, counts.sequence
        self._hidden, self._delayed, self._folded = counts.hidden, counts.delayed, counts.folded or tx.now
        self._changes: dict[tuple[datetime, bool], int] = {}
        self._stored: dict[tuple[datetime, bool], int] = {}

    @property
    def numbers(self) -> Numbers:
        """Exact after `fold` has returned False."""
        return Numbers(self.total - self._hidden - self._delayed, self._hidden, self._delayed)

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def cover(self, until: datetime, *, received: bool) -> None:
        """One more message is out of sight until then: in flight if it was `received`, else delayed."""
        if until > self._tx.now:
            self._change(until, received, 1)

    def uncover(self, until: datetime, *, received: bool) -> None:
        """Take back what `cover` counted, unless time has done so already."""
        if self._covered((until, received)) + self._changes.get((until, received), 0) > 0:
            self._change(until, received, -1)

    def has_room(self, limit: int) -> bool:
        """Whether fewer than `limit` messages are in flight."""
        while self._hidden >= limit and self.fold():
            pass
        return self._hidden < limit

    def fold(self) -> bool:
        """Take off what has appeared, some at once. Returns whether there may be more."""
        self._write_changes()
        gone = list(self._tx.items(self._shelf.key("covered"), until=self._tx.now, limit=_AT_ONCE))
        for key, count in gone:
            self._add(key[-1], -count)
            self._tx.delete(key)
        if len(gone) < _AT_ONCE:
            self._folded = self._tx.now
        return len(gone) == _AT_ONCE

    def save(self) -> None:
        if self._tx.now - self._folded >= _FOLD_EVERY:
            self.fold()
        self._write_changes()
        counts = Counts(
            total=self.total, hidden=self._hidden, delayed=self._delayed, grouped=self.grouped,
            sequence=self.sequence, folded=self._folded,
        )  # fmt: skip
        self._tx.put(self._shelf.key("counts"), counts)

    def _change(self, until: datetime, received: bool, change: int) -> None:
        self._changes[until, received] = self._changes.get((until, received), 0) + change
        self._add(received, change)

    def _add(self, received: bool, change: int) -> None:
        if received:
            self._hidden += change
        else:
            self._delayed += change

    def _write_changes(self) -> None:
        for place, change in self._changes.items():
            key = self._shelf.key("covered", *place)
            count = self._covered(place) + change
            if count:
                self._tx.put(key, count)
            else:
                self._tx.delete(key)
        self._changes.clear()
        self._stored.clear()

    def _covered(self, place: tuple[datetime, bool]) -> int:
        if place not in self._stored:
            self._stored[place] = self._tx.get(self._shelf.key("covered", *place)) or 0
        return self._stored[place]


def sequence(tx: ReadTransaction, shelf: Shelf) -> int:
    """The number of the last message that was put on the shelf."""
    counts: Counts | None = tx.get(shelf.key("counts"))
    return 0 if counts is None else counts.sequence


def start(tx: Transaction, shelf: Shelf, sequence: int) -> None:
    """Begin a shelf whose messages are numbered on from `sequence`."""
    tx.put(shelf.key("counts"), Counts(sequence=sequence))
