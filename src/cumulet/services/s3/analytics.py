"""Storage class analysis: how old objects are read, and from which age on STANDARD_IA would cost less.

While a bucket has an analysis, reads of its objects are counted by day, storage class and age. Once a day the export
tells for each age group how much is stored and how much of it was read.
Source: S3 User Guide, "Amazon S3 analytics - Storage Class Analysis"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, destinations, filters, listings, named_configurations
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import MalformedXML
from cumulet.services.s3.objects import Object

KIND = "analytics"
WRITE = "s3.write_analysis"
CLASSES = ("STANDARD", "STANDARD_IA")
_PREDICATES = ("Prefix", "Tag", "And")
_GROUPS = (0, 15, 30, 45, 60, 75, 90, 120, 150, 180, 365, 730)
"""The ages in days at which the age groups begin."""
_OBSERVED_DAYS = 30
"""How long access patterns are watched before anything is recommended."""
_SELDOM = 0.2
"""Of what is stored, the part read in a month below which STANDARD_IA costs less."""
_LEAST_AGE = 30
"""Days that an object has to be in STANDARD before it may move to STANDARD_IA."""
_MB = 1024 * 1024
HEADER = (
    "Date,ConfigId,Filter,StorageClass,ObjectAge,ObjectCount,DataUploaded_MB,Storage_MB,DataRetrieved_MB,"
    "GetRequestCount,CumulativeAccessRatio,ObjectAgeForSIATransition,RecommendedObjectAgeForSIATransition"
)


class Reads(Record):
    """Reads on one day, of objects of one storage class and age group, that one analysis counts."""

    requests: int = 0
    size: int = 0
    """Bytes."""


class Stored(Record):
    """What there is of one storage class and age group. Sizes in bytes."""

    count: int = 0
    size: int = 0
    uploaded: int = 0
    """Of it, what came in the last day."""


Survey = dict[tuple[str, int], Stored]


def check(configuration: dict[str, Any]) -> None:
    """Raises MalformedXML or InvalidS3DestinationBucket."""
    given = configuration.get("Filter")
    if given is not None and sum(given.get(name) is not None for name in _PREDICATES) != 1:
        raise MalformedXML
    export = (configuration.get("StorageClassAnalysis") or {}).get("DataExport")
    if export is None:
        return
    destination = (export.get("Destination") or {}).get("S3BucketDestination") or {}
    if export.get("OutputSchemaVersion") != "V_1" or destination.get("Format") != "CSV":
        raise MalformedXML
    destinations.name_of(destination.get("Bucket", ""))


def put(tx: Transaction, name: str, configuration: dict[str, Any]) -> None:
    """Keep an analysis; one whose filter changed begins anew."""
    before = buckets.configuration(tx, name, KIND, configuration["Id"])
    named_configurations.put(tx, name, KIND, configuration)
    if before is None or before.get("Filter") != configuration.get("Filter"):
        tx.delete_range(_reads(name, configuration["Id"]))
        tx.put(_begun(name, configuration["Id"]), tx.now.isoformat())
    schedule(tx, buckets.get(tx, name), configuration)


def remove(tx: Transaction, name: str, config_id: str) -> None:
    """Raises NoSuchConfiguration."""
    named_configurations.remove(tx, name, KIND, config_id)
    tx.delete_range(_reads(name, config_id))
    tx.delete(_begun(name, config_id))
    tx.unschedule(WRITE, f"{name}/{config_id}")


def schedule(tx: Transaction, bucket: Bucket, configuration: dict[str, Any]) -> None:
    """Have the next export written, if there is to be one."""
    key = f"{bucket.name}/{configuration['Id']}"
    if export_of(configuration) is None:
        tx.unschedule(WRITE, key)
        return
    midnight = tx.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    payload = {"bucket": bucket.name, "config_id": configuration["Id"]}
    tx.schedule(midnight, WRITE, payload, scope=Scope(account=bucket.account, region=bucket.region), key=key)


def export_of(configuration: dict[str, Any]) -> dict[str, Any] | None:
    """Where the export goes, if it goes anywhere."""
    export = configuration["StorageClassAnalysis"].get("DataExport")
    return None if export is None else export["Destination"]["S3BucketDestination"]


def note_read(tx: Transaction, bucket: str, found: Object, size: int) -> None:
    """Count a read of `size` bytes for every analysis that watches the object."""
    if found.storage_class not in CLASSES:
        return
    for configuration in buckets.configurations(tx, bucket, KIND):
        if filters.of_rule(configuration).matches(found):
            place = (*_reads(bucket, configuration["Id"]), _day(tx.now), found.storage_class, _group(found, tx.now))
            known: Reads = tx.get(place) or Reads()
            tx.put(place, Reads(requests=known.requests + 1, size=known.size + size))


def forget_reads(tx: Transaction, bucket: str, config_id: str) -> None:
    """Drop counts that no export looks at any more."""
    horizon = _day(tx.now - timedelta(days=_OBSERVED_DAYS + 1))
    for key, _ in list(tx.items(_reads(bucket, config_id), before=horizon, limit=5000)):
        tx.delete(key)


def survey(
    tx: ReadTransaction, bucket: str, configuration: dict[str, Any], after: str, known: Survey
) -> tuple[Survey, str | None]:
    """`known` and the next 1,000 objects behind the key `after`, and the key to go on from, or None at the end."""
    wanted = filters.of_rule(configuration)
    page = listings.keys(tx, bucket, wanted.prefix, "", after, listings.MOST)
    counted = dict(known)
    for found in page.entries:
        if found.storage_class in CLASSES and wanted.matches(found):
            place = (found.storage_class, _group(found, tx.now))
            held = counted.get(place) or Stored()
            fresh = found.size if tx.now - found.modified < timedelta(days=1) else 0
            counted[place] = Stored(count=held.count + 1, size=held.size + found.size, uploaded=held.uploaded + fresh)
    return counted, page.marker


def export(tx: ReadTransaction, bucket: str, configuration: dict[str, Any], found: Survey) -> str:
    """The export as text: a header, then a line for each storage class and age group, and one for all ages."""
    config_id = configuration["Id"]
    day = _day(tx.now - timedelta(days=1))
    month = _day(tx.now - timedelta(days=_OBSERVED_DAYS))
    today: dict[tuple[str, int], Reads] = {}
    ratio: dict[tuple[str, int], int] = {}
    for key, reads in tx.items(_reads(bucket, config_id), since=month):
        place = (key[-2], key[-1])
        ratio[place] = ratio.get(place, 0) + reads.size
        if key[-3] == day:
            today[place] = reads
    begun = datetime.fromisoformat(tx.get(_begun(bucket, config_id)))
    ready = tx.now - begun >= timedelta(days=_OBSERVED_DAYS)
    age = _recommended(found, ratio) if ready else None
    label = _filter_label(configuration)
    lines = [HEADER]
    for storage_class in CLASSES:
        for group in (None, *_GROUPS):
            cells = _line(storage_class, group, found, today, ratio)
            lines.append(",".join((day, config_id, label, storage_class, _name(group), *cells, *_advice(age))))
    return "".join(line + "\n" for line in lines)


def export_key(bucket: str, configuration: dict[str, Any]) -> str:
    """Each export takes the place of the one before."""
    destination = export_of(configuration)
    prefix = (destination or {}).get("Prefix")
    return "/".join(filter(None, (prefix, bucket, "analytics", f"{configuration['Id']}.csv")))


def _line(
    storage_class: str,
    group: int | None,
    found: Survey,
    today: dict[tuple[str, int], Reads],
    month: dict[tuple[str, int], int],
) -> Iterator[str]:
    groups = _GROUPS if group is None else (group,)
    stored = [found.get((storage_class, each), Stored()) for each in groups]
    reads = [today.get((storage_class, each), Reads()) for each in groups]
    size = sum(each.size for each in stored)
    yield str(sum(each.count for each in stored))
    yield _megabytes(sum(each.uploaded for each in stored))
    yield _megabytes(size)
    yield _megabytes(sum(each.size for each in reads))
    yield str(sum(each.requests for each in reads))
    yield f"{sum(month.get((storage_class, each), 0) for each in groups) / size:.4f}" if size else ""


def _recommended(found: Survey, month: dict[tuple[str, int], int]) -> int | None:
    """The least age from which on all that is older is seldom read, or None."""
    best = None
    for start in reversed([group for group in _GROUPS if group >= _LEAST_AGE]):
        older = [("STANDARD", group) for group in _GROUPS if group >= start]
        size = sum(found.get(place, Stored()).size for place in older)
        if size and sum(month.get(place, 0) for place in older) / size > _SELDOM:
            break
        if size:
            best = start
    return best


def _advice(age: int | None) -> tuple[str, str]:
    text = "" if age is None else f"{age:03}+"
    return text, text


def _name(group: int | None) -> str:
    if group is None:
        return "ALL"
    at = _GROUPS.index(group) + 1
    return f"{group:03}+" if at == len(_GROUPS) else f"{group:03}-{_GROUPS[at] - 1:03}"


def _group(found: Object, now: datetime) -> int:
    age = (now - found.modified).days
    return max(group for group in _GROUPS if group <= max(age, 0))


def _filter_label(configuration: dict[str, Any]) -> str:
    wanted = filters.of_rule(configuration)
    parts = [f"Prefix:{wanted.prefix}"] if wanted.prefix else []
    parts += [f"Tag:{name}:{value}" for name, value in wanted.tags]
    return '"' + ";".join(parts).replace('"', '""') + '"'


def _megabytes(size: int) -> str:
    return f"{size / _MB:.5f}"


def _day(moment: datetime) -> str:
    return date(moment.year, moment.month, moment.day).isoformat()


def _reads(bucket: str, config_id: str) -> Key:
    # Among the bucket's configurations, so that it goes with the bucket.
    return ("s3", "config", bucket, "analytics-reads", config_id)


def _begun(bucket: str, config_id: str) -> Key:
    return ("s3", "config", bucket, "analytics-begun", config_id)
