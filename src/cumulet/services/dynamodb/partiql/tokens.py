"""PartiQL cut into tokens.

Sources: DynamoDB Developer Guide, PartiQL reference; PartiQL Specification, lexical structure."""

from __future__ import annotations

import re
from typing import NamedTuple

from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql.keywords import KEYWORDS

NAME, KEYWORD, STRING, NUMBER, SYMBOL, END = "name", "keyword", "string", "number", "symbol", "end"

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | '(?P<string>(?:[^']|'')*)'
      | "(?P<quoted>(?:[^"]|"")*)"
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
      | (?P<symbol><<|>>|<=|>=|<>|!=|\|\||[-+*/%,.()\[\]{}:;?=<>])""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    """Of keywords in lower case; of strings and quoted names, what is between the quotes."""
    start: int
    quoted: bool = False


def malformed(detail: str) -> ValidationException:
    return ValidationException(f"Statement wasn't well formed, can't be processed: {detail}")


def tokens(text: str) -> list[Token]:
    """The tokens of a statement, the last one END. Raises ValidationException."""
    found: list[Token] = []
    start = 0
    while start < len(text):
        match = _TOKEN.match(text, start)
        if match is None:
            raise malformed("Invalid character" if text[start] not in "'\"" else "Unterminated quote")
        if match.lastgroup != "space":
            found.append(_token(match))
        start = match.end()
    return [*found, Token(END, "", len(text))]


def _token(match: re.Match[str]) -> Token:
    kind, start = match.lastgroup, match.start()
    text = match[kind or 0]
    if kind == "string":
        return Token(STRING, text.replace("''", "'"), start)
    if kind == "quoted":
        return Token(NAME, text.replace('""', '"'), start, quoted=True)
    if kind == "word":
        lower = text.lower()
        return Token(KEYWORD, lower, start) if lower in KEYWORDS else Token(NAME, text, start)
    return Token(NUMBER if kind == "number" else SYMBOL, text, start)
