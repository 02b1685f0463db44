"""S3 Metadata: tables that tell of a bucket's objects. The configurations are kept; no tables are made yet, since they
come with S3 Tables, and the status of each says so.

Source: S3 API Reference, CreateBucketMetadataConfiguration and CreateBucketMetadataTableConfiguration (the older one);
S3 User Guide, "Discovering your data with S3 Metadata tables"."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    InvalidArgument,
    InvalidRequest,
    MalformedXML,
    MetadataConfigurationAlreadyExists,
    MetadataConfigurationNotFound,
)

Configuration = dict[str, Any]

KIND, OLDER_KIND = "metadata-configuration", "metadata-table"
JOURNAL, INVENTORY, ANNOTATION = "JournalTable", "InventoryTable", "AnnotationTable"
_OLDER_NAMESPACE = "aws_s3_metadata"
_NO_TABLE = {
    "TableStatus": "FAILED",
    "Error": {
        "ErrorCode": "NotImplemented",
        "ErrorMessage": "Cumulet makes no metadata tables yet: they come with S3 Tables. The configuration is kept.",
    },
}
_LEAST_DAYS, _MOST_DAYS = 7, 2_147_483_647
_STATES = ("ENABLED", "DISABLED")
_TABLE_BUCKET = re.compile(r"arn:aws[a-z-]*:s3tables:([a-z0-9-]+):([0-9]{12}):bucket/[a-z0-9_-]{3,63}")
_TABLE_NAME = re.compile(r"[0-9a-z_]{1,255}")


def create(tx: Transaction, bucket: Bucket, given: Configuration) -> None:
    """Raises MalformedXML and others, or MetadataConfigurationAlreadyExists."""
    _check_journal(given["JournalTableConfiguration"])
    for table in (INVENTORY, ANNOTATION):
        _check_state(given.get(f"{table}Configuration"))
    for table in (JOURNAL, INVENTORY, ANNOTATION):
        _check_encryption(given.get(f"{table}Configuration"))
    _check_new(tx, bucket)
    buckets.configure(tx, bucket.name, KIND, given)


def update(tx: Transaction, bucket: Bucket, table: str, changes: Configuration) -> None:
    """Change what is configured for one kind of table. Raises as `create`, or MetadataConfigurationNotFound."""
    kept = _kept(tx, bucket, KIND)
    _check_journal(changes) if table == JOURNAL else _check_state(changes)
    _check_encryption(changes)
    member = f"{table}Configuration"
    buckets.configure(tx, bucket.name, KIND, {**kept, member: {**kept.get(member, {}), **changes}})


def told(tx: ReadTransaction, bucket: Bucket) -> Configuration:
    """The configuration as S3 tells it, with the state of its tables. Raises MetadataConfigurationNotFound."""
    kept = _kept(tx, bucket, KIND)
    destination = {
        "TableBucketType": "aws",
        "TableBucketArn": f"arn:aws:s3tables:{bucket.region}:{bucket.account}:bucket/aws-s3",
        "TableNamespace": f"b_{bucket.name}",
    }
    journal = {**_NO_TABLE, "TableName": "journal"}
    journal["RecordExpiration"] = kept["JournalTableConfiguration"]["RecordExpiration"]
    result = {"DestinationResult": destination, "JournalTableConfigurationResult": journal}
    for table, name in ((INVENTORY, "inventory"), (ANNOTATION, "annotation")):
        configured = kept.get(f"{table}Configuration")
        if configured is not None:
            result[f"{table}ConfigurationResult"] = _told(configured, name)
    return {"MetadataConfigurationResult": result}


def delete(tx: Transaction, bucket: Bucket, kind: str) -> None:
    """Raises MetadataConfigurationNotFound."""
    _kept(tx, bucket, kind)
    buckets.unconfigure(tx, bucket.name, kind)


def create_older(tx: Transaction, bucket: Bucket, given: Configuration) -> None:
    """Raises InvalidArgument, InvalidRequest or MetadataConfigurationAlreadyExists."""
    destination = given["S3TablesDestination"]
    arn, name = destination.get("TableBucketArn", ""), destination.get("TableName", "")
    named = _TABLE_BUCKET.fullmatch(arn)
    if named is None:
        raise InvalidArgument(
            "The table bucket's ARN is not valid.", ArgumentName="TableBucketArn", ArgumentValue=arn[:1024]
        )
    if not _TABLE_NAME.fullmatch(name):
        raise InvalidArgument("The table's name is not valid.", ArgumentName="TableName", ArgumentValue=name[:1024])
    if named.groups() != (bucket.region, bucket.account):
        raise InvalidRequest("The table bucket must be in the same Region and account as the bucket.")
    _check_new(tx, bucket)
    kept = {"TableBucketArn": arn, "TableName": name, "TableArn": f"{arn}/table/{tx.uuid()}"}
    buckets.configure(tx, bucket.name, OLDER_KIND, kept)


def told_older(tx: ReadTransaction, bucket: Bucket) -> Configuration:
    """Raises MetadataConfigurationNotFound."""
    destination = {**_kept(tx, bucket, OLDER_KIND), "TableNamespace": _OLDER_NAMESPACE}
    return {
        "MetadataTableConfigurationResult": {"S3TablesDestinationResult": destination},
        "Status": _NO_TABLE["TableStatus"],
        "Error": _NO_TABLE["Error"],
    }


def _told(configured: Configuration, name: str) -> Configuration:
    result: Configuration = {"ConfigurationState": configured["ConfigurationState"]}
    if configured["ConfigurationState"] == "ENABLED":
        result |= {**_NO_TABLE, "TableName": name}
    if configured.get("Role"):
        result["Role"] = configured["Role"]
    return result


def _kept(tx: ReadTransaction, bucket: Bucket, kind: str) -> Configuration:
    kept = buckets.configuration(tx, bucket.name, kind)
    if kept is None:
        raise MetadataConfigurationNotFound
    return kept


def _check_new(tx: ReadTransaction, bucket: Bucket) -> None:
    if any(buckets.configuration(tx, bucket.name, kind) is not None for kind in (KIND, OLDER_KIND)):
        raise MetadataConfigurationAlreadyExists


def _check_journal(given: Configuration) -> None:
    expiration = given.get("RecordExpiration") or {}
    if expiration.get("Expiration") not in _STATES:
        raise MalformedXML
    days = expiration.get("Days")
    if (expiration["Expiration"] == "ENABLED") != (days is not None):
        raise MalformedXML
    if days is not None and not _LEAST_DAYS <= days <= _MOST_DAYS:
        raise InvalidArgument(
            f"Records are kept for at least {_LEAST_DAYS} days.", ArgumentName="Days", ArgumentValue=str(days)
        )


def _check_state(given: Configuration | None) -> None:
    if given is not None and given.get("ConfigurationState") not in _STATES:
        raise MalformedXML


def _check_encryption(given: Configuration | None) -> None:
    encryption = (given or {}).get("EncryptionConfiguration")
    if encryption is None:
        return
    if encryption.get("SseAlgorithm") not in ("AES256", "aws:kms"):
        raise MalformedXML
    if (encryption["SseAlgorithm"] == "aws:kms") != bool(encryption.get("KmsKeyArn")):
        raise InvalidRequest("A KMS key has to be named for aws:kms, and for nothing else.")
