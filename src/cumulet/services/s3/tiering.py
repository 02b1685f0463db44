"""Intelligent-Tiering: objects that nobody reads move to cheaper tiers by themselves, and back when they are read.

The tiers that answer at once are computed from when an object was last read. The archive tiers are opted into by
configurations, and an object in one of them says so in its record, since it has to be restored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, filters, lifecycle, midnights, objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import InvalidArgument, MalformedXML, NoSuchConfiguration, TooManyConfigurations
from cumulet.services.s3.filters import Filter
from cumulet.services.s3.objects import Object

KIND = "intelligent-tiering"
CLASS = "INTELLIGENT_TIERING"
FREQUENT, INFREQUENT, ARCHIVE_INSTANT = "FREQUENT", "INFREQUENT", "ARCHIVE_INSTANT"
ARCHIVE, DEEP_ARCHIVE = "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"
_ORDER = ("", ARCHIVE, DEEP_ARCHIVE)
_LEAST_DAYS = {ARCHIVE: 90, DEEP_ARCHIVE: 180}
_MOST_DAYS = 730
_INFREQUENT_AFTER, _INSTANT_AFTER = timedelta(days=30), timedelta(days=90)
_SMALLEST = 128 * 1024
"""Bytes; smaller objects are not watched and stay in the frequent access tier."""
_MOST_CONFIGURATIONS = 1000
_PAGE = 100


class Tiering(NamedTuple):
    """An enabled configuration: to which archive tier, after how many days unread."""

    filter: Filter
    tiers: tuple[tuple[str, int], ...]


def configure(tx: Transaction, name: str, config_id: str, configuration: dict[str, Any]) -> None:
    """Raises MalformedXML, InvalidArgument or TooManyConfigurations."""
    check(config_id, configuration)
    is_new = buckets.configuration(tx, name, KIND, config_id) is None
    if is_new and len(buckets.configurations(tx, name, KIND)) >= _MOST_CONFIGURATIONS:
        raise TooManyConfigurations
    buckets.configure(tx, name, KIND, configuration, config_id)
    lifecycle.schedule(tx, buckets.get(tx, name))


def configuration(tx: ReadTransaction, name: str, config_id: str) -> dict[str, Any]:
    """Raises NoSuchConfiguration."""
    found = buckets.configuration(tx, name, KIND, config_id)
    if found is None:
        raise NoSuchConfiguration
    return found


def remove(tx: Transaction, name: str, config_id: str) -> None:
    """Raises NoSuchConfiguration. What is archived stays so until it is restored."""
    configuration(tx, name, config_id)
    buckets.unconfigure(tx, name, KIND, config_id)


def page(tx: ReadTransaction, name: str, after: str) -> tuple[list[dict[str, Any]], str | None]:
    """Up to 100 configurations with ids behind `after`, and the last id if there are more."""
    found = [each for each in buckets.configurations(tx, name, KIND) if each["Id"] > after]
    return found[:_PAGE], found[_PAGE - 1]["Id"] if len(found) > _PAGE else None


def check(config_id: str, configuration: dict[str, Any]) -> None:
    """Raises MalformedXML, or InvalidArgument for days outside of what a tier allows."""
    tierings = configuration.get("Tierings") or []
    names = [each.get("AccessTier") for each in tierings]
    if configuration.get("Id") != config_id or configuration.get("Status") not in ("Enabled", "Disabled"):
        raise MalformedXML
    if not names or len(set(names)) != len(names) or not set(names) <= _LEAST_DAYS.keys():
        raise MalformedXML
    filters.check(configuration)
    days = {each["AccessTier"]: each.get("Days") for each in tierings}
    for tier, count in days.items():
        if count is None:
            raise MalformedXML
        if not _LEAST_DAYS[tier] <= count <= _MOST_DAYS:
            raise InvalidArgument(
                f"'Days' for {tier} must be between {_LEAST_DAYS[tier]} and {_MOST_DAYS}",
                ArgumentName="Days",
                ArgumentValue=str(count),
            )
    if len(days) > 1 and days[DEEP_ARCHIVE] <= days[ARCHIVE]:
        raise InvalidArgument(f"'Days' for {DEEP_ARCHIVE} must be greater than 'Days' for {ARCHIVE}")


def enabled(tx: ReadTransaction, bucket: Bucket) -> list[Tiering]:
    if not bucket.has(KIND):
        return []
    return [
        Tiering(filters.of_rule(each), tuple((tier["AccessTier"], tier["Days"]) for tier in each["Tierings"]))
        for each in buckets.configurations(tx, bucket.name, KIND)
        if each["Status"] == "Enabled"
    ]


def steps(tierings: list[Tiering], found: Object) -> Iterator[tuple[datetime, str]]:
    """Into which archive tiers an object will move, and when, if nobody reads it."""
    if not tierings or not _is_watched(found):
        return
    for each in tierings:
        if each.filter.matches(found):
            for tier, days in each.tiers:
                if _ORDER.index(tier) > _ORDER.index(found.archive_tier):
                    yield midnights.after(last_read(found), days), tier


def access_tier(found: Object, now: datetime) -> str:
    """The tier of an object of this class, as inventories name it."""
    if found.archive_tier or not _is_watched(found):
        return found.archive_tier or FREQUENT
    unread = now - last_read(found)
    if unread < _INFREQUENT_AFTER:
        return FREQUENT
    return INFREQUENT if unread < _INSTANT_AFTER else ARCHIVE_INSTANT


def last_read(found: Object) -> datetime:
    return found.accessed or found.modified


def wants_note(found: Object, now: datetime) -> bool:
    """Whether a read is worth noting: once a day is enough for tiers that count days."""
    return found.storage_class == CLASS and now - last_read(found) >= timedelta(days=1)


def note_read(tx: Transaction, bucket: str, key: str, version: str) -> None:
    found = objects.version(tx, bucket, key, version)
    if found is not None and wants_note(found, tx.now):
        objects.update(tx, bucket, replace(found, accessed=tx.now))


def _is_watched(found: Object) -> bool:
    return found.storage_class == CLASS and found.size >= _SMALLEST and not found.delete_marker
