"""Timestamps as S3 Select has them: as precise as they were written, with the offset they were written in.

`2007T` is a year and stays one until something finer is added to it. Years run from 1 to 9999.
Source: SQL Reference for S3 Select, Data types and Date functions; W3C note on date and time formats.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import total_ordering

from . import errors

PARTS = ("year", "month", "day", "hour", "minute", "second")
_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_BEGINNING = datetime(1, 1, 1)  # noqa: DTZ001 - wall clocks here carry their offset beside them
_MAXIMUM_FRACTION = 100
"""Digits of a second that we keep apart; the format sets no limit, memory does."""

_TEXT = re.compile(
    r"(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T|T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d))?))",
    re.ASCII,
)


@total_ordering
class Timestamp:
    """A moment. `local` is the wall clock at the offset, `precision` an index into PARTS.

    `fraction` holds the digits after the second's decimal point. The offset is None where it is unknown
    (written -00:00), as it is for whole days and coarser. Immutable by agreement; no dataclass, because the
    JSON encoder would take one apart instead of asking for its text."""

    __slots__ = ("fraction", "local", "offset_minutes", "precision")

    def __init__(self, local: datetime, precision: int, fraction: str, offset_minutes: int | None) -> None:
        self.local, self.precision = local, precision
        self.fraction, self.offset_minutes = fraction, offset_minutes

    def instant(self) -> tuple[int, Decimal]:
        """Seconds since year 1 in UTC and the fraction: what comparing compares."""
        passed = self.local - _BEGINNING
        whole = passed.days * 86_400 + passed.seconds - 60 * (self.offset_minutes or 0)
        return whole, Decimal("0." + (self.fraction or "0"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.instant() == other.instant()

    def __lt__(self, other: Timestamp) -> bool:
        return self.instant() < other.instant()

    def __hash__(self) -> int:
        return hash(self.instant())

    def __str__(self) -> str:
        date = f"{self.local.year:04}-{self.local.month:02}-{self.local.day:02}"
        if self.precision < 3:
            return (date[:4] + "T", date[:7] + "T", date)[self.precision]
        time = f"{self.local.hour:02}:{self.local.minute:02}"
        if self.precision == 5:
            time += f":{self.local.second:02}" + (f".{self.fraction}" if self.fraction else "")
        return f"{date}T{time}{self.zone()}"

    def zone(self, separator: str = ":", zulu: str = "Z") -> str:
        """The offset, +07:00. Unknown is -00:00 (RFC 3339, 4.3)."""
        if self.offset_minutes is None:
            return f"-00{separator}00"
        if self.offset_minutes == 0 and zulu:
            return zulu
        hours, minutes = divmod(abs(self.offset_minutes), 60)
        return f"{'-' if self.offset_minutes < 0 else '+'}{hours:02}{separator}{minutes:02}"


def of(moment: datetime) -> Timestamp:
    """An aware machine moment, in UTC, to the millisecond (as UTCNOW answers)."""
    utc = (moment - (moment.utcoffset() or timedelta())).replace(tzinfo=None)
    return Timestamp(utc.replace(microsecond=0), 5, f"{utc.microsecond // 1000:03}", 0)


def parse(text: str) -> Timestamp | None:
    """The timestamp a text spells, or None."""
    found = _TEXT.fullmatch(text)
    if found is None or len(found[7] or "") > _MAXIMUM_FRACTION:
        return None
    offset = None if found[8] is None else parse_offset(found[8])
    if found[8] is not None and offset is False:
        return None
    precision = 5 if found[6] else 4 if found[4] else 2 if found[3] else 1 if found[2] else 0
    return build([int(found[n] or default) for n, default in zip(range(1, 7), (1, 1, 1, 0, 0, 0), strict=True)],
                 precision, found[7] or "", offset)  # fmt: skip


def build(fields: list[int], precision: int, fraction: str, offset: int | None) -> Timestamp | None:
    """A timestamp of year to second, or None where the calendar has no such moment."""
    try:
        return Timestamp(datetime(*fields), precision, fraction, offset)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def parse_offset(text: str) -> int | bool | None:
    """Minutes east of UTC from Z or +hh:mm or +hhmm or +hh; None for -00:00, False for what is no offset."""
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        return False
    total = hours * 60 + minutes
    return (-total or None) if text[0] == "-" else total


def add(part: str, quantity: int, moment: Timestamp) -> Timestamp:
    """DATE_ADD: move by whole parts; a day that the month lacks becomes its last (as January 31 plus a month)."""
    precision = max(moment.precision, PARTS.index(part))
    try:
        local = _add(part, quantity, moment.local)
    except (OverflowError, ValueError):
        raise errors.EvaluatorInvalidArguments("The resulting timestamp is out of range.") from None
    if precision == 3:
        precision = 4  # there is no way to write an hour without its minutes
    return Timestamp(local, precision, moment.fraction, moment.offset_minutes)


def _add(part: str, quantity: int, local: datetime) -> datetime:
    if part in _SECONDS:
        return local + timedelta(seconds=quantity * _SECONDS[part])
    months = local.year * 12 + local.month - 1 + quantity * (12 if part == "year" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise ValueError("year out of range")
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)


def difference(part: str, first: Timestamp, second: Timestamp) -> int:
    """DATE_DIFF: how many whole parts lie between, negative when the first is the later."""
    if first > second:
        return -difference(part, second, first)
    (start, start_fraction), (end, end_fraction) = first.instant(), second.instant()
    if part in _SECONDS:
        whole = end - start - (end_fraction < start_fraction)
        return whole // _SECONDS[part]
    months = _months(start, start_fraction, end, end_fraction)
    return months // 12 if part == "year" else months


def _months(start: int, start_fraction: Decimal, end: int, end_fraction: Decimal) -> int:
    # An offset may carry an instant just beyond the calendar's two ends; one day there changes no answer of use.
    limit = 3_652_058 * 86_400
    early, late = (_BEGINNING + timedelta(seconds=min(max(at, 0), limit)) for at in (start, end))
    months = (late.year - early.year) * 12 + late.month - early.month
    rest = (late.day, late.time(), end_fraction) < (early.day, early.time(), start_fraction)
    return months - rest


def extract(part: str, moment: Timestamp) -> int | Decimal:
    """EXTRACT: one field of the wall clock, or of the offset."""
    if part in ("timezone_hour", "timezone_minute"):
        offset = moment.offset_minutes or 0
        size = abs(offset) // 60 if part == "timezone_hour" else abs(offset) % 60
        return -size if offset < 0 else size
    value: int = getattr(moment.local, part)
    if part == "second" and moment.fraction:
        return value + Decimal("0." + moment.fraction)
    return value
