"""Attribute values: what may be one, how numbers are written, how much room values take, and how they compare.

A value is as clients write it, with one member named by its type: {"S": "x"}, {"N": "1.5"}, {"B": b".."},
{"M": {...}}. Numbers stay texts, in one canonical form, so that equal numbers are equal texts.

Sources: DynamoDB Developer Guide, "Supported data types and naming rules", "DynamoDB item sizes and formats",
"Constraints"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, localcontext
from functools import lru_cache
from typing import Any

from cumulet.services.dynamodb.errors import ValidationException

Value = dict[str, Any]
Item = dict[str, Value]

LARGEST_ITEM_BYTES = 400 * 1024
DEEPEST = 32
"""Levels of one value, of which the innermost is no list or map: AWS takes 31 maps in one another, not 32."""
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
_DIGITS = 38
_LARGEST_EXPONENT, _SMALLEST_EXPONENT = 125, -130
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_LONGEST_NUMBER = 512
_PLAIN = re.compile(r"-?[1-9][0-9]{0,37}")
_SET_NAMES = {"SS": "string", "NS": "number", "BS": "binary"}
_TYPES = frozenset(("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"))
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
_INVALID = "One or more parameter values were invalid: "
_MAP_OVERHEAD, _ELEMENT_OVERHEAD = 3, 1


def checked_item(item: Mapping[str, Value]) -> Item:
    """The item with its numbers in canonical form. Raises ValidationException."""
    for name in item:
        if not name or len(name) > 65535:
            raise ValidationException(_INVALID + "Attribute name must be at least 1 and at most 65535 characters")
    return {name: checked(value) for name, value in item.items()}


def checked(value: Value, depth: int = 1) -> Value:
    """The value with its numbers in canonical form. Raises ValidationException for what is no value."""
    if len(value) != 1:
        raise ValidationException(SEVERAL if value else EMPTY)
    ((kind, content),) = value.items()
    if kind in ("S", "B", "BOOL"):
        return value
    if kind == "N":
        return {"N": canonical(content)}
    if kind == "NULL":
        if content is not True:
            raise ValidationException(_INVALID + "Null attribute value types must have the value of true")
        return value
    if kind in ("M", "L"):
        return _checked_nest(kind, content, depth)
    if kind in _SET_NAMES:
        return {kind: _checked_set(kind, content)}
    raise ValidationException(EMPTY)


def _checked_nest(kind: str, content: Any, depth: int) -> Value:
    if depth >= DEEPEST:
        raise ValidationException(TOO_DEEP)
    if kind == "M":
        return {"M": {name: checked(each, depth + 1) for name, each in content.items()}}
    return {"L": [checked(each, depth + 1) for each in content]}


def _checked_set(kind: str, content: list[Any]) -> list[Any]:
    if not content:
        raise ValidationException(f"{_INVALID}An {_SET_NAMES[kind]} set  may not be empty")
    members = [canonical(each) for each in content] if kind == "NS" else list(content)
    if len(set(members)) < len(members):
        if kind == "BS":
            raise ValidationException(_INVALID + "Input collection of BS contains duplicates.")
        if kind == "NS":
            raise ValidationException("Input collection contains duplicates")
        raise ValidationException(f"{_INVALID}Input collection [{', '.join(content)}] contains duplicates.")
    return members


# Numbers


def canonical(text: str) -> str:
    """A number as DynamoDB writes it: plain, without needless zeros. Raises ValidationException."""
    return text if len(text) <= _DIGITS and _PLAIN.fullmatch(text) else _canonical(text)


@lru_cache(maxsize=8192)
def _canonical(text: str) -> str:
    return written(number(text))


def number(text: str) -> Decimal:
    """Raises ValidationException for what is no number, or outside of 38 digits and ±1E-130 to 9.99...E+125."""
    stripped = text.strip(" ")
    if len(stripped) > _LONGEST_NUMBER or not _NUMBER.fullmatch(stripped):
        if not stripped:
            raise ValidationException("The parameter cannot be converted to a numeric value")
        raise ValidationException(f"The parameter cannot be converted to a numeric value: {text[:_LONGEST_NUMBER]}")
    return in_range(Decimal(stripped))


def in_range(value: Decimal) -> Decimal:
    """Raises ValidationException for a number that DynamoDB cannot hold."""
    if not value:
        return Decimal(0)
    if value.adjusted() > _LARGEST_EXPONENT:
        raise ValidationException(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if value.adjusted() < _SMALLEST_EXPONENT:
        raise ValidationException(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    if len("".join(map(str, value.as_tuple().digits)).strip("0")) > _DIGITS:
        raise ValidationException("Attempting to store more than 38 significant digits in a Number")
    return value


def written(value: Decimal) -> str:
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def add(first: str, second: str, *, subtract: bool = False) -> str:
    """The sum, or difference, of two canonical numbers. Raises ValidationException beyond 38 digits."""
    if len(first) < 16 and len(second) < 16 and "." not in first and "." not in second:
        return str(int(first) - int(second) if subtract else int(first) + int(second))
    with localcontext(Context(prec=_DIGITS)) as context:
        context.clear_flags()
        result = Decimal(first) - Decimal(second) if subtract else Decimal(first) + Decimal(second)
        if context.flags[Inexact]:
            raise ValidationException("Attempting to store more than 38 significant digits in a Number")
    return written(in_range(result))


# Room


def item_size(item: Mapping[str, Value]) -> int:
    """Bytes as AWS counts them: names in UTF-8 and values."""
    total = 0
    for name, value in item.items():
        text = value.get("S")
        total += len(name) if name.isascii() else len(name.encode())
        if text is None:
            total += size(value)
        else:
            total += len(text) if text.isascii() else len(text.encode())
    return total


def size(value: Value) -> int:
    """Bytes of one value: text in UTF-8, about half a byte a digit, three and more for lists and maps."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return _text_size(content)
        case "N":
            return number_size(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return _MAP_OVERHEAD + sum(_ELEMENT_OVERHEAD + _text_size(k) + size(v) for k, v in content.items())
        case "L":
            return _MAP_OVERHEAD + sum(_ELEMENT_OVERHEAD + size(each) for each in content)
        case "SS":
            return sum(_text_size(each) for each in content)
        case "NS":
            return sum(number_size(each) for each in content)
        case _:
            return sum(len(each) for each in content)


def number_size(text: str) -> int:
    """Two digits take a byte, and the number one more; a sign takes another."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


# Comparison


def same(first: Value, second: Value) -> bool:
    """Whether two values are equal; sets in whatever order."""
    if first == second:
        return True
    kind = next(iter(first))
    if kind not in second:
        return False
    if kind in _SET_NAMES:
        return set(first[kind]) == set(second[kind])
    if kind == "M":
        return first["M"].keys() == second["M"].keys() and all(same(v, second["M"][k]) for k, v in first["M"].items())
    if kind == "L":
        return len(first["L"]) == len(second["L"]) and all(map(same, first["L"], second["L"]))
    return False


def ordinal(value: Value) -> Any:
    """What orders values of one scalar type: S by UTF-8 bytes, N by size, B by unsigned bytes; None for others."""
    ((kind, content),) = value.items()
    if kind == "S":
        return content.encode()
    if kind == "N":
        return Decimal(content)
    return content if kind == "B" else None


def is_value(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _TYPES


# Keys


def sortable(value: Value) -> bytes:
    """Bytes that sort as the values of a key do. Values of one type only are ever compared."""
    ((kind, content),) = value.items()
    if kind == "S":
        encoded: bytes = content.encode()
        return encoded
    return _sortable_number(content) if kind == "N" else bytes(content)


@lru_cache(maxsize=8192)
def _sortable_number(text: str) -> bytes:
    """Sign, power of ten, digits; of negative numbers the complement, closed by a byte above all digits."""
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int), "a finite number"
    stripped = bytes(digits).rstrip(b"\0")
    if not stripped:
        return b"\1"
    power = (len(digits) + exponent + 1000).to_bytes(2, "big")
    body = power + bytes(digit + 1 for digit in stripped)
    return b"\0" + bytes(255 - each for each in body) + b"\xff" if sign else b"\2" + body
