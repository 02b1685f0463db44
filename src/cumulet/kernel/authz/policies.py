"""Policies: their texts read, checked and compiled into statements.

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; Organizations User Guide, "SCP syntax" and "RCP
syntax"."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cumulet.kernel.authz import conditions, globs
from cumulet.kernel.authz.conditions import Condition
from cumulet.kernel.authz.malformed import MalformedPolicy, Problem
from cumulet.kernel.authz.principals import KINDS, UNIQUE_ID, Principals

LARGEST_CHARACTERS = 131_072
"""Of any policy's text, as the service models have it; each service has a smaller limit of its own."""
LARGEST_REMEMBERED = 32 * 1024
"""Characters of a text whose policy is kept compiled: the largest that a resource may have (KMS)."""
MOST_ACTIONS_REMEMBERED = 256

CURRENT, EARLIER = "2012-10-17", "2008-10-17"
"""The versions of the language. The earlier one knows no variables, and is meant where a policy names none."""


class PolicyKind(enum.StrEnum):
    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "scp"
    RCP = "rcp"
    SESSION = "session"
    ENDPOINT = "endpoint"


Kind = PolicyKind
"""The same, for those who name this module with it."""

WITHOUT_PRINCIPAL = frozenset({PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.SCP})
_PLAIN_SIDS = WITHOUT_PRINCIPAL | {PolicyKind.TRUST}
"""Only IAM and Organizations want letters and digits; resources take spaces as well."""


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
        self.actions = _texts(entry["NotAction" if self.not_action else "Action"])
        self.not_resource = "NotResource" in entry
        self.resources = _texts(entry.get("NotResource" if self.not_resource else "Resource", "*"))
        self.resource_fits = globs.any_of(map(_whole_arn, self.resources), variables=variables)
        self.not_principal = "NotPrincipal" in entry
        named = entry.get("NotPrincipal" if self.not_principal else "Principal")
        self.principals = None if named is None else Principals(_named(named))
        self.conditions = tuple(
            Condition(operator, key, _texts(values), variables=variables)
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

    @property
    def keys(self) -> set[str]:
        """The condition keys that the policy names, in lower case."""
        return {condition.key.lower() for statement in self.statements for condition in statement.conditions}


def parse(text: str, kind: PolicyKind = PolicyKind.IDENTITY, source: str = "") -> Policy:
    """The policy that a text is. Raises MalformedPolicy; nothing else, whatever the text."""
    found = _remembered(text, kind, source) if len(text) <= LARGEST_REMEMBERED else _parsed(text, kind, source)
    if isinstance(found, MalformedPolicy):
        raise MalformedPolicy(found.problem, *found.parts)
    return found


def _parsed(text: str, kind: PolicyKind, source: str) -> Policy | MalformedPolicy:
    try:
        document = _document(text)
        entries = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        _check_statements(entries, kind)
        version = document.get("Version", EARLIER)
        made = [Statement(i, entry, variables=version == CURRENT) for i, entry in enumerate(entries)]
        return Policy(text, kind, source, version, made)
    except MalformedPolicy as malformed:
        return malformed.with_traceback(None)


_remembered = lru_cache(maxsize=1024)(_parsed)


# Reading


class _Number(str):
    """A number as the text has it: only conditions may have one."""

    __slots__ = ()


def _document(text: str) -> dict[str, Any]:
    if len(text) > LARGEST_CHARACTERS:
        raise MalformedPolicy(Problem.TOO_LARGE)
    document = _decoded(text)
    if not isinstance(document, dict):
        raise MalformedPolicy(Problem.SYNTAX)
    _refuse_unknown(document, _DOCUMENT)
    if document.get("Version", CURRENT) not in (CURRENT, EARLIER):
        raise MalformedPolicy(Problem.VERSION)
    if not _is_texts(document.get("Id", "")):
        raise MalformedPolicy(Problem.SYNTAX)
    if not document.get("Statement"):
        raise MalformedPolicy(Problem.NO_STATEMENT)
    return document


def _decoded(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_no_duplicates, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise MalformedPolicy(Problem.JSON) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedPolicy(Problem.DUPLICATE_KEY)
    return found


def _no_constant(name: str) -> Any:
    raise MalformedPolicy(Problem.JSON)


def _refuse_unknown(given: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise MalformedPolicy(Problem.UNKNOWN_ELEMENT, unknown)


_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
)


def _check_statements(entries: list[Any], kind: PolicyKind) -> None:
    sids: set[str] = set()
    for entry in entries:
        if not isinstance(entry, dict):
            raise MalformedPolicy(Problem.SYNTAX)
        _refuse_unknown(entry, _STATEMENT)
        _check_effect(entry)
        _check_sid(entry.get("Sid", ""), kind, sids)
        _check_principal(entry, kind)
        _check_actions(entry, kind)
        _check_resources(entry, kind)
        _check_conditions(entry.get("Condition", {}))
        if kind is PolicyKind.RCP:
            _check_rcp(entry)


def _check_effect(entry: Mapping[str, Any]) -> None:
    if "Effect" not in entry:
        raise MalformedPolicy(Problem.NO_EFFECT)
    if entry["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicy(Problem.EFFECT, str(entry["Effect"]))


def _check_sid(sid: Any, kind: PolicyKind, seen: set[str]) -> None:
    if not isinstance(sid, str) or isinstance(sid, _Number):
        raise MalformedPolicy(Problem.SYNTAX)
    if kind in _PLAIN_SIDS and not re.fullmatch(r"[0-9A-Za-z]*", sid):
        raise MalformedPolicy(Problem.SID)
    if sid and sid in seen:
        raise MalformedPolicy(Problem.SID_TWICE)
    seen.add(sid)


def _check_principal(entry: Mapping[str, Any], kind: PolicyKind) -> None:
    names = [name for name in ("Principal", "NotPrincipal") if name in entry]
    if kind in WITHOUT_PRINCIPAL:
        if names:
            raise MalformedPolicy(Problem.PRINCIPAL_PROHIBITED, names[0])
        return
    if not names:
        raise MalformedPolicy(Problem.NO_PRINCIPAL)
    if len(names) > 1:
        raise MalformedPolicy(Problem.PRINCIPAL_TWICE)
    _check_named(entry[names[0]])


def _check_named(given: Any) -> None:
    if given == "*":
        return
    if not isinstance(given, dict) or not given:
        raise MalformedPolicy(Problem.PRINCIPAL, str(given))
    for kind, names in given.items():
        if kind not in KINDS or not _is_texts(names):
            raise MalformedPolicy(Problem.PRINCIPAL, f'"{kind}":"{names}"')
        for name in _texts(names):
            if not _NAME_OF[kind].fullmatch(name):
                raise MalformedPolicy(Problem.PRINCIPAL, f'"{kind}":"{name}"')


_NAME_OF = {
    "AWS": re.compile(
        r"\*|\d{12}|arn:aws[a-z-]*:(?:iam|sts)::(?:\d{12}|cloudfront):"
        r"(?:root|(?:user|role|federated-user|assumed-role)/[^*?\s]+)|" + UNIQUE_ID.pattern
    ),
    "Service": re.compile(r"[A-Za-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal|c2s\.ic\.gov)"),
    "Federated": re.compile(r"[^\s*?]{1,2048}"),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
}


def _check_actions(entry: Mapping[str, Any], kind: PolicyKind) -> None:
    names = [name for name in ("Action", "NotAction") if name in entry]
    if not names or entry[names[0]] == []:
        raise MalformedPolicy(Problem.NO_ACTION)
    if len(names) > 1:
        raise MalformedPolicy(Problem.ACTION_TWICE)
    if not _is_texts(entry[names[0]]):
        raise MalformedPolicy(Problem.SYNTAX)
    for action in _texts(entry[names[0]]):
        _check_action(action, kind)


def _check_action(action: str, kind: PolicyKind) -> None:
    if action == "*":
        if kind is PolicyKind.TRUST:
            raise MalformedPolicy(Problem.NOT_STS)
        return
    vendor, colon, name = action.partition(":")
    if not colon or not vendor or not name:
        raise MalformedPolicy(Problem.VENDOR)
    if ":" in name:
        raise MalformedPolicy(Problem.COLONS)
    if not re.fullmatch(r"\*|[A-Za-z0-9-]{1,64}", vendor) or not re.fullmatch(r"[A-Za-z0-9*?_-]{1,128}", name):
        raise MalformedPolicy(Problem.ACTION_VENDOR, vendor)
    if kind is PolicyKind.TRUST and vendor.lower() != "sts":
        raise MalformedPolicy(Problem.NOT_STS)


def _check_resources(entry: Mapping[str, Any], kind: PolicyKind) -> None:
    names = [name for name in ("Resource", "NotResource") if name in entry]
    if kind is PolicyKind.TRUST:
        if names:
            raise MalformedPolicy(Problem.RESOURCE_PROHIBITED, names[0])
        return
    if not names or entry[names[0]] == []:
        raise MalformedPolicy(Problem.NO_RESOURCE)
    if len(names) > 1:
        raise MalformedPolicy(Problem.RESOURCE_TWICE)
    if not _is_texts(entry[names[0]]):
        raise MalformedPolicy(Problem.SYNTAX)
    for resource in _texts(entry[names[0]]):
        _check_resource(resource)


def _check_resource(resource: str) -> None:
    if not resource.strip("*") and resource:
        return
    parts = resource.split(":", 5)
    if parts[0] != "arn" or len(parts) < 3:
        raise MalformedPolicy(Problem.RESOURCE, resource)
    if not globs.plain(parts[1])("aws") and not parts[1].startswith("aws"):
        raise MalformedPolicy(Problem.PARTITION, parts[1], resource)
    if not re.fullmatch(r"[a-z0-9-]+|\*", parts[2]):
        raise MalformedPolicy(Problem.RESOURCE_VENDOR)


def _check_conditions(given: Any) -> None:
    if not isinstance(given, dict):
        raise MalformedPolicy(Problem.CONDITION)
    for operator, entries in given.items():
        if not conditions.is_operator(operator):
            raise MalformedPolicy(Problem.CONDITION_OPERATOR, operator)
        if not isinstance(entries, dict):
            raise MalformedPolicy(Problem.CONDITION)
        for key, values in entries.items():
            if ":" not in key:
                raise MalformedPolicy(Problem.VENDOR)
            if not _is_texts(values, in_condition=True):
                raise MalformedPolicy(Problem.CONDITION)


def _check_rcp(entry: Mapping[str, Any]) -> None:
    """Everything may be refused to everybody; allowing is left to the policy that AWS attaches everywhere."""
    everything = entry.get("Action") == entry.get("Resource") == entry.get("Principal") == "*"
    if entry["Effect"] == "Allow" and everything and not entry.get("Condition"):
        return
    if entry["Effect"] == "Allow" or entry.get("Principal") != "*" or "NotAction" in entry:
        raise MalformedPolicy(Problem.NOT_OF_THE_KIND)
    if "*" in _texts(entry["Action"]):
        raise MalformedPolicy(Problem.NOT_OF_THE_KIND)


def _is_texts(given: Any, *, in_condition: bool = False) -> bool:
    """One text or a list of them; in conditions also numbers, true and false."""
    return all(
        (isinstance(value, str) and (in_condition or not isinstance(value, _Number)))
        or (in_condition and isinstance(value, bool))
        for value in (given if isinstance(given, list) else [given])
    )


def _texts(given: Any) -> tuple[str, ...]:
    values = given if isinstance(given, list) else [given]
    return tuple(("true" if value else "false") if isinstance(value, bool) else str(value) for value in values)


def _named(given: Any) -> dict[str, tuple[str, ...]]:
    return {"AWS": ("*",)} if given == "*" else {kind: _texts(names) for kind, names in given.items()}


def _whole_arn(resource: str) -> str:
    """An ARN of less than six parts has stars for what it lacks: arn:aws:sqs is arn:aws:sqs:*:*:*."""
    missing = 5 - resource.count(":")
    return resource + ":*" * missing if resource.startswith("arn:") and missing > 0 else resource


def statements_of(policies: Sequence[Policy]) -> Iterator[tuple[Policy, Statement]]:
    return ((policy, statement) for policy in policies for statement in policy.statements)
