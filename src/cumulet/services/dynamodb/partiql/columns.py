"""What a SELECT shows of an item. Source: DynamoDB Developer Guide, "PartiQL select statements"."""

from __future__ import annotations

from collections.abc import Mapping

from cumulet.services.dynamodb.expressions import paths
from cumulet.services.dynamodb.partiql.syntax import Path
from cumulet.services.dynamodb.values import Item, Value


def of(item: Mapping[str, Value], columns: tuple[Path, ...] | None) -> Item:
    """All of the item, or the columns that it has."""
    if columns is None:
        return dict(item)
    found = ((name(path), paths.reader(path.steps)(dict(item), {})) for path in columns)
    return {called: value for called, value in found if value is not None}


def name(path: Path) -> str:
    """A column is called as its path from the last name on: a.b[0] is b[0]."""
    last = max(at for at, step in enumerate(path.steps) if isinstance(step, str))
    first, *rest = path.steps[last:]
    return str(first) + "".join(f"[{step}]" for step in rest)
