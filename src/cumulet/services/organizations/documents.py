"""The documents of policies: what may be kept as one.

Authorization policies are read by the policy engine's own parser. Management policies are JSON in which every value
stands below an operator; how they merge is told in inheritance.py."""

from __future__ import annotations

from typing import Any

import msgspec

from cumulet.kernel.authority import RCP, SCP
from cumulet.kernel.authz import MalformedPolicy, PolicyKind, parse
from cumulet.services.organizations import policy_types
from cumulet.services.organizations.errors import ConstraintViolationException, MalformedPolicyDocumentException

_DEEPEST = 16
_VALUE_OPERATORS = ("@@assign", "@@append", "@@remove")
_ALLOWED = "@@operators_allowed_for_child_policies"
_CHILD_OPERATORS = frozenset({"@@all", "@@none", *_VALUE_OPERATORS})
_KINDS = {SCP: PolicyKind.SCP, RCP: PolicyKind.RCP}


def check(kind: str, content: str) -> None:
    """Raises ConstraintViolationException for a text that is too long, MalformedPolicyDocumentException for one that is
    no policy of this type."""
    if len(content) > policy_types.known(kind).longest:
        raise ConstraintViolationException("POLICY_CONTENT_LIMIT_EXCEEDED")
    if kind in _KINDS:
        _check_authorization(kind, content)
    else:
        _check_management(policy_types.known(kind).top, read(content))


def read(content: str) -> Any:
    """A management policy as plain values. Raises MalformedPolicyDocumentException."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise MalformedPolicyDocumentException from None


def _check_authorization(kind: str, content: str) -> None:
    try:
        parse(content, _KINDS[kind], "policy")
    except MalformedPolicy:
        raise MalformedPolicyDocumentException from None


def _check_management(top: str, document: Any) -> None:
    if not isinstance(document, dict) or set(document) != {top} or not isinstance(document[top], dict):
        raise MalformedPolicyDocumentException
    _check_node(document[top], _DEEPEST)


def _check_node(node: Any, deeper: int) -> None:
    """A node has either operators or names; a value stands only below an operator."""
    if not isinstance(node, dict) or not deeper:
        raise MalformedPolicyDocumentException
    operators = [name for name in node if name in _VALUE_OPERATORS]
    names = [name for name in node if not name.startswith("@@")]
    if operators and names:
        raise MalformedPolicyDocumentException
    for name, value in node.items():
        if name in _VALUE_OPERATORS:
            _check_value(name, value)
        elif name == _ALLOWED:
            _check_allowed(value)
        elif name.startswith("@@"):
            raise MalformedPolicyDocumentException
        else:
            _check_node(value, deeper - 1)


def _check_value(operator: str, value: Any) -> None:
    """A single value can only be assigned; lists can be added to."""
    if isinstance(value, list):
        if not all(isinstance(each, str | int | float | bool) for each in value):
            raise MalformedPolicyDocumentException
    elif operator != "@@assign" or not isinstance(value, str | int | float | bool):
        raise MalformedPolicyDocumentException


def _check_allowed(value: Any) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise MalformedPolicyDocumentException
    if not _CHILD_OPERATORS.issuperset(value):
        raise MalformedPolicyDocumentException
