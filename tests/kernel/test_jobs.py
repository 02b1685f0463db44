"""Jobs: at least once, by the clock, in the transaction that wants them, and across restarts."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from cumulet.kernel import jobs
from cumulet.kernel.clock import Clock
from cumulet.kernel.jobs import JobRunner
from cumulet.kernel.store import MemoryEngine, SqliteEngine, Store


class Work:
    """A store, a runner, and what it has done."""

    def __init__(self, engine=None):
        self.store = Store(engine or MemoryEngine(), Clock())
        self.done = []
        self.fail = set()
        self.runner = JobRunner(self.store, self.handle)

    async def handle(self, job):
        self.done.append(job.payload["name"])
        if job.payload["name"] in self.fail:
            raise RuntimeError("not today")

    async def schedule(self, name, *, after=timedelta(0), key=None):
        await self.store.write(lambda tx: tx.schedule(tx.now + after, "test.work", {"name": name}, key=key))


@pytest.fixture
async def work():
    made = Work()
    made.runner.start()
    yield made
    await made.runner.stop()


async def test_a_job_waits_for_its_time(work):
    await work.schedule("later", after=timedelta(hours=3))
    await work.schedule("now")
    await work.runner.settle()
    assert work.done == ["now"]
    work.store.clock.advance(timedelta(hours=4))
    await asyncio.sleep(0.01)
    await work.runner.settle()
    assert work.done == ["now", "later"]


async def test_a_job_under_a_key_replaces_the_earlier_one(work):
    await work.schedule("first", after=timedelta(hours=1), key="k")
    await work.schedule("second", after=timedelta(hours=1), key="k")
    work.store.clock.advance(timedelta(hours=2))
    await asyncio.sleep(0.01)
    await work.runner.settle()
    assert work.done == ["second"]


async def test_a_failed_transaction_schedules_nothing(work):
    def rule(tx):
        tx.schedule(tx.now, "test.work", {"name": "never"})
        raise ValueError

    with pytest.raises(ValueError):
        await work.store.write(rule)
    await work.runner.settle()
    assert work.done == []


async def test_a_job_that_fails_is_tried_again_and_given_up_in_the_end(work, caplog):
    work.fail = {"bad"}
    await work.schedule("bad")
    for _ in range(20):
        await asyncio.sleep(0.005)
        await work.runner.settle()
        work.store.clock.advance(timedelta(hours=1))
    given_up = await work.store.read(jobs.failed)
    assert work.done == ["bad"] * 12
    assert [job.attempts for job in given_up] == [12]


async def test_what_fell_due_while_nobody_ran_is_done_at_the_next_start(tmp_path):
    before = Work(SqliteEngine(tmp_path / "store.db"))
    await before.schedule("overdue", after=timedelta(milliseconds=1))
    await before.store.close()
    after = Work(SqliteEngine(tmp_path / "store.db"))
    after.store.clock.advance(timedelta(seconds=1))
    after.runner.start()
    await asyncio.sleep(0.01)
    await after.runner.settle()
    await after.runner.stop()
    await after.store.close()
    assert after.done == ["overdue"]


@pytest.mark.parametrize("looks_ahead", range(1, 9))
async def test_a_job_that_falls_due_while_the_runner_looks_is_not_missed(looks_ahead):
    work = Work()
    looks = itertools.count(1_000_000)
    work.store.clock._machine = lambda: next(looks) / 20  # so much time passes with every look at it
    await work.schedule("soon", after=timedelta(seconds=(looks_ahead + 0.5) / 20))
    work.runner.start()
    async with asyncio.timeout(3):
        while not work.done:
            await asyncio.sleep(0.01)
    await work.runner.stop()
