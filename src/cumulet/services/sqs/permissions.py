"""The queue's policy, as AddPermission and RemovePermission edit it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from cumulet.kernel import named
from cumulet.kernel.authority import Authority
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs import queues
from cumulet.services.sqs.attributes import Settings
from cumulet.services.sqs.errors import InvalidAttributeValue, InvalidParameterValue, MissingParameter, OverLimit
from cumulet.services.sqs.queues import Queue

_ACTIONS = frozenset(
    ("*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
     "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue")
)  # fmt: skip
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MOST_STATEMENTS = 20

Statement = dict[str, Any]


def add(tx: Transaction, queue: Queue, label: str, accounts: Sequence[str], actions: Sequence[str]) -> None:
    """Add a statement that lets accounts do something. Raises InvalidParameterValue, MissingParameter or OverLimit."""
    _check(label, accounts, actions)
    settings = queues.settings(tx, queue)
    policy = _read(settings.policy) or {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    statements = _statements(policy)
    if any(statement.get("Sid") == label for statement in statements):
        raise InvalidParameterValue.of("Label", label, "Already exists.")
    if len(statements) >= _MOST_STATEMENTS:
        raise OverLimit(f"{len(statements) + 1} statements were found, maximum allowed is {_MOST_STATEMENTS}.")
    added = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all([f"arn:{queue.scope.partition}:iam::{a}:root" for a in accounts])},
        "Action": _one_or_all([f"SQS:{action}" for action in actions]),
        "Resource": queue.arn,
    }
    text = json.dumps({**policy, "Statement": [*statements, added]}, separators=(",", ":"))
    tx.put(queue.key("settings"), _edited(tx, settings, text))


def remove(tx: Transaction, queue: Queue, label: str) -> None:
    """Take a statement out again; a policy without any goes too. Raises InvalidParameterValue."""
    settings = queues.settings(tx, queue)
    policy = _read(settings.policy)
    left = [statement for statement in _statements(policy) if statement.get("Sid") != label]
    if len(left) == len(_statements(policy)):
        raise InvalidParameterValue.of("Label", label, "can't find label.")
    text = json.dumps({**policy, "Statement": left}, separators=(",", ":")) if left else ""
    tx.put(queue.key("settings"), _edited(tx, settings, text))


def bind(tx: Transaction, authority: Authority, queue: Queue) -> None:
    """Let the queue's policy mean, for good, the users and roles whom it names now.

    Raises InvalidAttributeValue for one that is not there."""
    settings = queues.settings(tx, queue)
    try:
        ids = named.ids_in(settings.policy, lambda arn: authority.id_of(tx, arn)) if settings.policy else {}
    except named.UnknownPrincipal:
        raise InvalidAttributeValue.of("Policy") from None
    bound = named.with_ids(settings.policy, ids) if ids else ""
    tx.put(queue.key("settings"), replace(settings, policy_ids=ids, bound_policy=bound))


def as_shown(tx: ReadTransaction, authority: Authority, settings: Settings) -> Settings:
    """The settings with the policy as it is read back."""
    if not settings.policy_ids:
        return settings
    text = named.as_shown(settings.policy, settings.policy_ids, lambda *who: authority.arn_of(tx, *who))
    return replace(settings, policy=text)


def _edited(tx: Transaction, settings: Settings, text: str) -> Settings:
    """Only accounts are added by label, so whoever else is named stays who it was."""
    ids = settings.policy_ids if text else {}
    return replace(
        settings, policy=text, policy_ids=ids, bound_policy=named.with_ids(text, ids) if ids else "", modified=tx.now
    )


def _check(label: str, accounts: Sequence[str], actions: Sequence[str]) -> None:
    if not _LABEL.fullmatch(label):
        reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        raise InvalidParameterValue.of("Label", label[:200], reason)
    if not accounts:
        raise MissingParameter("AWSAccountIds")
    if not actions:
        raise MissingParameter("Actions")
    for account in accounts:
        if not re.fullmatch("[0-9]{12}", account):
            raise InvalidParameterValue.of("PrincipalId", f"[{account[:64]}]", "Unable to verify.")
    for action in actions:
        if action not in _ACTIONS:
            reason = "Please refer to the appropriate WSDL for a list of valid actions."
            raise InvalidParameterValue.of("ActionName", f"SQS:{action[:64]}", reason)


def _read(policy: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(policy) if policy else {}
    return found


def _statements(policy: dict[str, Any]) -> list[Statement]:
    statements = policy.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
