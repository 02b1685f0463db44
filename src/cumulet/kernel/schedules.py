"""Schedules: `rate(5 minutes)`, `at(2030-01-31T09:00:00)` and `cron(0 9 ? * MON-FRI *)`, as EventBridge reads them.

    schedule = parse("cron(0 9 L * ? *)", zone="Europe/Vienna")
    schedule.next_after(instant)

Parsed once and cached. Cron and at follow the clocks of their time zone: in spring, what falls into the skipped hour
happens not at all; in autumn, what falls into the repeated hour happens once, at its first pass (EventBridge Scheduler
guide, daylight saving time). A rate counts 24 hours for a day and does not care."""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

_LONGEST = 256
"""Characters of an expression (the API's own limit)."""
_RATE = re.compile(r"rate\(\s*([0-9]{1,9})\s+(minute|hour|day)(s?)\s*\)")
_AT = re.compile(r"at\(([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_NUMBER = re.compile(r"[0-9]{1,4}")
_MONTHS = {name: n for n, name in enumerate(re.findall("...", "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"), 1)}
_WEEKDAYS = {name: n for n, name in enumerate(re.findall("...", "SUNMONTUEWEDTHUFRISAT"), 1)}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


class InvalidSchedule(ValueError):
    """The expression, or its time zone, says no schedule. The services answer in their own words."""


class Schedule(Protocol):
    """When something is due."""

    def next_after(self, instant: datetime) -> datetime | None:
        """The first due instant later than `instant`, in UTC, or None when there is no more."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every `every`, counted from `start`: the first is one period later."""

    every: timedelta
    start: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def next_after(self, instant: datetime) -> datetime | None:
        periods = max((instant - self.start) // self.every, 0) + 1
        try:
            return self.start + periods * self.every
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class At:
    """Once. `instant` is None where the zone's clocks skip that time."""

    instant: datetime | None

    def next_after(self, instant: datetime) -> datetime | None:
        return self.instant if self.instant is not None and self.instant > instant else None


@dataclass(frozen=True, slots=True)
class Days:
    """Which days of a month are due: plain ones, and those that depend on the month. Weekdays count from Sunday = 1."""

    numbers: frozenset[int] = frozenset()
    last: bool = False
    last_weekday: bool = False
    nearest_weekdays: frozenset[int] = frozenset()
    before_last: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    last_of: frozenset[int] = frozenset()
    nth: tuple[int, int] | None = None

    def of(self, year: int, month: int) -> list[int]:
        first, length = monthrange(year, month)
        first = (first + 1) % 7 + 1
        due = {day for day in self.numbers if day <= length}
        due |= {day for day in range(1, length + 1) if (first + day - 2) % 7 + 1 in self.weekdays}
        due |= {length - back for back in self.before_last if back < length}
        due |= {_nearest_weekday(year, month, day, length) for day in self.nearest_weekdays if day <= length}
        due |= {length - (first + length - 2 - (weekday - 1)) % 7 for weekday in self.last_of}
        if self.last:
            due.add(length)
        if self.last_weekday:
            due.add(_nearest_weekday(year, month, length, length))
        if self.nth is not None:
            weekday, which = self.nth
            day = 1 + (weekday - first) % 7 + 7 * (which - 1)
            due |= {day} if day <= length else set()
        return sorted(due)


@dataclass(frozen=True, slots=True)
class Cron:
    """At each minute that all fields allow, by the clocks of `zone`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: tuple[int, ...]
    years: tuple[int, ...]
    zone: ZoneInfo

    def next_after(self, instant: datetime) -> datetime | None:
        # From a day before: the zone's date may be the earlier one, and clocks that were set back show times again.
        try:
            local = (instant.astimezone(UTC) - timedelta(days=1)).astimezone(self.zone).date()
        except OverflowError:
            local = date.min
        found = (due for day in self._days(local) for due in self._times(day))
        return next((due for due in found if due > instant), None)

    def _days(self, start: date) -> Iterator[date]:
        for year in self.years[bisect_left(self.years, start.year) :]:
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for number in self.days.of(year, month):
                    if (day := date(year, month, number)) >= start:
                        yield day

    def _times(self, day: date) -> list[datetime]:
        """Sorted, for when clocks are set back, a later time by the clock may be an earlier instant."""
        walls = (
            datetime(day.year, day.month, day.day, h, m, tzinfo=self.zone) for h in self.hours for m in self.minutes
        )
        return sorted(due for wall in walls if (due := _instant(wall)) is not None)


def parse(expression: str, zone: str = "UTC", start: datetime | None = None) -> Schedule:
    """The schedule that an expression says. `start` is what a rate counts from. Raises InvalidSchedule."""
    schedule = _parse(expression, zone)
    return Rate(schedule.every, start) if isinstance(schedule, Rate) and start is not None else schedule


@lru_cache(maxsize=4096)
def _parse(expression: str, zone: str) -> Schedule:
    if len(expression) > _LONGEST:
        raise InvalidSchedule("The expression is too long.")
    place = _zone(zone)
    if found := _RATE.fullmatch(expression):
        return _rate(int(found[1]), found[2], plural=bool(found[3]))
    if found := _AT.fullmatch(expression):
        return _at([int(part) for part in found.groups()], place)
    if found := _CRON.fullmatch(expression):
        return _cron(found[1].split(), place)
    raise InvalidSchedule("The expression is none of rate(...), at(...) and cron(...).")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as problem:  # what zoneinfo raises for names that are paths
        raise InvalidSchedule(f"There is no time zone {name[:64]}.") from problem


def _rate(value: int, unit: str, *, plural: bool) -> Rate:
    # AWS refuses "1 minutes" and "5 minute" (EventBridge guide, rate expressions).
    if value == 0 or plural != (value > 1):
        raise InvalidSchedule("A rate is one unit in the singular, or several in the plural.")
    try:
        return Rate(timedelta(**{unit + "s": value}))
    except OverflowError as problem:
        raise InvalidSchedule("The rate is too long.") from problem


def _at(parts: list[int], zone: ZoneInfo) -> At:
    try:
        year, month, day, hour, minute, second = parts
        return At(_instant(datetime(year, month, day, hour, minute, second, tzinfo=zone)))
    except (ValueError, OverflowError) as problem:
        raise InvalidSchedule("There is no such time.") from problem


def _instant(wall: datetime) -> datetime | None:
    """When the clocks of its zone show `wall` for the first time; None where they skip it."""
    instant = wall.astimezone(UTC)
    return instant if instant.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None) else None


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """Monday to Friday, never in another month."""
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day


def _cron(fields: list[str], zone: ZoneInfo) -> Cron:
    if len(fields) != 6:
        raise InvalidSchedule("A cron expression has six fields.")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    # One of the two day fields decides, and the other one is a question mark.
    if (days == "?") == (weekdays == "?"):
        raise InvalidSchedule("One of day-of-month and day-of-week must be '?', and only one.")
    return Cron(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        days=_days_of_week(weekdays) if days == "?" else _days_of_month(days),
        months=_numbers(months, 1, 12, _MONTHS),
        years=_numbers(years, _FIRST_YEAR, _LAST_YEAR),
        zone=zone,
    )


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    found: set[int] = set()
    for part in field.split(","):
        found.update(_range(part, low, high, names or {}))
    return tuple(sorted(found))


def _range(part: str, low: int, high: int, names: dict[str, int]) -> list[int]:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    if span == "*":
        start, end = low, high
    else:
        start = _number(first, low, high, names)
        end = _number(last, low, high, names) if dash else high if slash else start
    by = _number(step, 1, max(high, 1), {}) if slash else 1
    if end >= start:
        return list(range(start, end + 1, by))
    # FRI-MON, 22-2: round the end of the week, day or year; years do not come round.
    if low == _FIRST_YEAR:
        raise InvalidSchedule(f"{part} goes backwards.")
    size = high - low + 1
    return [low + (number - low) % size for number in range(start, end + size + 1, by)]


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise InvalidSchedule(f"{text[:16]} is not between {low} and {high}.")
    return int(text)


def _days_of_month(field: str) -> Days:
    if field == "L":
        return Days(last=True)
    if field in ("LW", "WL"):
        return Days(last_weekday=True)
    if field.startswith("L-"):
        return Days(before_last=frozenset({_number(field[2:], 1, 30, {})}))
    if field.endswith("W"):
        return Days(nearest_weekdays=frozenset({_number(field[:-1], 1, 31, {})}))
    return Days(numbers=frozenset(_numbers(field, 1, 31)))


def _days_of_week(field: str) -> Days:
    if field == "L":
        return Days(weekdays=frozenset({7}))
    if "#" in field:
        weekday, _, which = field.partition("#")
        return Days(nth=(_number(weekday, 1, 7, _WEEKDAYS), _number(which, 1, 5, {})))
    if field.endswith("L") and "," not in field:
        return Days(last_of=frozenset({_number(field[:-1], 1, 7, _WEEKDAYS)}))
    return Days(weekdays=frozenset(_numbers(field, 1, 7, _WEEKDAYS)))
