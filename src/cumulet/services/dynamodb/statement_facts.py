"""What policies may ask of PartiQL statements. Source: DynamoDB Developer Guide, "PartiQL security policies"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cumulet.kernel.access import Value
from cumulet.services.dynamodb.access_facts import text
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql import literals
from cumulet.services.dynamodb.partiql.syntax import (
    Comparison,
    Every,
    Insert,
    Path,
    Select,
    Some,
    Statement,
    Update,
    Within,
)
from cumulet.services.dynamodb.schema import Schema


class OfStatement:
    """Of one statement; `enclosing` names the operation that has several."""

    def __init__(self, statement: Statement, schema: Schema | None, parameters: Sequence[Any], enclosing: str) -> None:
        self._statement = statement
        self._schema = schema
        self._parameters = parameters
        self._enclosing = enclosing

    def get(self, key: str, /) -> Value | None:
        match key:
            case "dynamodb:leadingkeys":
                return list(dict.fromkeys(self._keys() or ())) or None
            case "dynamodb:fulltablescan":
                return self._is_scan()
            case "dynamodb:attributes":
                return list(dict.fromkeys(_names(self._statement))) or None
            case "dynamodb:select":
                return self._select()
            case "dynamodb:returnvalues":
                return getattr(self._statement, "returning", None) or None
            case "dynamodb:enclosingoperation":
                return self._enclosing or None
        return None

    def _is_scan(self) -> str | None:
        if not isinstance(self._statement, Select):
            return None
        return "false" if self._keys() else "true"

    def _select(self) -> str | None:
        if not isinstance(self._statement, Select):
            return None
        return "SPECIFIC_ATTRIBUTES" if self._statement.columns is not None else "ALL_ATTRIBUTES"

    def _keys(self) -> list[str] | None:
        """The partition keys that the statement is about; None where it could be about any."""
        if self._schema is None:
            return None
        if isinstance(self._statement, Insert):
            item = self._bound(self._statement.item) or {}
            found = (item.get("M") or {}).get(self._schema.hash)
            return [text(found)] if found else None
        return self._keys_of(self._statement.where)

    def _keys_of(self, condition: Any) -> list[str] | None:
        match condition:
            case Comparison(sign="=", first=first, second=second):
                if self._is_hash(second):
                    first, second = second, first
                return self._texts([second]) if self._is_hash(first) else None
            case Within(operand=operand, choices=choices) if self._is_hash(operand):
                return self._texts(choices if type(choices) is tuple else [choices])
            case Every(conditions=parts):
                found = [keys for keys in map(self._keys_of, parts) if keys is not None]
                return [key for keys in found for key in keys] if found else None
            case Some(conditions=parts):
                each = [self._keys_of(part) for part in parts]
                return None if None in each else [key for keys in each for key in keys or ()]
        return None

    def _is_hash(self, operand: Any) -> bool:
        return isinstance(operand, Path) and self._schema is not None and operand.steps == (self._schema.hash,)

    def _texts(self, operands: Sequence[Any]) -> list[str] | None:
        found: list[str] = []
        for operand in operands:
            value = self._bound(operand)
            if value is None:
                return None
            found += [text(each) for each in value["L"]] if "L" in value else [text(value)]
        return found

    def _bound(self, operand: Any) -> dict[str, Any] | None:
        if isinstance(operand, Path):
            return None
        try:
            return literals.bound(operand, self._parameters)
        except (ValidationException, IndexError):
            return None  # refused when the statement is run


def _names(statement: Statement) -> Iterator[str]:
    """The attributes that a statement names, those of the top level, wherever they stand."""
    if isinstance(statement, Insert):
        yield from _inserted(statement.item)
        return
    if isinstance(statement, Select):
        yield from _paths(statement.columns)
    if isinstance(statement, Update):
        yield from _paths((statement.assignments, statement.removals))
    yield from _paths(statement.where)


def _inserted(item: Any) -> Iterator[str]:
    content = getattr(item, "value", {}).get("M", {})
    yield from content
    if getattr(item, "kind", "") == "M":
        yield from (name for name, _ in item.members)


def _paths(part: Any) -> Iterator[str]:
    """Of all paths inside a part of a statement, which is tuples in tuples."""
    if isinstance(part, Path):
        yield str(part.steps[0])
    elif isinstance(part, tuple):
        for each in part:
            yield from _paths(each)
