"""Projections: which parts of an item are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cumulet.services.dynamodb.expressions import paths, syntax
from cumulet.services.dynamodb.expressions.paths import Names, Tree
from cumulet.services.dynamodb.values import Item, Value


class Projection(NamedTuple):
    tree: Tree
    names: frozenset[str]
    """The top-level attributes that are wanted, wholly or in part."""
    used: frozenset[str]
    """Of ExpressionAttributeNames."""
    is_flat: bool

    def of(self, item: Mapping[str, Value]) -> Item:
        """The wanted parts that the item has."""
        if self.is_flat:
            return {name: item[name] for name in self.names if name in item}
        return paths.cut(item, self.tree)


def compiled(wanted: Iterable[syntax.Path], names: Names) -> Projection:
    """Raises ValidationException."""
    tree = paths.tree((names.steps(path) for path in wanted), names.kind)
    is_flat = all(below is None for below in tree.values())
    return Projection(tree, frozenset(map(str, tree)), frozenset(names.used), is_flat)
