"""The regular expressions of the models, matched in time that grows with the value and never explodes.

They are Java's, and many would backtrack for hours over a hostile value (`(([0-9]|.|:|/)*)`). Patterns with at
most one open repetition go to `re`. The others run as sets of states of an automaton, one step per character,
with its steps remembered; what only backtracking can do is tried on short values alone."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

LONGEST = 4096
"""Longer values fit any pattern: lengths are checked by other constraints."""
LONGEST_BACKTRACKED = 24
MOST_COPIES = 64
"""Repetitions of more copies count as open: the automaton would be too large, and lengths are checked anyway."""
MOST_STATES = 20_000
MOST_REMEMBERED = 2_000


def fits(pattern: str, value: str) -> bool:
    """Whether the value matches as AWS would say. A pattern that cannot be read fits everything."""
    return len(value) > LONGEST or matcher(pattern)(value)


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """The test for values of up to LONGEST characters."""
    translated = _translated(pattern)
    if translated is None:
        return _anything
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = re.ASCII if translated == pattern else 0
            parsed = parser.parse(translated, flags)
            compiled = re.compile(translated, flags)
    except (re.error, OverflowError, RecursionError):
        return _anything
    # Most services match the whole value; who writes anchors means a search.
    searches = pattern.startswith("^") or pattern.endswith("$")
    match = compiled.search if searches else compiled.fullmatch
    if _open_repetitions(parsed) <= 1 and (not searches or pattern.startswith("^")):
        return lambda value: match(value) is not None
    try:
        return _Automaton(parsed, searches, parsed.state.flags).accepts
    except _Unsupported:
        return lambda value: len(value) > LONGEST_BACKTRACKED or match(value) is not None


def _anything(value: str) -> bool:
    return True


_CLASSES = {
    "L": r"\w",
    "N": r"\d",
    "Nd": r"\d",
    "Z": r"\s",
    "Zs": r"\s",
    "M": r"\u0300-\u036f",
    "IsAlphabetic": r"\w",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Print": r"\x20-\x7e",
    "Graph": r"\x21-\x7e",
    "Space": r"\s",
}
"""Java's character classes by Python's, rather too wide than too narrow."""
_CLASS = re.compile(r"\\p\{(\w+)\}|\\p([A-Z])")


def _translated(pattern: str) -> str | None:
    """Python's spelling of a Java pattern; None where it has none."""
    names = {found.group(1) or found.group(2) for found in _CLASS.finditer(pattern)}
    if "&&" in pattern or "\\P" in pattern or not names <= _CLASSES.keys():
        return None
    return _CLASS.sub(lambda found: _in_class(found, pattern), pattern).replace("\\z", "\\Z")


def _in_class(found: re.Match[str], pattern: str) -> str:
    """A class stands as it is within brackets, and gets brackets of its own outside."""
    before = re.sub(r"\\.", "", pattern[: found.start()])
    text = _CLASSES[found.group(1) or found.group(2)]
    return text if before.rfind("[") > before.rfind("]") else f"[{text}]"


def _open_repetitions(items: Iterable[Any]) -> int:
    """How many repetitions have no or a distant end; one within another counts as two."""
    count = 0
    for kind, argument in items:
        if kind in _REPEATS:
            low, high, body = argument
            inner = _open_repetitions(body)
            count += inner + (2 if inner else 1) if high - low > 1 else inner * min(high, 2)
            count += sum(2 for part, _ in _deep(body) if part is op.BRANCH and high - low > 1)
        else:
            count += sum(_open_repetitions(body) for body in _bodies(kind, argument))
    return count


def _deep(items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for kind, argument in items:
        yield kind, argument
        for body in _bodies(kind, argument):
            yield from _deep(body)


def _bodies(kind: Any, argument: Any) -> list[Any]:
    """The patterns within an item."""
    if kind is op.BRANCH:
        return list(argument[1])
    if kind is op.SUBPATTERN:
        return [argument[3]]
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [argument[1]]
    return [argument[2]] if kind in _REPEATS else []


_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)


class _Unsupported(Exception):
    """The pattern needs backtracking."""


Test = Callable[[str], bool]
BEGIN, END = "begin", "end"


class _State:
    """A state: where a character leads, and where none or only an anchor does."""

    __slots__ = ("free", "next", "test")

    def __init__(self) -> None:
        self.test: Test | None = None
        self.next: _State | None = None
        self.free: list[tuple[str | None, _State]] = []


class _Lookahead(NamedTuple):
    refuses: bool
    automaton: _Automaton


class _Automaton:
    """Thompson's construction, with sets of states made when first met."""

    def __init__(self, parsed: Any, searches: bool, flags: int, prefix: bool = False) -> None:
        if flags & re.IGNORECASE:
            raise _Unsupported
        self._word = re.ASCII if flags & re.ASCII else 0
        self._states = 0
        items = list(parsed)
        self._lookaheads = [] if prefix else self._leading_lookaheads(items, searches, flags)
        self._anywhere = searches or prefix
        self._moving = searches and not prefix
        self._end = self._state()
        self._start = self._sequence(items, self._end)
        self._first = self._closure([self._start], BEGIN)
        self._again = self._closure([self._start], None)
        self._steps: dict[tuple[frozenset[_State], str], frozenset[_State]] = {}

    def accepts(self, value: str) -> bool:
        if any(look.automaton.accepts(value) is look.refuses for look in self._lookaheads):
            return False
        states, steps = self._first, self._steps
        for character in value:
            if self._anywhere and self._end in states:
                return True
            following = steps.get((states, character))
            if following is None:
                following = self._step(states, character)
            if not following:
                return False
            states = following
        return self._end in states or self._end in self._closure(states, END, at_begin=not value)

    def _step(self, states: frozenset[_State], character: str) -> frozenset[_State]:
        reached = [state.next for state in states if state.test is not None and state.test(character)]
        following = self._closure([state for state in reached if state is not None], None)
        if self._moving:
            following |= self._again
        if len(self._steps) >= MOST_REMEMBERED:
            self._steps.clear()
        self._steps[states, character] = following
        return following

    def _closure(self, states: Iterable[_State], anchor: str | None, at_begin: bool = False) -> frozenset[_State]:
        """The states and what they reach without a character, over anchors of this kind only."""
        found = set(states)
        waiting = list(found)
        while waiting:
            for demanded, state in waiting.pop().free:
                passes = demanded is None or demanded == anchor or (at_begin and demanded == BEGIN)
                if passes and state not in found:
                    found.add(state)
                    waiting.append(state)
        return frozenset(found)

    def _leading_lookaheads(self, items: list[Any], searches: bool, flags: int) -> list[_Lookahead]:
        """Take `(?=...)` and `(?!...)` from the front of a pattern, where they look at the whole value."""
        found = []
        at = 1 if items and items[0] == (op.AT, op.AT_BEGINNING) else 0
        while at < len(items) and items[at][0] in (op.ASSERT, op.ASSERT_NOT) and items[at][1][0] == 1:
            kind, (_, body) = items.pop(at)
            found.append(_Lookahead(kind is op.ASSERT_NOT, _Automaton(body, False, flags, prefix=True)))
        if found and searches and at == 0:
            raise _Unsupported
        return found

    def _state(self) -> _State:
        self._states += 1
        if self._states > MOST_STATES:
            raise _Unsupported
        return _State()

    def _sequence(self, items: list[Any], end: _State) -> _State:
        """The state that accepts these items and then goes on at `end`."""
        for kind, argument in reversed(items):
            end = self._item(kind, argument, end)
        return end

    def _item(self, kind: Any, argument: Any, end: _State) -> _State:
        if kind in _REPEATS:
            low, high, body = argument
            return self._repeat(int(low), int(high), body, end)
        start = self._state()
        if kind is op.BRANCH:
            start.free = [(None, self._sequence(list(body), end)) for body in argument[1]]
        elif kind is op.SUBPATTERN:
            if argument[1] or argument[2]:
                raise _Unsupported
            start.free = [(None, self._sequence(list(argument[3]), end))]
        elif kind is op.AT:
            start.free = [(self._anchor(argument), end)]
        else:
            start.test, start.next = self._test(kind, argument), end
        return start

    def _repeat(self, low: int, high: int, body: Any, end: _State) -> _State:
        items = list(body)
        if high > MOST_COPIES:
            loop = self._state()
            loop.free = [(None, self._sequence(items, loop)), (None, end)]
            end = loop
        else:
            for _ in range(high - low):
                optional = self._state()
                optional.free = [(None, self._sequence(items, end)), (None, end)]
                end = optional
        for _ in range(min(low, MOST_COPIES)):
            end = self._sequence(items, end)
        return end

    def _anchor(self, where: Any) -> str:
        if where in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return BEGIN
        if where in (op.AT_END, op.AT_END_STRING):
            return END
        raise _Unsupported

    def _test(self, kind: Any, argument: Any) -> Test:
        if kind is op.LITERAL:
            return chr(argument).__eq__
        if kind is op.NOT_LITERAL:
            return chr(argument).__ne__
        if kind is op.ANY:
            return "\n".__ne__
        if kind is op.IN:
            return self._class(argument)
        raise _Unsupported

    def _class(self, items: list[Any]) -> Test:
        negated = bool(items) and items[0][0] is op.NEGATE
        tests = [self._class_item(kind, argument) for kind, argument in items[negated:]]

        def matches(character: str) -> bool:
            return any(test(character) for test in tests) is not negated

        return matches

    def _class_item(self, kind: Any, argument: Any) -> Test:
        if kind is op.RANGE:
            low, high = chr(argument[0]), chr(argument[1])
            return lambda character: low <= character <= high
        if kind is op.CATEGORY:
            found = re.compile(_CATEGORIES[argument], self._word)
            return lambda character: found.match(character) is not None
        return self._test(kind, argument)


_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}
