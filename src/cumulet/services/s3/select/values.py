"""Values of a query: how they compare, calculate and convert.

A value is None (NULL), MISSING, bool, int (64 bits), float, Decimal (38 digits), str, Timestamp, list or dict.
Data is never converted silently: what a CSV holds is text until CAST says otherwise
(SQL Reference for S3 Select, Data types).
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Context, Decimal, DecimalException
from typing import Any, Final

import msgspec

from . import errors, timestamps
from .timestamps import Timestamp


class Missing:
    """What a path that leads nowhere has for a value; the only one is MISSING."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
ORDERED = (int, float, Decimal, Timestamp)
"""The types MIN and MAX take, beside bool, which is an int to Python alone."""

MAXIMUM_TEXT = 1_000_000
"""Characters of one column of a result (1 MB, ColumnTooLong)."""

_DECIMALS = Context(prec=38)
_NESTED = msgspec.json.Encoder(decimal_format="number", enc_hook=str)  # str: timestamps
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)

_KINDS: dict[type, str] = {
    bool: "bool", int: "number", float: "number", Decimal: "number", str: "string", Timestamp: "timestamp",
    list: "list", dict: "struct",
}  # fmt: skip


def is_unknown(value: Any) -> bool:
    return value is None or value is MISSING


def equal(left: Any, right: Any) -> bool:
    """Whether two known values are the same; values of different kinds never are (true is not 1)."""
    kind = _KINDS[type(left)]
    if kind != _KINDS[type(right)]:
        return False
    if kind == "list":
        return len(left) == len(right) and all(map(same, left, right))
    if kind == "struct":
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def same(left: Any, right: Any) -> bool:
    """As `equal`, but NULL inside a list or struct is the same as NULL."""
    if is_unknown(left) or is_unknown(right):
        return left is right
    return equal(left, right)


def less(left: Any, right: Any) -> bool:
    """Order two known values. Raises EvaluatorInvalidArguments where there is none."""
    kind = _KINDS[type(left)]
    if kind != _KINDS[type(right)] or kind in ("list", "struct"):
        raise errors.EvaluatorInvalidArguments(
            f"Cannot compare a value of type {name(left)} with one of type {name(right)}. CAST one of them."
        )
    return bool(left < right)


def name(value: Any) -> str:
    """The type's name for messages."""
    if is_unknown(value):
        return "missing" if value is MISSING else "null"
    return {int: "int", float: "float", Decimal: "decimal"}.get(type(value), _KINDS[type(value)])


def calculate(symbol: str, left: Any, right: Any) -> Any:
    """One of + - * / % on two known numbers, or || on two known strings.

    Integers stay integers, as in most SQL: 7 / 2 is 3. Raises IntegerOverflow, EvaluatorInvalidArguments,
    ColumnTooLong."""
    if symbol == "||":
        return _concatenate(left, right)
    if _KINDS[type(left)] != "number" or _KINDS[type(right)] != "number":
        raise errors.EvaluatorInvalidArguments(
            f"The operator {symbol} takes numbers, not {name(left)} and {name(right)}. CAST them."
        )
    if symbol in "/%" and not right:
        raise errors.EvaluatorInvalidArguments("Division by zero.")
    try:
        if isinstance(left, float) or isinstance(right, float):
            return _finite(_FLOAT[symbol](float(left), float(right)))
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return _DECIMAL[symbol](left, right)
        return in_range(_WHOLE[symbol](left, right))
    except (DecimalException, OverflowError, ValueError):
        raise errors.EvaluatorInvalidArguments("The result of the calculation is out of range.") from None


def negate(value: Any) -> Any:
    if is_unknown(value):
        return value
    return calculate("-", 0, value)


def in_range(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise errors.IntegerOverflow
    return value


def _finite(value: float) -> float:
    if value - value != 0:  # infinities and NaN have no place in SQL, CSV or JSON
        raise OverflowError
    return value


def _concatenate(left: Any, right: Any) -> str:
    if not (isinstance(left, str) and isinstance(right, str)):
        raise errors.EvaluatorInvalidArguments(
            f"The operator || takes strings, not {name(left)} and {name(right)}. CAST them."
        )
    if len(left) + len(right) > MAXIMUM_TEXT:
        raise errors.ColumnTooLong
    return left + right


def _quotient(left: int, right: int) -> int:
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


_WHOLE: dict[str, Any] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "/": _quotient,
    "%": lambda left, right: left - right * _quotient(left, right),
}
_DECIMAL: dict[str, Any] = {
    "+": _DECIMALS.add,
    "-": _DECIMALS.subtract,
    "*": _DECIMALS.multiply,
    "/": _DECIMALS.divide,
    "%": _DECIMALS.remainder,
}
_FLOAT: dict[str, Any] = {
    "+": float.__add__,
    "-": float.__sub__,
    "*": float.__mul__,
    "/": float.__truediv__,
    "%": lambda left, right: left - right * int(left / right),
}


def cast(value: Any, kind: str) -> Any:
    """CAST; NULL and MISSING stay what they are. Raises CastFailed."""
    if is_unknown(value):
        return value
    try:
        return _CASTS[kind](value)
    except (ValueError, OverflowError, DecimalException, KeyError, TypeError):
        raise errors.CastFailed(f"CAST cannot make {kind} of the {name(value)} {text(value)[:50]!r}.") from None


def _to_bool(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    return bool(_only(value, "bool", "number"))


def _to_int(value: Any) -> int:
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value):
            raise ValueError
        return _int64(int(value))
    if isinstance(value, Decimal) and value.adjusted() > 20:
        raise OverflowError  # before int() writes out a number of a billion digits
    return _int64(int(_only(value, "bool", "number")))


def _int64(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise OverflowError
    return value


def _to_float(value: Any) -> float:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError
    return _finite(float(_only(value, "bool", "number", "string")))


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, str) and (len(value) > 1000 or not _NUMBER.fullmatch(value)):
        raise ValueError
    if isinstance(value, float):
        value = repr(value)
    return _DECIMALS.create_decimal(_only(value, "bool", "number", "string"))


def _to_timestamp(value: Any) -> Timestamp:
    if isinstance(value, Timestamp):
        return value
    moment = timestamps.parse(_only(value, "string"))
    if moment is None:
        raise ValueError
    return moment


def _only(value: Any, *kinds: str) -> Any:
    if _KINDS[type(value)] not in kinds:
        raise TypeError
    return value


def _to_string(value: Any) -> str:
    return text(_only(value, "bool", "number", "string", "timestamp"))


_CASTS = {
    "bool": _to_bool,
    "int": _to_int,
    "float": _to_float,
    "decimal": _to_decimal,
    "string": _to_string,
    "timestamp": _to_timestamp,
}


def text(value: Any) -> str:
    """A value as CSV shows it: nothing for NULL and MISSING, JSON for what has parts."""
    kind = type(value)
    if kind is str:
        return str(value)
    if is_unknown(value):
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is Decimal:
        return number(value)
    if kind in (list, dict):
        return _NESTED.encode(value).decode()
    return str(value)


def number(value: Decimal) -> str:
    """Digits without an exponent as long as that stays readable."""
    return f"{value:f}" if -30 < value.adjusted() < 40 and int(value.as_tuple().exponent) > -60 else str(value)


def whole(value: Any) -> int:
    """An argument that must be an integer. Raises IncorrectSqlFunctionArgumentType."""
    if type(value) is int:
        return value
    if isinstance(value, Decimal) and value.adjusted() < 19 and value == value.to_integral_value(ROUND_DOWN):
        return int(value)
    raise errors.IncorrectSqlFunctionArgumentType(f"Expected an integer, not {name(value)}.")
