"""Who may call what, until the policy engine decides: a queue's own account may do everything with it, others what the
queue's policy allows, and some operations never.

Source: SQS Developer Guide, SQS access policy: the operations that cannot be granted to another account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.scope import Scope
from cumulet.services.sqs import queues
from cumulet.services.sqs.errors import AccessDenied
from cumulet.services.sqs.queues import Queue

_ACTIONS = {
    "send_message": "SendMessage",
    "send_message_batch": "SendMessage",
    "receive_message": "ReceiveMessage",
    "delete_message": "DeleteMessage",
    "delete_message_batch": "DeleteMessage",
    "change_message_visibility": "ChangeMessageVisibility",
    "change_message_visibility_batch": "ChangeMessageVisibility",
    "get_queue_attributes": "GetQueueAttributes",
    "get_queue_url": "GetQueueUrl",
    "list_dead_letter_source_queues": "ListDeadLetterSourceQueues",
    "purge_queue": "PurgeQueue",
}
"""What another account can be granted."""


def resource(scope: Scope, operation: str, parameters: Mapping[str, Any]) -> Queue | None:
    """The queue that a call is about, if it is about one."""
    if "QueueUrl" in parameters:
        return queues.locate(parameters["QueueUrl"], scope.region)
    if operation == "get_queue_url" and parameters.get("QueueOwnerAWSAccountId"):
        owner = Scope(account=parameters["QueueOwnerAWSAccountId"], region=scope.region)
        return Queue(scope=owner, name=parameters["QueueName"])
    return None


def is_owner(caller: Caller, queue: Queue | None) -> bool:
    """A service acts for nobody's account: it always needs a grant."""
    if caller.kind in (Kind.SERVICE, Kind.ANONYMOUS):
        return False
    return queue is None or queue.scope.account == caller.account


def grantable(operation: str) -> str | None:
    """The action that a queue's policy would have to allow, or None where none can."""
    return _ACTIONS.get(operation)


def denied(caller: Caller, operation: str, queue: Queue | None) -> AccessDenied:
    action = "sqs:" + (_ACTIONS.get(operation) or operation.replace("_", "")).lower()
    where = queue.arn if queue is not None else "*"
    who = caller.arn or "anonymous"
    return AccessDenied(
        f"User: {who} is not authorized to perform: {action} on resource: {where} "
        f"because no resource-based policy allows the {action} action"
    )
