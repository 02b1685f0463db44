"""What was asked, out of what the record tells of it: the way back from CloudTrail's spelling to the API's.

Secrets, bytes, headers of S3 and instants are not told, so they do not come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cumulet.kernel import models
from cumulet.kernel.audit import operations, telling
from cumulet.kernel.audit.entries import Entry
from cumulet.kernel.models import Operation, ServiceModel, Shape

_DEEPEST = 32
_NOTHING = object()
_SCALARS = ("string", "integer", "long", "boolean", "double", "float")


def operation_of(entry: Entry) -> Operation | None:
    """The operation that a call was to; None for what was no call of an API that we know."""
    try:
        return models.load(entry.service).operations[operations.api_name(entry.service, entry.operation)]
    except KeyError:
        return None


def parameters_of(entry: Entry, operation: Operation) -> dict[str, Any]:
    """The parameters as boto3 names them, as far as the record has them."""
    if operation.input is None or not isinstance(entry.parameters, Mapping):
        return {}
    shape = operation.service.shapes[operation.input]
    names = _names_in_s3 if entry.service in ("s3", "s3control") else _names
    found = _members(entry.parameters, shape, operation.service, names, 0)
    if isinstance(found.get("Policy"), dict):
        found["Policy"] = json.dumps(found["Policy"])
    return found


def _members(
    told: Mapping[str, Any], shape: Shape, service: ServiceModel, names: Callable[[str, Shape], str], depth: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member, ref in shape.get("members", {}).items():
        name = names(member, ref)
        if name in told and (value := _value(told[name], ref, member, service, depth + 1)) is not _NOTHING:
            found[member] = value
    return found


def _value(told: Any, ref: Shape, member: str, service: ServiceModel, depth: int) -> Any:
    shape = service.shapes[str(ref["shape"])]
    if depth > _DEEPEST:
        return _NOTHING
    match shape["type"]:
        case "structure" if isinstance(told, Mapping):
            return _members(told, shape, service, _names, depth)
        case "list" if isinstance(told, list):
            each = (_value(item, shape["member"], "", service, depth + 1) for item in told)
            return [item for item in each if item is not _NOTHING]
        case "map" if isinstance(told, Mapping):
            pairs = ((name, _value(item, shape["value"], "", service, depth + 1)) for name, item in told.items())
            return {name: item for name, item in pairs if item is not _NOTHING}
        case kind if kind in _SCALARS and (member == "Policy" or not isinstance(told, Mapping | list)):
            return told
    return _NOTHING


def _names(member: str, ref: Shape) -> str:
    return telling.lower_camel(member)


def _names_in_s3(member: str, ref: Shape) -> str:
    return telling.s3_name(member, ref)
