"""The format patterns of TO_STRING and TO_TIMESTAMP: `y-MM-dd''T''H:m:ssX` and their kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from . import errors, timestamps
from .timestamps import Timestamp

_MAXIMUM_PATTERN = 1_000

_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def _zone(moment: Timestamp, letters: str) -> str:
    separator = ":" if len(letters) in (3, 5) else ""
    text = moment.zone(separator, "Z" if letters[0] == "X" else "")
    short = len(letters) == 1 and text[-2:] == "00"
    return text[:3] if short else text


def _hour12(moment: Timestamp) -> int:
    return moment.local.hour % 12 or 12


_MONTHS: tuple[str, ...] = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip

# What each run of letters writes. The lengths are those that the SQL reference lists.
_WRITE: dict[str, Callable[[Timestamp], str]] = {
    "y": lambda t: str(t.local.year),
    "yy": lambda t: f"{t.local.year % 100:02}",
    "yyy": lambda t: f"{t.local.year:03}",
    "yyyy": lambda t: f"{t.local.year:04}",
    "M": lambda t: str(t.local.month),
    "MM": lambda t: f"{t.local.month:02}",
    "MMM": lambda t: _MONTHS[t.local.month][:3],
    "MMMM": lambda t: _MONTHS[t.local.month],
    "MMMMM": lambda t: _MONTHS[t.local.month][:1],
    "d": lambda t: str(t.local.day),
    "dd": lambda t: f"{t.local.day:02}",
    "a": lambda t: "PM" if t.local.hour >= 12 else "AM",
    "h": lambda t: str(_hour12(t)),
    "hh": lambda t: f"{_hour12(t):02}",
    "H": lambda t: str(t.local.hour),
    "HH": lambda t: f"{t.local.hour:02}",
    "m": lambda t: str(t.local.minute),
    "mm": lambda t: f"{t.local.minute:02}",
    "s": lambda t: str(t.local.second),
    "ss": lambda t: f"{t.local.second:02}",
    "n": lambda t: str(int(t.fraction[:9].ljust(9, "0"))),
}
# What each run of letters reads: the field it fills and the text it accepts.
_READ = {
    "y": ("year", r"\d{1,4}"), "yyyy": ("year", r"\d{4}"), "yy": ("short_year", r"\d{2}"),
    "M": ("month", r"\d{1,2}"), "MM": ("month", r"\d{2}"),
    "MMM": ("month_name", r"[A-Za-z]{3}"), "MMMM": ("month_name", r"[A-Za-z]{3,9}"),
    "d": ("day", r"\d{1,2}"), "dd": ("day", r"\d{2}"), "a": ("half", r"[AaPp][Mm]"),
    "h": ("hour12", r"\d{1,2}"), "hh": ("hour12", r"\d{2}"),
    "H": ("hour", r"\d{1,2}"), "HH": ("hour", r"\d{2}"),
    "m": ("minute", r"\d{1,2}"), "mm": ("minute", r"\d{2}"),
    "s": ("second", r"\d{1,2}"), "ss": ("second", r"\d{2}"), "n": ("nano", r"\d{1,9}"),
}  # fmt: skip
_SAME_FIELD = {"short_year": "year", "month_name": "month", "hour12": "hour", "nano": "fraction"}


def write(moment: Timestamp, pattern: str) -> str:
    """TO_STRING: the moment in the pattern's form."""
    return "".join(piece if isinstance(piece, str) else piece(moment) for piece in _writer(pattern))


@lru_cache(maxsize=64)
def _writer(pattern: str) -> tuple[str | Callable[[Timestamp], str], ...]:
    return tuple(_write_one(letters) if letters else text for letters, text in _tokens(pattern))


def _write_one(letters: str) -> Callable[[Timestamp], str]:
    if letters in _WRITE:
        return _WRITE[letters]
    if letters[0] == "S" and len(letters) <= 9:
        return lambda t: t.fraction[: len(letters)].ljust(len(letters), "0")
    if letters[0] in "xX" and len(letters) <= 5:
        return lambda t: _zone(t, letters)
    if letters[0] in "yMdahHmsnSxX":
        raise errors.EvaluatorInvalidTimestampFormatPatternToken
    raise errors.EvaluatorInvalidTimestampFormatPatternSymbol


def _tokens(pattern: str) -> list[tuple[str, str]]:
    """Pairs of (letters, "") or ("", literal text)."""
    if len(pattern) > _MAXIMUM_PATTERN:
        raise errors.EvaluatorInvalidTimestampFormatPattern
    tokens, at = [], 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise errors.EvaluatorUnterminatedTimestampFormatPatternToken
        if found[2]:
            tokens.append((found[0], ""))
        else:
            tokens.append(("", found[0] if found[1] is None else found[1].replace("''", "'") or "'"))
        at = found.end()
    return tokens


def read(text: str, pattern: str) -> Timestamp:
    """TO_TIMESTAMP with a pattern. Raises ValueParseFailure when the text is not in the pattern's form."""
    found = _reader(pattern).fullmatch(text)
    moment = found and _build(found.groupdict())
    if not moment:
        raise errors.ValueParseFailure
    return moment


@lru_cache(maxsize=64)
def _reader(pattern: str) -> re.Pattern[str]:
    expression, fields = "", set()
    for letters, literal in _tokens(pattern):
        if literal:
            expression += re.escape(literal)
            continue
        _write_one(letters)  # refuses what no pattern may hold
        name, accepted = _read_one(letters)
        field = _SAME_FIELD.get(name, name)
        if field in fields:
            raise errors.EvaluatorTimestampFormatPatternDuplicateFields
        fields.add(field)
        expression += f"(?P<{name}>{accepted})"
    if ("(?P<hour12>" in expression) != ("half" in fields):
        raise errors.EvaluatorTimestampFormatPatternHourClockAmPmMismatch
    if "year" not in fields:
        raise errors.EvaluatorInvalidTimestampFormatPattern
    return re.compile(expression, re.ASCII)


def _read_one(letters: str) -> tuple[str, str]:
    if letters in _READ:
        return _READ[letters]
    if letters[0] == "S":
        return "fraction", rf"\d{{{len(letters)}}}"
    if letters[0] in "xX":
        colon = ":" if len(letters) in (3, 5) else ""
        minutes = rf"(?:{colon}\d\d)" + ("?" if len(letters) == 1 else "")
        return "zone", rf"[+-]\d\d{minutes}" + ("|Z" if letters[0] == "X" else "")
    raise errors.EvaluatorInvalidTimestampFormatPatternSymbolForParsing


def _build(given: dict[str, str]) -> Timestamp | None:
    year = int(given.get("year") or 0)
    if "short_year" in given:
        short = int(given["short_year"])
        year = short + (1900 if short >= 70 else 2000)
    month = int(given.get("month") or 1)
    if "month_name" in given:
        month = _month(given["month_name"])
    hour = int(given.get("hour") or 0)
    if "hour12" in given:
        hour = int(given["hour12"]) % 12 + 12 * (given["half"].upper() == "PM")
        if not 1 <= int(given["hour12"]) <= 12:
            return None
    offset = timestamps.parse_offset(given["zone"]) if "zone" in given else None
    if offset is False:
        return None
    fraction = given.get("fraction") or given.get("nano", "").zfill(9) if {"fraction", "nano"} & given.keys() else ""
    fields = [year, month, int(given.get("day") or 1), hour, int(given.get("minute") or 0)]
    return timestamps.build([*fields, int(given.get("second") or 0)], _precision(given), fraction, offset)


def _precision(given: dict[str, str]) -> int:
    finest = [("second", 5), ("fraction", 5), ("nano", 5), ("minute", 4), ("hour", 4), ("hour12", 4), ("day", 2)]
    finest += [("month", 1), ("month_name", 1)]
    return next((precision for name, precision in finest if name in given), 0)


def _month(name: str) -> int:
    for number in range(1, 13):
        if name.lower() in (_MONTHS[number].lower(), _MONTHS[number][:3].lower()):
            return number
    return 0  # the calendar has none, so the text does not parse
