"""How values compare, as functions of an item and the request's values.

What is missing, or of another type than asked for, compares to nothing: the answer is false, never an error."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from cumulet.services.dynamodb import values as attribute
from cumulet.services.dynamodb.expressions.paths import Read, Values
from cumulet.services.dynamodb.values import Item, Value

Test: TypeAlias = Callable[[Item, Values], bool]

ORDERED = frozenset(("S", "N", "B"))
SIZED = frozenset(("S", "B", "SS", "NS", "BS", "L", "M"))


def every(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda item, values: first(item, values) and second(item, values)

    def test(item: Item, values: Values) -> bool:
        for each in tests:  # noqa: SIM110 - twice as fast as all()
            if not each(item, values):
                return False
        return True

    return test


def some(tests: tuple[Test, ...]) -> Test:
    def test(item: Item, values: Values) -> bool:
        for each in tests:  # noqa: SIM110
            if each(item, values):
                return True
        return False

    return test


def equal(first: Read, second: Read) -> Test:
    def test(item: Item, values: Values) -> bool:
        left, right = first(item, values), second(item, values)
        return left is not None and right is not None and (left == right or attribute.same(left, right))

    return test


def different(first: Read, second: Read) -> Test:
    """The opposite of "=", also of attributes that are missing."""
    same = equal(first, second)
    return lambda item, values: not same(item, values)


def ordered(compare: Callable[[Any, Any], bool], first: Read, second: Read) -> Test:
    def test(item: Item, values: Values) -> bool:
        left, right = first(item, values), second(item, values)
        if left is None or right is None:
            return False
        ((kind, content),) = left.items()
        if kind not in right or kind not in ORDERED:
            return False
        return compare(_number(content), _number(right["N"])) if kind == "N" else compare(content, right[kind])

    return test


def ordinal(value: Value) -> Any:
    """Texts are in the order of their bytes in UTF-8 as they are."""
    ((kind, content),) = value.items()
    return _number(content) if kind == "N" else content


def _number(text: str) -> int | Decimal:
    return int(text) if len(text) < 16 and "." not in text else Decimal(text)


def size(measured: Read) -> Read:
    def read(item: Item, values: Values) -> Value | None:
        found = measured(item, values)
        if found is None:
            return None
        ((kind, content),) = found.items()
        if kind == "S":
            return {
                "N": str(len(content) if content.isascii() else len(content.encode("utf-16-le", "surrogatepass")) // 2)
            }
        return {"N": str(len(content))} if kind in SIZED else None

    return read


def contains(found: Value, wanted: Value) -> bool:
    ((kind, content),) = found.items()
    if kind in ("S", "B"):
        return kind in wanted and wanted[kind] in content
    if kind == "L":
        return any(attribute.same(each, wanted) for each in content)
    return kind in ("SS", "NS", "BS") and wanted.get(kind[0]) in content
