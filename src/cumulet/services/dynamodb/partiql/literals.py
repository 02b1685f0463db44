"""Values as PartiQL writes them: 1, [1, 'a'], {'name': ?}, <<1, 2>>.

What holds no parameter is a value already when the statement is parsed; the rest is made when it is bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from cumulet.services.dynamodb import values
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql.syntax import Literal, Nest, Operand, Parameter, Within
from cumulet.services.dynamodb.values import Value

_SET_OF = {"S": "SS", "N": "NS", "B": "BS"}


def number(text: str) -> Literal:
    return Literal({"N": values.canonical(text)})


def listed(members: tuple[Operand, ...]) -> Literal | Nest:
    return _made(Nest("L", members), members)


def gathered(members: tuple[Operand, ...]) -> Literal | Nest:
    return _made(Nest("SET", members), members)


def mapped(pairs: tuple[tuple[str, Operand], ...]) -> Literal | Nest:
    return _made(Nest("M", pairs), tuple(operand for _, operand in pairs))


def _made(nest: Nest, members: Sequence[Operand]) -> Literal | Nest:
    return Literal(bound(nest, ())) if all(isinstance(member, Literal) for member in members) else nest


def is_value(operand: Any) -> bool:
    """Whether an operand is a value that the request gives, not one of the item's."""
    return isinstance(operand, Literal | Parameter | Nest)


def bound(operand: Operand, parameters: Sequence[Value]) -> Value:
    """The value of an operand that the request gives. Raises ValidationException."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Parameter):
        return parameters[operand.number]
    if not isinstance(operand, Nest):
        raise ValidationException("Unsupported value: an attribute or a function cannot stand inside of a value")
    if operand.kind == "M":
        return {"M": {name: bound(member, parameters) for name, member in operand.members}}
    found = [bound(member, parameters) for member in operand.members]
    return {"L": found} if operand.kind == "L" else _set(found)


def _set(members: list[Value]) -> Value:
    kinds = {next(iter(member)) for member in members}
    if not members:
        raise ValidationException("One or more parameter values were invalid: An set  may not be empty")
    if len(kinds) > 1 or not kinds <= _SET_OF.keys():
        raise ValidationException("One or more parameter values were invalid: a set has members of one scalar type")
    kind = kinds.pop()
    return values.checked({_SET_OF[kind]: [member[kind] for member in members]})


def choices(within: Within, parameters: Sequence[Value]) -> tuple[Operand, ...]:
    """What stands on the right side of IN: what is written there, or the members of the list that it is.

    Raises ValidationException."""
    if type(within.choices) is tuple:  # operands are tuples too, but named ones
        return cast(tuple[Operand, ...], within.choices)
    found = bound(cast(Operand, within.choices), parameters)
    if "L" not in found or not found["L"]:
        raise ValidationException("Unsupported operand of IN: it must be a list that is not empty")
    return tuple(Literal(member) for member in found["L"])
