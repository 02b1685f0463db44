"""The scalar functions. Unless it says otherwise a function of NULL is NULL and of MISSING is MISSING."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import errors, patterns, timestamps, values
from .like import matches
from .timestamps import Timestamp
from .values import MISSING, is_unknown

_MAXIMUM_TRIMMED = 1_000
"""Kinds of characters for TRIM; each one of the text may be compared with each of these."""


def propagating(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called only when every argument is known."""

    def known(*arguments: Any) -> Any:
        for argument in arguments:
            if argument is MISSING:
                return MISSING
        for argument in arguments:
            if argument is None:
                return None
        return function(*arguments)

    return known


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise errors.IncorrectSqlFunctionArgumentType(f"Expected a string, not {values.name(value)}.")
    return value


def _moment(value: Any) -> Timestamp:
    if not isinstance(value, Timestamp):
        raise errors.IncorrectSqlFunctionArgumentType(f"Expected a timestamp, not {values.name(value)}.")
    return value


def coalesce(*arguments: Any) -> Any:
    """The first known argument, else NULL."""
    return next((argument for argument in arguments if not is_unknown(argument)), None)


def nullif(first: Any, second: Any) -> Any:
    """NULL if both are the same, else the first; a missing first counts as NULL."""
    if is_unknown(first):
        return None
    return None if not is_unknown(second) and values.equal(first, second) else first


def like(value: Any, pattern: Any, *escape: Any) -> bool:
    if not all(isinstance(argument, str) for argument in (value, pattern, *escape)):
        raise errors.LikeInvalidInputs
    return matches(value, pattern, *escape)


def substring(text: Any, start: Any, length: Any = None) -> str:
    """Characters from `start`, which counts from 1; positions before the text use up the length.

    Source: SQL Reference for S3 Select, SUBSTRING."""
    begin = values.whole(start)
    if length is None:
        return _string(text)[max(begin, 1) - 1 :]
    count = values.whole(length)
    if count < 0:
        raise errors.EvaluatorInvalidArguments("The length of SUBSTRING must not be negative.")
    return _string(text)[max(begin, 1) - 1 : max(begin - 1 + count, 0)]


def trim(side: str, text: Any, characters: Any = " ") -> str:
    if len(_string(characters)) > _MAXIMUM_TRIMMED:
        raise errors.EvaluatorInvalidArguments(f"TRIM removes at most {_MAXIMUM_TRIMMED} characters.")
    strip = {"leading": str.lstrip, "trailing": str.rstrip, "both": str.strip}[side]
    return strip(_string(text), characters) if characters else _string(text)


def char_length(text: Any) -> int:
    return len(_string(text))


def lower(text: Any) -> str:
    return _string(text).lower()


def upper(text: Any) -> str:
    return _string(text).upper()


def to_string(moment: Any, pattern: Any) -> str:
    return patterns.write(_moment(moment), _string(pattern))


def to_timestamp(text: Any, pattern: Any = None) -> Timestamp:
    if pattern is not None:
        return patterns.read(_string(text), _string(pattern))
    moment = timestamps.parse(_string(text))
    if moment is None:
        raise errors.ValueParseFailure
    return moment


def date_add(part: str, quantity: Any, moment: Any) -> Timestamp:
    return timestamps.add(part, values.whole(quantity), _moment(moment))


def date_diff(part: str, first: Any, second: Any) -> int:
    return timestamps.difference(part, _moment(first), _moment(second))


def extract(part: str, moment: Any) -> Any:
    return timestamps.extract(part, _moment(moment))


PLAIN: dict[str, Callable[..., Any]] = {
    "char_length": propagating(char_length),
    "character_length": propagating(char_length),
    "coalesce": coalesce,
    "like": propagating(like),
    "lower": propagating(lower),
    "negate": values.negate,
    "nullif": nullif,
    "substring": propagating(substring),
    "to_string": propagating(to_string),
    "to_timestamp": propagating(to_timestamp),
    "upper": propagating(upper),
}
"""By the name the parser gives the call."""

DETAILED: dict[str, Callable[..., Any]] = {
    "date_add": date_add,
    "date_diff": date_diff,
    "extract": extract,
    "trim": trim,
}
"""Functions whose first argument is a word of the query: a date part or a side."""
