"""Patterns of the policy language: `*` for any text, `?` for one character, `${name}` for what the context says.

Each `*` takes as little as it can and never reconsiders (an atomic group), so that no pattern can stall a server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_VARIABLE = re.compile(r"\$\{([^}]{0,256})\}")
_ITSELF = frozenset("*?$")


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _compiled(pattern, ignore_case).match(text) is not None


def matches_filled(pattern: str, text: str, context: Mapping[str, Sequence[str]]) -> bool:
    """As `matches`, with the variables filled in. One that the context does not have matches nothing.

    What fills a variable is text: a `*` in it stands for itself."""
    if "${" not in pattern:
        return matches(pattern, text)
    pieces, position = [""], 0
    for variable in _VARIABLE.finditer(pattern):
        _extend(pieces, pattern[position : variable.start()])
        name, _, default = variable[1].partition(",")
        value = _value(name.strip(), default.strip(), context)
        if value is None:
            return False
        pieces[-1] += re.escape(value)
        position = variable.end()
    _extend(pieces, pattern[position:])
    return re.compile(_joined(pieces), re.DOTALL).match(text) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    pieces = [""]
    _extend(pieces, pattern)
    return re.compile(_joined(pieces), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _extend(pieces: list[str], pattern: str) -> None:
    """Go on with what stands between stars; `pieces` are regular expressions of a fixed length."""
    first, *rest = ["".join("." if char == "?" else re.escape(char) for char in part) for part in pattern.split("*")]
    pieces[-1] += first
    pieces += rest


def _joined(pieces: list[str]) -> str:
    first, *rest = pieces
    if not rest:
        return first + r"\Z"
    return first + "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece) + f".*{rest[-1]}\\Z"


def _value(name: str, default: str, context: Mapping[str, Sequence[str]]) -> str | None:
    if name in _ITSELF:
        return name
    values = context.get(name.lower())
    if values is not None and len(values) == 1:
        return values[0]
    return default.strip("'") if default else None
