"""Jobs: work that has to happen later, or apart from the request that wants it.

A job is written in the transaction that wants it, so it exists exactly if that change does. It is run when it is due
by the clock, at least once: after a failure again with growing pauses, after a restart again. So a handler has to be
safe to repeat. A job under a key replaces an earlier one of the same handler and key."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Store, Transaction

log = logging.getLogger("cumulet.jobs")

CHANNEL = ("jobs",)
_DUE = ("jobs", "due")
_KEYED = ("jobs", "keyed")
_FAILED = ("jobs", "failed")
_AT_ONCE = 32
_ATTEMPTS = 12
_FIRST_PAUSE_SECONDS = 1
_LONGEST_PAUSE_SECONDS = 900


class Job(Record):
    """`handler` is "service.method"; `attempts` counts the runs that failed."""

    id: str
    at: datetime
    handler: str
    payload: dict[str, Any]
    scope: Scope
    key: str | None = None
    attempts: int = 0
    failure: str = ""


def schedule(
    tx: Transaction, at: datetime, handler: str, payload: dict[str, Any], scope: Scope, key: str | None
) -> None:
    if key is not None:
        unschedule(tx, handler, key)
    _put(tx, Job(id=tx.uuid(), at=at, handler=handler, payload=payload, scope=scope, key=key))
    tx.wake(CHANNEL)


def unschedule(tx: Transaction, handler: str, key: str) -> None:
    place = tx.get((*_KEYED, handler, key))
    if place is not None:
        tx.delete((*_KEYED, handler, key))
        tx.delete((*_DUE, *place))


def is_scheduled(tx: ReadTransaction, handler: str, key: str) -> bool:
    return tx.get((*_KEYED, handler, key)) is not None


def due(tx: ReadTransaction, limit: int) -> list[Job]:
    return list(tx.range(_DUE, until=tx.now, limit=limit))


def next_due(tx: ReadTransaction) -> datetime | None:
    """When the next job that is not due yet will be."""
    following: list[Job] = list(tx.range(_DUE, after=tx.now, limit=1))
    return following[0].at if following else None


def _agenda(tx: ReadTransaction) -> tuple[list[Job], datetime | None]:
    """What is due, and when the next job is: as of one instant, or what falls due in between would be neither."""
    return due(tx, 2 * _AT_ONCE), next_due(tx)


def failed(tx: ReadTransaction) -> list[Job]:
    """The jobs given up on, oldest first."""
    return list(tx.range(_FAILED))


def finish(tx: Transaction, job: Job) -> None:
    tx.delete((*_DUE, job.at, job.id))
    if job.key is not None and tx.get((*_KEYED, job.handler, job.key)) == [job.at, job.id]:
        tx.delete((*_KEYED, job.handler, job.key))


def postpone(tx: Transaction, job: Job, failure: str) -> None:
    """Try a failed job again later, or give it up. One that was replaced while it ran is left to its successor."""
    if tx.get((*_DUE, job.at, job.id)) is None:
        return
    finish(tx, job)
    if job.attempts + 1 >= _ATTEMPTS:
        tx.put((*_FAILED, tx.now, job.id), replace(job, attempts=job.attempts + 1, failure=failure))
        return
    pause = min(_FIRST_PAUSE_SECONDS * 2**job.attempts, _LONGEST_PAUSE_SECONDS)
    _put(tx, replace(job, at=tx.now + timedelta(seconds=pause), attempts=job.attempts + 1, failure=failure))


def _put(tx: Transaction, job: Job) -> None:
    tx.put((*_DUE, job.at, job.id), job)
    if job.key is not None:
        tx.put((*_KEYED, job.handler, job.key), [job.at, job.id])


class JobRunner:
    """Runs what is due, up to 32 jobs side by side. `handle` does a job's work; what it raises is a failure."""

    def __init__(self, store: Store, handle: Callable[[Job], Awaitable[None]]) -> None:
        self._store = store
        self._handle = handle
        self._running: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._waiter = store.waiter(CHANNEL)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop at once; what is cut off runs again at the next start."""
        tasks = [task for task in (self._loop, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    async def settle(self) -> None:
        """Return once no job is due or running: what was due now has happened."""
        while self._running or len(await self._store.read(due, 1)) > 0:
            await asyncio.sleep(0.002)

    async def _run(self) -> None:
        with self._waiter:
            while True:
                ready, following = await self._store.read(_agenda)
                for job in ready:
                    if job.id not in self._running and len(self._running) < _AT_ONCE:
                        self._running[job.id] = asyncio.create_task(self._attempt(job))
                await self._waiter.wait(until=following or self._store.clock.now() + timedelta(hours=1))

    async def _attempt(self, job: Job) -> None:
        try:
            await self._handle(job)
            await self._store.write(finish, job)
        except Exception as error:  # a handler may fail in any way; the job is kept and tried again
            log.warning("%s failed (attempt %d): %s", job.handler, job.attempts + 1, error, exc_info=error)
            await self._store.write(postpone, job, repr(error))
        finally:
            del self._running[job.id]
            self._waiter.signal()
