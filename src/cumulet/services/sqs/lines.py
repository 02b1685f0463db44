"""Lines: in which order messages are received.

Messages without a group stand in one line by the instant they appear, so "what can be received now" is one range,
however many messages wait. A group has a line of its own, and the groups take turns: the turn of a group that was
served begins anew behind those that wait already. So a standard queue is fair (a noisy group delays its own messages),
and a FIFO queue serves the group that waits longest.

In a FIFO queue a group's line is in the order of sending, and while a message of it is in flight, the group has no
turn. Source: SQS Developer Guide, FIFO queue delivery logic and fair queues."""

from __future__ import annotations

from datetime import datetime
from itertools import islice, zip_longest

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs.shelves import Shelf

_MOST_IN_FLIGHT_OF_A_GROUP = 10  # what one receive can take: while they are out, no other gets any


class State(Record):
    """What happens to a message: when it can be seen (again), and how often it was received from this queue.

    `covered` tells whether it was counted as out of sight until it is `visible`."""

    number: int
    sent: datetime
    visible: datetime
    covered: bool = False
    group: str | None = None
    receives: int = 0
    received: datetime | None = None
    first_received: datetime | None = None


def place(tx: Transaction, shelf: Shelf, state: State, *, served: bool = False) -> None:
    """Put a message where it belongs in its line. `served` sends its group to the end of the turns."""
    tx.put(_place(shelf, state), state)
    if state.group is not None:
        _set_turn(tx, shelf, state.group, served)


def remove(tx: Transaction, shelf: Shelf, state: State) -> None:
    tx.delete(_place(shelf, state))
    if state.group is not None:
        _set_turn(tx, shelf, state.group, served=False)


def move(tx: Transaction, shelf: Shelf, old: State, new: State, *, served: bool = False) -> None:
    """Change a message's state."""
    if _place(shelf, old) != _place(shelf, new):
        tx.delete(_place(shelf, old))
    place(tx, shelf, new, served=served)


def ready(tx: ReadTransaction, shelf: Shelf, at_most: int, *, grouped: bool) -> list[State]:
    """Those to be received next, `at_most` so many. `grouped` tells whether any message names a group."""
    if shelf.fifo:
        return _in_order(tx, shelf, at_most)
    loose: list[State] = list(tx.range(shelf.key("loose"), until=tx.now, limit=at_most))
    return _in_turns(tx, shelf, loose, at_most) if grouped else loose


def next_instant(tx: ReadTransaction, shelf: Shelf) -> datetime | None:
    """When the next message that is out of sight now can be received, if there is one."""
    coming = [
        key[len(shelf.key(line))]
        for line in ("loose", "turns")
        for key, _ in tx.items(shelf.key(line), after=tx.now, limit=1)
    ]
    return min(coming, default=None)


def _in_order(tx: ReadTransaction, shelf: Shelf, at_most: int) -> list[State]:
    """As many as possible of one group, then of the next."""
    found: list[State] = []
    for key, _ in tx.items(shelf.key("turns"), until=tx.now):
        for state in tx.range(shelf.key("line", key[-1]), limit=at_most - len(found)):
            if state.visible > tx.now:
                break
            found.append(state)
        if len(found) == at_most:
            break
    return found


def _in_turns(tx: ReadTransaction, shelf: Shelf, loose: list[State], at_most: int) -> list[State]:
    """One of each in turn; a message without a group is a group of its own."""
    lines = [(state.visible, [state]) for state in loose]
    for key, _ in tx.items(shelf.key("turns"), until=tx.now, limit=at_most):
        states = tx.range(shelf.key("line", key[-1]), until=tx.now, limit=at_most)
        lines.append((key[-2], list(states)))
    lines.sort(key=lambda line: line[0])
    rounds = zip_longest(*(states for _, states in lines))
    return list(islice((state for states in rounds for state in states if state is not None), at_most))


def _place(shelf: Shelf, state: State) -> Key:
    if state.group is None:
        return shelf.key("loose", state.visible, state.number)
    if shelf.fifo:
        return shelf.key("line", state.group, state.number)
    return shelf.key("line", state.group, state.visible, state.number)


def _set_turn(tx: Transaction, shelf: Shelf, group: str, served: bool) -> None:
    old: datetime | None = tx.get(shelf.key("turn", group))
    since = tx.now if served else old
    new = _turn_of_line(tx, shelf, group)
    if new is not None and since is not None and since <= tx.now:
        new = max(new, since)
    if new == old:
        return
    if old is not None:
        tx.delete(shelf.key("turns", old, group))
        tx.delete(shelf.key("turn", group))
    if new is not None:
        tx.put(shelf.key("turns", new, group), None)
        tx.put(shelf.key("turn", group), new)


def _turn_of_line(tx: ReadTransaction, shelf: Shelf, group: str) -> datetime | None:
    """When a message of the group can be received; None for a group that has none."""
    if not shelf.fifo:
        return next((state.visible for state in tx.range(shelf.key("line", group), limit=1)), None)
    head: list[State] = list(tx.range(shelf.key("line", group), limit=_MOST_IN_FLIGHT_OF_A_GROUP))
    in_flight = [state.visible for state in head if state.receives and state.visible > tx.now]
    return max(in_flight, default=head[0].visible if head else None)
