"""Pages: how much of a span is read at once, what is filtered out of it, and what is shown of the rest.

A page ends at its limit of items, or before their sizes exceed 1 MB; both are counted before the filter. Sizes are
worked out only when they matter: the bytes in the store are never fewer than AWS counts.

Source: DynamoDB Developer Guide, "Paginating table query results", "Filter expressions for the Query operation"."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import indexes, items, spans, values
from cumulet.services.dynamodb.expressions import Condition
from cumulet.services.dynamodb.spans import Span
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item

MOST_BYTES = 1024 * 1024
_FEWEST, _MOST = 16, 256
"""So many items are fetched at once."""

Show = Callable[[Item], Item]


class Wanted(NamedTuple):
    limit: int | None
    holds: Callable[[Item], bool] | None
    """The filter."""
    see: Show | None
    """What filter and projection see of an item; None for all of it."""
    show: Show | None
    """The projection."""
    weigh: Show | None
    """What of an item counts; None for all of it."""
    is_counting: bool
    """Whether nothing is to be shown, only counted."""
    is_weighing: bool
    """Whether sizes are wanted anyway."""


class Page(NamedTuple):
    shown: list[Item]
    matched: int
    scanned: int
    last: Item | None
    """The item to go on from; None at the end."""
    sizes: list[int]
    """Of what counts, and of whole items; both only where they were asked for."""
    whole_sizes: list[int]


def read(tx: ReadTransaction, table: Table, index: Index | None, span: Span, wanted: Wanted) -> Page:
    taken, is_more = _taken(tx, table, index, span, wanted)
    seen = taken if wanted.see is None else [wanted.see(item) for item in taken]
    matching = seen if wanted.holds is None else [item for item in seen if wanted.holds(item)]
    shown: list[Item] = []
    if not wanted.is_counting:
        shown = matching if wanted.show is None else [wanted.show(item) for item in matching]
    sizes = [_weight(item, wanted.weigh) for item in taken] if wanted.is_weighing else []
    whole = [values.item_size(item) for item in taken] if wanted.is_weighing and index is not None else []
    return Page(shown, len(matching), len(taken), taken[-1] if is_more else None, sizes, whole)


def _taken(
    tx: ReadTransaction, table: Table, index: Index | None, span: Span, wanted: Wanted
) -> tuple[list[Item], bool]:
    """The items of a page, and whether there may be more. They are fetched in portions that fit their size."""
    taken: list[Item] = []
    room, is_exact = MOST_BYTES, False
    most = _portion(tx, table)
    while True:
        left = _MOST if wanted.limit is None else wanted.limit - len(taken)
        portion = min(left, most)
        found = _items(tx, span, portion) if index is None else _entries(tx, table, span, portion)
        stored = sum(map(len, found))
        if not is_exact and stored > room:
            room, is_exact = MOST_BYTES - sum(_weight(item, wanted.weigh) for item in taken), True
        if not is_exact:
            room -= stored
            taken += map(items.decode, found)
        else:
            room = _take(taken, found, room, wanted)
            if room < 0:
                return taken, True
        if len(taken) == wanted.limit:
            return taken, True
        if len(found) < portion:
            return taken, False
        span = span.beyond(spans.position_of(table, index, taken[-1]))


def _take(taken: list[Item], found: list[bytes], room: int, wanted: Wanted) -> int:
    """Take what fits, by sizes as AWS counts them. Returns the room that is left, below zero if something did not."""
    for data in found:
        item = items.decode(data)
        room -= _weight(item, wanted.weigh)
        if room < 0:
            return room
        taken.append(item)
    return room


def _weight(item: Item, weigh: Show | None) -> int:
    return values.item_size(item if weigh is None else weigh(item))


def _portion(tx: ReadTransaction, table: Table) -> int:
    totals = items.totals(tx, table)
    return max(_FEWEST, min(_MOST, 2 * MOST_BYTES * totals.items // max(1, totals.bytes)))


def _items(tx: ReadTransaction, span: Span, limit: int) -> list[bytes]:
    return list(tx.range(span.prefix, limit=limit, reverse=span.is_reverse, **span.bounds))


def _entries(tx: ReadTransaction, table: Table, span: Span, limit: int) -> list[bytes]:
    found = tx.items(span.prefix, limit=limit, reverse=span.is_reverse, **span.bounds)
    return [tx.get(table.item_key(indexes.place_of_entry(key))) for key, _ in found]


def filtering(condition: Condition | None) -> Callable[[Item], bool] | None:
    return None if condition is None else condition.holds
