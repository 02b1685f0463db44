"""What the parser makes of an expression."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

Steps: TypeAlias = tuple[str | int, ...]
"""The way into an item: an attribute, then members of maps and places in lists."""


class Path(NamedTuple):
    """As written: a step that begins with # stands for another name."""

    steps: Steps


class Given(NamedTuple):
    """A value that comes with the request, as :v."""

    name: str


class Call(NamedTuple):
    function: str
    operands: tuple[Operand, ...]


class Arithmetic(NamedTuple):
    sign: str
    left: Operand
    right: Operand


class Comparison(NamedTuple):
    sign: str
    left: Operand
    right: Operand


class Between(NamedTuple):
    operand: Operand
    low: Operand
    high: Operand


class In(NamedTuple):
    operand: Operand
    options: tuple[Operand, ...]


class Not(NamedTuple):
    condition: Condition


class All(NamedTuple):
    """Conditions joined by AND."""

    parts: tuple[Condition, ...]


class Either(NamedTuple):
    """Conditions joined by OR."""

    parts: tuple[Condition, ...]


class Action(NamedTuple):
    """One change of an update expression, in its section: SET, REMOVE (without a value), ADD or DELETE."""

    section: str
    path: Path
    value: Operand | Arithmetic | None


Operand: TypeAlias = Path | Given | Call
Condition: TypeAlias = Comparison | Between | In | Not | All | Either | Call
Node: TypeAlias = Operand | Condition
