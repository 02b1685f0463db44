"""Document paths: from what is written to names, and from names to what lies there in an item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, Protocol, TypeAlias, Union

from cumulet.services.dynamodb.expressions.reserved import WORDS
from cumulet.services.dynamodb.expressions.syntax import Path, Steps
from cumulet.services.dynamodb.expressions.tokens import refuse
from cumulet.services.dynamodb.values import Item, Value

Values: TypeAlias = Mapping[str, Value]
"""ExpressionAttributeValues."""
Read: TypeAlias = Callable[[Item, Values], Value | None]
"""Gives an operand; None where the item lacks it."""
Tree: TypeAlias = dict[str | int, Union["Tree", None]]
"""Paths by their steps; None ends one."""


class Names(Protocol):
    """What the steps of paths mean."""

    kind: str
    used: set[str]

    def steps(self, path: Path) -> Steps: ...


class Substitutions:
    """ExpressionAttributeNames for one expression, of which it remembers those that were used."""

    def __init__(self, kind: str, names: Mapping[str, str]) -> None:
        self.kind, self.used = kind, set[str]()
        self._names = names

    def steps(self, path: Path) -> Steps:
        """Raises ValidationException for a reserved word, and for a name that is not defined."""
        return tuple(step if isinstance(step, int) else self._meant(step) for step in path.steps)

    def _meant(self, step: str) -> str:
        if step[0] != "#":
            if step.upper() in WORDS:
                refuse(self.kind, f"Attribute name is a reserved keyword; reserved keyword: {step}")
            return step
        if step not in self._names:
            refuse(
                self.kind,
                f"An expression attribute name used in the document path is not defined; attribute name: {step}",
            )
        self.used.add(step)
        return self._names[step]


class AsWritten:
    """For parameters that spell attributes as they are."""

    def __init__(self, kind: str) -> None:
        self.kind, self.used = kind, set[str]()

    def steps(self, path: Path) -> Steps:
        return path.steps


def reader(steps: Steps) -> Read:
    """Reads what lies at the end of a path."""
    name, rest = str(steps[0]), steps[1:]
    if not rest:
        return lambda item, values: item.get(name)

    def read(item: Item, values: Values) -> Value | None:
        found = item.get(name)
        for step in rest:
            if found is None:
                return None
            found = member(found, step)
        return found

    return read


def member(value: Any, step: str | int) -> Any:
    """What is in a list or map; None where it is another thing, or has nothing there."""
    if isinstance(step, str):
        return value["M"].get(step) if "M" in value else None
    elements = value.get("L", ())
    return elements[step] if step < len(elements) else None


def shown(steps: Iterable[str | int]) -> str:
    """A path as messages write it: [a, b, [1]]."""
    return "[" + ", ".join(f"[{step}]" if isinstance(step, int) else step for step in steps) + "]"


def tree(paths: Iterable[Steps], kind: str) -> Tree:
    """Raises ValidationException where one path is part of another, or sees a list where another sees a map."""
    root: Tree = {}
    for path in paths:
        _plant(root, path, kind)
    return root


def _plant(root: Tree, path: Steps, kind: str) -> None:
    node = root
    for at, step in enumerate(path):
        if node and type(next(iter(node))) is not type(step):
            _refuse_pair(kind, "conflict", (*path[:at], *_first(node)), path)
        if at == len(path) - 1:
            if step in node:
                _refuse_pair(kind, "overlap", (*path, *_first(node[step])), path)
            node[step] = None
            return
        below = node.setdefault(step, {})
        if below is None:
            _refuse_pair(kind, "overlap", path[: at + 1], path)
        node = below


def _first(node: Tree | None) -> Steps:
    """The way to some end below."""
    steps: list[str | int] = []
    while node:
        step = next(iter(node))
        steps.append(step)
        node = node[step]
    return tuple(steps)


def _refuse_pair(kind: str, how: str, one: Steps, two: Steps) -> NoReturn:
    refuse(
        kind,
        f"Two document paths {how} with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(one)}, path two: {shown(two)}",
    )


def cut(item: Mapping[Any, Value], wanted: Tree) -> Item:
    """The parts of an item at the ends of the paths. Elements of lists close up, in their order."""
    found: dict[Any, Value] = {}
    for step, below in wanted.items():
        value = item.get(step)
        part = value if below is None or value is None else _cut_value(value, below)
        if part is not None:
            found[step] = part
    return found


def _cut_value(value: Value, wanted: Tree) -> Value | None:
    if not isinstance(next(iter(wanted)), int):
        members = cut(value["M"], wanted) if "M" in value else None
        return {"M": members} if members else None
    parts = [_cut_element(value, step, wanted[step]) for step in sorted(wanted, key=int)]
    found = [part for part in parts if part is not None]
    return {"L": found} if found else None


def _cut_element(value: Value, step: str | int, below: Tree | None) -> Value | None:
    element = member(value, step)
    return element if element is None or below is None else _cut_value(element, below)
