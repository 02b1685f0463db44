"""Forgetting: everything under a prefix, and the blobs that its records own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cumulet.kernel.blobs import Blob, Blobs
from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.keys import Key
from cumulet.kernel.store import Transaction

_ACCOUNT = re.compile(r"[0-9]{12}")


def forget(tx: Transaction, blobs: Blobs, prefix: Key) -> None:
    """Delete all keys under `prefix`, a service or a service and an account, and release each blob that a record there
    holds, once for each record. Raises NotImplementedYet for an account of a service that has its keys in another
    order, since nothing would be forgotten then.

    A service where a record names a blob that it does not own (an index that repeats another) has to do this work
    itself, in its `reset`, unless everything that could own the blob lies under `prefix` too."""
    if len(prefix) > 1 and not _is_kept_by_account(tx, prefix[0]):
        raise NotImplementedYet(f"Cumulet cannot forget one account's part of {prefix[0]} yet; reset all of it.")
    for value in tx.range(prefix):
        for blob in blobs_in(value):
            if blob.inline or tx.get(("blobs", "owners", blob.id)) is not None:
                blobs.release(tx, blob)
    tx.delete_range(prefix)


def _is_kept_by_account(tx: Transaction, service: str) -> bool:
    """Whether the first key of the service and its last have an account where one belongs."""
    edges = [*tx.items((service,), limit=1), *tx.items((service,), limit=1, reverse=True)]
    return all(len(key) > 1 and _ACCOUNT.fullmatch(str(key[1])) for key, _ in edges)


def blobs_in(value: Any) -> Iterator[Blob]:
    """The blobs that a record names, wherever in it."""
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from blobs_in(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from blobs_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from blobs_in(inner)
