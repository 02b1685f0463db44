"""What a rule sees of the store: records under tuple keys, the time, ids, and a way to set off what comes later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from cumulet.kernel import events, jobs, keys, records
from cumulet.kernel.clock import Clock
from cumulet.kernel.events import Event
from cumulet.kernel.ids import Ids
from cumulet.kernel.keys import PAST, Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import NOWHERE, Scope
from cumulet.kernel.store.cache import Cache
from cumulet.kernel.store.engine import Engine, Reader

_BATCH = 256
_UNLIMITED = 1 << 62
_ABSENT = object()
_DELETED = object()


class ReadTransaction:
    """A consistent view of the store."""

    def __init__(self, reader: Reader, clock: Clock, ids: Ids, cache: Cache | None = None) -> None:
        self._reader = reader
        self._clock = clock
        self._cache = cache
        self._now: datetime | None = None
        self.ids = ids

    @property
    def now(self) -> datetime:
        """One instant for the whole transaction: when it was first asked for."""
        now = self._now
        if now is None:
            now = self._now = self._clock.now()
        return now

    @now.setter
    def now(self, instant: datetime) -> None:
        """For tests of rules on a bare transaction: time passes when they say so."""
        self._now = instant

    def get(self, key: Key) -> Any:
        """The value under `key`, or None. Records may be shared: never change what is inside one."""
        return self._fetch(keys.pack(key))

    def _fetch(self, packed: bytes) -> Any:
        cache = self._cache
        if cache is not None and (kept := cache.get(packed, _ABSENT)) is not _ABSENT:
            return kept
        data = self._reader.get(packed)
        value = None if data is None else records.decode(data)
        if cache is not None and not isinstance(value, dict | list):  # those could be changed by who gets them
            cache.keep(packed, value, 0 if data is None else len(data))
        return value

    def range(
        self,
        prefix: Key,
        *,
        since: Any = None,
        after: Any = None,
        until: Any = None,
        before: Any = None,
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[Any]:
        """The values of all keys under `prefix`, in key order.

        A bound is the next element of the key (or a tuple of several): `since` and `until` include it and all below
        it, `after` and `before` exclude it. `StartsWith("a/")` as a bound stands for all strings beginning so."""
        for _, value in self._pairs(prefix, since, after, until, before, limit, reverse):
            yield records.decode(value)

    def items(
        self,
        prefix: Key,
        *,
        since: Any = None,
        after: Any = None,
        until: Any = None,
        before: Any = None,
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, Any]]:
        """As `range`, with the whole keys."""
        for key, value in self._pairs(prefix, since, after, until, before, limit, reverse):
            yield keys.unpack(key), records.decode(value)

    def _pairs(
        self, prefix: Key, since: Any, after: Any, until: Any, before: Any, limit: int | None, reverse: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        """Fetched in batches, each beginning where the last ended: a rule may write below its own range."""
        self._before_range()
        base = keys.pack(prefix)
        low = base + _bound(after) + PAST if after is not None else base + _bound(since)
        high = base + _bound(before) if before is not None else base + _bound(until) + PAST
        remaining = _UNLIMITED if limit is None else limit
        while remaining > 0:
            batch = self._reader.scan(low, high, min(remaining, _BATCH), reverse)
            yield from batch
            if len(batch) < min(remaining, _BATCH):
                return
            remaining -= len(batch)
            last = batch[-1][0]
            if reverse:
                high = last
            else:
                low = last + b"\0"
            self._before_range()

    def _before_range(self) -> None:
        """Called before the reader is asked for a range."""


class Transaction(ReadTransaction):
    """A view that can be changed. Everything takes effect together, when the rule has returned.

    Changes are gathered here and reach the engine when the rule is done, or before it reads a range; only the
    second needs a savepoint, so most rules cost the engine nothing but their changes."""

    def __init__(self, engine: Engine, clock: Clock, ids: Ids, cache: Cache, now: datetime | None = None) -> None:
        super().__init__(engine, clock, ids, cache)
        self._now = now
        self._engine = engine
        self._changes = cache
        self._pending: dict[bytes, Any] = {}
        self._spilled: list[bytes] = []
        self._has_savepoint = False
        self._cleared = False
        self.is_strict = False
        """Whether to insist that a record comes back from its bytes as it went in; for tests."""
        self.committed: list[Callable[[], None]] = []
        """What to call once the changes are safe."""
        self.undone: list[Callable[[], None]] = []
        """What to call if the changes are taken back after all."""
        self.woken: list[tuple[Key, int]] = []

    def get(self, key: Key) -> Any:
        """The value under `key`, or None. Records may be shared: never change what is inside one."""
        packed = keys.pack(key)
        if self._pending and (value := self._pending.get(packed, _ABSENT)) is not _ABSENT:
            if value is _DELETED:
                return None
            return value if isinstance(value, Record) else records.decode(records.encode(value))
        return self._fetch(packed)

    def put(self, key: Key, value: Any) -> None:
        self._pending[keys.pack(key)] = value

    def delete(self, key: Key) -> None:
        """Delete what is under `key`, if anything is."""
        self._pending[keys.pack(key)] = _DELETED

    def delete_range(self, prefix: Key) -> None:
        """Delete everything under `prefix`."""
        self._before_range(always=True)
        packed = keys.pack(prefix)
        self._engine.delete_range(packed, packed + PAST)
        self._changes.clear()
        self._cleared = True

    def finish(self) -> None:
        """Hand the changes to the engine. An error of the engine leaves some of them there: undo them all."""
        self._spill()
        if self._has_savepoint:
            self._engine.keep_savepoint()

    def undo(self) -> None:
        """Take the changes back, out of the engine too."""
        self._pending.clear()
        self.forget()
        if self._has_savepoint:
            self._has_savepoint = False
            self._engine.undo_savepoint()

    def forget(self) -> None:
        """Whoever relied on the changes hears that they are gone; nothing read on top of them stays."""
        if self._cleared:
            self._changes.clear()
        for packed in self._spilled:
            self._changes.drop(packed)
        for call in self.undone:
            call()

    def _before_range(self, *, always: bool = False) -> None:
        if (self._pending or always) and not self._has_savepoint:
            self._engine.savepoint()
            self._has_savepoint = True
        self._spill()

    def _spill(self) -> None:
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        self._spilled += pending
        puts: list[tuple[bytes, bytes]] = []
        deletes: list[bytes] = []
        for packed, value in pending.items():
            if value is _DELETED:
                deletes.append(packed)
                self._changes.keep(packed, None, 0)
                continue
            data = records.encode(value)
            puts.append((packed, data))
            if isinstance(value, Record):
                assert not self.is_strict or records.decode(data) == value, f"{value!r} comes back as another"
                self._changes.keep(packed, value, len(data))
            else:
                self._changes.drop(packed)
        self._engine.write(puts, deletes)

    def wake(self, channel: Key, count: int = 1) -> None:
        """Wake up to `count` of those who wait on `channel` (longest first), once the changes are safe."""
        self.woken.append((channel, count))

    def uuid(self) -> str:
        return self.ids.uuid()

    def schedule(
        self,
        at: datetime,
        handler: str,
        payload: dict[str, Any] | None = None,
        *,
        scope: Scope = NOWHERE,
        key: str | None = None,
    ) -> None:
        """Have `handler` ("service.method") run with `payload` at `at`, for `scope`, even after a restart.

        With a `key`, it replaces what was scheduled for that handler under the same key."""
        jobs.schedule(self, at, handler, payload or {}, scope, key)

    def unschedule(self, handler: str, key: str) -> None:
        """Forget what was scheduled for `handler` under `key`, if anything was."""
        jobs.unschedule(self, handler, key)

    def emit(self, event: Event) -> None:
        """Tell those who subscribed to the event's type, once the changes are safe and at least once."""
        events.emit(self, event)


def _bound(element: Any) -> bytes:
    if element is None:
        return b""
    return keys.pack(element if type(element) is tuple else (element,))
