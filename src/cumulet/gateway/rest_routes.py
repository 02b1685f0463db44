"""Finding a REST operation by method, path and query: one tree of path segments per service and method.

A literal segment wins over a label, a label over a greedy label, and a template with a query literal over one
without; that is how Smithy's http trait resolves what overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from cumulet.kernel import models

MOST_SEGMENTS = 1000
"""Of a path; the longest template has about twenty, and a greedy label may hold a long key."""

Kinds = tuple[int, ...]
LITERAL, LABEL, GREEDY = range(3)


@dataclass(frozen=True, slots=True)
class Found:
    operation: str
    labels: dict[str, str]
    rank: tuple[Kinds, int, int, bool]
    """Smaller is more specific; comparable between services."""


@dataclass(frozen=True, slots=True)
class _End:
    """An operation whose template ends at a node."""

    operation: str
    names: tuple[str, ...]
    literals: tuple[tuple[str, str], ...]
    required: tuple[str, ...]
    """Query parameters the input requires: they only decide between operations of one template."""
    slash: bool
    """Whether the template ends with a slash: it decides when nothing else does."""


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    ends: list[_End] = field(default_factory=list)


def find(service: str, method: str, path: str, query: str) -> Found | None:
    """The operation of `service` that this request calls, with its labels percent-decoded, or None."""
    root = _trees(service).get(method)
    segments = _segments(path)
    if root is None or len(segments) > MOST_SEGMENTS:
        return None
    given: dict[str, str] | None = None
    for ends, values, kinds in _walk(root, segments, 0, (), ()):
        if given is None:
            given = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        end = ends[0] if len(ends) == 1 and not ends[0].literals else _choose(ends, given)
        if end is not None:
            labels = dict(zip(end.names, values, strict=True))
            slashed = path.endswith("/") != end.slash
            return Found(end.operation, labels, (kinds, -len(end.literals), -_met(end, given), slashed))
    return None


def _segments(path: str) -> list[str]:
    """A trailing slash says little: SDKs of different ages send the same template with and without it."""
    raw = path.removeprefix("/").split("/")
    if len(raw) > 1 and raw[-1] == "":
        raw.pop()
    return [unquote(segment) for segment in raw] if "%" in path else raw


def _walk(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...], kinds: Kinds
) -> Iterator[tuple[list[_End], tuple[str, ...], Kinds]]:
    if at == len(segments):
        if node.ends:
            yield node.ends, values, kinds
        return
    segment = segments[at]
    if (literal := node.literals.get(segment)) is not None:
        yield from _walk(literal, segments, at + 1, values, (*kinds, LITERAL))
    if node.label is not None and segment:
        yield from _walk(node.label, segments, at + 1, (*values, segment), (*kinds, LABEL))
    if node.greedy is not None:
        yield from _walk_greedy(node.greedy, segments, at, values, (*kinds, GREEDY))


def _walk_greedy(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...], kinds: Kinds
) -> Iterator[tuple[list[_End], tuple[str, ...], Kinds]]:
    """All that is left, or all but the literals that a template has after its greedy label."""
    for until in range(len(segments) - 1, at, -1):
        if segments[until] in node.literals:
            yield from _walk(node, segments, until, (*values, "/".join(segments[at:until])), kinds)
    yield from _walk(node, segments, len(segments), (*values, "/".join(segments[at:])), kinds)


def _choose(ends: list[_End], given: Mapping[str, str]) -> _End | None:
    """Ends come most demanding first; one whose required parameters are missing is better than none."""
    fitting = [end for end in ends if _literals_fit(end, given)]
    for end in fitting:
        if _met(end, given) == len(end.required):
            return end
    return fitting[-1] if fitting else None


def _literals_fit(end: _End, given: Mapping[str, str]) -> bool:
    return all(given.get(key) == value for key, value in end.literals)


def _met(end: _End, given: Mapping[str, str]) -> int:
    return sum(key in given for key in end.required)


@cache
def _trees(service: str) -> dict[str, _Node]:
    """One tree per method, built when the service is called for the first time."""
    trees: dict[str, _Node] = {}
    model = models.load(service)
    for operation in model.operations.values():
        root = trees.setdefault(operation.http_method, _Node())
        _plant(root, operation, _required_query(model, operation))
    return trees


def _plant(root: _Node, operation: models.Operation, required: tuple[str, ...]) -> None:
    template, _, query = operation.uri.partition("?")
    node, names = root, []
    for segment in _segments(template):
        if not segment.startswith("{"):
            node = node.literals.setdefault(segment, _Node())
        elif segment.endswith("+}"):
            names.append(segment[1:-2])
            node.greedy = node = node.greedy or _Node()
        else:
            names.append(segment[1:-1])
            node.label = node = node.label or _Node()
    literals = tuple(parse_qsl(query, keep_blank_values=True))
    slash = template.endswith("/")
    node.ends.append(_End(operation.name, tuple(names), literals, required, slash))
    node.ends.sort(key=lambda end: (-len(end.literals), -len(end.required), end.operation))


def _required_query(model: models.ServiceModel, operation: models.Operation) -> tuple[str, ...]:
    shape: Mapping[str, Any] = model.shapes[operation.input] if operation.input else {}
    members = shape.get("members", {})
    return tuple(
        members[name].get("locationName", name)
        for name in shape.get("required", ())
        if members[name].get("location") == "querystring"
    )
