"""Whether what is stored agrees with itself: for tests, and for those who doubt.

A service adds its own with a module `checks.py` that holds `check(tx, blobs)`, which yields a sentence for each thing
that is wrong. What all have in common is here: every blob is owned as often as it is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from cumulet.kernel import forgetting
from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction

Check = Callable[[ReadTransaction, Blobs], Iterable[str]]


def check_blobs(tx: ReadTransaction, blobs: Blobs) -> Iterator[str]:
    """Blobs that records name and nobody counts, or the other way round, or whose bytes are missing."""
    held, inline = Counter[str](), Counter[str]()
    for key, value in tx.items(()):
        if key[0] == "blobs":
            continue
        for blob in forgetting.blobs_in(value):
            (inline if blob.inline else held)[blob.id] += 1
    counted = Counter({key[-1]: count for key, count in tx.items(("blobs", "owners"))})
    stored = Counter({key[-1]: 1 for key, _ in tx.items(("blobs", "bytes"))})
    yield from _differences("blob", held, counted)
    yield from _differences("small blob", inline, stored)
    yield from (f"the file of blob {blob_id} is missing" for blob_id in blobs.missing(tx))


def _differences(kind: str, held: Counter[str], counted: Counter[str]) -> Iterator[str]:
    for blob_id in held.keys() | counted.keys():
        if held[blob_id] != counted[blob_id]:
            yield f"{kind} {blob_id} has {held[blob_id]} owners and counts {counted[blob_id]}"
