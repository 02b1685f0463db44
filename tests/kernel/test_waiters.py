"""Waiting: each wake-up reaches somebody, the clock's included, and nobody waits for who went away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from cumulet.kernel.clock import Clock
from cumulet.kernel.errors import ClientGone
from cumulet.kernel.store.waiters import Waiter, Waiters

CHANNEL = ("somewhere",)


@pytest.fixture
def waiters() -> Waiters:
    return Waiters(Clock())


async def look(waiters: Waiters, seconds: float, looks: list[str], name: str, **options) -> None:
    """Wait once, and note whether there was something to see."""
    with Waiter(waiters, CHANNEL) as waiter:
        until = waiters.clock.now() + timedelta(seconds=seconds)
        if await waiter.wait(until, **options):
            looks.append(name)


async def started(*coroutines) -> list[asyncio.Task]:
    tasks = [asyncio.create_task(each) for each in coroutines]
    await asyncio.sleep(0)
    return tasks


async def test_one_wake_up_wakes_the_one_who_waits_longest(waiters):
    looks: list[str] = []
    tasks = await started(*(look(waiters, 0.05, looks, name) for name in "abc"))
    waiters.wake(CHANNEL, 1)
    await asyncio.gather(*tasks)
    assert looks == ["a"]


async def test_who_is_woken_and_goes_away_hands_the_wake_up_on(waiters):
    looks: list[str] = []
    first, *rest = await started(look(waiters, 9, looks, "a"), look(waiters, 0.05, looks, "b"))
    waiters.wake(CHANNEL, 1)
    first.cancel()
    await asyncio.gather(first, *rest, return_exceptions=True)
    assert looks == ["b"]


async def test_a_wake_up_in_the_last_moment_is_seen(waiters):
    waiter = Waiter(waiters, CHANNEL)
    with waiter:
        past = waiters.clock.now() - timedelta(seconds=1)
        waiters.wake(CHANNEL, 1)
        assert await waiter.wait(past) is True
        assert await waiter.wait(past) is False


async def test_a_wake_up_before_the_wait_is_handed_on_by_who_does_not_wait(waiters):
    looks: list[str] = []
    with Waiter(waiters, CHANNEL):
        tasks = await started(look(waiters, 9, looks, "b"))
        waiters.wake(CHANNEL, 1)
    await asyncio.gather(*tasks)
    assert looks == ["b"]


async def test_an_alarm_wakes_one_and_the_earliest_counts(waiters):
    looks: list[str] = []
    now = waiters.clock.now()
    tasks = await started(
        look(waiters, 0.2, looks, "a", alarm=now + timedelta(hours=1)),
        look(waiters, 0.2, looks, "b", alarm=now + timedelta(seconds=0.05)),
    )
    await asyncio.gather(*tasks)
    assert looks == ["a"]


async def test_an_alarm_follows_the_clock(waiters):
    looks: list[str] = []
    waiters.clock.set_rate(0)
    soon = waiters.clock.now() + timedelta(seconds=30)

    async def poll() -> None:
        with Waiter(waiters, CHANNEL) as waiter:
            while waiters.clock.now() < soon:
                await waiter.wait(soon + timedelta(hours=1), alarm=soon)
            looks.append("a")

    (task,) = await started(poll())
    waiters.clock.advance(timedelta(seconds=10))
    await asyncio.sleep(0.01)
    assert looks == []
    waiters.clock.advance(timedelta(seconds=20))
    await asyncio.wait_for(task, 2)
    assert looks == ["a"]


async def test_the_wait_ends_when_the_client_goes_away(waiters):
    gone = asyncio.Event()
    looks: list[str] = []

    async def departure() -> None:
        await gone.wait()

    first, second = await started(look(waiters, 9, looks, "a", departure=departure), look(waiters, 0.05, looks, "b"))
    gone.set()
    with pytest.raises(ClientGone):
        await first
    await second
