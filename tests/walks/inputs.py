"""Parameters for any operation, made from its model: the required members, as small as the model lets them be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cumulet.kernel import models
from cumulet.kernel.models import Operation, ServiceModel
from cumulet.kernel.service import Service

Known = Mapping[str, Any]
"""Members that name something which exists, by their names: {"QueueUrl": "http://..."}. An operation's own come before
the service's: {"Decrypt": {"CiphertextBlob": b"..."}}, and are given whether the model requires them or not. Always
there is AccountId."""

_POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a4b:*", "Resource": "*"}]}'
_DEEPEST = 8


def operations(service: type[Service]) -> list[Operation]:
    """Those that a service has; what removes things comes last."""
    have = [op for op in models.load(service.name).operations.values() if hasattr(service, op.method)]
    return sorted(have, key=lambda operation: operation.name.startswith(_REMOVING))


_REMOVING = ("Abort", "Complete", "Delete", "Detach", "Purge", "Remove", "Retire", "Schedule")


def minimal(operation: Operation, known: Known) -> dict[str, Any]:
    """What a call of the operation has to bring, and of the rest what names something that is known."""
    if operation.input is None:
        return {}
    shape = operation.service.shapes[operation.input]
    own = known.get(operation.name, {})
    wanted = [name for name in shape.get("required", ()) if name not in own]
    made = {name: _value(operation.service, name, shape["members"][name]["shape"], known, 0) for name in wanted}
    return {**made, **own}


def fuller(operation: Operation, known: Known) -> dict[str, Any]:
    """As `minimal`, with all else by which the operation can name what is known. What is known of the operation
    itself is enough for it."""
    if operation.name in known:
        return minimal(operation, known)
    shapes = operation.service.shapes
    members = shapes[operation.input].get("members", {}) if operation.input else {}
    named = {
        name: known[name]
        for name, ref in members.items()
        if isinstance(known.get(name), _PYTHON.get(shapes[ref["shape"]]["type"], ()))
    }
    return {**named, **minimal(operation, known)}


def tags(operation: Operation) -> dict[str, Any]:
    """The members that give tags to what is made, with one tag: team is red."""
    shapes = operation.service.shapes
    members = shapes[operation.input].get("members", {}) if operation.input else {}
    found = {name: _tag(shapes, ref["shape"]) for name, ref in members.items() if "tag" in name.lower()}
    return {name: value for name, value in found.items() if value is not None}


def _tag(shapes: Mapping[str, Any], shape: str) -> Any:
    facts = shapes[shape]
    if facts["type"] == "map":
        return {"team": "red"}
    item = shapes[facts["member"]["shape"]] if facts["type"] == "list" else {"type": ""}
    if item["type"] != "structure":
        return None
    names = {name.lower(): name for name in item["members"]}
    for key, value in (("key", "value"), ("tagkey", "tagvalue")):
        if key in names and value in names:
            return [{names[key]: "team", names[value]: "red"}]
    return None


def _value(model: ServiceModel, name: str, shape: str, known: Known, depth: int) -> Any:
    facts = model.shapes[shape]
    if isinstance(known.get(name), _PYTHON.get(facts["type"], ())):
        return known[name]
    make = _MAKERS.get(facts["type"])
    return make(facts) if make is not None else _composed(model, name, facts, known, depth)


def _composed(model: ServiceModel, name: str, facts: Mapping[str, Any], known: Known, depth: int) -> Any:
    if facts["type"] == "string":
        return _text(name, facts, known["AccountId"])
    if depth > _DEEPEST:
        return {} if facts["type"] != "list" else []
    if facts["type"] == "list":
        singular = name.removesuffix("s")
        few = max(1, facts.get("min", 0))
        return [_value(model, singular, facts["member"]["shape"], known, depth + 1) for _ in range(few)]
    if facts["type"] == "map":
        key = _value(model, "key", facts["key"]["shape"], known, depth + 1)
        return {key: _value(model, "value", facts["value"]["shape"], known, depth + 1)}
    members = facts["members"]
    wanted = list(facts.get("required", ())) or (list(members)[:1] if facts.get("union") else [])
    return {each: _value(model, each, members[each]["shape"], known, depth + 1) for each in wanted}


def _text(name: str, facts: Mapping[str, Any], account: str) -> str:
    if facts.get("enum"):
        return str(facts["enum"][0])
    lower = name.lower()
    if "policydocument" in lower or lower == "policy":
        return _POLICY
    if lower.endswith("arn"):
        return f"arn:aws:iam::{account}:role/nobody"
    if lower.endswith("accountid"):
        return account
    return "x" * max(1, facts.get("min", 0))


_PYTHON: Mapping[str, type] = {"blob": bytes, "list": list, "string": str}
_MAKERS: Mapping[str, Any] = {
    "blob": lambda facts: b"x" * max(1, facts.get("min", 0)),
    "boolean": lambda facts: False,
    "double": lambda facts: float(facts.get("min", 1)),
    "float": lambda facts: float(facts.get("min", 1)),
    "integer": lambda facts: int(facts.get("min", 1)),
    "long": lambda facts: int(facts.get("min", 1)),
    "timestamp": lambda facts: datetime(2030, 1, 1, tzinfo=UTC),
}
