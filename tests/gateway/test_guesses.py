"""Wrong keys are answered slower and slower."""

from __future__ import annotations

import asyncio

import pytest

from cumulet.gateway.guesses import FREE, Guesses, pause


def test_the_first_refusals_are_free_and_then_each_takes_longer():
    pauses = [pause(number) for number in range(1, FREE + 20)]

    assert pauses[:FREE] == [0.0] * FREE
    assert pauses[FREE] > 0 and pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] <= 5


def test_addresses_are_counted_apart(monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def knock() -> None:
        guesses = Guesses()
        for _ in range(FREE + 1):
            await guesses.refused("192.0.2.1")
        await guesses.refused("192.0.2.2")

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(knock())

    assert waited[FREE] > 0 and waited[-1] == 0
