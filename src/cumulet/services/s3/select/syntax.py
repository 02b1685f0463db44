"""What a parsed query consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a query spells it; quoted names mind their case."""

    text: str
    quoted: bool = False

    def matches(self, other: str) -> bool:
        return self.text == other if self.quoted else self.text.lower() == other.lower()


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`[*]` for the items of a list, `.*` for the values of a struct."""

    of_list: bool


Step = Name | int | Wildcard


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Path:
    root: Name
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list of expressions, `[1, 2]`, or what stands in the parentheses of IN."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, applied from left to right: however long the chain, it nests no deeper."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator that is not a chain: `not`, `negate`, `like`, `between`, `in`, `is`, ..."""

    function: str
    arguments: tuple[Expression, ...]
    detail: Any = None
    """The date part, type, trim side or kind of IS that is named and not computed."""


@dataclass(frozen=True, slots=True)
class Case:
    operand: Expression | None
    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    function: str
    argument: Expression | None
    """None in COUNT(*)."""


Expression = Literal | Path | Items | Chain | Call | Case | Aggregate


@dataclass(frozen=True, slots=True)
class Column:
    expression: Expression
    alias: str | None


@dataclass(frozen=True, slots=True)
class Query:
    columns: tuple[Column, ...] | None
    """None for `*`."""
    path: tuple[Step, ...]
    """What follows `S3Object[*]` in FROM."""
    alias: Name | None
    where: Expression | None
    limit: int | None
