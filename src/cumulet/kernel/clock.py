"""The one clock. All behaviour that depends on time asks it, so time can be stopped, moved and run fast.

The clock is a line of anchors: at a real instant the cloud's time had this value and ran at this rate. The whole
line is kept, so that an instant read off somebody's wall clock can be translated to the cloud's time of then."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cumulet.kernel.records import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TIMER_SECONDS = 3600.0


class Anchor(Record):
    """From the real instant `real` on, the cloud's time is `virtual` and runs `rate` times as fast."""

    real: float
    virtual: float
    rate: float = 1.0


def machine_time() -> float:
    """Seconds since 1970 by the machine's clock: the only place that reads it."""
    return time.time()


class Sleeper(Protocol):
    """Who wants to hear that the clock was changed, as an asyncio.Event can."""

    def set(self) -> None: ...


class Clock:
    """Cloud time. All instants are timezone-aware, in UTC."""

    def __init__(self, anchors: list[Anchor] | None = None, machine: Callable[[], float] = machine_time) -> None:
        self._machine = machine
        self.anchors = anchors or [Anchor(real=0.0, virtual=0.0)]
        self._sleepers: set[Sleeper] = set()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """The same as seconds since 1970."""
        anchor = self.anchors[-1]
        return anchor.virtual + (self._machine() - anchor.real) * anchor.rate

    def at(self, real: datetime) -> datetime:
        """The cloud's time when the machine's clock showed `real`."""
        seconds = (real - _EPOCH).total_seconds()
        anchor = next((a for a in reversed(self.anchors) if a.real <= seconds), self.anchors[0])
        return _instant(anchor.virtual + (seconds - anchor.real) * anchor.rate)

    @property
    def rate(self) -> float:
        """How many seconds pass here in one real second; 0 while frozen."""
        return self.anchors[-1].rate

    @property
    def is_real(self) -> bool:
        anchor = self.anchors[-1]
        return anchor.rate == 1.0 and anchor.real == anchor.virtual

    @property
    def was_moved(self) -> bool:
        """Whether it ever showed another time than the machine's."""
        return len(self.anchors) > 1

    def advance(self, duration: timedelta) -> None:
        """Jump forward. Raises ValueError for a negative duration: time already told does not come back."""
        if duration < timedelta(0):
            raise ValueError("the clock can only be advanced; use `set` to go back")
        self.set(self.now() + duration)

    def set(self, instant: datetime) -> None:
        self._anchor(instant, self.rate)

    def set_rate(self, rate: float) -> None:
        """Run at `rate` from now on; 0 freezes. Raises ValueError for a rate below 0 or above 1,000,000."""
        if not 0 <= rate <= 1_000_000:
            raise ValueError("the rate lies between 0 and 1,000,000")
        self._anchor(self.now(), rate)

    def make_real(self) -> None:
        """Show the machine's time again."""
        now = self._machine()
        self.anchors.append(Anchor(real=now, virtual=now))
        self._wake()

    async def sleep_until(self, instant: datetime) -> None:
        """Return once it is `instant`, however time gets there."""
        while (remaining := (instant - self.now()).total_seconds()) > 0:
            changed = asyncio.Event()
            self._sleepers.add(changed)
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), self._real_seconds(remaining))
            finally:
                self._sleepers.discard(changed)

    def real_seconds_until(self, instant: datetime) -> float:
        """How long a timer of the machine has to run, one hour at most; the clock may be changed meanwhile."""
        return self._real_seconds(max(0.0, (instant - self.now()).total_seconds()))

    def on_change(self, sleeper: Sleeper) -> None:
        """Set `sleeper` when the clock is moved, until `forget` is called with it."""
        self._sleepers.add(sleeper)

    def forget(self, sleeper: Sleeper) -> None:
        self._sleepers.discard(sleeper)

    def _real_seconds(self, remaining: float) -> float:
        return min(remaining / self.rate, _LONGEST_TIMER_SECONDS) if self.rate else _LONGEST_TIMER_SECONDS

    def _anchor(self, instant: datetime, rate: float) -> None:
        self.anchors.append(Anchor(real=self._machine(), virtual=(instant - _EPOCH).total_seconds(), rate=rate))
        self._wake()

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            sleeper.set()


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
