"""The parameters from before there were expressions, made into the same objects: Expected, ScanFilter, QueryFilter,
KeyConditions, AttributeUpdates, AttributesToGet and ConditionalOperator.

Source: DynamoDB Developer Guide, "Legacy conditional parameters"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from cumulet.services.dynamodb import values as attribute
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import (
    checks,
    comparisons,
    conditions,
    key_conditions,
    projections,
    syntax,
    updates,
)
from cumulet.services.dynamodb.expressions.conditions import Condition
from cumulet.services.dynamodb.expressions.key_conditions import KeyCondition, Part
from cumulet.services.dynamodb.expressions.paths import AsWritten
from cumulet.services.dynamodb.expressions.projections import Projection
from cumulet.services.dynamodb.expressions.updates import Update
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.values import Value

_INVALID = "One or more parameter values were invalid: "
_SCALARS = frozenset(("S", "N", "B"))
_ANY = frozenset(checks.TYPES)
_SIGNS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_KEY_OPERATORS = {
    **{name: sign for name, sign in _SIGNS.items() if name != "NE"},
    "BETWEEN": "BETWEEN",
    "BEGINS_WITH": "begins_with",
}
_ALLOWED: dict[str, frozenset[str]] = {
    "EQ": _ANY,
    "NE": _ANY,
    **dict.fromkeys(("LE", "LT", "GE", "GT", "BETWEEN", "IN", "CONTAINS", "NOT_CONTAINS"), _SCALARS),
    "BEGINS_WITH": frozenset("SB"),
    "NULL": frozenset(),
    "NOT_NULL": frozenset(),
}
_COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
_ADDABLE = frozenset(("N", "L", "SS", "NS", "BS"))
_SETS = frozenset(("SS", "NS", "BS"))
_WRONG_TYPE = "Type mismatch for attribute to update"


def refuse_both(older: Mapping[str, object], expressions: Mapping[str, object]) -> None:
    """A request has expressions or the older parameters (both by name, None for those it has not), never both.
    KeyConditions alone may go with a FilterExpression."""
    new = [name for name, value in expressions.items() if value is not None]
    old = [name for name, value in older.items() if value is not None]
    if "KeyConditionExpression" not in new and "KeyConditions" in old:
        old.remove("KeyConditions")
    if new and old:
        raise ValidationException(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(old)}}} Expression parameters: {{{', '.join(new)}}}"
        )


def expected(wanted: Mapping[str, Mapping[str, Any]] | None, joined_by: str | None = None) -> Condition | None:
    """The condition of Expected and ConditionalOperator; None without any."""
    _check_joining(wanted, joined_by)
    if not wanted:
        return None
    tests = _Tests()
    return tests.condition((tests.expected(name, each) for name, each in wanted.items()), joined_by, "Expected")


def filters(wanted: Mapping[str, Mapping[str, Any]] | None, joined_by: str | None = None) -> Condition | None:
    """The condition of ScanFilter or QueryFilter and ConditionalOperator; None without any."""
    _check_joining(wanted, joined_by)
    if not wanted:
        return None
    tests = _Tests()
    return tests.condition((tests.compared(name, each) for name, each in wanted.items()), joined_by, "Filter")


def _check_joining(wanted: Mapping[str, object] | None, joined_by: str | None) -> None:
    if joined_by is None:
        return
    if not wanted:
        raise ValidationException("ConditionalOperator cannot be used without Filter or Expected")
    if len(wanted) == 1:
        raise ValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )


def key_condition(wanted: Mapping[str, Mapping[str, Any]] | None, schema: Schema) -> KeyCondition | None:
    """Of KeyConditions, checked against the keys of the table or index."""
    if wanted is None:
        return None
    if not 1 <= len(wanted) <= 2:
        raise ValidationException("Conditions can be of length 1 or 2 only")
    tests = _Tests()
    parts = tuple(_key_part(tests, name, each) for name, each in wanted.items())
    return key_conditions.bound(parts, tests.values, schema)


def _key_part(tests: _Tests, name: str, wanted: Mapping[str, Any]) -> Part:
    operator, operands = tests.operands(name, wanted)
    if operator not in _KEY_OPERATORS:
        raise ValidationException("Attempted conditional constraint is not an indexable operation")
    return Part(name, _KEY_OPERATORS[operator], tuple(each.name for each in operands))


def projection(names: list[str] | None) -> Projection | None:
    """Of AttributesToGet, which knows whole attributes only."""
    if names is None:
        return None
    for at, name in enumerate(names):
        if name in names[:at]:
            raise ValidationException(f"{_INVALID}Duplicate value in attribute name: {name}")
    return projections.compiled((syntax.Path((name,)) for name in names), AsWritten("AttributesToGet"))


def update(wanted: Mapping[str, Mapping[str, Any]] | None) -> Update | None:
    """Of AttributeUpdates."""
    if wanted is None:
        return None
    given = _Values()
    actions = [_action(given, name, each) for name, each in wanted.items()]
    return Update(updates.compiled(actions, AsWritten("AttributeUpdates"), _WRONG_TYPE), given.values)


def _action(given: _Values, name: str, wanted: Mapping[str, Any]) -> syntax.Action:
    path, action, value = syntax.Path((name,)), wanted.get("Action") or "PUT", wanted.get("Value")
    if value is None:
        if action != "DELETE":
            raise ValidationException(f"{_INVALID}Only DELETE action is allowed when no attribute value is specified")
        return syntax.Action("REMOVE", path, None)
    operand, kind = given.add(value), next(iter(value))
    if action == "DELETE" and kind not in _SETS:
        raise ValidationException(f"{_INVALID}DELETE action with value is not supported for the type {kind}")
    if action == "ADD" and kind not in _ADDABLE:
        raise ValidationException(f"{_INVALID}ADD action is not supported for the type {kind}")
    if action == "ADD" and kind == "L":
        there = syntax.Call("if_not_exists", (path, given.add({"L": []})))
        return syntax.Action("SET", path, syntax.Call("list_append", (there, operand)))
    return syntax.Action("SET" if action == "PUT" else action, path, operand)


class _Values:
    """The values of a request, under names of our own."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}

    def add(self, value: Value) -> syntax.Given:
        """Raises ValidationException for what is no value."""
        name = f":{len(self.values)}"
        self.values[name] = attribute.checked(value)
        return syntax.Given(name)


class _Tests(_Values):
    """Makes conditions."""

    def condition(self, each: Iterable[syntax.Condition], joined_by: str | None, kind: str) -> Condition:
        parts = tuple(each)
        whole = syntax.Either(parts) if joined_by == "OR" else syntax.All(parts)
        return Condition(conditions.compiled(parts[0] if len(parts) == 1 else whole, AsWritten(kind)), self.values)

    def expected(self, name: str, wanted: Mapping[str, Any]) -> syntax.Condition:
        if "ComparisonOperator" in wanted:
            if "Exists" in wanted:
                _refuse(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
            return self.compared(name, wanted)
        if "AttributeValueList" in wanted:
            _refuse(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
        if wanted.get("Exists") is False:
            if "Value" in wanted:
                _refuse(f"Value cannot be used when Exists is set to false for Attribute: {name}")
            return syntax.Call("attribute_not_exists", (syntax.Path((name,)),))
        if "Value" not in wanted:
            exists = "true" if "Exists" in wanted else "null"
            _refuse(f"Value must be provided when Exists is {exists} for Attribute: {name}")
        return syntax.Comparison("=", syntax.Path((name,)), self.add(wanted["Value"]))

    def compared(self, name: str, wanted: Mapping[str, Any]) -> syntax.Condition:
        operator, operands = self.operands(name, wanted)
        path = syntax.Path((name,))
        match operator:
            case "NULL":
                return syntax.Call("attribute_not_exists", (path,))
            case "NOT_NULL":
                return syntax.Call("attribute_exists", (path,))
            case "IN":
                return syntax.In(path, operands)
            case "BETWEEN":
                return syntax.Between(path, *operands)
            case "CONTAINS" | "BEGINS_WITH":
                return syntax.Call(operator.lower(), (path, *operands))
            case "NOT_CONTAINS":
                return syntax.Not(syntax.Call("contains", (path, *operands)))
        return syntax.Comparison(_SIGNS[operator], path, operands[0])

    def operands(self, name: str, wanted: Mapping[str, Any]) -> tuple[str, tuple[syntax.Given, ...]]:
        """The operator and its operands, which fit."""
        operator = wanted["ComparisonOperator"]
        if operator not in _ALLOWED:
            _refuse(f"ComparisonOperator {operator} is not known for Attribute: {name}")
        found = _listed(name, operator, wanted)
        given = tuple(self.add(value) for value in found)
        _check_operands(operator, [self.values[each.name] for each in given])
        return operator, given


def _listed(name: str, operator: str, wanted: Mapping[str, Any]) -> list[Value]:
    if "Value" in wanted and "AttributeValueList" in wanted:
        _refuse(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
    found = [wanted["Value"]] if "Value" in wanted else wanted.get("AttributeValueList")
    if found is None and operator not in ("NULL", "NOT_NULL"):
        _refuse(f"Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute: {name}")
    return found or []


def _check_operands(operator: str, operands: list[Value]) -> None:
    count = len(operands)
    fits = count > 0 if operator == "IN" else count == _COUNTS.get(operator, 1)
    if not fits:
        _refuse(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    for operand in operands:
        if next(iter(operand)) not in _ALLOWED[operator]:
            _refuse(f"ComparisonOperator {operator} is not valid for {next(iter(operand))} AttributeValue type")
    if len({next(iter(operand)) for operand in operands}) > 1:
        _refuse("AttributeValues inside AttributeValueList must all be of the same type")
    if operator == "BETWEEN" and comparisons.ordinal(operands[0]) > comparisons.ordinal(operands[1]):
        raise ValidationException(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )


def _refuse(why: str) -> NoReturn:
    raise ValidationException(_INVALID + why)
