"""Dead-letter queues: who may use which, and who does.

Source: SQS Developer Guide, using dead-letter queues."""

from __future__ import annotations

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs import attributes, queues
from cumulet.services.sqs.attributes import RedriveAllowPolicy, Settings
from cumulet.services.sqs.errors import InvalidParameterValue, QueueDoesNotExist
from cumulet.services.sqs.queues import Queue


def link(tx: Transaction, queue: Queue, old: Settings, new: Settings) -> None:
    """Make the index of sources follow a changed redrive policy.

    Raises InvalidParameterValue for a target that is not there or may not be used."""
    if old.redrive_policy is not None and (former := queues.of_arn(old.redrive_policy.dead_letter_arn)) is not None:
        tx.delete(former.scope.key("sqs", "sources", former.name, queue.name))
    if new.redrive_policy is not None:
        target = _checked_target(tx, queue, new)
        tx.put(target.scope.key("sqs", "sources", target.name, queue.name), None)


def sources(tx: ReadTransaction, target: Queue, after: str | None = None, at_most: int | None = None) -> list[str]:
    """The names of the queues whose redrive policy names `target`, sorted."""
    keys = tx.items(target.scope.key("sqs", "sources", target.name), after=after, limit=at_most)
    return [key[-1] for key, _ in keys]


def target(tx: ReadTransaction, settings: Settings) -> tuple[Queue, Settings] | None:
    """Where a queue's undeliverable messages go; None while there is no such queue."""
    policy = settings.redrive_policy
    queue = queues.of_arn(policy.dead_letter_arn) if policy is not None else None
    found = queues.find(tx, queue) if queue is not None else None
    return None if queue is None or found is None or found.id == settings.id else (queue, found)


def _checked_target(tx: ReadTransaction, queue: Queue, new: Settings) -> Queue:
    assert new.redrive_policy is not None
    found = queues.of_arn(new.redrive_policy.dead_letter_arn)
    if found is None:
        raise _refused(new, "Invalid value for deadLetterTargetArn.")
    if found.scope.account != queue.scope.account:
        raise _refused(new, "Dead letter target owner should be same as the source.")
    if found.scope.region != queue.scope.region:
        raise _refused(new, "Dead letter target must be in the same Region as the source.")
    try:
        its = queues.settings(tx, found)
    except QueueDoesNotExist:
        raise _refused(new, "Dead letter target does not exist.") from None
    if its.fifo != new.fifo:
        raise _refused(new, "Dead-letter queue must be same type of queue as the source.")
    if not _allows(its.redrive_allow_policy or RedriveAllowPolicy(), queue):
        raise _refused(new, "The dead-letter queue's redrive allow policy does not permit this source queue.")
    return found


def _allows(policy: RedriveAllowPolicy, source: Queue) -> bool:
    return policy.permission == "allowAll" or (policy.permission == "byQueue" and source.arn in policy.sources)


def _refused(settings: Settings, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue.of("RedrivePolicy", attributes.render(settings)["RedrivePolicy"], reason)
