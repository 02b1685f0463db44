"""The engine for --ephemeral and for tests: everything in memory, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sortedcontainers import SortedDict

from cumulet.kernel.store.engine import Pair


class MemoryReader:
    def __init__(self, pairs: SortedDict) -> None:
        self._pairs = pairs

    def get(self, key: bytes) -> bytes | None:
        value: bytes | None = self._pairs.get(key)
        return value

    def scan(self, low: bytes, high: bytes, limit: int, reverse: bool) -> list[Pair]:
        if low >= high:
            return []
        keys: Iterator[bytes] = self._pairs.irange(low, high, inclusive=(True, False), reverse=reverse)
        return [(key, self._pairs[key]) for key in islice(keys, limit)]

    def close(self) -> None:
        """Nothing to give back."""


class MemoryEngine(MemoryReader):
    """A sorted dict, and a list of what to put back if a transaction or a part of it is undone."""

    def __init__(self) -> None:
        super().__init__(SortedDict())
        self._undo: list[tuple[bytes, bytes | None]] = []
        self._savepoint = 0

    def begin(self) -> None:
        assert not self._undo, "transactions do not nest"

    def commit(self) -> None:
        self._undo.clear()

    def rollback(self) -> None:
        self._unwind(0)

    def savepoint(self) -> None:
        self._savepoint = len(self._undo)

    def keep_savepoint(self) -> None:
        self._savepoint = len(self._undo)

    def undo_savepoint(self) -> None:
        self._unwind(self._savepoint)

    def write(self, puts: list[Pair], deletes: list[bytes]) -> None:
        for key, value in puts:
            self._undo.append((key, self._pairs.get(key)))
            self._pairs[key] = value
        for key in deletes:
            self._delete(key)

    def delete_range(self, low: bytes, high: bytes) -> None:
        for key in list(self._pairs.irange(low, high, inclusive=(True, False))):
            self._delete(key)

    def snapshot(self) -> MemoryReader:
        return MemoryReader(self._pairs.copy())

    def sync(self) -> None:
        """Memory does not outlive the power, and nobody asks it to."""

    def maintain(self) -> None:
        """Nothing to keep in order."""

    def copy_to(self, path: str) -> None:
        raise NotImplementedError("an ephemeral cloud keeps nothing that a file could hold")

    def _delete(self, key: bytes) -> None:
        old = self._pairs.pop(key, None)
        if old is not None:
            self._undo.append((key, old))

    def _unwind(self, length: int) -> None:
        while len(self._undo) > length:
            key, old = self._undo.pop()
            if old is None:
                self._pairs.pop(key, None)
            else:
                self._pairs[key] = old
