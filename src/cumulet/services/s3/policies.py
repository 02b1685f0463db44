"""Bucket policies: what may be written in one, and whether it lets in the public. The policy engine evaluates them.

Source: IAM User Guide, "JSON policy elements reference"; S3 User Guide, "Blocking public access", the meaning of
"public"."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import msgspec

from cumulet.kernel import authz, named
from cumulet.kernel.authority import Authority
from cumulet.kernel.authz import PolicyKind, globs
from cumulet.kernel.authz.conditions import is_operator
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import actions
from cumulet.services.s3.errors import MalformedPolicy

Conditions = dict[str, dict[str, list[str]]]

LARGEST_BYTES = 20 * 1024
"""Of a policy without the white space that means nothing."""

_VERSIONS = ("2012-10-17", "2008-10-17")
_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
)
_PRINCIPAL_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_AWS_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::(\d{12}|cloudfront):(root|(user|role|federated-user|assumed-role)/[^*?]+)"
)
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_NOT_JSON = "Policies must be valid JSON and the first byte must be '{'"


def parse(text: str, bucket: str) -> dict[str, Any]:
    """The policy as it is kept: its text, and whether it is public. Raises MalformedPolicy."""
    document = _document(text)
    given = document["Statement"]
    entries = given if isinstance(given, list) else [given]
    if not entries:
        raise MalformedPolicy("Could not parse the policy: Statement is empty!")
    statements = [_statement(entry, bucket) for entry in entries]
    if len({s["sid"] for s in statements if s["sid"]}) < sum(1 for s in statements if s["sid"]):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
    try:
        authz.parse(text, PolicyKind.RESOURCE)
    except authz.MalformedPolicy as problem:
        raise MalformedPolicy(problem.words) from None
    return {"text": text, "public": any(_is_public(s) for s in statements)}


def bound(tx: ReadTransaction, authority: Authority, policy: dict[str, Any]) -> dict[str, Any]:
    """The policy with the users and roles that it means now, for good: `bound` is the text that is evaluated.

    Raises MalformedPolicy for one that is not there."""
    try:
        ids = named.ids_in(policy["text"], lambda arn: authority.id_of(tx, arn))
    except named.UnknownPrincipal:
        raise MalformedPolicy("Invalid principal in policy") from None
    return {**policy, "ids": ids, "bound": named.with_ids(policy["text"], ids)} if ids else policy


def shown(tx: ReadTransaction, authority: Authority, policy: dict[str, Any]) -> str:
    """The text as it is read back."""
    return named.as_shown(policy["text"], policy.get("ids", {}), lambda *who: authority.arn_of(tx, *who))


def evaluated(policy: dict[str, Any]) -> str:
    """The text that decides."""
    text: str = policy.get("bound") or policy["text"]
    return text


# Reading


def _document(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        raise MalformedPolicy(_NOT_JSON)
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise MalformedPolicy("This policy contains invalid Json") from None
    if "Statement" not in document:
        raise MalformedPolicy("Missing required field Statement")
    _refuse_unknown(document, _DOCUMENT)
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise MalformedPolicy("The policy must contain a valid version string")
    if len(msgspec.json.encode(document)) > LARGEST_BYTES:
        raise MalformedPolicy(f"Normalized policy document exceeds the maximum allowed size of {LARGEST_BYTES} bytes")
    return document


def _refuse_unknown(given: dict[str, Any], known: frozenset[str]) -> None:
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise MalformedPolicy(f"Unknown field {unknown[:100]}")


def _statement(entry: Any, bucket: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise MalformedPolicy("Invalid policy syntax.")
    _refuse_unknown(entry, _STATEMENT)
    if "Effect" not in entry:
        raise MalformedPolicy("Missing required field Effect")
    if entry["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicy(f"Invalid effect : {str(entry['Effect'])[:100]}")
    principal_of, action_of, resource_of = (_either(entry, name) for name in ("Principal", "Action", "Resource"))
    statement = {
        "sid": str(entry.get("Sid") or ""),
        "effect": entry["Effect"],
        "principals": _principals(entry[principal_of]),
        "not_principal": principal_of != "Principal",
        "actions": [_action(each) for each in _texts(entry[action_of])],
        "not_action": action_of != "Action",
        "resources": [_resource(each, bucket) for each in _texts(entry[resource_of])],
        "not_resource": resource_of != "Resource",
        "conditions": _conditions(entry.get("Condition") or {}),
    }
    _check_actions_apply(statement, bucket)
    return statement


def _either(entry: dict[str, Any], name: str) -> str:
    """The one of NAME and NotNAME that the statement has."""
    found = [each for each in (name, "Not" + name) if each in entry]
    if not found:
        raise MalformedPolicy(f"Missing required field {name}")
    if len(found) > 1:
        raise MalformedPolicy(f"Statement cannot contain both {name} and Not{name}")
    return found[0]


def _principals(given: Any) -> dict[str, list[str]]:
    if given == "*":
        return {"AWS": ["*"], "Service": ["*"]}
    if not isinstance(given, dict) or not given or not _PRINCIPAL_KINDS.issuperset(given):
        raise MalformedPolicy("Invalid principal in policy")
    principals = {kind: _texts(names) for kind, names in given.items()}
    if not all(_AWS_PRINCIPAL.fullmatch(name) for name in principals.get("AWS", ())) or not all(
        _SERVICE.fullmatch(name) for name in principals.get("Service", ())
    ):
        raise MalformedPolicy("Invalid principal in policy")
    return principals


def _action(text: str) -> str:
    if not _ACTION.fullmatch(text) or not (text == "*" or globs.plain(text.partition(":")[0].lower())("s3")):
        raise MalformedPolicy("Policy has invalid action")
    return text


def _resource(text: str, bucket: str) -> str:
    """A policy speaks of its own bucket and what is in it, nothing else."""
    parts = text.split(":", 5)
    name = parts[5].partition("/")[0] if len(parts) == 6 else ""
    fits = parts[0] == "arn" and parts[2:5] == ["s3", "", ""] and ("${" in name or globs.plain(name)(bucket))
    if not name or not parts[1].startswith("aws") or not fits:
        raise MalformedPolicy("Policy has invalid resource")
    return text


def _conditions(given: Any) -> Conditions:
    if not isinstance(given, dict):
        raise MalformedPolicy("Invalid policy syntax.")
    conditions: Conditions = {}
    for operator, entries in given.items():
        if not is_operator(operator):
            raise MalformedPolicy(f"Invalid Condition type : {operator[:100]}")
        if not isinstance(entries, dict):
            raise MalformedPolicy("Invalid policy syntax.")
        for key in entries:
            if not key.lower().startswith(("aws:", "s3:")) and ":" not in key:
                raise MalformedPolicy(f"Policy has an invalid condition key: {key[:100]}")
        conditions[operator] = {key: _texts(values) for key, values in entries.items()}
    return conditions


def _check_actions_apply(statement: dict[str, Any], bucket: str) -> None:
    """Every action needs a resource of its kind: s3:GetObject with the bucket's own ARN is a mistake."""
    if statement["not_action"] or statement["not_resource"]:
        return
    levels: set[str] = set()
    for resource in statement["resources"]:
        path = resource.split(":", 5)[5]
        levels |= {actions.OBJECT} if "/" in path else {actions.BUCKET}
        levels |= {actions.OBJECT} if path.endswith("*") else set()
    if not all(actions.level_of(action) & levels for action in statement["actions"]):
        raise MalformedPolicy("Action does not apply to any resource(s) in statement")


def _texts(given: Any) -> list[str]:
    """One value or a list of them, as text: JSON's true and 5 are "true" and "5" to the policy language."""
    values = given if isinstance(given, list) else [given]
    if not values or not all(isinstance(value, str | bool | int | float) for value in values):
        raise MalformedPolicy("Invalid policy syntax.")
    return [("true" if value else "false") if isinstance(value, bool) else str(value) for value in values]


# Being public

_NARROWING = frozenset(
    [
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceip",
        "aws:userid",
        "aws:username",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    ]
)


def _is_public(statement: dict[str, Any]) -> bool:
    if statement["effect"] != "Allow":
        return False
    if not statement["not_principal"] and "*" not in statement["principals"].get("AWS", ()):
        return False
    return not any(
        _narrows(operator, key, values)
        for operator, entries in statement["conditions"].items()
        for key, values in entries.items()
    )


def _narrows(operator: str, key: str, values: list[str]) -> bool:
    """Whether a condition ties a statement to fixed values, so that what it allows is not for everybody."""
    plain = operator.rpartition(":")[2]
    if key.lower() not in _NARROWING or plain not in (
        "StringEquals",
        "StringLike",
        "ArnEquals",
        "ArnLike",
        "IpAddress",
    ):
        return False
    if plain == "IpAddress":
        return not any(_is_wide(value) for value in values)
    return not any(set(value) & {"*", "?"} or "${" in value for value in values)


def _is_wide(network: str) -> bool:
    """Beyond /8 (IPv4) or /32 (IPv6), S3 calls an address range public."""
    try:
        parsed = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return True
    return parsed.prefixlen < (8 if parsed.version == 4 else 32)
