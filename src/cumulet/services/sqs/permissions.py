"""The queue's policy, as AddPermission and RemovePermission edit it, and what it says to those of other accounts.

The evaluation here knows what queue policies are mostly made of: principals, actions, resources, and conditions on
the source of a service's call. A condition it does not know never grants, and always denies."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Sequence
from typing import Any

from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs import queues
from cumulet.services.sqs.errors import InvalidParameterValue, MissingParameter, OverLimit
from cumulet.services.sqs.queues import Queue

_ACTIONS = frozenset(
    ("*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
     "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue")
)  # fmt: skip
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MOST_STATEMENTS = 20
_LIKE = frozenset(("StringLike", "ArnEquals", "ArnLike"))

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
    tx.put(queue.key("settings"), replace(settings, policy=text, modified=tx.now))


def remove(tx: Transaction, queue: Queue, label: str) -> None:
    """Take a statement out again; a policy without any goes too. Raises InvalidParameterValue."""
    settings = queues.settings(tx, queue)
    policy = _read(settings.policy)
    left = [statement for statement in _statements(policy) if statement.get("Sid") != label]
    if len(left) == len(_statements(policy)):
        raise InvalidParameterValue.of("Label", label, "can't find label.")
    text = json.dumps({**policy, "Statement": left}, separators=(",", ":")) if left else ""
    tx.put(queue.key("settings"), replace(settings, policy=text, modified=tx.now))


def allows(tx: ReadTransaction, queue: Queue, action: str, caller: Caller) -> bool:
    """Whether the queue's policy lets a stranger do this: some statement allows it, and none denies it."""
    statements = _statements(_read(queues.settings(tx, queue).policy))
    concerned = [s for s in statements if _concerns(s, queue, action, caller)]
    denied = any(s.get("Effect") == "Deny" and _conditions_hold(s, caller, unknown=True) for s in concerned)
    allowed = any(s.get("Effect") == "Allow" and _conditions_hold(s, caller, unknown=False) for s in concerned)
    return allowed and not denied


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


def _concerns(statement: Statement, queue: Queue, action: str, caller: Caller) -> bool:
    actions = [str(name).lower() for name in _listed(statement.get("Action"))]
    resources = _listed(statement.get("Resource", queue.arn))
    return (
        any(_is_like(f"sqs:{action}".lower(), wanted) for wanted in actions)
        and any(_is_like(queue.arn, str(wanted)) for wanted in resources)
        and _is_principal(statement.get("Principal"), caller)
    )


def _is_principal(principal: Any, caller: Caller) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == "*")
    if caller.kind is Kind.SERVICE:
        return any(str(wanted) in ("*", caller.arn) for wanted in _listed(principal.get("Service")))
    names = {"*"}
    if caller.kind is not Kind.ANONYMOUS:
        names |= {caller.account, caller.arn, f"arn:aws:iam::{caller.account}:root"}
    return any(str(wanted) in names for wanted in _listed(principal.get("AWS")))


def _conditions_hold(statement: Statement, caller: Caller, *, unknown: bool) -> bool:
    """All of them; each is taken for `unknown` where this evaluation does not know its operator or key."""
    given = {"aws:sourcearn": caller.source_arn, "aws:sourceaccount": caller.source_account}
    given |= {"aws:principalaccount": caller.account, "aws:principalarn": caller.arn}
    conditions = statement.get("Condition") or {}
    for operator, keys in conditions.items() if isinstance(conditions, dict) else [("", {})]:
        for key, wanted in keys.items() if isinstance(keys, dict) and keys else [("", "")]:
            value = given.get(key.lower())
            if value is None or (operator != "StringEquals" and operator not in _LIKE):
                if not unknown:
                    return False
            elif not any(_is_like(value, str(w)) if operator in _LIKE else value == w for w in _listed(wanted)):
                return False
    return True


def _is_like(value: str, pattern: str) -> bool:
    """`*` and `?` as in policies; brackets mean nothing there."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
