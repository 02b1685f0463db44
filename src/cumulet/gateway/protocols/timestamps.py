"""Timestamps in AWS's three spellings: ISO 8601, HTTP dates, and seconds since 1970.

Whatever a model asks for, all three are understood, because clients of every age exist."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,20})?([eE][+-]?\d{1,2})?", re.ASCII)
_HTTP_DATE = re.compile(r"[A-Za-z]{3,9}, ?(\d\d?)[ -]([A-Za-z]{3})[ -](\d{4}) (\d\d):(\d\d):(\d\d)(\.\d{1,9})? GMT")
_LONGEST = 64


def parse(value: Any) -> datetime:
    """An instant in UTC from a number of seconds or a text. Raises ValueError."""
    if isinstance(value, str):
        return from_text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return from_epoch(value)
    if isinstance(value, datetime):
        return in_utc(value)
    raise ValueError("Timestamp expected")


def from_epoch(seconds: float) -> datetime:
    """Rounded to the microsecond. Raises ValueError where the calendar ends."""
    try:
        if isinstance(seconds, int):
            return _EPOCH + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as problem:
        raise ValueError("Timestamp out of range") from problem


def from_text(text: str) -> datetime:
    text = text.strip()
    if len(text) > _LONGEST:
        raise ValueError("Timestamp expected")
    if _NUMBER.fullmatch(text):
        return from_epoch(float(text) if "." in text or "e" in text.lower() else int(text))
    try:
        return in_utc(datetime.fromisoformat(text) if text[:1].isdigit() else _http_date(text))
    except (ValueError, OverflowError, TypeError, IndexError) as problem:
        raise ValueError(f"Invalid timestamp: {text}") from problem


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a time without a zone is taken as UTC."""
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@lru_cache(maxsize=4096)
def iso8601(moment: datetime) -> str:
    """`2026-01-02T03:04:05Z`, with milliseconds or microseconds only where there are any."""
    text = moment.isoformat()[:19]
    micros = moment.microsecond
    if not micros:
        return text + "Z"
    return f"{text}.{micros // 1000:03d}Z" if micros % 1000 == 0 else f"{text}.{micros:06d}Z"


@lru_cache(maxsize=4096)
def iso8601_milliseconds(moment: datetime) -> str:
    """As S3 and EC2 write it: the milliseconds are always there."""
    return iso8601(moment) if moment.microsecond else iso8601(moment)[:-1] + ".000Z"


@lru_cache(maxsize=4096)
def iso8601_seconds(moment: datetime) -> str:
    """As IAM and STS write it: fractions of a second are lost."""
    return moment.isoformat()[:19] + "Z"


@lru_cache(maxsize=4096)
def rfc822(moment: datetime) -> str:
    """An HTTP date; fractions of a second are lost."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return (
        f"{day}, {moment.day:02d} {month} {moment.year:04d}"
        f" {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} GMT"
    )


def unixtimestamp(moment: datetime) -> int | float:
    """Seconds since 1970, an integer where there is no fraction."""
    since = moment - _EPOCH
    seconds = since.days * 86400 + since.seconds
    return (seconds * 10**6 + since.microseconds) / 10**6 if since.microseconds else seconds


class Fraction(enum.Enum):
    """What a service tells of the fraction of a second."""

    AS_IT_IS = enum.auto()
    MILLISECONDS = enum.auto()
    NOTHING = enum.auto()


FRACTIONS = {
    "ec2": Fraction.MILLISECONDS,
    "iam": Fraction.NOTHING,
    "s3": Fraction.MILLISECONDS,
    "s3control": Fraction.MILLISECONDS,
    "sts": Fraction.NOTHING,
}
_WITH_FRACTION = {
    Fraction.AS_IT_IS: iso8601,
    Fraction.MILLISECONDS: iso8601_milliseconds,
    Fraction.NOTHING: iso8601_seconds,
}
WRITERS: dict[str, Callable[[datetime], Any]] = {"iso8601": iso8601, "rfc822": rfc822, "unixtimestamp": unixtimestamp}


def writer(form: str, fraction: Fraction = Fraction.AS_IT_IS) -> Any:
    """The function that writes instants in this form (`iso8601`, `rfc822` or `unixtimestamp`)."""
    write = WRITERS[form.lower()]
    if write is iso8601:
        write = _WITH_FRACTION[fraction]

    def written(value: Any) -> Any:
        return write(value if isinstance(value, datetime) and value.tzinfo is UTC else parse(value))

    return written


def _http_date(text: str) -> datetime:
    found = _HTTP_DATE.fullmatch(text)
    if not found:
        return parsedate_to_datetime(text)
    day, month, year, hour, minute, second, fraction = found.groups()
    micros = round(float(fraction) * 10**6) if fraction else 0
    number = _MONTHS.index(month.capitalize()) + 1
    return datetime(int(year), number, int(day), int(hour), int(minute), int(second), micros % 10**6, UTC)
