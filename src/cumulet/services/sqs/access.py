"""Which permissions SQS's operations need, and on which queue.

Sources: Service Authorization Reference, Amazon SQS; SQS Developer Guide, "Actions, resources, and condition keys" and
the limits of policies: which operations cannot be granted to another account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from cumulet.kernel import actions
from cumulet.kernel.access import Need
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.sqs import queues
from cumulet.services.sqs.errors import QueueDoesNotExist
from cumulet.services.sqs.queues import Queue

_GRANTABLE = frozenset(
    ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl",
     "ListDeadLetterSourceQueues", "PurgeQueue")
)  # fmt: skip
"""What a queue's policy can give to another account."""
_ACTION = re.compile(r"\bsqs:[A-Z][A-Za-z]+")


def needs(
    tx: ReadTransaction, scope: Scope, caller: Caller, operation: str, parameters: Mapping[str, Any]
) -> Iterator[Need]:
    """The permissions on the queue that a call is about; a move of messages needs some on three queues.

    Raises QueueDoesNotExist to those of other accounts and services; a queue's own account learns it later."""
    queue = resource(scope, operation, parameters)
    for published in actions.needs("sqs", operation, scope, parameters):  # tags may need a permission of their own
        need = _need(tx, published.action.removeprefix("sqs:"), queue, caller)
        yield structs.replace(need, context=published.context)
    if operation == "start_message_move_task":
        source = queues.of_arn(parameters["SourceArn"])
        if source is not None:
            for also in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
                yield _need(tx, also, source, caller)
        target = queues.of_arn(parameters.get("DestinationArn") or "")
        if target is not None:
            yield _need(tx, "SendMessage", target, caller)


def resource(scope: Scope, operation: str, parameters: Mapping[str, Any]) -> Queue | None:
    """The queue that a call is about, if it is about one."""
    if "QueueUrl" in parameters:
        return queues.locate(parameters["QueueUrl"], scope.region)
    if "SourceArn" in parameters:
        return queues.of_arn(parameters["SourceArn"])
    if "QueueName" in parameters:
        owner = parameters.get("QueueOwnerAWSAccountId") or scope.account
        return Queue(scope=Scope(account=owner, region=scope.region), name=parameters["QueueName"])
    return None


def as_told(message: str) -> str:
    """A refusal in SQS's own words: it writes the names of actions in lower case."""
    return _ACTION.sub(lambda action: action[0].lower(), message)


def _need(tx: ReadTransaction, action: str, queue: Queue | None, caller: Caller) -> Need:
    if queue is None:
        return Need(action=f"sqs:{action}")
    settings = queues.find(tx, queue)
    is_own = queue.scope.account == caller.account and caller.kind is not Kind.SERVICE
    if settings is None and not is_own:
        raise QueueDoesNotExist
    is_grantable = action in _GRANTABLE or is_own
    policy = settings.bound_policy or settings.policy if settings is not None and is_grantable else ""
    return Need(
        action=f"sqs:{action}", resource=queue.arn, account=queue.scope.account, policy=policy or None,
        tags=lambda: queues.tags(tx, queue) if settings is not None else {},
    )  # fmt: skip
