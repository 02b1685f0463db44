"""Key conditions: one partition, and perhaps a range of its sort keys.

Source: DynamoDB Developer Guide, "Key condition expressions for the Query operation"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from cumulet.services.dynamodb import schema as schemas
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import conditions, syntax
from cumulet.services.dynamodb.expressions.paths import Names
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.values import Value

_FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NOT_SUPPORTED = "Query key condition not supported"
_WRONG_TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type"


class KeyCondition(NamedTuple):
    """`operator` is empty without a condition on the sort key, else =, <, <=, >, >=, BETWEEN or begins_with."""

    hash: Value
    operator: str
    operands: tuple[Value, ...]


class Part(NamedTuple):
    """A condition on one attribute, its operands by the names of their values."""

    attribute: str
    operator: str
    operands: tuple[str, ...]


class Compiled(NamedTuple):
    parts: tuple[Part, ...]
    condition: conditions.Compiled


def compiled(condition: syntax.Condition, names: Names) -> Compiled:
    """Raises ValidationException for a condition of a form that no key has."""
    found = condition.parts if isinstance(condition, syntax.All) else (condition,)
    checked = conditions.compiled(condition, names)
    parts = tuple(_part(each, names) for each in found)
    if len({part.attribute for part in parts}) < len(parts):
        raise ValidationException("KeyConditionExpressions must only contain one condition per key")
    return Compiled(parts, checked)


def bound(parts: tuple[Part, ...], values: Mapping[str, Value], schema: Schema) -> KeyCondition:
    """The condition with its values, for keys of this schema. Raises ValidationException."""
    by_name = {part.attribute: part for part in parts}
    if len(by_name) > 2:
        raise ValidationException("Conditions can be of length 1 or 2 only")
    hashed = _taken(by_name, schema.hash)
    if hashed.operator != "=":
        raise ValidationException(_NOT_SUPPORTED)
    (hash_value,) = _operands(hashed, values, schema.hash_type, schemas.LARGEST_HASH_BYTES, "hash")
    if not by_name:
        return KeyCondition(hash_value, "", ())
    if not schema.range:
        raise ValidationException(_NOT_SUPPORTED)
    ranged = _taken(by_name, schema.range)
    operands = _operands(ranged, values, schema.range_type, schemas.LARGEST_RANGE_BYTES, "range")
    return KeyCondition(hash_value, ranged.operator, operands)


def _taken(parts: dict[str, Part], name: str) -> Part:
    part = parts.pop(name, None)
    if part is None:
        raise ValidationException(f"Query condition missed key schema element: {name}")
    return part


def _operands(part: Part, values: Mapping[str, Value], kind: str, at_most: int, key_part: str) -> tuple[Value, ...]:
    operands = tuple(values[name] for name in part.operands)
    for operand in operands:
        if kind not in operand:
            raise ValidationException(_WRONG_TYPE)
        schemas.key_bytes(part.attribute, operand, at_most, key_part)
    return operands


# Form


def _part(condition: syntax.Condition, names: Names) -> Part:
    match condition:
        case syntax.Comparison(sign, left, right) if sign != "<>":
            return _compared(sign, left, right, names)
        case syntax.Between(operand, low, high):
            return Part(_first(operand, "BETWEEN", names), "BETWEEN", _values("BETWEEN", low, high))
        case syntax.Call("begins_with", (operand, start)):
            return Part(_first(operand, "begins_with", names), "begins_with", _values("begins_with", start))
    raise ValidationException(f"Invalid operator used in KeyConditionExpression: {_name_of(condition)}")


def _compared(sign: str, left: syntax.Operand, right: syntax.Operand, names: Names) -> Part:
    if isinstance(left, syntax.Given) and isinstance(right, syntax.Path):
        sign, left, right = _FLIPPED[sign], right, left
    if isinstance(left, syntax.Given):
        _refuse_form("No key attribute specified")
    return Part(_first(left, sign, names), sign, _values(sign, right))


def _first(operand: syntax.Operand, operator: str, names: Names) -> str:
    if isinstance(operand, syntax.Call):
        _refuse_nesting()
    if not isinstance(operand, syntax.Path):
        _refuse_form(f"{operator} operator must have the key attribute as its first operand")
    name, *deeper = names.steps(operand)
    if deeper:
        raise ValidationException("KeyConditionExpressions cannot have conditions on nested attributes")
    return str(name)


def _values(operator: str, *operands: syntax.Operand) -> tuple[str, ...]:
    for operand in operands:
        if isinstance(operand, syntax.Path):
            _refuse_form("Multiple attribute names used in one condition")
        if isinstance(operand, syntax.Call):
            _refuse_nesting()
    return tuple(operand.name for operand in operands if isinstance(operand, syntax.Given))


def _refuse_nesting() -> NoReturn:
    raise ValidationException("KeyConditionExpressions cannot contain nested operations")


def _refuse_form(why: str) -> NoReturn:
    raise ValidationException(f"Invalid condition in KeyConditionExpression: {why}")


def _name_of(condition: syntax.Condition) -> str:
    match condition:
        case syntax.Comparison(sign, _, _):
            return sign
        case syntax.Call(function, _):
            return function
        case syntax.All():
            return "AND"
        case syntax.Either():
            return "OR"
        case syntax.Not():
            return "NOT"
        case syntax.In():
            return "IN"
    return "BETWEEN"
