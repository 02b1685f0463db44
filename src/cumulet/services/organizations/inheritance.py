"""How management policies merge into the effective policy of an account: pure functions of documents.

Level by level, from the root to the account. At each level the policies attached there are merged into what was
inherited: @@assign replaces, @@append adds to a list, @@remove takes from it, and only the operators count that the
levels above allow (@@operators_allowed_for_child_policies). That holds for the place in the document where it stands:
beside a value for the value, elsewhere, if it allows nothing, for the names that could be added below. Policies of one
level do not restrict one another.

Where policies of one level assign different single values, the first in the order given wins (AWS documents no order);
lists that they assign or append are joined, and where they allow different operators to children, the fewest count.
Source: Organizations User Guide, Inheritance operators, and Inheritance examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]

_ALLOWED = "@@operators_allowed_for_child_policies"
_ASSIGN, _APPEND, _REMOVE = "@@assign", "@@append", "@@remove"
_EVERY = frozenset({_ASSIGN, _APPEND, _REMOVE})


class _Setting:
    """A place in the merged document: a value or what is below, and what children may do there."""

    def __init__(self) -> None:
        self.value: Any = None
        self.below: dict[str, _Setting] = {}
        self.allowed = _EVERY

    def shown(self) -> Any:
        """The value, or what is below that is not empty; None for nothing."""
        if self.value is not None:
            return self.value
        inner = {name: shown for name, setting in self.below.items() if (shown := setting.shown()) is not None}
        return inner or None


def merge(levels: Iterable[Sequence[Node]]) -> dict[str, Any]:
    """The effective policy, of the documents of each level, the root's first. Empty if nothing is set."""
    merged = _Setting()
    for documents in levels:
        _merge_level(merged, documents)
    return merged.shown() or {}


def _merge_level(setting: _Setting, nodes: Sequence[Node]) -> None:
    """Apply what the policies of one level say of one place."""
    _apply(setting, [_permitted(node, setting.allowed) for node in nodes])
    for name in _names(nodes):
        if name in setting.below or setting.allowed:
            below = setting.below.setdefault(name, _Setting())
            _merge_level(below, [node[name] for node in nodes if name in node])
    named = [_operators(node[_ALLOWED]) for node in nodes if _ALLOWED in node]
    if named:
        setting.allowed = setting.allowed.intersection(*named)


def _permitted(node: Node, allowed: frozenset[str]) -> Node:
    return {name: value for name, value in node.items() if name in allowed}


def _names(nodes: Sequence[Node]) -> list[str]:
    """Names below, each once, in the order of the documents."""
    return list(dict.fromkeys(name for node in nodes for name in node if not name.startswith("@@")))


def _apply(setting: _Setting, nodes: Sequence[Node]) -> None:
    assigned = [node[_ASSIGN] for node in nodes if _ASSIGN in node]
    if assigned:
        single = not isinstance(assigned[0], list)
        setting.value = assigned[0] if single else _joined(v for v in assigned if isinstance(v, list))
    appended = [node[_APPEND] for node in nodes if _APPEND in node]
    if appended and isinstance(setting.value, list | None):
        setting.value = _joined([setting.value or [], *appended])
    for node in nodes:
        if isinstance(setting.value, list) and _REMOVE in node:
            setting.value = [each for each in setting.value if each not in node[_REMOVE]]


def _joined(lists: Iterable[list[Any]]) -> list[Any]:
    return list(dict.fromkeys(each for values in lists for each in values))


def _operators(named: Sequence[str]) -> frozenset[str]:
    return _EVERY if "@@all" in named else frozenset(named) & _EVERY
