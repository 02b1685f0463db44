"""An expression cut into tokens, and what AWS says of one that does not fit."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from cumulet.services.dynamodb.errors import ValidationException

LONGEST_BYTES = 4096
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<word>[A-Za-z][A-Za-z0-9_]*)|(?P<name>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<number>0|[1-9][0-9]*)|(?P<sign><>|<=|>=|[^ \t\r\n])|(?P<end>\Z))",
    re.DOTALL,
)
KEYWORDS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE"))


class Token(NamedTuple):
    kind: str
    """word, name (#n), value (:v), number, sign, keyword, or end."""
    text: str
    start: int
    end: int
    word: str
    """Of a keyword: in capitals; of a sign: itself; else empty."""


def refuse(kind: str, why: str) -> NoReturn:
    """`kind` is the parameter, as FilterExpression."""
    raise ValidationException(f"Invalid {kind}: {why}")


class Tokens:
    """The tokens of one expression, read from the left."""

    def __init__(self, text: str, kind: str) -> None:
        """Raises ValidationException for an expression that is empty or too long."""
        self.text, self.kind = text, kind
        size = len(text.encode(errors="surrogatepass"))
        if size > LONGEST_BYTES:
            self.refuse(f"Expression size has exceeded the maximum allowed size; expression size: {size}")
        self._tokens = [_token(match) for match in _TOKEN.finditer(text)]
        self._at = 0
        if self.now.kind == "end":
            self.refuse("The expression can not be empty;")

    @property
    def now(self) -> Token:
        return self._tokens[self._at]

    @property
    def following(self) -> Token:
        """The one after `now`."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self.now
        if token.kind != "end":
            self._at += 1
        return token

    def accept(self, *words: str) -> str:
        """Take a sign or keyword if it is one of these; empty if not."""
        word = self.now.word
        if word not in words:
            return ""
        self.take()
        return word

    def expect(self, word: str) -> None:
        if not self.accept(word):
            self.fail()

    def refuse(self, why: str) -> NoReturn:
        refuse(self.kind, why)

    def fail(self) -> NoReturn:
        """Refuse the expression for its present token, shown between its neighbours."""
        first = self._tokens[max(self._at - 1, 0)]
        last = first if self.now.kind == "end" else self.following
        near = self.text[first.start : last.end]
        self.refuse(f'Syntax error; token: "{self.now.text or "<EOF>"}", near: "{near}"')


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup
    assert kind, "every alternative is named"
    text = match[kind]
    word = text if kind == "sign" else ""
    if kind == "word" and text.upper() in KEYWORDS:
        kind, word = "keyword", text.upper()
    return Token(kind, text, match.start(match.lastgroup or 0), match.end(), word)
