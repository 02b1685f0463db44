"""Schedules: when rate, at and cron are due, in any time zone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cumulet.kernel import schedules
from cumulet.kernel.schedules import InvalidSchedule

START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday


def due(expression, count=3, after=START, zone="UTC"):
    schedule = schedules.parse(expression, zone)
    found = []
    while len(found) < count and (after := schedule.next_after(after)):
        found.append(after)
    return found


def days(expression, count=3, **where):
    return [f"{instant:%m-%d %H:%M}" for instant in due(expression, count, **where)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["01-01 10:00", "01-02 10:00"]),
        ("cron(15 12 * * ? *)", ["01-01 12:15", "01-02 12:15"]),
        (
            "cron(0 18 ? * MON-FRI *)",
            ["01-01 18:00", "01-02 18:00", "01-03 18:00", "01-04 18:00", "01-05 18:00", "01-08 18:00"],
        ),
        ("cron(0 8 1 * ? *)", ["01-01 08:00", "02-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["01-01 00:15", "01-01 00:30", "01-01 00:45", "01-01 01:00"]),
        ("cron(1/10 * * * ? *)", ["01-01 00:01", "01-01 00:11", "01-01 00:21"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["01-01 08:00", "01-01 08:05"]),
        ("cron(0/30 20-23 ? * MON-FRI *)", ["01-01 20:00", "01-01 20:30"]),
        ("cron(5,35 14 * * ? *)", ["01-01 14:05", "01-01 14:35", "01-02 14:05"]),
        ("cron(0 2 ? * SAT#3 *)", ["01-20 02:00", "02-17 02:00"]),
        ("cron(0 2 ? * 3#2 *)", ["01-09 02:00", "02-13 02:00"]),
        ("cron(0 0 L * ? *)", ["01-31 00:00", "02-29 00:00"]),
        ("cron(0 0 LW * ? *)", ["01-31 00:00", "02-29 00:00", "03-29 00:00"]),
        ("cron(0 0 3W * ? *)", ["01-03 00:00", "02-02 00:00", "03-04 00:00"]),
        ("cron(0 0 1W JUN ? *)", ["06-03 00:00"]),  # the 1st is a Saturday, and May is another month
        ("cron(0 0 ? * L *)", ["01-06 00:00", "01-13 00:00"]),
        ("cron(0 0 ? * 6L *)", ["01-26 00:00", "02-23 00:00"]),
        ("cron(0 0 ? JAN,MAR 2 *)", ["01-08 00:00", "01-15 00:00", "01-22 00:00", "01-29 00:00", "03-04 00:00"]),
        ("cron(0 0 ? * FRI-MON *)", ["01-05 00:00", "01-06 00:00", "01-07 00:00", "01-08 00:00", "01-12 00:00"]),
        ("cron(0 0 31 * ? *)", ["01-31 00:00", "03-31 00:00", "05-31 00:00"]),
    ],
)
def test_cron_is_due_when_all_its_fields_allow(expression, expected):
    assert days(expression, len(expected)) == expected


def test_years_end_a_schedule():
    assert due("cron(15 10 ? * 6L 2002-2005)") == []
    assert due("cron(0 0 1 1 ? 2025,2027)") == [datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)]
    assert due("cron(0 0 30 2 ? *)") == []
    assert due("cron(0 0 29 2 ? *)", 2) == [datetime(2024, 2, 29, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)]


@pytest.mark.parametrize(
    "expression",
    [
        "", "rate(5)", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(-1 hours)", "rate(1.5 hours)",
        "rate(10 seconds)", "at(2021-02-30T00:00:00)", "at(2021-02-03)", "at(2021-02-03T00:00:00Z)",
        "cron(* * * * *)", "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(60 * * * ? *)", "cron(* 24 * * ? *)",
        "cron(* * 0 * ? *)", "cron(* * 32 * ? *)", "cron(* * * 13 ? *)", "cron(* * ? * 0 *)", "cron(* * ? * 8 *)",
        "cron(* * ? * 3#1,6#3 *)", "cron(* * ? * 3#6 *)", "cron(* * * * ? 1969)", "cron(* * * * ? 2200)",
        "cron(*/0 * * * ? *)", "cron(a * * * ? *)", "cron(, * * * ? *)", "cron(? * * * ? *)", "cron(* * * FOO ? *)",
        "cron(* * * * ? 2030-2020)", "cron(0 0 W * ? *)", "RATE(5 minutes)", "cron(" + "1," * 200 + "1 * * * ? *)",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(expression):
    with pytest.raises(InvalidSchedule):
        schedules.parse(expression)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "a" * 5000, "\0"])
def test_unknown_time_zones_are_refused(zone):
    with pytest.raises(InvalidSchedule):
        schedules.parse("rate(1 minute)", zone)


def test_a_rate_counts_from_its_start():
    start = datetime(2024, 5, 1, 7, 0, 30, tzinfo=UTC)
    schedule = schedules.parse("rate(2 hours)", start=start)
    assert schedule.next_after(start - timedelta(days=3)) == start + timedelta(hours=2)
    assert schedule.next_after(start + timedelta(hours=2)) == start + timedelta(hours=4)


def test_at_is_due_once_by_the_clocks_of_its_zone():
    assert due("at(2024-11-20T13:00:00)", zone="America/New_York") == [datetime(2024, 11, 20, 18, tzinfo=UTC)]
    assert due("at(2023-11-20T13:00:00)") == []
    assert due("at(2024-03-10T02:30:00)", zone="America/New_York") == []  # the clocks skip it


def test_cron_skips_the_hour_that_clocks_skip_and_takes_the_repeated_hour_once():
    spring = due("cron(30 2 * * ? *)", 2, datetime(2024, 3, 9, 12, tzinfo=UTC), "America/New_York")
    autumn = due("cron(30 1 * * ? *)", 2, datetime(2024, 11, 3, 0, tzinfo=UTC), "America/New_York")
    assert spring == [datetime(2024, 3, 11, 6, 30, tzinfo=UTC), datetime(2024, 3, 12, 6, 30, tzinfo=UTC)]
    assert autumn == [datetime(2024, 11, 3, 5, 30, tzinfo=UTC), datetime(2024, 11, 4, 6, 30, tzinfo=UTC)]


field = st.sampled_from(["*", "0/7", "3", "1-4", "2,5"])
zones = st.sampled_from(["UTC", "America/New_York", "Europe/Vienna", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(field, field, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), zones)
def test_what_is_due_is_later_grows_and_fits_its_fields(minute, hour, after, zone):
    found = due(f"cron({minute} {hour} * * ? *)", 5, after, zone)
    local = [instant.astimezone(ZoneInfo(zone)) for instant in found]
    assert len(found) == 5 and found[0] > after
    assert all(one < next_one for one, next_one in pairwise(found))
    allowed = {"*": range(60), "0/7": range(0, 60, 7), "3": [3], "1-4": [1, 2, 3, 4], "2,5": [2, 5]}
    assert all(instant.minute in allowed[minute] and instant.hour in allowed[hour] for instant in local)


@given(st.text(alphabet="cronate()0123456789*/,-?LW# SUNMmiutes", max_size=40))
def test_any_text_is_a_schedule_or_refused(text):
    for expression in (text, f"cron({text})", f"rate({text})"):
        try:
            schedules.parse(expression).next_after(START)
        except InvalidSchedule:
            continue
