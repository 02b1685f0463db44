"""SQL text into tokens: words, quoted names, literals and punctuation, each with its place for messages."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from . import errors, timestamps

WORD, NAME, LITERAL, SYMBOL, END = "word", "name", "literal", "symbol", "end"


class Token(NamedTuple):
    kind: str
    value: object
    """WORD: as written. NAME: unquoted. LITERAL: its value. SYMBOL: itself."""
    at: int
    """Offset in the expression."""
    word: str = ""
    """A WORD in lower case; empty for all else."""

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind is SYMBOL and self.value in symbols

    def __str__(self) -> str:
        return "end of expression" if self.kind is END else f"{str(self.value)[:40]!r} at offset {self.at}"


_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
      | (?P<unclosed>/\*)
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*(?:\$\w*)*)
      | '(?P<string>(?:[^']|'')*)'
      | "(?P<name>(?:[^"]|"")*)"
      | `(?P<ion>[^`]*)`
      | (?P<symbol><=|>=|<>|!=|\|\||[-+*/%=<>(),.;\[\]])""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eEdD][+-]?\d+)?", re.ASCII)
_ION_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


def tokens(expression: str) -> list[Token]:
    """The expression's tokens, ending with END. Raises the Lexer errors."""
    found, at = [], 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup == "unclosed":
            raise errors.LexerInvalidChar(f"Unexpected character {expression[at]!r} at offset {at}.")
        if match.lastgroup != "space":
            found.append(_token(match, at))
        at = match.end()
    return [*found, Token(END, None, at)]


def _token(match: re.Match[str], at: int) -> Token:
    kind = str(match.lastgroup)
    text = match[kind]
    if kind == "string":
        return Token(LITERAL, text.replace("''", "'"), at)
    if kind == "name":
        return Token(NAME, text.replace('""', '"'), at)
    if kind == "number":
        return Token(LITERAL, _number(text, at), at)
    if kind == "ion":
        return Token(LITERAL, _ion(text.strip(), at), at)
    return Token(WORD, text, at, text.lower()) if kind == "word" else Token(SYMBOL, text, at)


def _number(text: str, at: int) -> int | Decimal:
    """An integer within 64 bits, else a decimal of at most 38 digits."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise errors.LexerInvalidLiteral(f"Invalid number at offset {at}.") from None
    if len(value.as_tuple().digits) > 38:
        raise errors.LexerInvalidLiteral(f"The number at offset {at} has more than 38 digits.")
    if text.isdigit() and value < 2**63:
        return int(value)
    return value


def _ion(text: str, at: int) -> object:
    """The Ion literals that the SQL reference uses: timestamps, numbers, strings, true, false, null."""
    moment = timestamps.parse(text)
    if moment is not None:
        return moment
    if text in _ION_WORDS:
        return _ION_WORDS[text]
    if _NUMBER.fullmatch(text):
        negative = text.startswith("-")
        value = _number(text.lstrip("+-").lower().replace("d", "e"), at)
        return -value if negative else value
    if len(text) >= 2 and text[0] == text[-1] == '"' and "\\" not in text and '"' not in text[1:-1]:
        return text[1:-1]
    raise errors.LexerInvalidIONLiteral(f"Invalid Ion literal at offset {at}.")
