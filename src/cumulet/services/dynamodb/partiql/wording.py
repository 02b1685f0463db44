"""Conditions and updates of PartiQL, worded as the expressions of the other operations.

So both mean the same by construction, and a statement that comes again finds its expressions compiled."""

from __future__ import annotations

from collections.abc import Sequence

from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import Condition as Compiled
from cumulet.services.dynamodb.expressions import Given, KeyCondition
from cumulet.services.dynamodb.expressions import Update as CompiledUpdate
from cumulet.services.dynamodb.partiql import literals
from cumulet.services.dynamodb.partiql.syntax import (
    Between,
    Call,
    Comparison,
    Condition,
    Every,
    Is,
    Not,
    Operand,
    Path,
    Some,
    Sum,
    Truth,
    Update,
    Within,
)
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.values import Value

_SET_CHANGES = {"set_add": "ADD", "set_delete": "DELETE"}


def condition(conditions: Sequence[Condition], parameters: Sequence[Value], kind: str) -> Compiled | None:
    """All of the conditions as one; None for none. `kind` is ConditionExpression or FilterExpression.

    Raises ValidationException."""
    if not conditions:
        return None
    wording = Wording(parameters)
    text = wording.joined(conditions, " AND ")
    return wording.given().condition(text, kind)


def update(statement: Update, parameters: Sequence[Value]) -> CompiledUpdate:
    """What an UPDATE does. Raises ValidationException."""
    wording = Wording(parameters)
    clauses: dict[str, list[str]] = {}
    for path, operand in statement.assignments:
        if isinstance(operand, Call) and operand.name in _SET_CHANGES:
            _check_set_change(path, operand, parameters)
            clause, text = _SET_CHANGES[operand.name], f"{wording.path(path)} {wording.operand(operand.arguments[1])}"
        else:
            clause, text = "SET", f"{wording.path(path)} = {wording.operand(operand)}"
        clauses.setdefault(clause, []).append(text)
    if statement.removals:
        clauses["REMOVE"] = [wording.path(path) for path in statement.removals]
    text = " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items())
    found = wording.given().update(text)
    assert found is not None, "there is a text"
    return found


def key_condition(
    schema: Schema, hash_value: Value, ranged: Condition | None, parameters: Sequence[Value]
) -> KeyCondition:
    """The partition, and what is asked of its sort keys. Raises ValidationException where types do not fit."""
    wording = Wording(parameters)
    text = f"{wording.path(Path((schema.hash,)))} = {wording.value(hash_value)}"
    if ranged is not None:
        text += f" AND {wording.condition(ranged)}"
    found = wording.given().key_condition(text, schema)
    assert found is not None, "there is a text"
    return found


def _check_set_change(path: Path, call: Call, parameters: Sequence[Value]) -> None:
    """Raises ValidationException unless a set is added to, or taken from, the very path that is set."""
    present, change = call.arguments
    if present != path:
        raise ValidationException(f"The first argument to {call.name.upper()} must equal the path that is set")
    if not literals.is_value(change) or next(iter(literals.bound(change, parameters))) not in ("SS", "NS", "BS"):
        raise ValidationException(f"The second argument to {call.name.upper()} must be a set")


class Wording:
    """Texts of expressions, and the names and values that they speak of."""

    def __init__(self, parameters: Sequence[Value]) -> None:
        self._parameters = parameters
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}

    def given(self) -> Given:
        return Given({mark: name for name, mark in self._names.items()} or None, self._values or None)

    def condition(self, said: Condition) -> str:
        match said:
            case Comparison(sign, first, second):
                return f"{self.operand(first)} {sign} {self.operand(second)}"
            case Between(operand, low, high):
                return f"{self.operand(operand)} BETWEEN {self.operand(low)} AND {self.operand(high)}"
            case Within(operand, _):
                choices = literals.choices(said, self._parameters)
                return f"{self.operand(operand)} IN ({', '.join(map(self.operand, choices))})"
            case Is(path, "missing"):
                return f"attribute_not_exists({self.path(path)})"
            case Is(path, _):
                return f"attribute_type({self.path(path)}, {self.value({'S': 'NULL'})})"
            case Truth(call):
                return self.operand(call)
            case Not(denied):
                return f"NOT {self.condition(denied)}"
            case Every(conditions):
                return f"({self.joined(conditions, ' AND ')})"
            case Some(conditions):
                return f"({self.joined(conditions, ' OR ')})"

    def joined(self, conditions: Sequence[Condition], joint: str) -> str:
        return joint.join(self.condition(each) for each in conditions)

    def operand(self, said: Operand) -> str:
        match said:
            case Path():
                return self.path(said)
            case Call(name, arguments):
                return f"{name}({', '.join(map(self.operand, arguments))})"
            case Sum(sign, first, second):
                return f"{self.operand(first)} {sign} {self.operand(second)}"
            case _:
                return self.value(literals.bound(said, self._parameters))

    def path(self, path: Path) -> str:
        first, *rest = path.steps
        steps = [f"[{step}]" if isinstance(step, int) else f".{self._name(step)}" for step in rest]
        return self._name(str(first)) + "".join(steps)

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f"#{len(self._names)}")

    def value(self, value: Value) -> str:
        mark = f":{len(self._values)}"
        self._values[mark] = value
        return mark
