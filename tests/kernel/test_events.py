"""Events: kept for a day, and for as long as somebody still has to hear of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cumulet.kernel import events, jobs
from cumulet.kernel.clock import Clock
from cumulet.kernel.events import Event
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import MemoryEngine, Store

_ONE_MORE_THAN_AT_ONCE = 1001


@pytest.fixture
def store():
    return Store(MemoryEngine(), Clock())


def emit(tx, name, *, ago=timedelta(0)):
    event = Event(id=name, type="s3.Something", time=tx.now - ago, scope=Scope(account="1"), resource="", detail={})
    tx.emit(event)


def finish_deliveries(tx, *names):
    for job in list(tx.range(("jobs", "due"))):
        if job.handler == "events.deliver" and (not names or job.payload["id"] in names):
            jobs.finish(tx, job)


def names(tx):
    return [event.id for event in events.logged(tx)]


def next_trim(tx):
    return next((job.at - tx.now for job in tx.range(("jobs", "due")) if job.handler == "events.trim"), None)


async def test_an_event_stays_for_a_day_and_goes_then(store):
    await store.write(emit, "one")
    await store.write(finish_deliveries)
    store.clock.advance(timedelta(hours=23))
    await store.write(events.trim)
    assert await store.read(names) == ["one"]
    store.clock.advance(timedelta(hours=2))
    await store.write(events.trim)
    assert await store.read(names) == []


async def test_an_old_event_stays_until_it_is_delivered(store):
    for name in ("told", "untold"):
        await store.write(emit, name)
    await store.write(emit, "of long ago", ago=timedelta(days=400))
    await store.write(finish_deliveries, "told")
    store.clock.advance(timedelta(days=30))
    await store.write(events.trim)
    assert await store.read(names) == ["of long ago", "untold"]
    assert timedelta(0) < await store.read(next_trim) <= timedelta(minutes=5)
    await store.write(finish_deliveries)
    await store.write(events.trim)
    assert await store.read(names) == []


async def test_a_delivery_that_is_given_up_keeps_no_event(store):
    await store.write(emit, "one")
    for _ in range(12):
        due = await store.read(lambda tx: list(tx.range(("jobs", "due"))))
        (job,) = [job for job in due if job.handler == "events.deliver"]
        await store.write(jobs.postpone, job, "no")
    store.clock.advance(timedelta(days=2))
    await store.write(events.trim)
    assert await store.read(names) == []


async def test_many_are_forgotten_in_turns(store):
    for number in range(_ONE_MORE_THAN_AT_ONCE):
        await store.write(emit, f"{number:04}")
    await store.write(finish_deliveries)
    store.clock.advance(timedelta(days=2))
    await store.write(events.trim)
    assert await store.read(names) == ["1000"]
    assert await store.read(next_trim) <= timedelta(0)
    await store.write(events.trim)
    assert await store.read(names) == []


def test_a_jump_of_the_clock_loses_no_event(own_cloud):
    """Through a whole cloud: what was emitted before the jump is delivered after it, though it is old by then."""
    kernel, heard = own_cloud.cloud.kernel, []
    kernel.registry.subscribers = lambda kind: heard.append(kind) or []

    async def emit_and_jump():
        await kernel.jobs.stop()
        await kernel.store.write(emit, "one")
        kernel.clock.advance(timedelta(days=30))
        await kernel.store.write(events.trim)
        kernel.jobs.start()
        await kernel.jobs.settle()

    own_cloud.run(emit_and_jump())
    assert heard == ["s3.Something"]
