"""Move tasks: emptying a dead-letter queue into the queues its messages came from, or into another.

A task goes on step by step, as jobs; each step moves some messages in one transaction. Source: SQS API Reference,
StartMessageMoveTask."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs import deadletters, messages, queues
from cumulet.services.sqs.attributes import Settings
from cumulet.services.sqs.errors import InvalidParameterValue, ResourceNotFoundException
from cumulet.services.sqs.messages import Message
from cumulet.services.sqs.queues import Queue

_KEPT = 10
_A_STEP = 100
_FASTEST = 500


class Task(Record):
    """`destination` empty means back to where each message came from; `rate` 0 means as fast as it goes."""

    id: str
    source: Queue
    destination: str
    rate: int
    started: datetime
    to_move: int
    moved: int = 0
    status: str = "RUNNING"
    failure: str = ""


class Handle(msgspec.Struct, frozen=True):
    """What a task handle says, in the form of AWS: base64 of JSON."""

    taskId: str
    sourceArn: str


def start(tx: Transaction, source: Queue, destination: Queue | None, rate: int | None) -> Task:
    """Raises ResourceNotFoundException or InvalidParameterValue."""
    settings = _settings(tx, source, "SourceArn")
    if not deadletters.sources(tx, source, at_most=1):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    if destination is not None and _settings(tx, destination, "DestinationArn").fifo != settings.fifo:
        raise InvalidParameterValue("The source queue and the destination queue must be of the same type.")
    if rate is not None and not 1 <= rate <= _FASTEST:
        reason = f"You can specify values from 1 to {_FASTEST}."
        raise InvalidParameterValue.of("MaxNumberOfMessagesPerSecond", rate, reason)
    if any(task.status == "RUNNING" for task in recent(tx, source, 1)):
        raise InvalidParameterValue(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    task = Task(
        id=tx.uuid(), source=source, destination=destination.arn if destination else "", rate=rate or 0,
        started=tx.now, to_move=_waiting(tx, source),
    )  # fmt: skip
    tx.put(_key(task), task)
    _forget_oldest(tx, source)
    _schedule(tx, task, tx.now)
    return task


def step(tx: Transaction, key: Key) -> None:
    """Move some messages and see to the next step, or end the task."""
    task: Task | None = tx.get(key)
    if task is None or task.status != "RUNNING":
        return
    at_most = task.rate or _A_STEP
    waiting = messages.heads(tx, task.source, at_most) if queues.find(tx, task.source) else []
    for message, state in waiting:
        target = queues.of_arn(task.destination or message.source)
        settings = queues.find(tx, target) if target is not None else None
        if target is None or settings is None:
            task = replace(task, status="FAILED", failure=_failure(task, message))
            break
        messages.take_out(tx, task.source, state)
        messages.put(tx, target, settings, _fresh(tx, message))
        task = replace(task, moved=task.moved + 1)
    if task.status == "RUNNING" and len(waiting) < at_most:
        task = replace(task, status="COMPLETED")
    tx.put(key, task)
    if task.status == "RUNNING":
        _schedule(tx, task, tx.now + timedelta(seconds=1 if task.rate else 0))


def cancel(tx: Transaction, source: Queue, task_id: str) -> Task:
    """Stop a task where it is. Raises ResourceNotFoundException for one that does not run."""
    for task in recent(tx, source, _KEPT):
        if task.id == task_id and task.status == "RUNNING":
            cancelled = replace(task, status="CANCELLED")
            tx.put(_key(task), cancelled)
            return cancelled
    raise ResourceNotFoundException("TaskHandle")


def listed(tx: ReadTransaction, source: Queue, at_most: int) -> list[Task]:
    """The latest tasks, newest first. Raises ResourceNotFoundException."""
    _settings(tx, source, "SourceArn")
    return recent(tx, source, at_most)


def recent(tx: ReadTransaction, source: Queue, at_most: int) -> list[Task]:
    return list(tx.range(source.scope.key("sqs", "tasks", source.name), limit=at_most, reverse=True))


def handle(task: Task) -> str:
    told = Handle(taskId=task.id, sourceArn=task.source.arn)
    return base64.b64encode(msgspec.json.encode(told)).decode()


def parse_handle(text: str) -> tuple[Queue, str]:
    """The queue and the id of a task. Raises InvalidParameterValue."""
    try:
        told = msgspec.json.decode(base64.b64decode(text[:1024], validate=True), type=Handle)
        queue = queues.of_arn(told.sourceArn)
    except (binascii.Error, ValueError):  # msgspec's errors are ValueErrors
        queue = None
    if queue is None:
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.")
    return queue, told.taskId


def as_wire(task: Task) -> dict[str, Any]:
    """A task as it is listed: its handle only while it can be cancelled."""
    shown = {
        "TaskHandle": handle(task) if task.status == "RUNNING" else None,
        "Status": task.status,
        "SourceArn": task.source.arn,
        "DestinationArn": task.destination or None,
        "MaxNumberOfMessagesPerSecond": task.rate or None,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure or None,
        "StartedTimestamp": int(task.started.timestamp() * 1000),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _settings(tx: ReadTransaction, queue: Queue, parameter: str) -> Settings:
    found = queues.find(tx, queue)
    if found is None:
        raise ResourceNotFoundException(parameter)
    return found


def _waiting(tx: Transaction, source: Queue) -> int:
    while (numbers := messages.count(tx, source)) is None:
        pass
    return sum(numbers)


def _fresh(tx: Transaction, message: Message) -> Message:
    """A moved message is a new one: with an id, an age and a receive count of its own (SQS Developer Guide)."""
    return replace(message, id=tx.uuid(), sent=tx.now, receives=0, first_received=None, source="")


def _failure(task: Task, message: Message) -> str:
    if task.destination or message.source:
        return "AWS.SimpleQueueService.NonExistentQueue"
    return "CouldNotDetermineMessageSource"


def _forget_oldest(tx: Transaction, source: Queue) -> None:
    for task in recent(tx, source, _KEPT + 1)[_KEPT:]:
        tx.delete(_key(task))


def _key(task: Task) -> Key:
    return task.source.scope.key("sqs", "tasks", task.source.name, task.started, task.id)


def _schedule(tx: Transaction, task: Task, at: datetime) -> None:
    tx.schedule(at, "sqs.move", {"key": list(_key(task))}, scope=task.source.scope, key=task.id)
