"""The clock: moved, stopped, run fast, and able to say what it showed at a real instant."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cumulet.kernel.clock import Clock

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def machine():
    """A machine clock that the test moves by hand."""

    class Machine:
        seconds = START.timestamp()

        def __call__(self):
            return self.seconds

    return Machine()


def test_it_shows_the_machines_time_until_it_is_moved(machine):
    clock = Clock(machine=machine)
    assert clock.is_real and clock.now() == START
    clock.advance(timedelta(days=30))
    machine.seconds += 5
    assert clock.now() == START + timedelta(days=30, seconds=5)
    clock.make_real()
    assert clock.is_real and clock.now() == START + timedelta(seconds=5)


def test_it_freezes_and_runs_fast(machine):
    clock = Clock(machine=machine)
    clock.set_rate(0)
    machine.seconds += 1000
    assert clock.now() == START
    clock.set_rate(60)
    machine.seconds += 10
    assert clock.now() == START + timedelta(minutes=10)


def test_it_translates_the_real_instants_of_its_whole_past(machine):
    clock = Clock(machine=machine)
    machine.seconds += 100
    clock.advance(timedelta(hours=2))
    machine.seconds += 100
    assert clock.at(START + timedelta(seconds=50)) == START + timedelta(seconds=50)
    assert clock.at(START + timedelta(seconds=150)) == START + timedelta(hours=2, seconds=150)


@pytest.mark.parametrize("wrong", [lambda c: c.advance(timedelta(seconds=-1)), lambda c: c.set_rate(-1)])
def test_nonsense_is_refused(machine, wrong):
    with pytest.raises(ValueError):
        wrong(Clock(machine=machine))


async def test_a_sleeper_wakes_when_the_clock_jumps():
    clock = Clock()
    sleeping = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(days=1)))
    await asyncio.sleep(0.01)
    assert not sleeping.done()
    clock.advance(timedelta(days=2))
    await asyncio.wait_for(sleeping, 5)
