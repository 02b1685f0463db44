"""Records on their way out: CSV lines or JSON objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from . import errors, values
from .csv import character, delimiter
from .values import MISSING

Fields = list[tuple[str, Any]]
"""A result's columns, in order, by name."""
Writer = Callable[[Fields], str]

_JSON = msgspec.json.Encoder(decimal_format="number", enc_hook=str)  # str: timestamps


def writer(serialization: dict[str, Any]) -> Writer:
    """The writer that OutputSerialization describes. Raises what is wrong with it."""
    wanted = [name for name in ("CSV", "JSON") if serialization.get(name) is not None]
    if not wanted:
        raise errors.MissingRequiredParameter("OutputSerialization needs CSV or JSON.")
    if len(wanted) > 1:
        raise errors.ObjectSerializationConflict
    settings = serialization[wanted[0]]
    return _csv(settings) if wanted == ["CSV"] else _json(settings)


def _csv(settings: dict[str, Any]) -> Writer:
    record_end = delimiter(settings, "RecordDelimiter", "\n")
    comma = delimiter(settings, "FieldDelimiter", ",")
    quote = character(settings, "QuoteCharacter", '"')
    escape = character(settings, "QuoteEscapeCharacter", '"') or quote
    mode = settings.get("QuoteFields") or "ASNEEDED"
    if mode not in ("ALWAYS", "ASNEEDED"):
        raise errors.InvalidQuoteFields
    special = re.compile("|".join(re.escape(text) for text in (comma, record_end, quote, "\n", "\r") if text)).search

    def field(value: Any) -> str:
        text = value if type(value) is str else values.text(value)
        if not quote or (mode == "ASNEEDED" and not special(text)):
            return text
        if escape != quote:
            text = text.replace(escape, escape + escape)
        return quote + text.replace(quote, escape + quote) + quote

    return lambda fields: comma.join([field(value) for _, value in fields]) + record_end


def _json(settings: dict[str, Any]) -> Writer:
    record_end = delimiter(settings, "RecordDelimiter", "\n")

    def write(fields: Fields) -> str:
        members = [f"{_encoded(name)}:{_encoded(value)}" for name, value in fields if value is not MISSING]
        return "{" + ",".join(members) + "}" + record_end

    return write


def _encoded(value: Any) -> str:
    if isinstance(value, Decimal):
        return values.number(value)
    return _JSON.encode(value).decode()
