"""Which permissions SQS's operations need, and on which queue.

Sources: Service Authorization Reference, Amazon SQS; SQS Developer Guide, "Actions, resources, and condition keys" and
the limits of policies: which operations cannot be granted to another account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.sqs import queues
from cumulet.services.sqs.queues import Queue

_ACTIONS = {
    "change_message_visibility_batch": "ChangeMessageVisibility",
    "delete_message_batch": "DeleteMessage",
    "send_message_batch": "SendMessage",
}
"""A batch needs what its parts need."""
_GRANTABLE = frozenset(
    ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl",
     "ListDeadLetterSourceQueues", "PurgeQueue")
)  # fmt: skip
"""What a queue's policy can give to another account."""
_ACTION = re.compile(r"\bsqs:[A-Z][A-Za-z]+")


def needs(
    tx: ReadTransaction, scope: Scope, caller_account: str, operation: str, parameters: Mapping[str, Any]
) -> Iterator[Need]:
    """The permissions on the queue that a call is about; a move of messages needs some on three queues."""
    action = _ACTIONS.get(operation) or "".join(word.capitalize() for word in operation.split("_"))
    yield _need(tx, action, resource(scope, operation, parameters), caller_account)
    if operation == "start_message_move_task":
        source = queues.of_arn(parameters["SourceArn"])
        if source is not None:
            for also in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
                yield _need(tx, also, source, caller_account)
        target = queues.of_arn(parameters.get("DestinationArn") or "")
        if target is not None:
            yield _need(tx, "SendMessage", target, caller_account)


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


def _need(tx: ReadTransaction, action: str, queue: Queue | None, caller_account: str) -> Need:
    if queue is None:
        return Need(action=f"sqs:{action}")
    settings = queues.find(tx, queue)
    is_grantable = action in _GRANTABLE or queue.scope.account == caller_account
    policy = settings.policy if settings is not None and is_grantable else ""
    return Need(
        action=f"sqs:{action}", resource=queue.arn, account=queue.scope.account, policy=policy or None,
        tags=lambda: queues.tags(tx, queue) if settings is not None else {},
    )  # fmt: skip
