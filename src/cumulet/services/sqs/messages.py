"""Messages: how they enter a queue, hide, come back, and leave.

A message is stored under the instant it was sent, so what is too old is one range. What happens to it is kept in its
line (lines.py), and from its first receive on also under its number, where a receipt finds it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cumulet.kernel import jobs
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs import deadletters, lines, outbound, queues, recent, sealing
from cumulet.services.sqs.attributes import Settings
from cumulet.services.sqs.errors import InvalidParameterValue, OverLimit, QueueDoesNotExist, ReceiptHandleIsInvalid
from cumulet.services.sqs.lines import State
from cumulet.services.sqs.outbound import Draft
from cumulet.services.sqs.payload import Attributes
from cumulet.services.sqs.queues import Queue
from cumulet.services.sqs.sealing import Sealed, Vault
from cumulet.services.sqs.shelves import Numbers, Shelf, Tally

MOST_IN_FLIGHT = 120_000
LONGEST_TIMEOUT = 43_200
_AT_ONCE = 1000
_MANY = 100
_ROUNDS = 10
_FIRST_SEQUENCE_NUMBER = 18_850_000_000_000_000_000
_SEQUENCE_STEP = 256


class Message(Record):
    """A message as it was sent; nothing of it changes while it is in a queue.

    It `appears` when its delay, if it was `delayed`, has ended. `receives` and `first_received` are from the queue it
    died in, `source` is that queue's ARN. What a key of KMS protects is in `sealed`, and nothing of it elsewhere."""

    id: str
    body: str
    sent: datetime
    appears: datetime
    number: int
    delayed: bool = False
    sender: str = ""
    attributes: Attributes = {}  # noqa: RUF012 - records are frozen
    system_attributes: Attributes = {}  # noqa: RUF012
    group: str | None = None
    deduplication_id: str | None = None
    receives: int = 0
    first_received: datetime | None = None
    source: str = ""
    sealed: Sealed | None = None

    @property
    def sequence_number(self) -> str:
        """Twenty digits that increase within a queue."""
        return str(_FIRST_SEQUENCE_NUMBER + self.number * _SEQUENCE_STEP)


class Received(NamedTuple):
    """A message as one receive sees it."""

    message: Message
    state: State
    receipt: str


class Sent(NamedTuple):
    """What a send tells: for a repeated send to a FIFO queue, what the first one told."""

    id: str
    sequence_number: str | None


class _Receipt(NamedTuple):
    shelf: str
    number: int
    receives: int


def send(tx: Transaction, queue: Queue, draft: Draft, sender: str, *, vault: Vault | None = None) -> Sent:
    """Append a message; its own delay wins over the queue's. Raises what `outbound.check` raises, or KeyWanted.

    A FIFO queue accepts a send again that it has seen in the last five minutes, and drops it, so that clients may
    retry blindly (SQS Developer Guide, exactly-once processing)."""
    settings = queues.settings(tx, queue)
    tally = Tally(tx, queues.shelf(queue, settings))
    sent = _send(tx, queue, settings, tally, outbound.check(settings, draft), sender, vault)
    tally.save()
    return sent


def send_all(
    tx: Transaction, queue: Queue, drafts: Sequence[Draft], sender: str, *, vault: Vault | None = None
) -> list[Sent | ServiceError]:
    """Append several messages; those that are refused hold back no other."""
    settings = queues.settings(tx, queue)
    outbound.check_batch(settings, drafts)
    tally = Tally(tx, queues.shelf(queue, settings))
    outcomes: list[Sent | ServiceError] = []
    for draft in drafts:
        try:
            outcomes.append(_send(tx, queue, settings, tally, outbound.check(settings, draft), sender, vault))
        except ServiceError as refusal:
            outcomes.append(refusal)
    tally.save()
    return outcomes


def receive(
    tx: Transaction,
    queue: Queue,
    at_most: int,
    hide_seconds: int | None = None,
    attempt: str = "",
    *,
    wait_seconds: int | None = None,
    vault: Vault | None = None,
) -> list[Received]:
    """Take up to `at_most` visible messages, hiding each from every other consumer.

    Messages that are too old or were received too often are cleared away on the way. With an `attempt`, a FIFO queue
    gives again what it gave to the same attempt. Raises OverLimit to those who do not wait (a FIFO
    queue never does), and KeyWanted, so that a message that cannot be opened is not taken."""
    settings = queues.settings(tx, queue)
    if attempt and not settings.fifo:
        raise InvalidParameterValue.of("ReceiveRequestAttemptId", attempt[:200], outbound.OTHER_TYPE)
    shelf = queues.shelf(queue, settings)
    tally = Tally(tx, shelf)
    until = tx.now + timedelta(seconds=settings.visibility_timeout if hide_seconds is None else hide_seconds)
    again = _attempted(tx, queues.memories(queue, settings), shelf, attempt) if attempt else None
    if again is None and not tally.has_room(MOST_IN_FLIGHT):
        waits = settings.receive_message_wait_time_seconds if wait_seconds is None else wait_seconds
        if settings.fifo or waits:
            tally.save()
            return []
        raise OverLimit
    states = again or _deliverable(tx, queue, settings, tally, at_most)
    taken = [_hide(tx, shelf, tally, state, until, again=again is not None) for state in states]
    if attempt and taken:
        value = [[state.number, state.receives, state.visible] for state in taken]
        recent.remember(tx, queues.memories(queue, settings), "attempt", attempt, value=value)
    tally.save()
    if taken:
        tx.wake(queue.arrivals)  # the next one who waits sees to when these come back
    return [_opened(tx, vault, queue, settings, _received(tx, shelf, state)) for state in taken]


def delete(tx: Transaction, queue: Queue, handle: str) -> None:
    """Remove the message that was received with this receipt; one that is gone already stays gone.

    A standard queue takes the receipts of all receives, a FIFO queue only one that is in force.
    Raises ReceiptHandleIsInvalid or InvalidParameterValue."""
    settings = queues.settings(tx, queue)
    shelf = queues.shelf(queue, settings)
    state = _find(tx, shelf, handle)
    if state is None:
        return
    tally = Tally(tx, shelf)
    _take_off(tx, shelf, tally, state)
    tally.save()
    if shelf.fifo:
        tx.wake(queue.arrivals)  # its group may have a turn now


def change_visibility(tx: Transaction, queue: Queue, handle: str, seconds: int) -> None:
    """Hide a message for this long from now on, up to 12 hours since it was received.

    AWS lets a receipt do so even when its time is over. Raises ReceiptHandleIsInvalid or InvalidParameterValue."""
    if not 0 <= seconds <= LONGEST_TIMEOUT:
        reason = f"VisibilityTimeout must be an integer between 0 and {LONGEST_TIMEOUT}."
        raise InvalidParameterValue.of("VisibilityTimeout", seconds, reason)
    settings = queues.settings(tx, queue)
    shelf = queues.shelf(queue, settings)
    state = _find(tx, shelf, handle)
    if state is None or state.received is None:
        reason = "Message does not exist or is not available for visibility timeout change."
        raise InvalidParameterValue.of("ReceiptHandle", handle, reason)
    until = tx.now + timedelta(seconds=seconds)
    if until - state.received > timedelta(seconds=LONGEST_TIMEOUT):
        reason = f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_TIMEOUT} seconds]."
        raise InvalidParameterValue.of("VisibilityTimeout", seconds, reason)
    tally = Tally(tx, shelf)
    _set_state(tx, shelf, tally, state, replace(state, visible=until, covered=tally.will_cover(until, state.number)))
    tally.save()
    tx.wake(queue.arrivals)


def each(
    tx: Transaction, queue: Queue, rule: Callable[..., None], calls: Sequence[tuple[Any, ...]]
) -> list[dict[str, Any] | ServiceError]:
    """Apply a rule several times; a refusal holds back no other. The rule must refuse before it writes."""
    outcomes: list[dict[str, Any] | ServiceError] = []
    for arguments in calls:
        try:
            rule(tx, queue, *arguments)
            outcomes.append({})
        except QueueDoesNotExist:
            raise
        except ServiceError as refusal:
            outcomes.append(refusal)
    return outcomes


def count(tx: Transaction, queue: Queue) -> Numbers | None:
    """How many messages are where. None when there was so much to clear away that you have to ask again."""
    shelf = queues.shelf(queue, queues.settings(tx, queue))
    if expire(tx, queue):
        return None
    tally = Tally(tx, shelf)
    more = tally.fold()
    tally.save()
    return None if more else tally.numbers


def expire(tx: Transaction, queue: Queue) -> bool:
    """Drop messages that are too old, some at once. Returns whether there may be more.

    As long as there are messages, a job stands ready for the time when the oldest is too old."""
    settings = queues.find(tx, queue)
    if settings is None:
        return False
    shelf = queues.shelf(queue, settings)
    kept = timedelta(seconds=settings.message_retention_period)
    old = list(tx.items(shelf.key("message"), until=tx.now - kept, limit=_AT_ONCE))
    if old:
        tally = Tally(tx, shelf)
        for _, message in old:
            _take_off(tx, shelf, tally, tx.get(shelf.key("taken", message.number)) or _first_state(message))
        tally.save()
    return len(old) == _AT_ONCE


def schedule_expiry(tx: Transaction, queue: Queue) -> None:
    """Have a job run when the oldest message is too old. Without messages, or without the queue, nothing has to."""
    settings = queues.find(tx, queue)
    if settings is None:
        return
    shelf = queues.shelf(queue, settings)
    for key, _ in tx.items(shelf.key("message"), limit=1):
        at = key[-2] + timedelta(seconds=settings.message_retention_period)
        tx.schedule(at, "sqs.expire", {"name": queue.name}, scope=queue.scope, key=shelf.id)


def next_visible(tx: ReadTransaction, queue: Queue) -> datetime | None:
    """When the next message that is out of sight can be received, if there is one."""
    return lines.next_instant(tx, queues.shelf(queue, queues.settings(tx, queue)))


def heads(tx: ReadTransaction, queue: Queue, at_most: int) -> list[tuple[Message, State]]:
    """The messages that would be received next, without receiving them."""
    shelf = queues.shelf(queue, queues.settings(tx, queue))
    return [(_message(tx, shelf, state), state) for state in lines.ready(tx, shelf, at_most, grouped=True)]


def take_out(tx: Transaction, queue: Queue, state: State) -> None:
    """Take a message out of the queue, to be put elsewhere."""
    shelf = queues.shelf(queue, queues.settings(tx, queue))
    tally = Tally(tx, shelf)
    _take_off(tx, shelf, tally, state)
    tally.save()


def put(tx: Transaction, queue: Queue, settings: Settings, message: Message) -> None:
    """Put a message that was taken elsewhere at the end of this queue, with the queue's delay."""
    tally = Tally(tx, queues.shelf(queue, settings))
    _arrive(tx, queue, settings, tally, message, settings.delay_seconds)
    tally.save()
    schedule_expiry(tx, queue)


def _send(
    tx: Transaction, queue: Queue, settings: Settings, tally: Tally, draft: Draft, sender: str, vault: Vault | None
) -> Sent:
    seen = _duplicate(settings, draft)
    if seen and (first := recent.recall(tx, queues.memories(queue, settings), *seen)) is not None:
        return Sent(*first)
    message = Message(
        id=tx.uuid(), body=draft.body, sent=tx.now, appears=tx.now, number=0, sender=sender, group=draft.group,
        attributes=draft.attributes, system_attributes=draft.system_attributes, deduplication_id=draft.deduplication_id,
    )  # fmt: skip
    if settings.kms_master_key_id:
        message = _protected(tx, vault, queue, settings, message)
    delay = settings.delay_seconds if draft.delay_seconds is None else draft.delay_seconds
    message = _arrive(tx, queue, settings, tally, message, delay)
    sent = Sent(message.id, message.sequence_number if settings.fifo else None)
    if seen:
        recent.remember(tx, queues.memories(queue, settings), *seen, value=list(sent))
    return sent


def _protected(tx: Transaction, vault: Vault | None, queue: Queue, settings: Settings, message: Message) -> Message:
    content = (message.body, message.attributes, message.system_attributes)
    sealed = sealing.seal(tx, vault, queue, settings, content)
    return replace(message, body="", attributes={}, system_attributes={}, sealed=sealed)


def _opened(tx: ReadTransaction, vault: Vault | None, queue: Queue, settings: Settings, received: Received) -> Received:
    message = received.message
    if message.sealed is None:
        return received
    body, attributes, system = sealing.unseal(tx, vault, queue, settings, message.sealed)
    return received._replace(message=replace(message, body=body, attributes=attributes, system_attributes=system))


def _duplicate(settings: Settings, draft: Draft) -> tuple[str, ...]:
    """Under which name a FIFO queue remembers a send."""
    if not settings.fifo:
        return ()
    group = draft.group if settings.deduplication_scope == "messageGroup" else ""
    return ("sent", group or "", draft.deduplication_id or "")


def _arrive(
    tx: Transaction, queue: Queue, settings: Settings, tally: Tally, message: Message, delay_seconds: int
) -> Message:
    shelf = queues.shelf(queue, settings)
    appears = tx.now + timedelta(seconds=delay_seconds)
    number = tally.next_sequence()
    delayed = tally.will_cover(appears, number)
    message = replace(message, number=number, appears=appears, delayed=delayed)
    state = _first_state(message)
    tx.put(shelf.key("message", message.sent, number), message)
    lines.place(tx, shelf, state)
    tally.total += 1
    tally.grouped += message.group is not None
    tally.cover(state)
    if tally.total == 1 and not jobs.is_scheduled(tx, "sqs.expire", shelf.id):
        schedule_expiry(tx, queue)
    tx.wake(queue.arrivals)
    return message


def _deliverable(tx: Transaction, queue: Queue, settings: Settings, tally: Tally, at_most: int) -> list[State]:
    """What is received next, after clearing away what is not to be received any more."""
    shelf = queues.shelf(queue, settings)
    oldest = tx.now - timedelta(seconds=settings.message_retention_period)
    for look_at in (at_most, *[_MANY] * _ROUNDS):
        states = lines.ready(tx, shelf, look_at, grouped=tally.grouped > 0)
        unfit = [state for state in states if state.sent <= oldest or _is_spent(settings, state)]
        moved = [_dismiss(tx, queue, settings, tally, state, oldest) for state in unfit]
        if not any(moved):
            return states[:at_most]
    tx.wake(queue.arrivals)  # this was enough for once; whoever waits looks again
    return []


def _is_spent(settings: Settings, state: State) -> bool:
    return settings.redrive_policy is not None and state.receives >= settings.redrive_policy.max_receive_count


def _dismiss(tx: Transaction, queue: Queue, settings: Settings, tally: Tally, state: State, oldest: datetime) -> bool:
    """Drop a message that is too old, or move it to the dead-letter queue. One that has nowhere to go stays."""
    shelf = queues.shelf(queue, settings)
    target = None if state.sent <= oldest else deadletters.target(tx, settings)
    if target is None and state.sent > oldest:
        return False
    message = _message(tx, shelf, state)
    _take_off(tx, shelf, tally, state)
    if target is not None:
        put(tx, *target, _dead(tx, message, state, queue, settings.fifo))
    return True


def _dead(tx: Transaction, message: Message, state: State, source: Queue, fifo: bool) -> Message:
    """Its age goes on counting in a standard queue and begins anew in a FIFO queue (SQS Developer Guide)."""
    return replace(
        message, source=source.arn, sent=tx.now if fifo else message.sent,
        receives=message.receives + state.receives, first_received=message.first_received or state.first_received,
    )  # fmt: skip


def _hide(tx: Transaction, shelf: Shelf, tally: Tally, state: State, until: datetime, *, again: bool) -> State:
    hidden = replace(
        state, visible=until, covered=tally.will_cover(until, state.number), receives=state.receives + (not again),
        received=tx.now, first_received=state.first_received or tx.now,
    )  # fmt: skip
    _set_state(tx, shelf, tally, state, hidden)
    return hidden


def _first_state(message: Message) -> State:
    return State(
        number=message.number, sent=message.sent, visible=message.appears, covered=message.delayed, group=message.group
    )  # fmt: skip


def _set_state(tx: Transaction, shelf: Shelf, tally: Tally, old: State, new: State) -> None:
    tally.uncover(old)
    tally.cover(new)
    lines.move(tx, shelf, old, new, served=True)
    tx.put(shelf.key("taken", new.number), new)


def _take_off(tx: Transaction, shelf: Shelf, tally: Tally, state: State) -> None:
    tally.uncover(state)
    tally.total -= 1
    tally.grouped -= state.group is not None
    lines.remove(tx, shelf, state)
    tx.delete(shelf.key("message", state.sent, state.number))
    if state.receives:
        tx.delete(shelf.key("taken", state.number))


def _received(tx: ReadTransaction, shelf: Shelf, state: State) -> Received:
    receipt = base64.b64encode(f"{shelf.id}:{state.number}:{state.receives}".encode()).decode()
    return Received(_message(tx, shelf, state), state, receipt)


def _message(tx: ReadTransaction, shelf: Shelf, state: State) -> Message:
    message: Message = tx.get(shelf.key("message", state.sent, state.number))
    return message


def _find(tx: ReadTransaction, shelf: Shelf, handle: str) -> State | None:
    """The message that a receipt stands for, or None when it is gone."""
    receipt = _parse(handle)
    if receipt.shelf.partition(".")[0] != shelf.id.partition(".")[0]:
        raise ReceiptHandleIsInvalid(handle)
    if receipt.shelf != shelf.id:
        return None
    state: State | None = tx.get(shelf.key("taken", receipt.number))
    in_force = state is not None and state.visible > tx.now and state.receives == receipt.receives
    if shelf.fifo and state is not None and not in_force:
        raise InvalidParameterValue.of("ReceiptHandle", handle, "The receipt handle has expired.")
    return state


def _parse(handle: str) -> _Receipt:
    try:
        shelf, number, receives = base64.b64decode(handle[:1024], validate=True).decode().split(":")
        return _Receipt(shelf, int(number[:18]), int(receives[:18]))
    except (binascii.Error, ValueError):
        raise ReceiptHandleIsInvalid(handle) from None


def _attempted(tx: ReadTransaction, memories: Key, shelf: Shelf, attempt: str) -> list[State] | None:
    """What this attempt took before, if it is all still in flight. Raises InvalidParameterValue once some is not."""
    taken = recent.recall(tx, memories, "attempt", attempt)
    if taken is None or all(visible <= tx.now for _, _, visible in taken):
        return None
    states: list[State | None] = [tx.get(shelf.key("taken", number)) for number, _, _ in taken]
    same = [
        s for s, (_, n, visible) in zip(states, taken, strict=True) if s and (s.receives, s.visible) == (n, visible)
    ]
    if len(same) < len(taken):
        reason = "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable."
        raise InvalidParameterValue.of("ReceiveRequestAttemptId", attempt, reason)
    return same
