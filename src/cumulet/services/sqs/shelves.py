"""Shelves: where a queue's messages are kept, and how many of them are where.

A purge gives the queue a new shelf and leaves the old one to a job, so that it takes no longer with a million
messages. The counts are exact and cheap, though messages come into sight by the mere passing of time: what has
appeared since the counts were last put right is one range, and it is kept short."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction

_FOLD_EVERY = timedelta(seconds=5)
_A_FEW = 200
_AT_ONCE = 1000
_LAST = (1 << 63) - 1


class Shelf(NamedTuple):
    """Where messages are: under the keys that begin with `base`. In a FIFO queue each group has an order to keep."""

    base: Key
    id: str
    fifo: bool

    def key(self, *rest: object) -> Key:
        return self.base + rest


class Counts(Record):
    """What stands on a shelf. `hidden` and `delayed` are right as of the message `folded_number` that appeared at
    `folded`; what appeared since is still counted there.

    `sequence` numbers the messages; `grouped` are those of a standard queue that name a group."""

    total: int = 0
    hidden: int = 0
    delayed: int = 0
    grouped: int = 0
    sequence: int = 0
    folded: datetime | None = None
    folded_number: int = 0


class Place(Protocol):
    """What the counts need to know of a message's state."""

    @property
    def number(self) -> int: ...
    @property
    def visible(self) -> datetime: ...
    @property
    def receives(self) -> int: ...
    @property
    def group(self) -> str | None: ...
    @property
    def covered(self) -> bool: ...


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
        self._kept = counts = tx.get(shelf.key("counts")) or Counts()
        self.total, self.grouped, self.sequence = counts.total, counts.grouped, counts.sequence
        self._hidden, self._delayed = counts.hidden, counts.delayed
        self._folded = (counts.folded or tx.now, counts.folded_number)
        if not counts.hidden and not counts.delayed:
            self._folded = max(self._folded, (tx.now, _LAST))  # there is nothing to take off
        elif tx.now - self._folded[0] >= _FOLD_EVERY:
            self.fold(_A_FEW)

    @property
    def numbers(self) -> Numbers:
        """Exact after `fold` has returned False."""
        return Numbers(self.total - self._hidden - self._delayed, self._hidden, self._delayed)

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def will_cover(self, until: datetime, number: int) -> bool:
        """Whether a message is out of sight until then, and so to be counted."""
        return until > self._tx.now and (until, number) > self._folded

    def cover(self, place: Place) -> None:
        """Count a message that is out of sight: as in flight if it was received, else as delayed."""
        if place.covered:
            self._add(place.receives > 0, 1)
            if place.group is not None:
                self._tx.put(self._covered(place), place.receives > 0)

    def uncover(self, place: Place) -> None:
        """Take back what `cover` counted, unless time has done so already."""
        if not place.covered:
            return
        if place.group is None:
            counted = (place.visible, place.number) > self._folded
        else:
            counted = self._tx.get(self._covered(place)) is not None
            self._tx.delete(self._covered(place))
        if counted:
            self._add(place.receives > 0, -1)

    def has_room(self, limit: int) -> bool:
        """Whether fewer than `limit` messages are in flight."""
        while self._hidden >= limit and self.fold():
            pass
        return self._hidden < limit

    def fold(self, at_most: int = _AT_ONCE) -> bool:
        """Take off what has appeared, some at once. Returns whether there may be more."""
        return self._fold_groups(at_most) | self._fold_loose(at_most)

    def save(self) -> None:
        """Write the counts, if they changed."""
        counts = Counts(
            total=self.total, hidden=self._hidden, delayed=self._delayed, grouped=self.grouped,
            sequence=self.sequence, folded=self._folded[0], folded_number=self._folded[1],
        )  # fmt: skip
        if counts != replace(self._kept, folded=counts.folded, folded_number=counts.folded_number):
            self._tx.put(self._shelf.key("counts"), counts)

    def _fold_loose(self, at_most: int) -> bool:
        """Messages without a group stand by the instant they appear: those since the last time are one range."""
        since = self._folded
        appeared = list(self._tx.range(self._shelf.key("loose"), after=since, until=self._tx.now, limit=at_most))
        for place in appeared:
            if place.covered:
                self._add(place.receives > 0, -1)
        more = len(appeared) == at_most
        self._folded = (appeared[-1].visible, appeared[-1].number) if more else max(since, (self._tx.now, _LAST))
        return more

    def _fold_groups(self, at_most: int) -> bool:
        """Those with a group stand in its line, so while they are out of sight they have an index of their own."""
        appeared = list(self._tx.items(self._shelf.key("covered"), until=self._tx.now, limit=at_most))
        for key, received in appeared:
            self._add(received, -1)
            self._tx.delete(key)
        return len(appeared) == at_most

    def _covered(self, place: Place) -> Key:
        return self._shelf.key("covered", place.visible, place.number)

    def _add(self, received: bool, change: int) -> None:
        if received:
            self._hidden += change
        else:
            self._delayed += change


def sequence(tx: ReadTransaction, shelf: Shelf) -> int:
    """The number of the last message that was put on the shelf."""
    counts: Counts | None = tx.get(shelf.key("counts"))
    return 0 if counts is None else counts.sequence


def start(tx: Transaction, shelf: Shelf, sequence: int) -> None:
    """Begin a shelf whose messages are numbered on from `sequence`."""
    tx.put(shelf.key("counts"), Counts(sequence=sequence))
