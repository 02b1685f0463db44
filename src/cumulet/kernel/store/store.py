"""Running rules: together where that is cheaper, safe before they are answered.

Rules that arrive in one turn of the event loop share one engine transaction (a rule that fails takes back its own
changes only), and their callers are answered when it is committed: a busy server pays for one commit where ten were
asked for. With durability `power`, the answer also waits for the disk; one flush serves all who wait."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from cumulet.kernel.clock import Clock
from cumulet.kernel.ids import Ids
from cumulet.kernel.keys import Key
from cumulet.kernel.store.cache import Cache
from cumulet.kernel.store.engine import Engine
from cumulet.kernel.store.transaction import ReadTransaction, Transaction
from cumulet.kernel.store.waiters import Waiter, Waiters

P = ParamSpec("P")
T = TypeVar("T")

_MAINTENANCE_SECONDS = 1.0


class Durability(enum.StrEnum):
    """What an acknowledged write survives."""

    PROCESS = "process"
    """The end of this process, however sudden."""
    POWER = "power"
    """The loss of power too."""


class Store:
    """See the package. Used from one event loop.

    `run_rules_twice` is for tests: each rule is run, undone, and run again, as on a store with conflicts."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        ids: Ids | None = None,
        *,
        durability: Durability = Durability.PROCESS,
        run_rules_twice: bool = False,
    ) -> None:
        self.clock = clock
        self.ids = ids or Ids()
        self._engine = engine
        self._cache = Cache()
        self._waiters = Waiters(clock)
        self._durability = durability
        self._run_rules_twice = run_rules_twice
        self._batch: _Batch | None = None
        self._finishing: set[asyncio.Task[None]] = set()
        self._flush: asyncio.Task[None] | None = None
        self._commits = self._safe = 0
        self._maintenance: asyncio.Task[None] | None = None
        self._dirty = False
        self._failed: BaseException | None = None

    async def write(self, rule: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `rule(tx, ...)` and return its result once its changes are safe. What it raises undoes them all."""
        batch = self._batch or self._begin()
        safe = batch.join()
        tx = Transaction(self._engine, self.clock, self.ids, self._cache)
        try:
            if self._run_rules_twice:
                tx = self._rehearse(rule, tx, *args, **kwargs)
            result = rule(tx, *args, **kwargs)
        except BaseException:
            self._undo(batch, tx)
            await safe  # what the rule read may be another's, still uncommitted
            raise
        self._take_over(batch, tx)
        await safe
        return result

    async def read(self, rule: Callable[Concatenate[ReadTransaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `rule(tx, ...)` on what is stored. It cannot write."""
        safe = self._batch.join() if self._batch is not None else None
        result = rule(ReadTransaction(self._engine, self.clock, self.ids, self._cache), *args, **kwargs)
        if safe is not None:
            await safe
        elif self._safe < self._commits:
            await self._flushed(self._commits)
        return result

    def peek(self, key: Key) -> Any:
        """The value under `key` as of now, outside of any transaction: for start-up, when nobody writes yet."""
        return ReadTransaction(self._engine, self.clock, self.ids, self._cache).get(key)

    @contextmanager
    def snapshot(self) -> Iterator[ReadTransaction]:
        """A view that stays as it is while others write, for scans that last. Holds back housekeeping: close it."""
        view = self._engine.snapshot()
        try:
            yield ReadTransaction(view, self.clock, self.ids)
        finally:
            view.close()

    def waiter(self, channel: Key) -> Waiter:
        """A place to wait until a rule calls `tx.wake(channel)`."""
        return Waiter(self._waiters, channel)

    def start(self) -> None:
        """Begin housekeeping, on the running event loop."""
        self._maintenance = asyncio.get_running_loop().create_task(self._maintain())

    async def close(self) -> None:
        """Commit what is open, and give the engine back."""
        if self._maintenance is not None:
            self._maintenance.cancel()
        if self._batch is not None:
            await self._batch.join()
        await self._flushed(self._commits)
        self._engine.close()

    async def copy_to(self, path: str) -> None:
        """Write a consistent copy of everything to a new file at `path`, while running."""
        await self.write(lambda tx: None)
        await asyncio.to_thread(self._engine.copy_to, path)

    def _begin(self) -> _Batch:
        if self._failed is not None:
            raise self._failed
        self._engine.begin()
        self._batch = _Batch(asyncio.get_running_loop())
        self._batch.loop.call_soon(self._commit)
        return self._batch

    def _take_over(self, batch: _Batch, tx: Transaction) -> None:
        batch.finished.append(tx)
        try:
            tx.finish()
        except Exception as error:  # a full disk, say: what is half there must not be committed
            batch.lost = error

    def _undo(self, batch: _Batch, tx: Transaction) -> None:
        try:
            tx.undo()
        except Exception as error:  # the engine gave up the whole transaction, as SQLite does on a full disk
            batch.lost = error

    def _commit(self) -> None:
        batch = self._batch
        assert batch is not None
        self._batch = None
        try:
            if batch.lost is not None:
                raise batch.lost
            self._engine.commit()
        except Exception as error:  # every caller hears of it, and nothing half-done stays
            with contextlib.suppress(Exception):
                self._engine.rollback()
            for tx in batch.finished:
                tx.forget()
            batch.fail(error)
            return
        self._dirty = True
        self._commits += 1
        if self._durability is Durability.POWER and batch.finished:
            finishing = asyncio.ensure_future(self._finish_when_flushed(batch, self._commits))
            self._finishing.add(finishing)
            finishing.add_done_callback(self._finishing.discard)
        else:
            self._safe = self._commits
            self._finish(batch)

    def _finish(self, batch: _Batch) -> None:
        batch.succeed()
        for tx in batch.finished:
            for channel, count in tx.woken:
                self._waiters.wake(channel, count)
            for call in tx.committed:
                call()

    async def _finish_when_flushed(self, batch: _Batch, commit: int) -> None:
        try:
            await self._flushed(commit)
        except OSError as error:
            self._failed = error  # after a failed flush nobody knows what the disk holds
            batch.fail(error)
            return
        self._finish(batch)

    async def _flushed(self, commit: int) -> None:
        """Return once this commit is safe from power loss. One flush serves all who wait when it begins."""
        while self._safe < commit:
            if self._flush is None or self._flush.done():
                self._flush = asyncio.ensure_future(self._flush_now())
            await asyncio.shield(self._flush)

    async def _flush_now(self) -> None:
        commit = self._commits
        await asyncio.to_thread(self._engine.sync)
        self._safe = commit

    async def _maintain(self) -> None:
        while True:
            await asyncio.sleep(_MAINTENANCE_SECONDS)
            if self._dirty:
                self._dirty = False
                await asyncio.to_thread(self._engine.maintain)

    def _rehearse(
        self,
        rule: Callable[Concatenate[Transaction, P], T],
        tx: Transaction,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Transaction:
        """Run a rule and take it back; the transaction returned tells the same time."""
        rule(tx, *args, **kwargs)
        tx.undo()
        again = Transaction(self._engine, self.clock, self.ids, self._cache, tx.now)
        again.is_strict = True
        return again


class _Batch:
    """Rules that share one engine transaction, and those who wait for it. Each waits on a future of its own, so one
    who gives up disturbs no other."""

    __slots__ = ("_waiting", "finished", "loop", "lost")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.finished: list[Transaction] = []
        self.lost: Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def join(self) -> asyncio.Future[None]:
        waiting: asyncio.Future[None] = self.loop.create_future()
        self._waiting.append(waiting)
        return waiting

    def succeed(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def fail(self, error: Exception) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(error)
