"""Selections: which attributes a Query or a Scan sees and shows of items, by Select, projection and index.

Source: DynamoDB API Reference, Query (Select); Developer Guide, "Attribute projections"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cumulet.services.dynamodb.errors import INVALID, ValidationException
from cumulet.services.dynamodb.expressions import Condition, Projection
from cumulet.services.dynamodb.pages import Show
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item

ALL, PROJECTED, SPECIFIC, COUNT = "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"


class Selection(NamedTuple):
    see: Show | None
    """What there is of an item; None for all of it."""
    show: Show | None
    """What is shown of that; None for all of it."""
    is_counting: bool
    weigh: Show | None
    """What counts as read of the table or index itself."""
    fetches: bool
    """Whether every item is fetched from the table, because the local index does not have all that is wanted."""


def check(select: str | None, index_name: str | None, projection: Projection | None, parameter: str) -> None:
    """What can be refused before the table is known; `parameter` is that of the projection.

    Raises ValidationException."""
    if select == PROJECTED and index_name is None:
        raise ValidationException("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if select == SPECIFIC and projection is None:
        raise ValidationException(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if projection is not None and select not in (None, SPECIFIC):
        raise ValidationException(f"Cannot specify the {parameter} when choosing to get {select}")


def of(
    table: Table, index: Index | None, select: str | None, projection: Projection | None, condition: Condition | None
) -> Selection:
    """Raises ValidationException for attributes that a global index does not have."""
    show: Show | None = projection.of if projection is not None else None
    is_counting = select == COUNT
    if index is None or index.projection == "ALL":
        return Selection(None, show, is_counting, None, fetches=False)
    if index.is_global and select == ALL:
        raise ValidationException(
            f"{INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
            "projection type is not ALL"
        )
    projected = frozenset((*table.schema.names, *index.schema.names, *index.included))
    see = _seeing(projected)
    missing = projection.names - projected if projection is not None else frozenset()
    if index.is_global:
        _check_projected(index, missing)
        return Selection(see, show, is_counting, see, fetches=False)
    filtered = condition.attributes - projected if condition is not None else frozenset()
    if missing or filtered or select == ALL:
        show = show if projection is not None or select == ALL else see
        return Selection(None, show, is_counting, see, fetches=True)
    return Selection(see, show, is_counting, see, fetches=False)


def _check_projected(index: Index, missing: Iterable[str]) -> None:
    if missing:
        raise ValidationException(
            f"{INVALID}Global secondary index {index.name} does not project [{', '.join(sorted(missing))}]"
        )


def _seeing(names: frozenset[str]) -> Show:
    def see(item: Item) -> Item:
        return {name: value for name, value in item.items() if name in names}

    return see
