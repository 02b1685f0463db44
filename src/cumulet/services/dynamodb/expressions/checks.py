"""What expressions ask of the values of a request, before any item is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cumulet.services.dynamodb.expressions import comparisons
from cumulet.services.dynamodb.expressions.paths import Values
from cumulet.services.dynamodb.expressions.tokens import refuse
from cumulet.services.dynamodb.values import Value

Check: TypeAlias = Callable[[Values], None]
"""Refuses values that the expression has no use for."""

TYPES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")


def wrong_type(function: str, kind: str) -> str:
    return f"Incorrect operand type for operator or function; operator or function: {function}, operand type: {kind}"


def type_check(kind: str, name: str, function: str, allowed: frozenset[str]) -> Check:
    def check(values: Values) -> None:
        actual = next(iter(values[name]))
        if actual not in allowed:
            refuse(kind, wrong_type(function, actual))

    return check


def type_name_check(kind: str, name: str) -> Check:
    def check(values: Values) -> None:
        wanted = values[name]["S"]
        if wanted not in TYPES:
            refuse(kind, f"Invalid attribute type name found; type: {wanted}, valid types: {{{','.join(TYPES)}}}")

    return check


def bounds_check(kind: str, low: str, high: str) -> Check:
    def check(values: Values) -> None:
        lower, upper = values[low], values[high]
        bounds = f"lower bound operand: {_written(lower)}, upper bound operand: {_written(upper)}"
        if lower.keys() != upper.keys():
            refuse(kind, f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}")
        if comparisons.ordinal(lower) > comparisons.ordinal(upper):
            refuse(
                kind,
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " + bounds,
            )

    return check


def _written(value: Value) -> str:
    ((kind, content),) = value.items()
    return f"AttributeValue: {{{kind}:{content}}}"
