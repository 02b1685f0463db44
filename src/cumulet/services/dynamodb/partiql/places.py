"""What a WHERE clause says of keys: which items, or which partitions, a statement is about.

Source: DynamoDB Developer Guide, "PartiQL select statements": what spares a scan of the whole table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cumulet.services.dynamodb import values
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql import literals
from cumulet.services.dynamodb.partiql.syntax import (
    Between,
    Comparison,
    Condition,
    Every,
    Operand,
    Path,
    Some,
    Truth,
    Within,
)
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.values import Item, Value

_NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_RANGES = frozenset(("=", "<", "<=", ">", ">="))
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Sought(NamedTuple):
    """Where to look, and what else must hold there."""

    hashes: tuple[Value, ...] | None
    """The partition keys; None for all there are."""
    ranged: Condition | None
    """What is asked of the sort key, in a form that a Query understands."""
    rest: tuple[Condition, ...]


def terms(where: Condition | None) -> tuple[Condition, ...]:
    """The conditions that all have to hold."""
    if where is None:
        return ()
    return tuple(term for each in where.conditions for term in terms(each)) if isinstance(where, Every) else (where,)


def one(
    schema: Schema, where: Condition | None, parameters: Sequence[Value], words: str = _NO_KEY
) -> tuple[Item, tuple[Condition, ...]]:
    """The key of the one item that a WHERE clause names, and what else it asks. Raises ValidationException."""
    key: Item = {}
    rest: list[Condition] = []
    for term in terms(where):
        name, value = _equality(term)
        if name in schema.names and name not in key and value is not None:
            key[name] = values.checked(literals.bound(value, parameters))
        else:
            rest.append(term)
    if len(key) < len(schema.names):
        raise ValidationException(words)
    check_types(schema, key)
    return key, tuple(rest)


def check_types(schema: Schema, key: Mapping[str, Value]) -> None:
    """Raises ValidationException for a value that a key attribute cannot have; PartiQL has words of its own for it."""
    for name, kind in ((schema.hash, schema.hash_type), (schema.range, schema.range_type)):
        if name in key and kind not in key[name]:
            raise ValidationException(
                f"Key attribute's data type should match its data type in table's schema: Key {name}"
            )


def sought(schema: Schema, where: Condition | None, parameters: Sequence[Value]) -> Sought:
    """Raises ValidationException."""
    hashes: tuple[Value, ...] | None = None
    ranged: Condition | None = None
    rest: list[Condition] = []
    for term in terms(where):
        found = _hashes(schema.hash, term, parameters) if hashes is None else None
        if found is not None:
            hashes = found
        elif ranged is None and schema.range and (turned := _on_range(schema.range, term)) is not None:
            ranged = turned
        else:
            rest.append(term)
    if hashes is None:
        return Sought(None, None, terms(where))
    for value in hashes:
        check_types(schema, {schema.hash: value})
    if ranged is not None:
        for value in _given(ranged, parameters):
            check_types(schema, {schema.range: value})
    return Sought(hashes, ranged, tuple(rest))


def equal_to(term: Condition) -> str:
    """The attribute that a condition holds equal to a value; empty for any other condition."""
    return _equality(term)[0]


def _given(ranged: Condition, parameters: Sequence[Value]) -> list[Value]:
    """The values that a condition on a sort key compares it with."""
    match ranged:
        case Comparison(_, _, value):
            operands: tuple[Operand, ...] = (value,)
        case Between(_, low, high):
            operands = (low, high)
        case Truth(call):
            operands = call.arguments[1:]
        case _:
            operands = ()
    return [literals.bound(operand, parameters) for operand in operands]


def _equality(term: Condition) -> tuple[str, Operand | None]:
    """The attribute and the value of `attribute = value`, whichever stands first."""
    if isinstance(term, Comparison) and term.sign == "=":
        for path, value in ((term.first, term.second), (term.second, term.first)):
            if isinstance(path, Path) and len(path.steps) == 1 and literals.is_value(value):
                return str(path.steps[0]), value
    return "", None


def _hashes(name: str, term: Condition, parameters: Sequence[Value]) -> tuple[Value, ...] | None:
    found = _operands(name, term, parameters)
    if found is None:
        return None
    distinct = {repr(value): value for value in (values.checked(each) for each in found)}
    return tuple(distinct.values())


def _operands(name: str, term: Condition, parameters: Sequence[Value]) -> list[Value] | None:
    if isinstance(term, Some):
        found = [_operands(name, each, parameters) for each in term.conditions]
        return None if None in found else [value for each in found for value in each or ()]
    if isinstance(term, Within) and term.operand == Path((name,)):
        return [literals.bound(each, parameters) for each in literals.choices(term, parameters)]
    equal, value = _equality(term)
    return [literals.bound(value, parameters)] if equal == name and value is not None else None


def _on_range(name: str, term: Condition) -> Condition | None:
    """The term, with the sort key on its left, if a Query can look for it."""
    path = Path((name,))
    match term:
        case Comparison(sign, first, second) if sign in _RANGES:
            if first == path and literals.is_value(second):
                return term
            if second == path and literals.is_value(first):
                return Comparison(_TURNED.get(sign, sign), second, first)
        case Between(operand, low, high) if operand == path and literals.is_value(low) and literals.is_value(high):
            return term
        case Truth(call) if call.name == "begins_with" and call.arguments[0] == path:
            return term if literals.is_value(call.arguments[1]) else None
    return None
