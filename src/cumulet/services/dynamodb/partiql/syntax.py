"""What a PartiQL statement says, as data."""

from __future__ import annotations

from typing import Any, NamedTuple

from cumulet.services.dynamodb.values import Value


class Path(NamedTuple):
    """An attribute, or a place inside one: names and list indexes."""

    steps: tuple[str | int, ...]


class Literal(NamedTuple):
    value: Value


class Parameter(NamedTuple):
    """The n-th question mark, from 0."""

    number: int


class Nest(NamedTuple):
    """A list, map or set of which some member is a parameter. `kind` is L, M or SET; of maps, members are pairs."""

    kind: str
    members: tuple[Any, ...]


class Call(NamedTuple):
    """A function; its name in lower case."""

    name: str
    arguments: tuple[Any, ...]


class Sum(NamedTuple):
    """Two operands and + or - between them."""

    sign: str
    first: Any
    second: Any


Operand = Path | Literal | Parameter | Nest | Call | Sum


class Comparison(NamedTuple):
    sign: str
    first: Operand
    second: Operand


class Between(NamedTuple):
    operand: Operand
    low: Operand
    high: Operand


class Within(NamedTuple):
    """operand IN a list; the list is written out, or is one operand whose value is a list."""

    operand: Operand
    choices: tuple[Operand, ...] | Operand


class Is(NamedTuple):
    """path IS MISSING, or NULL."""

    path: Path
    what: str


class Truth(NamedTuple):
    """A function that is true or false."""

    call: Call


class Not(NamedTuple):
    condition: Any


class Every(NamedTuple):
    """Conditions joined by AND."""

    conditions: tuple[Any, ...]


class Some(NamedTuple):
    """Conditions joined by OR."""

    conditions: tuple[Any, ...]


Condition = Comparison | Between | Within | Is | Truth | Not | Every | Some


class Select(NamedTuple):
    columns: tuple[Path, ...] | None
    """None for all."""
    table: str
    index: str  # type: ignore[assignment]
    where: Condition | None
    order: tuple[tuple[str, bool], ...]
    """Names of key attributes, and whether downwards."""
    parameters: int
    """How many question marks there are; in every statement."""


class Exists(NamedTuple):
    """A condition of a transaction."""

    table: str
    where: Condition | None
    parameters: int


class Insert(NamedTuple):
    table: str
    item: Operand
    parameters: int


class Update(NamedTuple):
    table: str
    assignments: tuple[tuple[Path, Operand], ...]
    removals: tuple[Path, ...]
    where: Condition | None
    returning: str
    """As UpdateItem calls it: ALL_OLD, UPDATED_NEW and so on; empty without RETURNING."""
    parameters: int


class Delete(NamedTuple):
    table: str
    where: Condition | None
    returning: str
    parameters: int


Statement = Select | Exists | Insert | Update | Delete


def action(statement: Statement) -> str:
    """The permission that a statement needs. Source: Service Authorization Reference, Amazon DynamoDB."""
    return "dynamodb:PartiQL" + ("Select" if isinstance(statement, Exists) else type(statement).__name__)
