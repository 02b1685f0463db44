"""LIKE without backtracking: a pattern is cut at its `%` into pieces, and each is looked for once, leftmost first."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from . import errors

_MAXIMUM_WORK = 50_000_000
"""Steps that a piece with `_` may cost on one value; beyond that the query is refused, not run for minutes."""

_MAXIMUM_PATTERN = 32 * 1024


class _Piece(NamedTuple):
    """Text between two `%`. `expression` is set when it holds `_`."""

    text: str
    expression: re.Pattern[str] | None

    def find(self, value: str, start: int) -> int:
        if self.expression is None:
            return value.find(self.text, start)
        if len(self.text) * (len(value) - start) > _MAXIMUM_WORK:
            raise errors.LikeInvalidInputs("The LIKE pattern is too long for a value of this length.")
        found = self.expression.search(value, start)
        return found.start() if found else -1

    def at(self, value: str, start: int) -> bool:
        if self.expression is None:
            return value.startswith(self.text, start)
        return self.expression.match(value, start) is not None


def matches(value: str, pattern: str, escape: str | None = None) -> bool:
    """Whether the value has the pattern's form: `_` any character, `%` any number of any.

    Raises EvaluatorLikePatternInvalidEscapeSequence unless an escape stands before `_`, `%` or itself."""
    first, *rest = _pieces(pattern, escape)
    if not first.at(value, 0):
        return False
    if not rest:
        return len(value) == len(first.text)
    at, last = len(first.text), rest.pop()
    for piece in rest:
        found = piece.find(value, at)
        if found < 0:
            return False
        at = found + len(piece.text)
    tail = len(value) - len(last.text)
    return tail >= at and last.at(value, tail)


@lru_cache(maxsize=32)
def _pieces(pattern: str, escape: str | None) -> tuple[_Piece, ...]:
    if escape is not None and len(escape) != 1:
        raise errors.EvaluatorLikePatternInvalidEscapeSequence("ESCAPE takes one character.")
    if len(pattern) > _MAXIMUM_PATTERN:
        raise errors.LikeInvalidInputs(f"A LIKE pattern has at most {_MAXIMUM_PATTERN} characters.")
    pieces: list[list[tuple[str, bool]]] = [[]]
    escaped = False
    for character in pattern:
        if escaped and character not in ("_", "%", escape):
            raise errors.EvaluatorLikePatternInvalidEscapeSequence
        if not escaped and character == escape:
            escaped = True
        elif not escaped and character == "%":
            pieces.append([])
        else:
            pieces[-1].append((character, character == "_" and not escaped))
            escaped = False
    if escaped:
        raise errors.EvaluatorLikePatternInvalidEscapeSequence
    return tuple(map(_piece, pieces))


def _piece(characters: list[tuple[str, bool]]) -> _Piece:
    text = "".join(character for character, _ in characters)
    if not any(wild for _, wild in characters):
        return _Piece(text, None)
    expression = "".join("." if wild else re.escape(character) for character, wild in characters)
    return _Piece(text, re.compile(expression, re.DOTALL))
