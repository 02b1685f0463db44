"""Messages: how they enter a queue, hide, come back, and leave.

A message is stored under the instant it was sent, so what is too old is one range. Beside it, its name stands under
the instant it becomes visible, so "what can be received now" is one range too, however many messages wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import Transaction
from cumulet.services.sqs import queues
from cumulet.services.sqs.errors import InvalidParameterValue
from cumulet.services.sqs.queues import Queue


class Message(Record):
    """A message as it was sent; nothing of it changes."""

    id: str
    body: str
    sent: datetime


class State(Record):
    """What happens to a message: when it can be seen (again), and how often it was received."""

    sent: datetime
    visible: datetime
    receives: int = 0


class Received(Record):
    """A message as one receive sees it."""

    message: Message
    receipt: str
    receives: int


def send(tx: Transaction, queue: Queue, body: str, *, delay_seconds: int | None = None) -> Message:
    """Append a message and return it as stored; its own delay wins over the queue's.

    Raises QueueDoesNotExist, or InvalidParameterValue for a body above the queue's limit, which counts bytes.
    Source: SQS API Reference, SendMessage."""
    settings = queues.settings(tx, queue)
    if len(body.encode()) > settings.maximum_message_size:
        raise InvalidParameterValue(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{settings.maximum_message_size} bytes."
        )
    wait = settings.delay_seconds if delay_seconds is None else delay_seconds
    message = Message(id=tx.uuid(), body=body, sent=tx.now)
    tx.put(queue.key("message", message.sent, message.id), message)
    _put_state(tx, queue, message.id, State(sent=tx.now, visible=tx.now + timedelta(seconds=wait)))
    tx.wake(arrivals(queue))
    return message


def receive(tx: Transaction, queue: Queue, at_most: int, hide_seconds: int | None = None) -> list[Received]:
    """Take up to `at_most` visible messages, hiding each from every other consumer."""
    settings = queues.settings(tx, queue)
    timeout = settings.visibility_timeout if hide_seconds is None else hide_seconds
    ready = [key[-1] for key, _ in tx.items(queue.key("visible"), until=tx.now, limit=at_most)]
    return [_hide(tx, queue, message_id, timeout) for message_id in ready]


def delete(tx: Transaction, queue: Queue, receipt: str) -> None:
    """Remove the message that was received with `receipt`; one that is gone already stays gone."""
    message_id, _, _ = receipt.partition(":")
    state: State | None = tx.get(queue.key("state", message_id))
    if state is None:
        return
    tx.delete(queue.key("message", state.sent, message_id))
    tx.delete(queue.key("visible", state.visible, message_id))
    tx.delete(queue.key("state", message_id))


def next_visible(tx: Transaction, queue: Queue) -> datetime | None:
    """When the next hidden message can be seen, if there is one."""
    for key, _ in tx.items(queue.key("visible"), after=tx.now, limit=1):
        instant: datetime = key[-2]
        return instant
    return None


def arrivals(queue: Queue) -> Key:
    """The channel on which receivers wait."""
    return queue.key("arrivals")


def _hide(tx: Transaction, queue: Queue, message_id: str, seconds: int) -> Received:
    state: State = tx.get(queue.key("state", message_id))
    tx.delete(queue.key("visible", state.visible, message_id))
    hidden = replace(state, visible=tx.now + timedelta(seconds=seconds), receives=state.receives + 1)
    _put_state(tx, queue, message_id, hidden)
    message: Message = tx.get(queue.key("message", state.sent, message_id))
    return Received(message=message, receipt=f"{message_id}:{hidden.receives}", receives=hidden.receives)


def _put_state(tx: Transaction, queue: Queue, message_id: str, state: State) -> None:
    tx.put(queue.key("state", message_id), state)
    tx.put(queue.key("visible", state.visible, message_id), None)
