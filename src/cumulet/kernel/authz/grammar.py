"""What a text has to be, to be a policy of its kind: checked before anything is compiled.

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; Organizations User Guide, "SCP syntax" and "RCP
syntax"."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from typing import Any

from cumulet.kernel.authz import conditions, globs
from cumulet.kernel.authz.malformed import MalformedPolicy, Problem
from cumulet.kernel.authz.principals import KINDS, UNIQUE_ID

LARGEST_CHARACTERS = 131_072
"""Of any policy's text, as the service models have it; each service has a smaller limit of its own."""

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


WITHOUT_PRINCIPAL = frozenset({PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.SCP})
_PLAIN_SIDS = WITHOUT_PRINCIPAL | {PolicyKind.TRUST}
"""Only IAM and Organizations want letters and digits; resources take spaces as well."""


class _Number(str):
    """A number as the text has it: only conditions may have one."""

    __slots__ = ()


def read(text: str, kind: PolicyKind) -> tuple[str, list[dict[str, Any]]]:
    """The version and the statements. Raises MalformedPolicy; nothing else, whatever the text."""
    document = _document(text)
    given = document["Statement"]
    entries = given if isinstance(given, list) else [given]
    _check_statements(entries, kind)
    return document.get("Version", EARLIER), entries


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
        for name in texts(names):
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
    for action in texts(entry[names[0]]):
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
    for resource in texts(entry[names[0]]):
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
    for action in texts(entry["Action"]):
        if action.partition(":")[0].lower() not in _UNDER_RCPS:
            raise MalformedPolicy(Problem.NOT_OF_THE_KIND, action)


_NAMES_UNDER_RCPS = """
aoss appconfig appstream autoscaling codebuild codecommit cognito-identity cognito-idp cognito-sync comprehend
comprehendmedical dax dynamodb ecr health kinesisvideo kms logs rolesanywhere s3 secretsmanager signin sqs sts support
textract transcribe translate
"""
_UNDER_RCPS = frozenset(_NAMES_UNDER_RCPS.split())
"""The services that know resource control policies (Organizations User Guide, "List of AWS services that support
RCPs", as of October 2026)."""


def _is_texts(given: Any, *, in_condition: bool = False) -> bool:
    """One text or a list of them; in conditions also numbers, true and false."""
    return all(
        (isinstance(value, str) and (in_condition or not isinstance(value, _Number)))
        or (in_condition and isinstance(value, bool))
        for value in (given if isinstance(given, list) else [given])
    )


def texts(given: Any) -> tuple[str, ...]:
    """One value or a list of them, as text: JSON's true is "true" to the policy language."""
    values = given if isinstance(given, list) else [given]
    return tuple(("true" if value else "false") if isinstance(value, bool) else str(value) for value in values)
