"""Inventories: lists of a bucket's objects, written daily or weekly into a bucket of the user's.

A report is CSV without a header, compressed, and a manifest that says what is in it. Its files are named after the
time it was due, so that a report begun twice is written once.
Source: S3 User Guide, "Cataloging and analyzing your data with S3 Inventory", "Inventory manifest"."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, destinations, listings, named_configurations
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import MalformedXML
from cumulet.services.s3.objects import Object
from cumulet.services.s3.owners import canonical_id
from cumulet.services.s3.versions import NULL

KIND = "inventory"
WRITE = "s3.write_inventory"
DAILY, WEEKLY = "Daily", "Weekly"
_SUNDAY = 6
_FORMATS = ("CSV", "ORC", "Parquet")

Row = tuple[Bucket, Object, bool]
"""A version, and whether it is the current one of its key."""


def checked(configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration as it is kept. Raises MalformedXML, InvalidS3DestinationBucket or NotImplemented."""
    destination = (configuration.get("Destination") or {}).get("S3BucketDestination") or {}
    if (
        destination.get("Format") not in _FORMATS
        or configuration.get("IncludedObjectVersions") not in ("All", "Current")
        or (configuration.get("Schedule") or {}).get("Frequency") not in (DAILY, WEEKLY)
    ):
        raise MalformedXML
    fields = configuration.get("OptionalFields") or []
    if len(set(fields)) != len(fields) or not set(fields) <= {*_FIELDS, *_MISSING_FIELDS}:
        raise MalformedXML
    destinations.name_of(destination.get("Bucket", ""))
    if destination["Format"] != "CSV":
        raise NotImplementedYet(f"Cumulet writes inventories as CSV; {destination['Format']} is not implemented yet.")
    missing = [name for name in fields if name in _MISSING_FIELDS]
    if missing:
        raise NotImplementedYet(f"Cumulet does not know {', '.join(missing)} for inventories yet.")
    return configuration


def schedule(tx: Transaction, bucket: Bucket, configuration: dict[str, Any]) -> None:
    """Have the next report written, or none if the configuration is turned off."""
    key = f"{bucket.name}/{configuration['Id']}"
    if not configuration["IsEnabled"]:
        tx.unschedule(WRITE, key)
        return
    payload = {"bucket": bucket.name, "config_id": configuration["Id"]}
    due = next_due(tx.now, configuration["Schedule"]["Frequency"])
    tx.schedule(due, WRITE, payload, scope=Scope(account=bucket.account, region=bucket.region), key=key)


def next_due(now: datetime, frequency: str) -> datetime:
    """Reports begin at midnight (UTC), weekly ones on Sundays."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if frequency == WEEKLY:
        midnight += timedelta(days=(_SUNDAY - midnight.weekday()) % 7)
    return midnight


def put(tx: Transaction, name: str, configuration: dict[str, Any]) -> None:
    named_configurations.put(tx, name, KIND, configuration)
    schedule(tx, buckets.get(tx, name), configuration)


def remove(tx: Transaction, name: str, config_id: str) -> None:
    named_configurations.remove(tx, name, KIND, config_id)
    tx.unschedule(WRITE, f"{name}/{config_id}")


def columns(configuration: dict[str, Any]) -> list[str]:
    """The names of the columns, in the order in which S3 writes them."""
    chosen = configuration.get("OptionalFields") or []
    versions = ["VersionId", "IsLatest", "IsDeleteMarker"] if configuration["IncludedObjectVersions"] == "All" else []
    return ["Bucket", "Key", *versions, *(name for name in _FIELDS if name in chosen)]


def page(
    tx: ReadTransaction, bucket: Bucket, configuration: dict[str, Any], after: tuple[str, str | None]
) -> tuple[list[Row], tuple[str, str | None] | None]:
    """Up to 1,000 rows behind the key (and version) `after`, and where to go on, or None at the end."""
    prefix = (configuration.get("Filter") or {}).get("Prefix") or ""
    if configuration["IncludedObjectVersions"] == "All":
        found = listings.all_versions(tx, bucket.name, prefix, "", *after, listings.MOST)
        more = None if found.key_marker is None else (found.key_marker, found.version_marker)
        return [(bucket, each, latest) for each, latest in found.entries], more
    current = listings.keys(tx, bucket.name, prefix, "", after[0], listings.MOST)
    return [(bucket, each, True) for each in current.entries], None if current.marker is None else (
        current.marker,
        None,
    )


def written(rows: list[Row], names: list[str]) -> bytes:
    """The rows as CSV: every value in quotes, keys percent-encoded."""
    cells = [_COLUMNS[name] for name in names]
    lines = [",".join(f'"{cell(row)}"' for cell in cells) for row in rows]
    return "".join(line + "\n" for line in lines).encode()


def data_key(bucket: Bucket, configuration: dict[str, Any], due: datetime) -> str:
    """A name for the data of the report that was due then, in the form of a UUID."""
    digest = hashlib.sha256(f"{bucket.name}/{configuration['Id']}/{due.isoformat()}".encode()).hexdigest()
    name = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    return f"{_home(bucket, configuration)}/data/{name}.csv.gz"


def manifest_key(bucket: Bucket, configuration: dict[str, Any], due: datetime, name: str) -> str:
    return f"{_home(bucket, configuration)}/{due:%Y-%m-%dT%H-%MZ}/{name}"


def symlink_key(bucket: Bucket, configuration: dict[str, Any], due: datetime) -> str:
    return f"{_home(bucket, configuration)}/hive/dt={due:%Y-%m-%d-%H-%M}/symlink.txt"


def manifest(
    bucket: Bucket, configuration: dict[str, Any], began: datetime, files: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "sourceBucket": bucket.name,
        "destinationBucket": configuration["Destination"]["S3BucketDestination"]["Bucket"],
        "version": "2016-11-30",
        "creationTimestamp": str(int(began.timestamp() * 1000)),
        "fileFormat": "CSV",
        "fileSchema": ", ".join(columns(configuration)),
        "files": files,
    }


def encryption(configuration: dict[str, Any]) -> dict[str, str]:
    """How the report is to be encrypted, as PutObject takes it."""
    wanted = configuration["Destination"]["S3BucketDestination"].get("Encryption") or {}
    if wanted.get("SSEKMS") is not None:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["SSEKMS"]["KeyId"]}
    return {"ServerSideEncryption": "AES256"} if wanted.get("SSES3") is not None else {}


def _home(bucket: Bucket, configuration: dict[str, Any]) -> str:
    prefix = configuration["Destination"]["S3BucketDestination"].get("Prefix")
    return "/".join(filter(None, (prefix, bucket.name, configuration["Id"])))


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _instant(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _of_bytes(tell: Callable[[Object], str]) -> Callable[[Row], str]:
    """A column that says nothing of delete markers, which have no bytes."""
    return lambda row: "" if row[1].delete_marker else tell(row[1])


def _encryption_status(found: Object) -> str:
    held = found.encryption
    if held is None:
        return "NOT-SSE"
    if held.customer_key_md5:
        return "SSE-C"
    return {"aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS"}.get(held.algorithm, "SSE-S3")


def _tier(found: Object) -> str:
    if found.storage_class != "INTELLIGENT_TIERING":
        return ""
    return found.archive_tier.removesuffix("_ACCESS") or "FREQUENT"


_FIELDS: dict[str, Callable[[Row], str]] = {
    "Size": _of_bytes(lambda found: str(found.size)),
    "LastModifiedDate": lambda row: _instant(row[1].modified),
    "ETag": _of_bytes(lambda found: found.etag),
    "StorageClass": _of_bytes(lambda found: found.storage_class),
    "IsMultipartUploaded": _of_bytes(lambda found: _boolean(bool(found.parts))),
    "ReplicationStatus": _of_bytes(lambda found: found.replication),
    "EncryptionStatus": _of_bytes(_encryption_status),
    "ObjectLockRetainUntilDate": lambda row: _instant(row[1].lock_until),
    "ObjectLockMode": lambda row: row[1].lock_mode,
    "ObjectLockLegalHoldStatus": lambda row: {"ON": "On", "OFF": "Off"}.get(row[1].legal_hold, ""),
    "IntelligentTieringAccessTier": _of_bytes(_tier),
    "BucketKeyStatus": _of_bytes(
        lambda found: "ENABLED" if found.encryption and found.encryption.bucket_key else "DISABLED"
    ),
    "ChecksumAlgorithm": _of_bytes(lambda found: found.checksum.algorithm if found.checksum else ""),
    "ObjectOwner": lambda row: canonical_id(row[1].owner or row[0].account),
}
"""The optional columns in the order in which they stand."""

_MISSING_FIELDS = (
    "ObjectAccessControlList", "LifecycleExpirationDate", "IntelligentTieringReferenceDate",
    "ObjectLockEventHoldStatus", "ObjectLockEventHoldDuration",
)  # fmt: skip
_COLUMNS: dict[str, Callable[[Row], str]] = {
    "Bucket": lambda row: row[0].name,
    "Key": lambda row: quote_plus(row[1].key, safe="/*"),
    "VersionId": lambda row: "" if row[1].version == NULL else row[1].version,
    "IsLatest": lambda row: _boolean(row[2]),
    "IsDeleteMarker": lambda row: _boolean(row[1].delete_marker),
    **_FIELDS,
}
