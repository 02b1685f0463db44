"""Where in its text each statement of a policy stands, for the simulator's answers."""

from __future__ import annotations

import json
from functools import lru_cache

_decode = json.JSONDecoder().raw_decode
_SPACE = " \t\r\n"


@lru_cache(maxsize=256)
def spans(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of each statement of a policy that parses.

    As AWS counts, a statement starts right after the bracket or comma before it, and one without a list after its own
    opening brace (AWS CLI examples of simulate-custom-policy)."""
    index = _skip(text, _skip(text, 0) + 1)
    while text[index] == '"':
        name, index = _decode(text, index)
        index = _skip(text, _skip(text, index) + 1)
        if name == "Statement":
            return tuple(_elements(text, index))
        index = _skip(text, _decode(text, index)[1])
        index = _skip(text, index + 1) if text[index] == "," else index
    return ()


def place(text: str, offset: int) -> dict[str, int]:
    """An offset as line and column, both counted from 1."""
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - text.rfind("\n", 0, offset)}


def _elements(text: str, index: int) -> list[tuple[int, int]]:
    if text[index] != "[":
        return [(index + 1, _decode(text, index)[1])]
    found = []
    while text[index] in "[,":
        start = index + 1
        end = _decode(text, _skip(text, start))[1]
        found.append((start, end))
        index = _skip(text, end)
    return found


def _skip(text: str, index: int) -> int:
    while text[index] in _SPACE:
        index += 1
    return index
