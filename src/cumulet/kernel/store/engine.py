"""What a store engine has to offer: ordered bytes, one writer, savepoints, snapshots. Every engine passes
tests/kernel/test_store_engines.py."""

from __future__ import annotations

from typing import Protocol

Pair = tuple[bytes, bytes]


class Reader(Protocol):
    """A view of the pairs. `scan` answers keys with low <= key < high, in order."""

    def get(self, key: bytes) -> bytes | None: ...

    def scan(self, low: bytes, high: bytes, limit: int, reverse: bool) -> list[Pair]: ...


class Snapshot(Reader, Protocol):
    """The pairs as they were when it was taken, whatever is written since."""

    def close(self) -> None: ...


class Engine(Reader, Protocol):
    """Pairs that can be changed, between `begin` and `commit`, by one writer."""

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def savepoint(self) -> None:
        """Begin a part of the transaction that can be undone alone. Parts do not nest."""

    def keep_savepoint(self) -> None: ...

    def undo_savepoint(self) -> None: ...

    def write(self, puts: list[Pair], deletes: list[bytes]) -> None:
        """Put pairs and delete keys; no key is in both."""

    def delete_range(self, low: bytes, high: bytes) -> None: ...

    def snapshot(self) -> Snapshot: ...

    def sync(self) -> None:
        """Return once everything committed so far is safe from power loss. May be called from another thread."""

    def maintain(self) -> None:
        """Housekeeping outside of transactions, called now and then from another thread."""

    def copy_to(self, path: str) -> None:
        """Write all committed pairs to a new file at `path`. May be called from another thread."""

    def close(self) -> None: ...
