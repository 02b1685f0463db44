"""Waiting for a change in the store, at no cost while nothing changes.

A wake-up goes to one waiter, the one who waits longest: ten thousand who wait for one message do not all run for it.
The one woken looks. If it takes something, or goes away, while there may be more to see, the next one is woken; if
it finds nothing, it says when there may be something next, and waits again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import TracebackType

from cumulet.kernel.clock import Clock
from cumulet.kernel.errors import ClientGone
from cumulet.kernel.keys import Key

Departure = Callable[[], Awaitable[None]]
"""Returns when the client for whom somebody waits has gone away."""


class _Channel:
    """Who waits, longest first, and the next instant at which one of them should look.

    `era` tells how often the clock had been changed when the timer was set: after a change it runs wrong."""

    __slots__ = ("alarm", "era", "timer", "waiting")

    def __init__(self) -> None:
        self.waiting: OrderedDict[Waiter, None] = OrderedDict()
        self.alarm: datetime | None = None
        self.era = 0
        self.timer: asyncio.TimerHandle | None = None


class Waiters:
    """All channels on which somebody waits."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._channels: dict[Key, _Channel] = {}

    def wake(self, key: Key, count: int) -> None:
        channel = self._channels.get(key)
        while channel is not None and channel.waiting and count > 0:
            waiter, _ = channel.waiting.popitem(last=False)
            waiter.signal()
            count -= 1

    def enter(self, waiter: Waiter) -> None:
        channel = self._channels.get(waiter.channel)
        if channel is None:
            channel = self._channels[waiter.channel] = _Channel()
        channel.waiting[waiter] = None

    def leave(self, waiter: Waiter) -> None:
        channel = self._channels.get(waiter.channel)
        if channel is None:
            return
        channel.waiting.pop(waiter, None)
        if not channel.waiting:
            del self._channels[waiter.channel]
            if channel.timer is not None:
                channel.timer.cancel()

    def set_alarm(self, key: Key, instant: datetime) -> None:
        """Wake one of the channel's waiters at `instant`, if nothing woke one before."""
        channel = self._channels.get(key)
        era = len(self.clock.anchors)
        if channel is None or (channel.era == era and channel.alarm is not None and channel.alarm <= instant):
            return
        if channel.timer is not None:
            channel.timer.cancel()
        channel.alarm, channel.era = instant, era
        seconds = self.clock.real_seconds_until(instant)
        channel.timer = asyncio.get_running_loop().call_later(seconds, self._ring, key, channel)

    def _ring(self, key: Key, channel: _Channel) -> None:
        channel.alarm = channel.timer = None
        self.wake(key, 1)


class Waiter:
    """One who waits on a channel. Use it as a context, entered before the first look:

    with store.waiter(channel) as waiter:
        while not (found := await store.write(take)):
            if not await waiter.wait(until=give_up):
                break
    """

    __slots__ = ("_ended", "_waiters", "_woken", "channel")

    def __init__(self, waiters: Waiters, channel: Key) -> None:
        self._waiters = waiters
        self.channel = channel
        self._woken = False
        self._ended: asyncio.Future[None] | None = None  # lighter than an event, and ten thousand may wait

    def signal(self) -> None:
        """There may be something to see."""
        self._woken = True
        self.set()

    def set(self) -> None:
        """End the wait, without a word on whether there is anything to see."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def __enter__(self) -> Waiter:
        self._waiters.enter(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._waiters.leave(self)
        if kind is not None or self._woken:
            # What it was woken for, or was about to see to, may still be there.
            self._waiters.wake(self.channel, 1)

    async def wait(self, until: datetime, *, alarm: datetime | None = None, departure: Departure | None = None) -> bool:
        """Return True when there may be something to see, False once it is `until` by the clock.

        At `alarm`, one of the channel's waiters is woken. Raises ClientGone as soon as `departure` returns."""
        clock = self._waiters.clock
        if not self._woken:
            self._waiters.enter(self)
            if alarm is not None:
                self._waiters.set_alarm(self.channel, alarm)
            loop = asyncio.get_running_loop()
            self._ended = loop.create_future()
            clock.on_change(self)
            timer = loop.call_later(clock.real_seconds_until(until), self.set)
            try:
                await self._end(departure)
            finally:
                timer.cancel()
                clock.forget(self)
                self._ended = None
        # Woken in the last moment, it looks all the same: nobody else was told.
        woken, self._woken = self._woken, False
        self._waiters.enter(self)
        return woken or clock.now() < until

    async def _end(self, departure: Departure | None) -> None:
        assert self._ended is not None
        if departure is None:
            await self._ended
            return
        watcher = asyncio.ensure_future(departure())
        watcher.add_done_callback(lambda _: self.set())
        try:
            await self._ended
            if watcher.done():
                raise ClientGone
        finally:
            watcher.cancel()
