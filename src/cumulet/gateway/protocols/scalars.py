"""Simple values as text: in headers, paths, query strings, forms and XML."""

from __future__ import annotations

import math
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any

from cumulet.gateway.protocols import timestamps
from cumulet.gateway.protocols.codec import Convert
from cumulet.gateway.protocols.timestamps import Fraction
from cumulet.kernel.models import Shape

_INTEGER = re.compile(r"[+-]?\d{1,25}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d{1,400}\.?\d{0,400}|\.\d{1,400})([eE][+-]?\d{1,4})?", re.ASCII)
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def reader(shape: Shape) -> Convert:
    """The function that reads a value of this shape from text; it raises ValueError."""
    return _READERS.get(shape["type"], string)


def writer(shape: Shape, timestamp_format: str, fraction: Fraction = Fraction.AS_IT_IS) -> Convert:
    """The function that writes a value of this shape as text."""
    kind = shape["type"]
    if kind == "timestamp":
        write = timestamps.writer(shape.get("timestampFormat", timestamp_format), fraction)
        return lambda value: str(write(value))
    return _WRITERS.get(kind, str)


def string(text: str) -> str:
    return text


def integer(text: str) -> int:
    text = text.strip()
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not an integer")
    return in_64_bits(int(text))


def in_64_bits(value: int) -> int:
    """The integer itself: AWS has no larger ones. Raises ValueError."""
    if not -(2**63) <= value < 2**63:
        raise ValueError("Integer out of range")
    return value


def number(text: str) -> float:
    text = text.strip()
    if text in _SPECIAL:
        return _SPECIAL[text]
    if not _FLOAT.fullmatch(text):
        raise ValueError(f"{_shown(text)} is not a number")
    return float(text)


def boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in ("true", "1"):
        return True
    if lowered in ("false", "0"):
        return False
    raise ValueError(f"{_shown(text)} is not a boolean")


def blob(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (Base64Error, ValueError) as problem:
        raise ValueError("Invalid base64 data") from problem


def from_blob(value: Any) -> str:
    return b64encode(value.encode() if isinstance(value, str) else value).decode()


def from_number(value: Any) -> str:
    """A float as AWS writes it; what is not finite has names."""
    if isinstance(value, float) and not math.isfinite(value):
        return special(value)
    return str(value)


def special(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def from_boolean(value: Any) -> str:
    return "true" if value else "false"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "...")


_READERS: dict[str, Convert] = {
    "string": string,
    "integer": integer,
    "long": integer,
    "boolean": boolean,
    "float": number,
    "double": number,
    "timestamp": timestamps.from_text,
    "blob": blob,
}
_WRITERS: dict[str, Convert] = {
    "string": str,
    "boolean": from_boolean,
    "float": from_number,
    "double": from_number,
    "blob": from_blob,
}
