"""What a SELECT shows of an item. Source: DynamoDB Developer Guide, "PartiQL select statements"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cumulet.services.dynamodb.expressions import paths
from cumulet.services.dynamodb.expressions.paths import Read
from cumulet.services.dynamodb.partiql.syntax import Path
from cumulet.services.dynamodb.values import Item, Value

_FEW = 32
"""More are not kept compiled."""


class Columns:
    """Some parts of items, each called by the end of its path."""

    def __init__(self, columns: tuple[Path, ...]) -> None:
        self._reads = _reads(columns) if len(columns) <= _FEW else _reads.__wrapped__(columns)
        self.names = frozenset(str(path.steps[0]) for path in columns)
        """The attributes that have these parts."""

    def of(self, item: Mapping[str, Value]) -> Item:
        """The parts that the item has."""
        whole = dict(item)
        found = ((name, read(whole, {})) for name, read in self._reads)
        return {name: value for name, value in found if value is not None}


@lru_cache(maxsize=512)
def _reads(columns: tuple[Path, ...]) -> tuple[tuple[str, Read], ...]:
    return tuple((_name(path), paths.reader(path.steps)) for path in columns)


def _name(path: Path) -> str:
    """A column is called as its path from the last name on: a.b[0] is b[0]."""
    last = max(at for at, step in enumerate(path.steps) if isinstance(step, str))
    first, *rest = path.steps[last:]
    return str(first) + "".join(f"[{step}]" for step in rest)
