"""The cloud's clock: shown, moved, stopped."""

from __future__ import annotations

import asyncio
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cumulet.admin.arguments import Arguments, BadRequest, Nothing

if TYPE_CHECKING:
    from cumulet.cloud import Cloud
    from cumulet.kernel.clock import Clock

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,6})?(?:ms|[smhdwy])){1,7}")
_PIECE = re.compile(r"([\d.]+)(ms|[smhdwy])")
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_LONGEST_SECONDS = 1000 * 365 * 86_400
_SETTLE_SECONDS = 10.0


class Change(Arguments, frozen=True):
    """Exactly one of them. `advance` is a duration as "3d" or "1h30m", or a number of seconds; `set` an instant in
    ISO 8601, in UTC where it names no zone; `rate` how many seconds pass in a real one; `real` shows the machine's
    time again."""

    advance: str | float | None = None
    set: str | None = None
    rate: float | None = None
    real: bool | None = None


async def show(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    return _shown(cloud.kernel.clock)


async def change(cloud: Cloud, wanted: Change) -> dict[str, Any]:
    """Change the clock, durably, and answer when what fell due by it has happened: `settled`, or false after ten
    seconds."""
    _apply(cloud.kernel.clock, wanted)
    await cloud.kernel.keep_clock()
    return {**_shown(cloud.kernel.clock), "settled": await _settle(cloud)}


def duration(text: str) -> timedelta:
    """ "3d", "1h30m", "90s", "1.5h"; units ms, s, m, h, d, w and y (365 days). Raises BadRequest."""
    if not _DURATION.fullmatch(text):
        raise BadRequest(f"{text!r} is no duration; write it as 3d, 12h, 1h30m or 90s")
    return _seconds(sum(float(count) * _UNITS[unit] for count, unit in _PIECE.findall(text)))


def _apply(clock: Clock, wanted: Change) -> None:
    match wanted:
        case Change(advance=str() | float() as by, set=None, rate=None, real=None):
            clock.set(_within(clock.now() + _forward(by)))
        case Change(advance=None, set=str() as instant, rate=None, real=None):
            clock.set(_within(moment(instant)))
        case Change(advance=None, set=None, rate=float() as rate, real=None):
            _set_rate(clock, rate)
        case Change(advance=None, set=None, rate=None, real=True):
            clock.make_real()
        case _:
            raise BadRequest("name one of advance, set, rate and real")


def _forward(by: str | float) -> timedelta:
    return duration(by) if isinstance(by, str) else _seconds(by)


def _seconds(count: float) -> timedelta:
    if not 0 <= count <= _LONGEST_SECONDS:
        raise BadRequest("the clock is advanced by 0 seconds to 1,000 years; use set to go back")
    return timedelta(seconds=count)


def moment(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(f"{text!r} is no instant; write it as 2030-01-31 or 2030-01-31T12:00:00Z") from None


def _within(instant: datetime) -> datetime:
    if not _FIRST <= instant <= _LAST:
        raise BadRequest("the clock goes from 1970 to 3000")
    return instant


def _set_rate(clock: Clock, rate: float) -> None:
    if math.isnan(rate):
        raise BadRequest("the rate is a number")
    try:
        clock.set_rate(rate)
    except ValueError as error:
        raise BadRequest(str(error)) from None


async def _settle(cloud: Cloud) -> bool:
    if not cloud.is_serving:
        return False
    try:
        await asyncio.wait_for(cloud.kernel.settle(), _SETTLE_SECONDS)
    except TimeoutError:
        return False
    return True


def _shown(clock: Clock) -> dict[str, Any]:
    return {"now": clock.now(), "rate": clock.rate, "real": clock.is_real}


ROUTES = {
    "GET /_cumulet/clock": (Nothing, show),
    "POST /_cumulet/clock": (Change, change),
}
