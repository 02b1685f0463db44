"""Whether the records of DynamoDB agree with each other. What each finding says would be a bug of ours."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import follower_checks, indexes, items, policies, values
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import ACTIVE, Index, Table


def check(tx: ReadTransaction, blobs: Blobs) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    for key, found in tx.items(("dynamodb",)):
        if key[3:4] == ("tables",) and isinstance(found, Table):
            yield from _check_items(tx, found)
            yield from follower_checks.check(tx, found)
            if found.has_policy != (tx.get(policies.key(found, found.arn)) is not None):
                yield f"table {found.arn} and its policy do not agree that there is one"


def _check_items(tx: ReadTransaction, table: Table) -> Iterator[str]:
    """That items lie where their keys say, that the indexes have an entry for each of them, and the totals."""
    count = size = 0
    entries: dict[str, int] = {index.id: 0 for index in table.indexes}
    sizes = dict(entries)
    for key, data in tx.items(table.key("items")):
        place, item = (key[-3], key[-2], key[-1]), items.decode(data)
        count, size = count + 1, size + values.item_size(item)
        if table.schema.place_of_item(item) != place:
            yield f"table {table.arn} has an item in a place that is not its own: {place}"
        for index in table.indexes:
            shown = yield from _check_entry(tx, table, index, place, item)
            entries[index.id] += shown
            sizes[index.id] += shown * indexes.shown_size(table, index, item, values.item_size(item))
    totals = items.totals(tx, table)
    if (totals.items, totals.bytes) != (count, size):
        yield f"table {table.arn} has {count} items of {size} bytes and tells of {totals}"
    for index in table.indexes:
        there = sum(1 for _ in tx.items(table.key("index", index.id)))
        if index.status == ACTIVE and there != entries[index.id]:
            yield f"index {index.name} of {table.arn} has {there} entries and should have {entries[index.id]}"
        told = totals.by_index.get(index.id, (0, 0))
        if index.status == ACTIVE and told != (entries[index.id], sizes[index.id]):
            yield f"index {index.name} of {table.arn} shows {sizes[index.id]} bytes and tells of {told}"


def _check_entry(
    tx: ReadTransaction, table: Table, index: Index, place: Place, item: values.Item
) -> Generator[str, None, int]:
    """Returns how many entries the item should have, one or none."""
    at = index.schema.place_in_index(item)
    if at is None:
        return 0
    if index.status == ACTIVE and tx.get(indexes.entry_key(table, index, at, place)) is None:
        yield f"index {index.name} of {table.arn} has no entry for the item at {place}"
    return 1
