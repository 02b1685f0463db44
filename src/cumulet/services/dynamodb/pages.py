"""Pages: how much of a span is read at once, what is filtered out of it, and what is shown of the rest.

A page ends at its limit of items, or before their sizes exceed 1 MB; both are counted before the filter. Sizes are
worked out only when they matter: the bytes in the store are never fewer than AWS counts.

Source: DynamoDB Developer Guide, "Paginating table query results", "Filter expressions for the Query operation"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    seen = [item for item, _ in taken] if wanted.see is None else [wanted.see(item) for item, _ in taken]
    matching = seen if wanted.holds is None else [item for item in seen if wanted.holds(item)]
    shown: list[Item] = []
    if not wanted.is_counting:
        shown = matching if wanted.show is None else [wanted.show(item) for item in matching]
    sizes = [_weight(item, wanted.weigh) for item, _ in taken] if wanted.is_weighing else []
    whole = [values.item_size(item) for item, _ in taken] if wanted.is_weighing and index is not None else []
    return Page(shown, len(matching), len(taken), taken[-1][0] if is_more else None, sizes, whole)


def _taken(
    tx: ReadTransaction, table: Table, index: Index | None, span: Span, wanted: Wanted
) -> tuple[list[tuple[Item, int]], bool]:
    """The items of a page with their bytes in the store, and whether there may be more."""
    taken: list[tuple[Item, int]] = []
    room, exact = MOST_BYTES, False
    for item, stored in _found(tx, table, index, span, wanted.limit):
        weight = _weight(item, wanted.weigh) if exact else stored
        if weight > room and not exact:
            exact = True
            room = MOST_BYTES - sum(_weight(each, wanted.weigh) for each, _ in taken)
            weight = _weight(item, wanted.weigh)
        if weight > room and taken:
            return taken, True
        room -= weight
        taken.append((item, stored))
        if len(taken) == wanted.limit:
            return taken, True
    return taken, False


def _weight(item: Item, weigh: Show | None) -> int:
    return values.item_size(item if weigh is None else weigh(item))


def _found(
    tx: ReadTransaction, table: Table, index: Index | None, span: Span, limit: int | None
) -> Iterator[tuple[Item, int]]:
    """The items of a span with their bytes, fetched in portions that fit their size."""
    portion = min(limit or _MOST, _portion(tx, table))
    fetch = _items if index is None else _entries
    while True:
        item, count = None, 0
        for item, stored in fetch(tx, table, span, portion):
            count += 1
            yield item, stored
        if count < portion or item is None:
            return
        span = span.beyond(spans.position_of(table, index, item))


def _portion(tx: ReadTransaction, table: Table) -> int:
    totals = items.totals(tx, table)
    return max(_FEWEST, min(_MOST, 2 * MOST_BYTES * totals.items // max(1, totals.bytes)))


def _items(tx: ReadTransaction, table: Table, span: Span, limit: int) -> Iterator[tuple[Item, int]]:
    for data in tx.range(span.prefix, limit=limit, reverse=span.is_reverse, **span.bounds):
        yield items.decode(data), len(data)


def _entries(tx: ReadTransaction, table: Table, span: Span, limit: int) -> Iterator[tuple[Item, int]]:
    for key, _ in tx.items(span.prefix, limit=limit, reverse=span.is_reverse, **span.bounds):
        data = tx.get(table.item_key(indexes.place_of_entry(key)))
        assert data is not None, "an entry of an index leads nowhere"
        yield items.decode(data), len(data)


def filtering(condition: Condition | None) -> Callable[[Item], bool] | None:
    return None if condition is None else condition.holds
