"""Policies: texts that the grammar takes, compiled into statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cumulet.kernel.authz import globs
from cumulet.kernel.authz.conditions import Condition
from cumulet.kernel.authz.grammar import CURRENT, PolicyKind, read, texts
from cumulet.kernel.authz.malformed import MalformedPolicy
from cumulet.kernel.authz.principals import Principals

__all__ = ["Kind", "MalformedPolicy", "Policy", "PolicyKind", "Statement", "parse"]

LARGEST_REMEMBERED = 32 * 1024
"""Characters of a text whose policy is kept compiled: the largest that a resource may have (KMS)."""
MOST_ACTIONS_REMEMBERED = 256

Kind = PolicyKind
"""The same, for those who name this module with it."""


class Statement:
    """One statement, compiled. `resource_fits` and `principals` are None where the statement names none, or all."""

    __slots__ = (
        "actions",
        "allow",
        "conditions",
        "index",
        "not_action",
        "not_principal",
        "not_resource",
        "principals",
        "resource_fits",
        "resources",
        "sid",
    )

    def __init__(self, index: int, entry: Mapping[str, Any], *, variables: bool) -> None:
        self.index = index
        self.sid = str(entry.get("Sid", ""))
        self.allow = entry["Effect"] == "Allow"
        self.not_action = "NotAction" in entry
        self.actions = texts(entry["NotAction" if self.not_action else "Action"])
        self.not_resource = "NotResource" in entry
        self.resources = texts(entry.get("NotResource" if self.not_resource else "Resource", "*"))
        self.resource_fits = globs.any_of(map(_whole_arn, self.resources), variables=variables)
        self.not_principal = "NotPrincipal" in entry
        named = entry.get("NotPrincipal" if self.not_principal else "Principal")
        self.principals = None if named is None else Principals(_named(named))
        self.conditions = tuple(
            Condition(operator, key, texts(values), variables=variables)
            for operator, entries in entry.get("Condition", {}).items()
            for key, values in entries.items()
        )

    def speaks_of(self, action: str) -> bool:
        """Whether the Action or NotAction element fits. Actions are the same in any case."""
        action = action.lower()
        return any(globs.plain(pattern.lower())(action) for pattern in self.actions) != self.not_action

    def fits_resource(self, resource: str, context: globs.Context) -> bool:
        """Where a variable has no value, we cannot be sure: an Allow does not count then, and a Deny does."""
        fits = self.resource_fits
        if fits is None:
            return not self.not_resource
        found = fits(resource, context)
        if not self.not_resource:
            return bool(found)
        return not self.allow if found is None else not found

    def conditions_hold(self, context: globs.Context) -> bool:
        for condition in self.conditions:
            held = condition.holds(context)
            if not held and (held is False or self.allow or not condition.negated):
                return False
        return True


class Policy:
    """A policy, compiled. `source` says which it is: its ARN, or the name of whom it is written into."""

    __slots__ = ("_by_action", "kind", "source", "statements", "text", "version")

    def __init__(self, text: str, kind: PolicyKind, source: str, version: str, statements: Sequence[Statement]) -> None:
        self.text, self.kind, self.source, self.version = text, kind, source, version
        self.statements = tuple(statements)
        self._by_action: dict[str, tuple[tuple[Statement, ...], tuple[Statement, ...]]] = {}

    def about(self, action: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        """The statements that deny and those that allow, of those that speak of the action."""
        found = self._by_action.get(action)
        if found is None:
            spoken = [statement for statement in self.statements if statement.speaks_of(action)]
            found = tuple(s for s in spoken if not s.allow), tuple(s for s in spoken if s.allow)
            if len(self._by_action) >= MOST_ACTIONS_REMEMBERED:
                self._by_action.clear()
            self._by_action[action] = found
        return found


def parse(text: str, kind: PolicyKind = PolicyKind.IDENTITY, source: str = "", *, remembered: bool = True) -> Policy:
    """The policy that a text is. Raises MalformedPolicy; nothing else, whatever the text."""
    is_kept = remembered and len(text) <= LARGEST_REMEMBERED
    found = _remembered(text, kind, source) if is_kept else _parsed(text, kind, source)
    if isinstance(found, MalformedPolicy):
        raise MalformedPolicy(found.problem, *found.parts)
    return found


def _parsed(text: str, kind: PolicyKind, source: str) -> Policy | MalformedPolicy:
    try:
        version, entries = read(text, kind)
        made = [Statement(i, entry, variables=version == CURRENT) for i, entry in enumerate(entries)]
        return Policy(text, kind, source, version, made)
    except MalformedPolicy as malformed:
        return malformed.with_traceback(None)


_remembered = lru_cache(maxsize=1024)(_parsed)


def _named(given: Any) -> dict[str, tuple[str, ...]]:
    return {"AWS": ("*",)} if given == "*" else {kind: texts(names) for kind, names in given.items()}


def _whole_arn(resource: str) -> str:
    """An ARN of less than six parts has stars for what it lacks: arn:aws:sqs is arn:aws:sqs:*:*:*."""
    missing = 5 - resource.count(":")
    return resource + ":*" * missing if resource.startswith("arn:") and missing > 0 else resource
