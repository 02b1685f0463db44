"""Forgetting: everything under a prefix, and the blobs that its records own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cumulet.kernel.blobs import Blob, Blobs
from cumulet.kernel.keys import Key
from cumulet.kernel.store import Transaction


def forget(tx: Transaction, blobs: Blobs, prefix: Key) -> None:
    """Delete all keys under `prefix`, and release each blob that a record there holds, once for each record.

    A service where a record names a blob that it does not own (an index that repeats another) has to do this work
    itself, in its `reset`, unless everything that could own the blob lies under `prefix` too."""
    for value in tx.range(prefix):
        for blob in _blobs_in(value):
            if blob.inline or tx.get(("blobs", "owners", blob.id)) is not None:
                blobs.release(tx, blob)
    tx.delete_range(prefix)


def _blobs_in(value: Any) -> Iterator[Blob]:
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _blobs_in(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _blobs_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _blobs_in(inner)
