"""Event patterns of EventBridge and filter policies of SNS: compiled once, cached by their text.

    compile('{"source": ["aws.s3"], "detail": {"size": [{"numeric": [">", 0]}]}}').matches(event)

A pattern becomes closures over the event. Members must all match, the values of a member any. Of an array in the event
one element suffices, and what a pattern says of the members of an object must hold in one and the same element."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Literal, NamedTuple, NoReturn, TypeVar

from cumulet.kernel.errors import ServiceError

_LONGEST = 256 * 1024
_DEEPEST = 64
_TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\\x00-\x1f]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|[][{}:,])')
_RESERVED = frozenset(
    ("exact", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr", "exists")
)

Scalar = Any
Test = Callable[[Scalar], bool]
Match = Callable[[Any], bool]
T = TypeVar("T", bound=Hashable)


class InvalidPattern(ValueError):
    """The reason, in AWS's words, why a text is no pattern."""


class InvalidEventPatternException(ServiceError):
    """EventBridge's words for it."""

    message = "Event pattern is not valid."
    status = 400


class _Node(NamedTuple):
    """A JSON value and where AWS's parser stands when it has seen it. Objects are lists of pairs."""

    kind: Literal["object", "array", "string", "number", "literal"]
    value: Any
    at: int
    end: int


class _Reader:
    """JSON with positions, for AWS tells line and column of what it refuses."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def fail(self, reason: str, at: int) -> NoReturn:
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        more = f"[truncated {len(self.text) - 500} chars]" if len(self.text) > 500 else ""
        source = f'(String)"{self.text[:500]}"{more}'
        raise InvalidPattern(f"{reason}\n at [Source: {source}; line: {line}, column: {column}]")

    def token(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            self.fail("Unexpected character or end of input", self.at)
        self.at = found.end()
        return found[1]

    def value(self, token: str, depth: int = 0) -> _Node:
        if depth > _DEEPEST:
            self.fail("Filter is nested too deeply", self.at)
        at = self.at
        if token == "{":  # noqa: S105
            return _Node("object", list(self._members(depth)), at, self.at)
        if token == "[":  # noqa: S105
            return _Node("array", list(self._elements(depth)), at, self.at)
        if token[0] in "}]:,":
            self.fail(f"Unexpected character ('{token}')", at)
        value = self.scalar(token)
        if token[0] == '"':  # strings are read lazily: the parser stands behind the quote
            return _Node("string", value, at - len(token) + 1, at)
        return _Node("literal" if token[0] in "tfn" else "number", value, at, at)

    def scalar(self, token: str) -> Any:
        try:
            return json.loads(token)
        except ValueError:
            self.fail("Unexpected character", self.at)

    def _members(self, depth: int) -> Iterator[tuple[str, _Node]]:
        token = self.token()
        while token != "}":  # noqa: S105
            if token[0] != '"' or self.token() != ":":
                self.fail("Unexpected character: was expecting a field name and a colon", self.at)
            yield self.scalar(token), self.value(self.token(), depth + 1)
            if (token := self.token()) == ",":
                token = self.token()
            elif token != "}":  # noqa: S105
                self.fail("Unexpected character: was expecting comma to separate Object entries", self.at)

    def _elements(self, depth: int) -> Iterator[_Node]:
        token = self.token()
        while token != "]":  # noqa: S105
            yield self.value(token, depth + 1)
            if (token := self.token()) == ",":
                token = self.token()
            elif token != "]":  # noqa: S105
                self.fail("Unexpected character: was expecting comma to separate Array entries", self.at)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `required` are paths whose value must be among some strings: what an index may go by."""

    matches: Match
    required: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = ()
    keys: int = 0
    combinations: int = 1
    nested: bool = False


class _Compiler:
    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.required: list[tuple[tuple[str, ...], frozenset[str]]] = []
        self.keys: set[tuple[str, ...]] = set()
        self.nested = False

    def fields(self, node: _Node, path: tuple[str, ...], certain: bool) -> tuple[Match, int]:
        """The match of an object's members, and in how many ways it can come true."""
        if not node.value:
            self.reader.fail("Empty objects are not allowed", node.end)
        checks: list[tuple[str | None, Match]] = []
        ways = 1
        for name, value in dict(node.value).items():
            if name == "$or" and _is_or(value):
                options = [self.fields(option, path, False) for option in value.value]
                checks.append((None, _any([match for match, _ in options])))
                ways *= sum(count for _, count in options)
            elif value.kind == "object":
                self.nested = True
                match, count = self.fields(value, (*path, name), certain)
                checks.append((name, _within(match)))
                ways *= count
            elif value.kind == "array":
                self.keys.add((*path, name))
                checks.append((name, self.leaf(value, (*path, name), certain)))
                ways *= len(value.value) * (len(path) + 1)
            else:
                self.reader.fail(f'"{name}" must be an object or an array', value.at)
        return _all(checks), ways

    def leaf(self, node: _Node, path: tuple[str, ...], certain: bool) -> Match:
        if not node.value:
            self.reader.fail("Empty arrays are not allowed", node.end)
        exact: set[Any] = set()
        tests: list[Test] = []
        absent = False
        for value in node.value:
            if value.kind == "array":
                self.reader.fail("Match value must be String, number, true, false, or null", value.at)
            elif value.kind != "object":
                exact.add(_key(value.value))
            elif (test := self.expression(value)) is None:
                absent = True
            else:
                tests.append(test)
        if certain and not tests and not absent and all(isinstance(value, str) for value in exact):
            self.required.append((path, frozenset(exact)))
        return _leaf(frozenset(exact), tests, absent)

    def expression(self, node: _Node) -> Test | None:
        """The test of a value, or None for `exists: false`."""
        if not node.value:
            self.reader.fail("Match expression name not found", node.end)
        name, value = node.value[0]
        if name not in _RESERVED:
            self.reader.fail(f"Unrecognized match type {name}", value.at)
        if name == "exists":
            if not isinstance(value.value, bool):
                self.reader.fail("exists match pattern must be either true or false.", value.at)
            test: Test | None = _anything if value.value else None
        elif name == "numeric":
            test = self.numeric(value)
        elif name == "anything-but":
            test = self.anything_but(value)
        else:
            test = self.text(name, value)
        if len(node.value) > 1:
            following = node.value[1][1]
            colon = following.at if following.kind == "string" else following.end
            self.reader.fail("Only one key allowed in match expression", colon)
        return test

    def text(self, name: str, value: _Node) -> Test:
        if name in ("prefix", "suffix") and value.kind == "object" and len(value.value) == 1:
            inner, folded = value.value[0]
            if inner == "equals-ignore-case" and folded.kind == "string":
                return _ending(name, folded.value.casefold(), str.casefold)
        if value.kind != "string":
            # AWS says prefix where it means cidr.
            self.reader.fail(f"{'prefix' if name == 'cidr' else name} match pattern must be a string", value.at)
        text: str = value.value
        if name in ("prefix", "suffix"):
            return _ending(name, text, str)
        if name == "cidr":
            return _cidr(text)
        if name == "wildcard":
            return _wildcard(text)
        wanted = text.casefold() if name == "equals-ignore-case" else text
        fold = str.casefold if name == "equals-ignore-case" else str
        return lambda given: isinstance(given, str) and fold(given) == wanted

    def anything_but(self, value: _Node) -> Test:
        if value.kind == "object":
            if not value.value:
                self.reader.fail("Anything-But expression name not found", value.end)
            name, inner = value.value[0]
            if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard") or len(value.value) > 1:
                self.reader.fail(f"Unsupported anything-but pattern: {name}", inner.at)
            tests = [self.text(name, one) for one in (inner.value if inner.kind == "array" else [inner])]
            if not tests:
                self.reader.fail("Empty arrays are not allowed", inner.end)
            return lambda given: not any(test(given) for test in tests)
        values = value.value if value.kind == "array" else [value]
        kinds = {one.kind for one in values}
        if value.kind == "literal":
            self.reader.fail("Value of anything-but must be an array or single string/number value.", value.at)
        if kinds - {"string", "number"}:
            self.reader.fail("Inside anything but list, start|null|boolean is not supported.", value.end)
        if len(kinds) != 1:
            words = "Inside anything but list, either all values are number or string, mixed type is not supported"
            self.reader.fail(words, value.end)
        unwanted = frozenset(_key(one.value) for one in values)
        return lambda given: _key(given) not in unwanted

    def numeric(self, value: _Node) -> Test:
        if value.kind != "array":
            self.reader.fail("Value of numeric must be an array.", value.at)
        parts = value.value
        if len(parts) not in (2, 4):
            self.reader.fail("Too many elements in numeric expression" if parts else "Invalid member in numeric match: ]", value.end)  # fmt: skip  # noqa: E501
        bounds: list[tuple[str, float]] = []
        for sign, bound in zip(parts[::2], parts[1::2], strict=True):
            if sign.value not in ("=", "<", "<=", ">", ">="):
                self.reader.fail(f"Unrecognized numeric range operator: {sign.value}", sign.at)
            if bound.kind != "number" or not -5e9 <= bound.value <= 5e9:
                self.reader.fail(f"Value of {sign.value} must be numeric", bound.at)
            bounds.append((sign.value, bound.value))
        if len(bounds) == 2 and (bounds[0][0][0], bounds[1][0][0]) != (">", "<"):
            self.reader.fail("Too many elements in numeric expression", value.end)
        if len(bounds) == 2 and bounds[0][1] >= bounds[1][1]:
            self.reader.fail("Bottom must be less than top", value.end)
        return lambda given: (
            isinstance(given, int | float)
            and not isinstance(given, bool)
            and all(_compare(given, sign, bound) for sign, bound in bounds)
        )


def compile(pattern: str | dict[str, Any]) -> Pattern:
    """The event pattern, ready to match. Raises InvalidEventPatternException in AWS's words."""
    try:
        return _compile(pattern if isinstance(pattern, str) else json.dumps(pattern, separators=(",", ":")))
    except RecursionError as problem:
        raise InvalidEventPatternException("Event pattern is not valid. Reason: nested too deeply") from problem
    except InvalidPattern as problem:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {problem}") from problem


def filter_policy(text: str, scope: str = "MessageAttributes") -> Pattern:
    """SNS's filter policy; attributes are matched as `attributes(...)` gives them. Raises InvalidPattern."""
    policy = _compile(text)
    if scope == "MessageAttributes" and policy.nested:
        raise InvalidPattern("Filter policy scope MessageAttributes does not support nested filter policy")
    if policy.keys > 5:
        raise InvalidPattern("Filter policy can not have more than 5 keys")
    if policy.combinations > 150:
        raise InvalidPattern("Filter policy is too complex")
    return policy


def attributes(given: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """SNS message attributes as values to match: numbers, strings, and the members of String.Array."""
    found: dict[str, Any] = {}
    for name, attribute in given.items():
        kind, text = attribute.get("DataType", ""), attribute.get("StringValue", "")
        try:
            if kind == "String.Array" or kind.split(".")[0] == "Number":
                found[name] = json.loads(text)
            elif kind.split(".")[0] == "String":
                found[name] = text
        except (ValueError, RecursionError):
            continue
    return found


@lru_cache(maxsize=4096)
def _compile(text: str) -> Pattern:
    if len(text) > _LONGEST:
        raise InvalidPattern("Filter is too long")
    reader = _Reader(text)
    node = reader.value(reader.token())
    if node.kind != "object":
        reader.fail("Filter is not an object", node.at)
    if text[reader.at :].strip():
        reader.fail("Unexpected character", reader.at)
    compiler = _Compiler(reader)
    match, ways = compiler.fields(node, (), True)
    return Pattern(match, tuple(compiler.required), len(compiler.keys), ways, compiler.nested)


class Index(Generic[T]):
    """Names by pattern; `matching(event)` tries only those whose required value the event has.

    A pattern is filed under the one of its required members that is shared with the fewest."""

    def __init__(self, patterns: Iterable[tuple[T, Pattern]] = ()) -> None:
        self._buckets: dict[tuple[str, ...], dict[str, list[tuple[T, Pattern]]]] = {}
        self._others: list[tuple[T, Pattern]] = []
        for name, pattern in patterns:
            self.add(name, pattern)

    def add(self, name: T, pattern: Pattern) -> None:
        if not pattern.required:
            self._others.append((name, pattern))
            return
        path, values = min(pattern.required, key=lambda one: self._crowd(*one))
        for value in values:
            self._buckets.setdefault(path, {}).setdefault(value, []).append((name, pattern))

    def _crowd(self, path: tuple[str, ...], values: frozenset[str]) -> int:
        return max(len(self._buckets.get(path, {}).get(value, ())) for value in values)

    def matching(self, event: dict[str, Any]) -> list[T]:
        found = {name: None for name, pattern in self._others if pattern.matches(event)}
        for path, bucket in self._buckets.items():
            for value in {leaf for leaf in _at(event, path) if isinstance(leaf, str)}:
                for name, pattern in bucket.get(value, ()):
                    if name not in found and pattern.matches(event):
                        found[name] = None
        return list(found)


def _at(event: Any, path: tuple[str, ...]) -> Iterable[Scalar]:
    places = [event]
    for name in path:
        objects = (one for place in places for one in _objects(place))
        places = [one[name] for one in objects if name in one]
    return [leaf for place in places for leaf in _leaves(place)]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in _flat(value) if isinstance(one, dict)]


def _leaves(value: Any) -> Iterable[Scalar]:
    if isinstance(value, list):
        return [one for one in _flat(value) if not isinstance(one, dict)]
    return () if isinstance(value, dict) else (value,)


def _flat(value: Any) -> list[Any]:
    """The elements of arrays in arrays, without recursion, for events come from strangers."""
    found: list[Any] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        else:
            found.append(one)
    return found


def _is_or(node: _Node) -> bool:
    """Anything else called $or is a plain member, as before the operator came."""
    objects = node.kind == "array" and len(node.value) > 1 and all(one.kind == "object" for one in node.value)
    return objects and not any(name in _RESERVED for one in node.value for name, _ in one.value)


def _all(checks: list[tuple[str | None, Match]]) -> Match:
    def match(event: Any) -> bool:
        return all(check(event if name is None else event.get(name, ())) for name, check in checks)

    return match


def _any(matches: list[Match]) -> Match:
    return lambda event: any(match(event) for match in matches)


def _within(match: Match) -> Match:
    return lambda value: any(match(one) for one in _objects(value) or [{}])


def _leaf(exact: frozenset[Any], tests: list[Test], absent: bool) -> Match:
    def match(value: Any) -> bool:
        leaves = () if value == () else _leaves(value)
        if not leaves:
            return absent
        return any(_key(leaf) in exact or any(test(leaf) for test in tests) for leaf in leaves)

    return match


def _key(value: Scalar) -> Any:
    """Python takes True for 1; JSON does not."""
    return (value,) if value is None or isinstance(value, bool) else value


def _anything(given: Scalar) -> bool:
    return True


def _ending(name: str, text: str, fold: Callable[[str], str]) -> Test:
    if name == "prefix":
        return lambda given: isinstance(given, str) and fold(given).startswith(text)
    return lambda given: isinstance(given, str) and fold(given).endswith(text)


def _compare(given: float, sign: str, bound: float) -> bool:
    if sign == "=":
        return given == bound
    return (given == bound and "=" in sign) or (given < bound if sign[0] == "<" else given > bound)


def _cidr(text: str) -> Test:
    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[0-9]{1,3}", bits):
        raise InvalidPattern("Malformed CIDR, mask bits must be an integer")
    try:
        ipaddress.ip_address(address)
    except ValueError as problem:
        raise InvalidPattern(f"Nonstandard IP address: {address}") from problem
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as problem:
        raise InvalidPattern("Malformed CIDR, mask bits must not be larger than the address") from problem

    def test(given: Scalar) -> bool:
        try:
            return isinstance(given, str) and ipaddress.ip_address(given) in network
        except ValueError:
            return False

    return test


def _wildcard(text: str) -> Test:
    """Pieces between asterisks, found one after the other: no text can make it slow."""
    pieces = [""]
    position = 0
    while position < len(text):
        sign, following = text[position], text[position + 1 : position + 2]
        if sign == "\\":
            if following not in ("*", "\\"):
                raise InvalidPattern(f"Invalid escape character at pos {position + 1}")
            pieces[-1] += following
            position += 1
        elif sign == "*":
            if following == "*":
                raise InvalidPattern(f"Consecutive wildcard characters at pos {position + 1}")
            pieces.append("")
        else:
            pieces[-1] += sign
        position += 1
    return lambda given: isinstance(given, str) and _has_pieces(given, pieces)


def _has_pieces(given: str, pieces: list[str]) -> bool:
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return given == first
    if len(given) < len(first) + len(last) or not (given.startswith(first) and given.endswith(last)):
        return False
    position, end = len(first), len(given) - len(last)
    for piece in pieces[1:-1]:
        position = given.find(piece, position, end)
        if position < 0:
            return False
        position += len(piece)
    return True
