"""What the names in a query mean: columns of a CSV record, attributes of a JSON value.

Unquoted names ignore case and must then be unambiguous; quoted names mind it
(SQL Reference for S3 Select, Case sensitivity of header and attribute names).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from . import errors
from .syntax import Name, Path, Query, Step, Wildcard
from .values import MISSING

Getter = Callable[[Any], Any]
_POSITION = re.compile(r"_(\d{1,9})", re.ASCII)
_MAXIMUM_COLUMNS = 100_000


class Scope(Protocol):
    """A kind of record."""

    def getter(self, path: Path) -> Getter:
        """How to take the path's value from a record. Raises what is wrong with the path whatever the data."""

    def fields(self, record: Any) -> list[tuple[str, Any]]:
        """All of a record's fields by name: what `*` stands for."""


class CsvScope:
    """Records are lists of strings; `headers` is None where names were not asked for (NONE and IGNORE)."""

    def __init__(self, query: Query, headers: list[str] | None) -> None:
        self._alias = query.alias or Name("S3Object")
        self._headers = headers or []
        self._names: list[str] = []

    def getter(self, path: Path) -> Getter:
        if not self._alias.matches(path.root.text):
            return self._column(path.root, path.steps)
        if not path.steps:
            return lambda record: dict(self.fields(record))
        return self._column(path.steps[0], path.steps[1:])

    def fields(self, record: list[str]) -> list[tuple[str, str]]:
        for index in range(len(self._names), len(record)):
            self._names.append(self._name(index))
        return list(zip(self._names, record, strict=False))

    def _name(self, index: int) -> str:
        named = self._headers[index] if index < len(self._headers) else ""
        return named or f"_{index + 1}"

    def _column(self, step: Step, rest: tuple[Step, ...]) -> Getter:
        if rest or not isinstance(step, Name):
            raise errors.InvalidKeyPath("A CSV record has columns, and nothing below them.")
        index = self._index(step)

        def get(record: list[str]) -> Any:
            return record[index] if index < len(record) else MISSING

        return get

    def _index(self, name: Name) -> int:
        found = [index for index, header in enumerate(self._headers) if name.matches(header)]
        if len(found) > 1:
            raise errors.AmbiguousFieldName
        if found:
            return found[0]
        position = _POSITION.fullmatch(name.text)
        if position is None:
            raise errors.MissingHeaders
        if not 1 <= int(position[1]) <= _MAXIMUM_COLUMNS:
            raise errors.InvalidColumnIndex
        return int(position[1]) - 1


class JsonScope:
    """Records are JSON values of any kind."""

    def __init__(self, query: Query) -> None:
        last = query.path[-1] if query.path else Name("S3Object")
        self._alias = query.alias or (last if isinstance(last, Name) else None)

    def getter(self, path: Path) -> Getter:
        steps: tuple[Step, ...] = path.steps
        if any(isinstance(step, Wildcard) for step in steps):
            raise errors.ParseInvalidContextForWildcardInSelectList
        if self._alias is None or not self._alias.matches(path.root.text):
            if path.root.text == "_1":
                return lambda record: follow(_first(record), steps)
            steps = (path.root, *steps)
        if not steps:
            return lambda record: record
        return lambda record: follow(record, steps)

    def fields(self, record: Any) -> list[tuple[str, Any]]:
        if isinstance(record, dict):
            return list(record.items())
        return [("_1", record)]


def _first(record: Any) -> Any:
    """`_1` names the whole record, unless the record has an attribute of that name."""
    return record["_1"] if isinstance(record, dict) and "_1" in record else record


def follow(value: Any, steps: tuple[Step, ...]) -> Any:
    """What a path without wildcards leads to, or MISSING."""
    for step in steps:
        value = _step(value, step)
        if value is MISSING:
            break
    return value


def _step(value: Any, step: Step) -> Any:
    if isinstance(step, Name):
        return _attribute(value, step) if isinstance(value, dict) else MISSING
    if isinstance(step, int) and isinstance(value, list) and step < len(value):
        return value[step]
    return MISSING


def _attribute(struct: dict[str, Any], name: Name) -> Any:
    if name.quoted:
        return struct.get(name.text, MISSING)
    wanted = name.text.lower()
    found = [key for key in struct if key.lower() == wanted]
    if len(found) > 1:
        raise errors.AmbiguousFieldName
    return struct[found[0]] if found else MISSING


def spread(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    """The records that a FROM path finds below one value; a wildcard that finds none yields one MISSING."""
    for index, step in enumerate(steps):
        if isinstance(step, Wildcard):
            items = _members(value, step)
            for item in items:
                yield from spread(item, steps[index + 1 :])
            if not items:
                yield MISSING
            return
        value = _step(value, step)
    yield value


def _members(value: Any, step: Wildcard) -> list[Any]:
    if step.of_list:
        return value if isinstance(value, list) else []
    return list(value.values()) if isinstance(value, dict) else []
