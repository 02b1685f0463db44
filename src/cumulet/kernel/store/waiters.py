"""Waiting for a change in the store, at no cost while nothing changes.

A woken waiter is expected to look and, finding nothing, to wait again. One that is gone before it looked hands its
wake-up to the next, so none is lost."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime
from types import TracebackType

from cumulet.kernel.clock import Clock
from cumulet.kernel.keys import Key


class Waiters:
    """Who waits on which channel, longest first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._channels: dict[Key, OrderedDict[Waiter, None]] = {}

    def wake(self, channel: Key, count: int) -> None:
        waiting = self._channels.get(channel)
        while waiting and count > 0:
            waiter, _ = waiting.popitem(last=False)
            waiter.signal()
            count -= 1

    def enter(self, waiter: Waiter) -> None:
        self._channels.setdefault(waiter.channel, OrderedDict())[waiter] = None

    def leave(self, waiter: Waiter) -> None:
        waiting = self._channels.get(waiter.channel)
        if waiting is None:
            return
        waiting.pop(waiter, None)
        if not waiting:
            del self._channels[waiter.channel]


class Waiter:
    """One who waits on a channel. Use it as a context, entered before the first look:

    with store.waiter(channel) as waiter:
        while not (found := await store.write(take)):
            if not await waiter.wait(until=give_up):
                break
    """

    __slots__ = ("_event", "_waiters", "channel")

    def __init__(self, waiters: Waiters, channel: Key) -> None:
        self._waiters = waiters
        self.channel = channel
        self._event = asyncio.Event()

    def signal(self) -> None:
        self._event.set()

    def __enter__(self) -> Waiter:
        self._waiters.enter(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._waiters.leave(self)
        if kind is not None and self._event.is_set():
            self._waiters.wake(self.channel, 1)

    async def wait(self, until: datetime) -> bool:
        """Return True when there may be something to see, False once it is `until` by the clock."""
        clock = self._waiters.clock
        if not self._event.is_set():
            clock.on_change(self._event)
            timer = asyncio.get_running_loop().call_later(clock.real_seconds_until(until), self._event.set)
            try:
                await self._event.wait()
            finally:
                timer.cancel()
                clock.forget(self._event)
        in_time = clock.now() < until
        self._event.clear()
        self._waiters.enter(self)
        return in_time
