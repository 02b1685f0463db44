"""Where in an operation's input a string stands: "QueueUrl", "Entries[].Id", "RequestItems{}" (the keys of a map)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cumulet.kernel.models import ServiceModel

Read = Callable[[Mapping[str, Any]], list[str]]

_DEEPEST = 4
"""Members within members that are looked at; names of resources stand near the top."""
_TEXTS = ("string", "character")


def leaves(model: ServiceModel, shape: str | None) -> Iterator[str]:
    """The path of every string in an input, the shallow ones first."""
    found = list(_within(model, shape, "", ())) if shape is not None else []
    return iter(sorted(found, key=lambda path: path.count(".")))


def _within(model: ServiceModel, shape: str, path: str, above: tuple[str, ...]) -> Iterator[str]:
    if shape in above or len(above) > 2 * _DEEPEST:
        return
    facts, above = model.shapes[shape], (*above, shape)
    match facts["type"]:
        case "structure" if path.count(".") < _DEEPEST:
            for name, ref in facts["members"].items():
                yield from _within(model, ref["shape"], f"{path}.{name}" if path else name, above)
        case "list":
            yield from _within(model, facts["member"]["shape"], f"{path}[]", above)
        case "map":
            yield f"{path}{{}}"
        case kind if kind in _TEXTS:
            yield path


def is_many(path: str) -> bool:
    """Whether a path can lead to several strings."""
    return "[]" in path or "{}" in path


def last(path: str) -> str:
    """The name of the innermost member: "Id" of "Entries[].Id"."""
    return path.rpartition(".")[2].removesuffix("[]").removesuffix("{}")


def reader(path: str) -> Read:
    """What reads the strings at a path; those that are absent, or are no strings, are left out."""
    if "." not in path and not is_many(path):
        return _member(path)
    steps = [step for part in path.split(".") for step in _steps(part)]

    def read(parameters: Mapping[str, Any]) -> list[str]:
        found: list[Any] = [parameters]
        for step in steps:
            found = [inner for each in found for inner in _inside(each, step)]
        return [each for each in found if isinstance(each, str)]

    return read


def _member(name: str) -> Read:
    def read(parameters: Mapping[str, Any]) -> list[str]:
        value = parameters.get(name)
        return [value] if isinstance(value, str) else []

    return read


def _steps(part: str) -> Iterator[str]:
    name = part.rstrip("[]{}")
    yield name
    rest = part[len(name) :]
    yield from (rest[at : at + 2] for at in range(0, len(rest), 2))


def _inside(value: Any, step: str) -> list[Any]:
    if step == "[]":
        return list(value) if isinstance(value, list | tuple) else []
    if step == "{}":
        return list(value) if isinstance(value, Mapping) else []
    inner = value.get(step) if isinstance(value, Mapping) else None
    return [] if inner is None else [inner]
