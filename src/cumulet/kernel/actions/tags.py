"""The tags that a call brings: aws:RequestTag/KEY and aws:TagKeys, in every form that AWS's operations take tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cumulet.kernel.access import Value
from cumulet.kernel.models import Operation, ServiceModel

Brought = Callable[[Mapping[str, Any]], dict[str, Value]]
_PAIRS = (("key", "value"), ("tagkey", "tagvalue"))


def keys_of(operation: Operation) -> Brought | None:
    """What reads the condition keys about tags from a call's parameters; None if the operation takes no tags."""
    shape = operation.service.shapes[operation.input] if operation.input else {}
    members = {name: _reader(operation.service, ref["shape"]) for name, ref in shape.get("members", {}).items()}
    readers = [(name, read) for name, read in members.items() if read is not None and "tag" in name.lower()]
    if not readers:
        return None

    def brought(parameters: Mapping[str, Any]) -> dict[str, Value]:
        tags: dict[str, str | None] = {}
        for name, read in readers:
            if (given := parameters.get(name)) is not None:
                tags.update(read(given))
        return _as_context(tags) if tags else {}

    return brought


def _as_context(tags: Mapping[str, str | None]) -> dict[str, Value]:
    """Names of keys are matched without regard to case; the values of aws:TagKeys keep theirs."""
    context: dict[str, Value] = {f"aws:requesttag/{k.lower()}": v for k, v in tags.items() if v is not None}
    context["aws:tagkeys"] = list(tags)
    return context


Tags = Iterator[tuple[str, str | None]]
"""A key and its value; a call that takes tags away gives keys alone."""
Read = Callable[[Any], Tags]


def _reader(model: ServiceModel, shape: str) -> Read | None:
    facts = model.shapes[shape]
    if facts["type"] == "map":
        return _from_map
    if facts["type"] == "structure":  # S3's Tagging, with the TagSet in it
        inner = {name: _reader(model, ref["shape"]) for name, ref in facts["members"].items() if "ag" in name}
        found = [(name, read) for name, read in inner.items() if read is not None]
        return _from_member(*found[0]) if len(found) == 1 else None
    if facts["type"] != "list":
        return None
    return _list_reader(model, model.shapes[facts["member"]["shape"]])


def _list_reader(model: ServiceModel, member: Mapping[str, Any]) -> Read | None:
    if member["type"] == "string":
        return _from_keys
    if member["type"] != "structure":
        return None
    names = {name.lower(): name for name in member["members"]}
    for key, value in _PAIRS:
        if key in names:
            return _from_pairs(names[key], names.get(value, ""))
    for name, ref in member["members"].items():  # EC2's TagSpecifications: the tags of each kind of resource
        if name.lower() == "tags" and (read := _reader(model, ref["shape"])) is not None:
            return _from_each(name, read)
    return None


def _from_map(given: Any) -> Tags:
    return iter(given.items()) if isinstance(given, Mapping) else iter(())


def _from_keys(given: Any) -> Tags:
    return ((key, None) for key in given if isinstance(key, str))


def _from_pairs(key: str, value: str) -> Read:
    def read(given: Any) -> Tags:
        return ((tag[key], tag.get(value)) for tag in given if isinstance(tag, Mapping) and key in tag)

    return read


def _from_each(name: str, read: Read) -> Read:
    def read_each(given: Any) -> Tags:
        return (tag for each in given if isinstance(each, Mapping) for tag in read(each.get(name) or ()))

    return read_each


def _from_member(name: str, read: Read) -> Read:
    def read_inner(given: Any) -> Tags:
        inner = given.get(name) if isinstance(given, Mapping) else None
        return read(inner) if inner is not None else iter(())

    return read_inner
