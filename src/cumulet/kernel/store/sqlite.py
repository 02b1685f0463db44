"""The embedded engine: one SQLite file in WAL mode, used inline.

A commit appends to the write-ahead log and returns: the pages are then the operating system's, so `kill -9` loses
nothing. `sync` flushes the log to the disk for those who also fear power loss. Moving the log into the file
(checkpoints) happens in `maintain`, on another thread and connection, so that no request waits for it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from cumulet.kernel.store.engine import Pair

_SCHEMA = "CREATE TABLE IF NOT EXISTS pairs (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
_GET = "SELECT value FROM pairs WHERE key = ?"
_SCAN = "SELECT key, value FROM pairs WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_SCAN_BACK = "SELECT key, value FROM pairs WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
_PUT = "INSERT INTO pairs (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM pairs WHERE key = ?"
_PAGE_BYTES = 8192
"""A row of more than a quarter of a page is spread over further pages; a kilobyte and its key should not be."""
_LOG_PAGES_BEFORE_RESTART = 8192  # 64 MiB


class SqliteReader:
    def __init__(self, path: Path, *, cache_kibibytes: int) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._run = self._connection.execute
        self._run(f"PRAGMA page_size = {_PAGE_BYTES}")
        self._run("PRAGMA journal_mode = WAL")
        self._run("PRAGMA synchronous = NORMAL")
        self._run("PRAGMA wal_autocheckpoint = 0")
        self._run("PRAGMA temp_store = MEMORY")
        self._run("PRAGMA busy_timeout = 10000")
        self._run(f"PRAGMA cache_size = -{cache_kibibytes}")

    def get(self, key: bytes) -> bytes | None:
        row = self._run(_GET, (key,)).fetchone()
        return None if row is None else row[0]

    def scan(self, low: bytes, high: bytes, limit: int, reverse: bool) -> list[Pair]:
        return self._run(_SCAN_BACK if reverse else _SCAN, (low, high, limit)).fetchall()

    def close(self) -> None:
        self._connection.close()


class SqliteSnapshot(SqliteReader):
    """A read transaction of its own: it sees the file as it was, while the writer goes on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, cache_kibibytes=2048)
        self._run("BEGIN")
        self._run("SELECT 1 FROM pairs LIMIT 1").fetchone()  # the snapshot is taken by the first read


class SqliteEngine(SqliteReader):
    def __init__(self, path: Path) -> None:
        super().__init__(path, cache_kibibytes=32 * 1024)
        self._run(_SCHEMA)
        self._log = os.open(f"{path}-wal", os.O_RDWR)
        self._log_is_long = False

    def begin(self) -> None:
        if self._log_is_long:
            self._restart_log()
        self._run("BEGIN IMMEDIATE")

    def _restart_log(self) -> None:
        """Write the log from its beginning again, unless a snapshot still reads it: nobody waits for that."""
        self._log_is_long = False
        self._run("PRAGMA busy_timeout = 0")
        self._run("PRAGMA wal_checkpoint(RESTART)")
        self._run("PRAGMA busy_timeout = 10000")

    def commit(self) -> None:
        self._run("COMMIT")

    def rollback(self) -> None:
        self._run("ROLLBACK")

    def savepoint(self) -> None:
        self._run("SAVEPOINT part")

    def keep_savepoint(self) -> None:
        self._run("RELEASE part")

    def undo_savepoint(self) -> None:
        self._run("ROLLBACK TO part")
        self._run("RELEASE part")

    def write(self, puts: list[Pair], deletes: list[bytes]) -> None:
        self._connection.executemany(_PUT, puts)
        if deletes:
            self._connection.executemany(_DELETE, [(key,) for key in deletes])

    def delete_range(self, low: bytes, high: bytes) -> None:
        self._run("DELETE FROM pairs WHERE key >= ? AND key < ?", (low, high))

    def snapshot(self) -> SqliteSnapshot:
        return SqliteSnapshot(self._path)

    def sync(self) -> None:
        os.fsync(self._log)

    def maintain(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._log_is_long = pages > _LOG_PAGES_BEFORE_RESTART
        finally:
            connection.close()

    def copy_to(self, path: str) -> None:
        source = sqlite3.connect(self._path, isolation_level=None)
        try:
            source.execute("VACUUM INTO ?", (path,))
        finally:
            source.close()

    def close(self) -> None:
        os.close(self._log)
        self._run("PRAGMA wal_checkpoint(TRUNCATE)")
        super().close()
