"""Condition keys of a service's own that repeat a parameter: sns:Protocol, sts:ExternalId, s3:prefix.

The published reference says which keys an action knows, but not what they are. Where a member of the operation, or
the header or query parameter that it travels in, is called like the key, the key has its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cumulet.kernel.access import Value
from cumulet.kernel.actions import catalogue
from cumulet.kernel.actions.catalogue import Action
from cumulet.kernel.models import Operation

Told = Callable[[Mapping[str, Any]], dict[str, Value]]

_SCALARS = ("boolean", "character", "double", "float", "integer", "long", "string")


def keys_of(operation: Operation, action: Action, prefix: str) -> Told | None:
    """What reads the action's own condition keys from a call's parameters; None if it has none that are there."""
    members = _members(operation)
    table = catalogue.service(prefix)
    types = table.condition_keys if table is not None else {}
    told = [
        (members[name], key.lower(), types.get(key) == "ARN")
        for key in _own_keys(action, prefix)
        if (name := _plain(key.partition(":")[2])) in members
    ]
    if not told:
        return None

    def read(parameters: Mapping[str, Any]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for member, key, is_arn in told:
            value = _written(parameters.get(member))
            # A short name where policies compare ARNs is better not told at all.
            if value is not None and not (is_arn and not str(value).startswith("arn:")):
                found[key] = value
        return found

    return read


def _own_keys(action: Action, prefix: str) -> Iterable[str]:
    every = [*action.condition_keys, *(key for on in action.resources for key in on.condition_keys)]
    return dict.fromkeys(key for key in every if key.startswith(f"{prefix}:") and "/" not in key and "$" not in key)


def _members(operation: Operation) -> dict[str, str]:
    """Members that hold one value, or a list of such, by their plain names and by those on the wire."""
    shapes = operation.service.shapes
    members = shapes[operation.input].get("members", {}) if operation.input else {}
    found: dict[str, str] = {}
    for name, ref in members.items():
        facts = shapes[ref["shape"]]
        kind = shapes[facts["member"]["shape"]]["type"] if facts["type"] == "list" else facts["type"]
        if kind in _SCALARS:
            wire = _plain(ref.get("locationName", name)) if ref.get("location") in ("header", "querystring") else ""
            found |= {_plain(name): name, wire: name, wire.removeprefix("xamz"): name}
    found.pop("", None)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _written(value: Any) -> Value | None:
    """A value as policies compare it; None for what is no value of a condition key."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return [text for each in value if isinstance(text := _written(each), str)]
    return None
