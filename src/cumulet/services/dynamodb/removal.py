"""What remains of deleted tables and indexes, removed in portions: a table of a million items is deleted at once."""

from __future__ import annotations

from cumulet.kernel.keys import Key
from cumulet.kernel.store import Transaction

_A_PORTION = 1000


def begin(tx: Transaction, prefix: Key) -> None:
    """Have everything under `prefix` removed."""
    tx.schedule(tx.now, "dynamodb.remove_remains", {"prefix": list(prefix)})


def go_on(tx: Transaction, prefix: Key) -> None:
    """Remove a portion, and see to the next."""
    found = [key for key, _ in tx.items(prefix, limit=_A_PORTION)]
    for key in found:
        tx.delete(key)
    if len(found) == _A_PORTION:
        begin(tx, prefix)
