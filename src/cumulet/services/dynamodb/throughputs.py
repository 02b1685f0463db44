"""Billing modes and throughput, provisioned, limited on demand, and warm: what may be set together, and changed when.

Sources: DynamoDB Developer Guide, "Quotas in Amazon DynamoDB" (decreases, switches of the billing mode), "DynamoDB
throughput capacity", "Understanding DynamoDB warm throughput"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.records import replace
from cumulet.services.dynamodb.errors import INVALID, LimitExceededException, ValidationException
from cumulet.services.dynamodb.tables import ON_DEMAND, Index, Table, Throughput

Given = Mapping[str, Any]

_FREE_DECREASES = 4
_BETWEEN_DECREASES = timedelta(hours=1)
_SWITCHES_A_DAY = 4
_DAY = timedelta(hours=24)
_LARGEST = 1_000_000_000_000
_WARM_ON_DEMAND = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}


def read(given: Given | None) -> Throughput:
    return Throughput(read=given["ReadCapacityUnits"], write=given["WriteCapacityUnits"]) if given else Throughput()


def limits(given: Given | None) -> dict[str, int]:
    """OnDemandThroughput; -1 stands for no limit."""
    return {name: value for name, value in (given or {}).items() if value is not None and value != -1}


def check(billing: str, given: Given) -> None:
    """Raises ValidationException for a table's throughput that does not go with its billing mode."""
    provisioned = given.get("ProvisionedThroughput")
    if billing == ON_DEMAND:
        if provisioned is not None:
            raise ValidationException(
                f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                "PAY_PER_REQUEST"
            )
        return
    if provisioned is None:
        raise ValidationException(
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    if given.get("OnDemandThroughput") is not None:
        check_limits(billing)
    _check_bounds(provisioned)


def check_limits(billing: str) -> None:
    """Raises ValidationException where on-demand requests cannot be limited, since the table is not on demand."""
    if billing != ON_DEMAND:
        raise ValidationException(
            f"{INVALID}Neither MaxReadRequestUnits nor MaxWriteRequestUnits can be specified when BillingMode is "
            "PROVISIONED"
        )


def check_of_index(billing: str, given: Given) -> None:
    """As `check`, of a global secondary index."""
    name, provisioned = given["IndexName"], given.get("ProvisionedThroughput")
    if billing == ON_DEMAND:
        if provisioned is not None:
            raise ValidationException(
                f"{INVALID}ProvisionedThroughput should not be specified for index: {name} when BillingMode is "
                "PAY_PER_REQUEST"
            )
        return
    if provisioned is None:
        raise ValidationException(f"{INVALID}ProvisionedThroughput is not specified for index: {name}")
    if given.get("OnDemandThroughput") is not None:
        check_limits(billing)
    _check_bounds(provisioned, f" for index {name}")


def _check_bounds(given: Given, where: str = "") -> None:
    for name in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if given[name] > _LARGEST:
            raise ValidationException(f"Given value {given[name]} for {name} is out of bounds{where}")


def changed(old: Throughput, given: Given, now: datetime, what: str) -> Throughput:
    """The throughput after a change. `what` is "table", or "index" and its name.

    Raises ValidationException for what changes nothing, LimitExceededException for one decrease too many: four a day
    (in UTC) are free, and then one an hour."""
    new = read(given)
    kind = what.partition(" ")[0]
    if (new.read, new.write) == (old.read, old.write):
        raise ValidationException(
            f"The provisioned throughput for the {what} will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for the {kind}: {old.read}. Requested ReadCapacityUnits: "
            f"{new.read}. Current WriteCapacityUnits provisioned for the {kind}: {old.write}. Requested "
            f"WriteCapacityUnits: {new.write}. Refer to the Amazon DynamoDB Developer Guide for current limits and how "
            "to request higher limits."
        )
    _check_bounds(given)
    old = as_of(old, now)
    if new.read >= old.read and new.write >= old.write:
        return replace(old, read=new.read, write=new.write, increased=now)
    _check_decrease(old, now)
    is_increase = new.read > old.read or new.write > old.write
    return replace(
        old, read=new.read, write=new.write, decreased=now, decreases_today=old.decreases_today + 1,
        increased=now if is_increase else old.increased,
    )  # fmt: skip


def as_of(throughput: Throughput, now: datetime) -> Throughput:
    """With the decreases of today: yesterday's do not count."""
    if throughput.decreased is None or throughput.decreased.date() == now.date():
        return throughput
    return replace(throughput, decreases_today=0)


def _check_decrease(old: Throughput, now: datetime) -> None:
    if old.decreases_today < _FREE_DECREASES or old.decreased is None:
        return
    allowed = old.decreased + _BETWEEN_DECREASES
    if now < allowed:
        raise LimitExceededException(
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the "
            f"first {_FREE_DECREASES} decreases, each subsequent decrease in the same UTC day can be performed at most "
            f"once every {_BETWEEN_DECREASES.seconds} seconds. Number of decreases today: {old.decreases_today}. "
            f"Last decrease at {_told(old.decreased)}. Next decrease can be made at {_told(allowed)}"
        )


def check_switch(switches: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """The switches to on-demand of the last day, this one among them. Raises LimitExceededException for the fifth."""
    recent = tuple(at for at in switches if now - at < _DAY)
    if len(recent) >= _SWITCHES_A_DAY:
        raise LimitExceededException(
            f"Subscriber limit exceeded: Update to PayPerRequest mode are limited to {_SWITCHES_A_DAY} times in 1 "
            f"day(s). Last update at {_told(recent[-1])}. Next update can be made at {_told(recent[0] + _DAY)}"
        )
    return (*recent, now)


def warm(of: Table | Index, billing: str) -> dict[str, int]:
    """What can be had at once: as asked for, but at least what is provisioned, or what all on-demand tables have."""
    usual = _WARM_ON_DEMAND
    if billing != ON_DEMAND:
        usual = {"ReadUnitsPerSecond": of.throughput.read, "WriteUnitsPerSecond": of.throughput.write}
    return {name: max(value, of.warm.get(name) or 0) for name, value in usual.items()}


def warmed(of: Table | Index, billing: str, given: Given, what: str) -> dict[str, int]:
    """Raises ValidationException for less than there is."""
    now = warm(of, billing)
    for name, value in now.items():
        if given.get(name) is not None and given[name] < value:
            raise ValidationException(
                f"{INVALID}Requested {name} for WarmThroughput for {what} is lower than current WarmThroughput, "
                "decreasing WarmThroughput is not supported"
            )
    return {**now, **{name: value for name, value in given.items() if value is not None}}


def _told(at: datetime) -> str:
    """ "Wednesday, July 25, 2018 1:04:00 PM UTC" """
    return f"{at:%A, %B} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S %p} UTC"
