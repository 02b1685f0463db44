"""Patterns of the policy language: `*` for any text, `?` for one character, `${key}` for what the context says.

A pattern is compiled once into pieces between its stars, which are then found one after the other: each star takes
as little as it can and never reconsiders, so no pattern can stall a server.

What fills a variable is text: a `*` in it stands for itself. A variable that the context lacks (or has several values
for) matches nothing, unless it has a default: `${aws:PrincipalTag/team, 'everyone'}`.

Source: IAM User Guide, "IAM policy elements: Variables and tags"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol


class Context(Protocol):
    """What is known of a request: condition keys in lower case, and their values. None: the request lacks the key."""

    def get(self, key: str, /) -> str | Sequence[str] | None: ...


Matcher = Callable[[str, Context], bool | None]
"""Whether a text matches. None: it does not, but a variable had no value, so that we cannot be sure."""

_VARIABLE = re.compile(r"\$\{([^{}]{1,512})\}")
_ITSELF = frozenset("*?$")
_ANY_TEXT, _ANY_CHARACTER = object(), object()


class _Variable:
    """`${key}` or `${key, 'default'}`, the key in lower case."""

    __slots__ = ("default", "key")

    def __init__(self, inside: str) -> None:
        name, comma, rest = inside.partition(",")
        rest = rest.strip()
        self.key = name.strip().lower()
        self.default = (rest[1:-1] if rest[:1] == rest[-1:] == "'" else rest) if comma else None

    def value(self, context: Context) -> str | None:
        found = context.get(self.key)
        if isinstance(found, str):
            return found
        if found is not None and len(found) == 1:
            return found[0]
        return self.default


def has_variables(pattern: str) -> bool:
    return "${" in pattern and _VARIABLE.search(pattern) is not None


def any_of(patterns: Iterable[str], *, variables: bool) -> Matcher | None:
    """A matcher of texts that fit one of the patterns; None if all texts do."""
    texts: set[str] = set()
    starts: list[str] = []
    others: list[Matcher] = []
    for pattern in patterns:
        if not pattern.strip("*") and pattern:
            return None
        tokens = _tokens(pattern, variables=variables)
        if not tokens or tokens == [_text_of(tokens)]:
            texts.add(_text_of(tokens))
        elif tokens[1:] == [_ANY_TEXT] and isinstance(tokens[0], str):
            starts.append(tokens[0])
        else:
            others.append(_matcher(tokens))
    return _any(frozenset(texts), tuple(starts), tuple(others))


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, variables: bool) -> Matcher:
    """A matcher of one pattern. Kept, since the parts of ARNs are much the same everywhere."""
    return _matcher(_tokens(pattern, variables=variables))


def text(pattern: str) -> Callable[[Context], str | None]:
    """For operators that know no wildcards: the pattern with its variables filled in, None where one has no value."""
    tokens = _tokens(pattern, variables=True, wildcards=False)

    def filled(context: Context) -> str | None:
        parts = [token.value(context) if isinstance(token, _Variable) else token for token in tokens]
        return None if None in parts else "".join(str(part) for part in parts)

    return filled


@lru_cache(maxsize=8192)
def plain(pattern: str) -> Callable[[str], bool]:
    """A matcher of a pattern without variables."""
    return _fixed(_pieces(_tokens(pattern, variables=False), ()))


def _any(texts: frozenset[str], starts: tuple[str, ...], others: tuple[Matcher, ...]) -> Matcher:
    if not starts and not others:
        return lambda value, context: value in texts
    if not others:
        return lambda value, context: value in texts or value.startswith(starts)

    def matches(value: str, context: Context) -> bool | None:
        if value in texts or value.startswith(starts):
            return True
        unsure = False
        for other in others:
            found = other(value, context)
            if found:
                return True
            unsure = unsure or found is None
        return None if unsure else False

    return matches


_Token = object  # a text, _ANY_TEXT, _ANY_CHARACTER or a _Variable
_Piece = list[object]  # what stands between two stars: texts and _ANY_CHARACTER


def _tokens(pattern: str, *, variables: bool, wildcards: bool = True) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    for found in _VARIABLE.finditer(pattern) if variables else ():
        _add_text(tokens, pattern[position : found.start()], wildcards)
        inside = found[1].strip()
        _add(tokens, inside if inside in _ITSELF else _Variable(inside))
        position = found.end()
    _add_text(tokens, pattern[position:], wildcards)
    return tokens


def _add_text(tokens: list[_Token], part: str, wildcards: bool) -> None:
    if not wildcards:
        _add(tokens, part)
        return
    for each in re.split(r"([*?])", part):
        _add(tokens, _ANY_TEXT if each == "*" else _ANY_CHARACTER if each == "?" else each)


def _add(tokens: list[_Token], token: _Token) -> None:
    if token == "":
        return
    if tokens and isinstance(token, str) and isinstance(tokens[-1], str):
        tokens[-1] += token
    elif not (token is _ANY_TEXT and tokens and tokens[-1] is _ANY_TEXT):
        tokens.append(token)


def _text_of(tokens: list[_Token]) -> str:
    return tokens[0] if len(tokens) == 1 and isinstance(tokens[0], str) else ""


def _matcher(tokens: list[_Token]) -> Matcher:
    variables = [token for token in tokens if isinstance(token, _Variable)]
    if not variables:
        fixed = _fixed(_pieces(tokens, ()))
        return lambda value, context: fixed(value)
    start = tokens[0] if isinstance(tokens[0], str) else ""

    @lru_cache(maxsize=32)
    def filled(*values: str) -> Callable[[str], bool]:
        return _fixed(_pieces(tokens, values))

    def matches(value: str, context: Context) -> bool | None:
        if not value.startswith(start):
            return False
        values = [variable.value(context) for variable in variables]
        return None if None in values else filled(*values)(value)

    return matches


def _pieces(tokens: list[_Token], values: Iterable[str]) -> list[_Piece]:
    """What stands between the stars, variables filled in with the values."""
    following = iter(values)
    pieces: list[_Piece] = [[]]
    for token in tokens:
        if token is _ANY_TEXT:
            pieces.append([])
        else:
            pieces[-1].append(next(following) if isinstance(token, _Variable) else token)
    return pieces


def _fixed(pieces: list[_Piece]) -> Callable[[str], bool]:
    if any(_ANY_CHARACTER in piece for piece in pieces):
        return _with_gaps(pieces)
    texts = ["".join(str(part) for part in piece) for piece in pieces]
    first, last, middle = texts[0], texts[-1], [text for text in texts[1:-1] if text]
    if len(texts) == 1:
        return lambda value: value == first

    def in_order(value: str) -> bool:
        position, end = len(first), len(value) - len(last)
        if position > end or not value.startswith(first) or not value.endswith(last):
            return False
        for part in middle:
            position = value.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return True

    return in_order


def _with_gaps(pieces: list[_Piece]) -> Callable[[str], bool]:
    """As `in_order`, for pieces with question marks. They are searched by regular expressions, which are made when a
    text first reaches them: a text is never shorter than what was made for it, however long a hostile pattern is."""
    lengths = [sum(1 if part is _ANY_CHARACTER else len(str(part)) for part in piece) for piece in pieces]
    first, last = pieces[0], pieces[-1]
    middle = [(_expression(piece), length) for piece, length in zip(pieces[1:-1], lengths[1:-1], strict=True) if piece]
    shortest, alone = sum(lengths), len(pieces) == 1

    def matches(value: str) -> bool:
        if len(value) < shortest or (alone and len(value) > shortest) or not _stands_at(first, value, 0):
            return False
        position, end = lengths[0], len(value) - lengths[-1]
        if not alone and not _stands_at(last, value, end):
            return False
        for expression, length in middle:
            found = _regular(expression).search(value, position, end)
            if found is None:
                return False
            position = found.start() + length
        return True

    return matches


def _stands_at(piece: _Piece, value: str, position: int) -> bool:
    for part in piece:
        if isinstance(part, str):
            if not value.startswith(part, position):
                return False
            position += len(part)
        else:
            position += 1
    return True


def _expression(piece: _Piece) -> str:
    return "".join("." if part is _ANY_CHARACTER else re.escape(str(part)) for part in piece)


@lru_cache(maxsize=1024)
def _regular(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)
