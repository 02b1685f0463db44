"""Amazon Ion, as text, as far as DynamoDB writes and reads it: exported and imported items.

Numbers are decimals, binary values are blobs, and sets are lists that are annotated with their type.

Sources: the Amazon Ion 1.0 specification of the text format; DynamoDB Developer Guide, "DynamoDB table export output
format", "Amazon S3 import formats for DynamoDB"."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import NoReturn

from cumulet.services.dynamodb.values import Value

VERSION = "$ion_1_0"
_MARKER = {"SYMBOL": VERSION}
_DEEPEST = 64
_SETS = ("SS", "NS", "BS")
_SET_NOTE = "$dynamodb_"
_PLAIN_SYMBOL = re.compile(r"(?!\$[0-9]+$)[A-Za-z_$][A-Za-z0-9_$]*")
_KEYWORDS = frozenset(("null", "true", "false", "nan"))
_SMALLEST_PLAIN = -6

_SPACE = re.compile(r"(?:[ \t\r\n\v\f]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SYMBOL = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_NUMBER = re.compile(r"-?[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?(?:[dDeE][+-]?[0-9]{1,4})?")
_ANOTHER_BASE = re.compile(r"-?0(?:[xX][0-9a-fA-F](?:_?[0-9a-fA-F]){0,511}|[bB][01](?:_?[01]){0,511})")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'")
_LONG = re.compile(r"'''(.*?)(?<!\\)'''", re.DOTALL)
_BLOB = re.compile(r"\{\{\s*([A-Za-z0-9+/=\s]*)\}\}")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r?\n)|(.))", re.DOTALL)
_ESCAPED = {
    "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v", "0": "\0",
    '"': '"', "'": "'", "?": "?", "\\": "\\", "/": "/",
}  # fmt: skip
_TYPE = re.compile(r"\.[a-z]+")
_LONGEST_NUMBER = 1000
_EXACT = Context(prec=60)


class NotIon(ValueError):
    """The text is no Ion, or Ion that DynamoDB has no type for."""


# Writing


def line(fields: Mapping[str, Value]) -> str:
    """A struct on a line of its own, behind the version marker."""
    return f"{VERSION} {_struct(fields)}"


def _struct(fields: Mapping[str, Value]) -> str:
    return "{" + ",".join(f"{symbol(name)}:{written(value)}" for name, value in fields.items()) + "}"


def written(value: Value) -> str:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return json.dumps(content, ensure_ascii=False)
        case "N":
            return decimal(content)
        case "B":
            return "{{" + base64.b64encode(content).decode() + "}}"
        case "BOOL":
            return "true" if content else "false"
        case "NULL":
            return "null"
        case "M":
            return _struct(content)
        case "L":
            return "[" + ",".join(map(written, content)) + "]"
        case _:
            return f"{_SET_NOTE}{kind}::[" + ",".join(written({kind[0]: each}) for each in content) + "]"


def decimal(number: str) -> str:
    """ "103." and "6d2": a point or an exponent tells decimals from integers."""
    value = _EXACT.normalize(Decimal(number))
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "a finite number"
    if exponent == 0:
        return f"{value:f}."
    if exponent < 0 and value.adjusted() >= _SMALLEST_PLAIN:
        return f"{value:f}"
    return f"{'-' if sign else ''}{''.join(map(str, digits))}d{exponent}"


def symbol(name: str) -> str:
    if _PLAIN_SYMBOL.fullmatch(name) and name not in _KEYWORDS:
        return name
    return "'" + json.dumps(name, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


# Reading


def read(text: str) -> Value:
    """The one value in a text, after its version marker if it has one. Raises NotIon."""
    reader = _Reader(text)
    value = reader.value(0)
    if value == _MARKER:
        value = reader.value(0)
    reader.skip()
    if reader.at < len(text):
        reader.fail("something follows the value")
    return value


class _Reader:
    """Goes through a text, from `at` on."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, why: str) -> NoReturn:
        raise NotIon(f"{why}, at character {self.at + 1}")

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None, "it matches nothing, too"
        self.at = found.end()

    def value(self, depth: int, notes: tuple[str, ...] = ()) -> Value:
        """The next value, skipping what stands before it."""
        self.skip()
        if depth > _DEEPEST:
            self.fail("too deeply nested")
        text, at = self.text, self.at
        first = text[at : at + 1]
        if text.startswith("{{", at):
            return self._blob()
        if first == "{":
            return {"M": self._struct(depth)}
        if first == "[":
            return self._list(depth, notes)
        if first == '"':
            return {"S": self._match(_STRING)}
        if text.startswith("'''", at):
            return {"S": self._long_string()}
        if first == "'" or _SYMBOL.match(text, at):
            return self._symbol_or_annotated(depth, notes)
        if first == "-" or first.isdigit():
            return {"N": self._number()}
        self.fail("no value")

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            self.fail("a text has no end")
        self.at = found.end()
        return self._plain(found[1]) if "\\" in found[1] else found[1]

    def _plain(self, escaped: str) -> str:
        text = _ESCAPE.sub(self._unescaped, escaped)
        try:  # two escapes may make one character
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.fail("half a character")

    def _unescaped(self, found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code:
            if int(code, 16) > 0x10FFFF:
                self.fail("no character")
            return chr(int(code, 16))
        if found[4]:
            return ""
        if found[5] not in _ESCAPED:
            self.fail("an unknown escape")
        return _ESCAPED[found[5]]

    def _long_string(self) -> str:
        parts: list[str] = []
        while self.text.startswith("'''", self.at):
            parts.append(self._match(_LONG))
            self.skip()
        return "".join(parts)

    def _blob(self) -> Value:
        found = _BLOB.match(self.text, self.at)
        if found is None:
            self.fail("no blob")
        try:
            content = base64.b64decode("".join(found[1].split()), validate=True)
        except binascii.Error:
            self.fail("no blob")
        self.at = found.end()
        return {"B": content}

    def _name(self) -> str:
        if self.text.startswith("'", self.at):
            return self._match(_QUOTED)
        if self.text.startswith('"', self.at):
            return self._match(_STRING)
        found = _SYMBOL.match(self.text, self.at)
        if found is None:
            self.fail("no name")
        self.at = found.end()
        return found[0]

    def _symbol_or_annotated(self, depth: int, notes: tuple[str, ...]) -> Value:
        is_quoted = self.text.startswith("'", self.at)
        name = self._name()
        after = self.at
        self.skip()
        if self.text.startswith("::", self.at):
            self.at += 2
            return self.value(depth + 1, (*notes, name))
        self.at = after
        if is_quoted:
            return {"S": name}
        if name in ("true", "false"):
            return {"BOOL": name == "true"}
        if name == "null":
            self._skip_type()
            return {"NULL": True}
        if name == VERSION and depth == 0:
            return _MARKER
        return {"S": name}

    def _skip_type(self) -> None:
        """Of "null.string" and the like."""
        found = _TYPE.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at

    def _number(self) -> str:
        other = _ANOTHER_BASE.match(self.text, self.at)
        if other is not None:
            self.at = other.end()
            return str(int(other[0].replace("_", ""), 0))
        found = _NUMBER.match(self.text, self.at)
        if found is None or len(found[0]) > _LONGEST_NUMBER:
            self.fail("no number")
        self.at = found.end()
        if self.text[self.at : self.at + 1] in ("-", "T", ":"):
            self.fail("a timestamp, which DynamoDB has no type for")
        return found[0].replace("_", "").replace("d", "e").replace("D", "e")

    def _list(self, depth: int, notes: tuple[str, ...]) -> Value:
        members: list[Value] = []
        self.at += 1
        while not self._ends("]"):
            members.append(self.value(depth + 1))
            self._comma("]")
        for kind in _SETS:
            if _SET_NOTE + kind in notes:
                return self._set(kind, members)
        return {"L": members}

    def _set(self, kind: str, members: list[Value]) -> Value:
        if any(kind[0] not in member for member in members):
            self.fail("a set of several types")
        return {kind: [member[kind[0]] for member in members]}

    def _struct(self, depth: int) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        self.at += 1
        while not self._ends("}"):
            name = self._name()
            self.skip()
            if not self.text.startswith(":", self.at):
                self.fail("a name without a value")
            self.at += 1
            fields[name] = self.value(depth + 1)
            self._comma("}")
        return fields

    def _ends(self, closing: str) -> bool:
        self.skip()
        if self.text.startswith(closing, self.at):
            self.at += 1
            return True
        if self.at >= len(self.text):
            self.fail(f"no {closing}")
        return False

    def _comma(self, closing: str) -> None:
        self.skip()
        if self.text.startswith(",", self.at):
            self.at += 1
        elif not self.text.startswith(closing, self.at):
            self.fail(f"neither a comma nor {closing}")
