"""Replication configurations: what S3 takes, and which of their rules are for an object.

Source: S3 API Reference, PutBucketReplication; S3 User Guide, "Replication configuration file elements"."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, filters
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    InvalidArgument,
    InvalidRequest,
    MalformedXML,
    ReplicationConfigurationNotFoundError,
)
from cumulet.services.s3.objects import Object
from cumulet.services.s3.storage_classes import CLASSES

KIND = "replication"
_MOST_RULES = 1000
_LONGEST_ID = 255
_HIGHEST_PRIORITY = 2_147_483_647
_MINUTES = 15
_STATES = ("Enabled", "Disabled")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}")
_BUCKET = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9.-]{3,63})")
_ACCOUNT = re.compile(r"\d{12}")
_GUIDE = "Please refer to S3 Developer Guide for more information."
_SCHEMA = "for this version of Cross Region Replication configuration schema. " + _GUIDE


def configure(tx: Transaction, bucket: Bucket, configuration: dict[str, Any]) -> None:
    """Raises InvalidRequest, InvalidArgument or MalformedXML."""
    if bucket.versioning != buckets.ENABLED:
        raise InvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    _check_role(configuration.get("Role"), bucket)
    rules = configuration.get("Rules") or []
    if not 1 <= len(rules) <= _MOST_RULES:
        raise MalformedXML
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) != len(ids):
        raise InvalidArgument("Rule Id must be unique", ArgumentName="ID")
    if len({"Filter" in rule for rule in rules}) > 1:
        raise InvalidRequest("All rules of a replication configuration must be of the same version of the schema.")
    for rule in rules:
        _check_rule(tx, bucket, rule)
    _check_priorities(rules)
    kept = [rule if rule.get("ID") else {**rule, "ID": tx.ids.alphanumeric(48)} for rule in rules]
    buckets.configure(tx, bucket.name, KIND, {"Role": configuration["Role"], "Rules": kept})


def configuration(tx: ReadTransaction, name: str) -> dict[str, Any]:
    """Raises ReplicationConfigurationNotFoundError."""
    found = buckets.configuration(tx, name, KIND)
    if found is None:
        raise ReplicationConfigurationNotFoundError(BucketName=name)
    return found


def for_object(configured: dict[str, Any] | None, found: Object) -> list[dict[str, Any]]:
    """The rules that replicate an object: for each destination, of those that match, the one of highest priority."""
    matching = [
        rule
        for rule in (configured or {}).get("Rules", [])
        if rule["Status"] == "Enabled" and filters.of_rule(rule).matches(found) and _takes(rule, found)
    ]
    chosen: dict[str, dict[str, Any]] = {}
    for rule in sorted(matching, key=lambda each: each.get("Priority") or 0):
        chosen[destination(rule)] = rule
    return list(chosen.values())


def destination(rule: dict[str, Any]) -> str:
    """The name of the bucket that a rule replicates to."""
    found = _BUCKET.fullmatch(rule["Destination"]["Bucket"])
    assert found is not None, "checked when it was configured"
    return found[1]


def has_role(text: str) -> bool:
    return _ROLE.fullmatch(text) is not None


def changes_of_replicas(rule: dict[str, Any]) -> bool:
    """Whether what is changed on a replica goes back (replica modification sync)."""
    criteria = rule.get("SourceSelectionCriteria") or {}
    return bool((criteria.get("ReplicaModifications") or {}).get("Status") == "Enabled")


def _takes(rule: dict[str, Any], found: Object) -> bool:
    """Delete markers only where the rule says so (in the first schema always), KMS's only where it opts in."""
    if found.delete_marker:
        return "Filter" not in rule or (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled"
    if found.encryption is None or not found.encryption.algorithm.startswith("aws:kms"):
        return True
    criteria = rule.get("SourceSelectionCriteria") or {}
    return bool((criteria.get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled")


def _check_role(role: str | None, bucket: Bucket) -> None:
    """A role of the bucket's own account. Whether it may do the work shows when it does it."""
    found = _ROLE.fullmatch(role or "")
    if found is None:
        raise InvalidArgument(
            "Invalid Amazon Resource Name for the role", ArgumentName="Role", ArgumentValue=role or ""
        )
    if found[1] != bucket.account:
        raise InvalidRequest("The role must belong to the account that owns the source bucket.")


def _check_rule(tx: ReadTransaction, bucket: Bucket, rule: dict[str, Any]) -> None:
    if rule.get("Status") not in _STATES or len(rule.get("ID") or "") > _LONGEST_ID:
        raise MalformedXML
    if "Filter" in rule:
        _check_second_schema(rule)
    else:
        _check_first_schema(rule)
    _check_kms(rule)
    _check_destination(tx, bucket, rule)


def _check_second_schema(rule: dict[str, Any]) -> None:
    filters.check(rule)
    priority = rule.get("Priority")
    if priority is None:
        raise InvalidRequest(f"Priority must be specified {_SCHEMA}")
    if not 0 <= priority <= _HIGHEST_PRIORITY:
        raise MalformedXML
    markers = (rule.get("DeleteMarkerReplication") or {}).get("Status")
    if markers is None:
        raise InvalidRequest(f"DeleteMarkerReplication must be specified {_SCHEMA}")
    if markers not in _STATES:
        raise MalformedXML
    if markers == "Enabled" and filters.of_rule(rule).tags:
        raise InvalidRequest(f"Delete marker replication is not supported if any Tag filter is specified. {_GUIDE}")
    existing = (rule.get("ExistingObjectReplication") or {}).get("Status")
    if existing == "Enabled":
        raise InvalidRequest("ExistingObjectReplication must be requested of S3 Batch Replication.")


def _check_first_schema(rule: dict[str, Any]) -> None:
    if "Prefix" not in rule:
        raise MalformedXML
    for member in ("Priority", "DeleteMarkerReplication", "ExistingObjectReplication"):
        if rule.get(member) is not None:
            raise InvalidRequest(f"{member} cannot be used {_SCHEMA}")


def _check_kms(rule: dict[str, Any]) -> None:
    criteria = rule.get("SourceSelectionCriteria") or {}
    opted_in = (criteria.get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled"
    key = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if opted_in and not key:
        raise InvalidRequest("SseKmsEncryptedObjects must have a ReplicaKmsKeyID in EncryptionConfiguration.")


def _check_destination(tx: ReadTransaction, bucket: Bucket, rule: dict[str, Any]) -> None:
    wanted = rule["Destination"]
    named = _BUCKET.fullmatch(wanted.get("Bucket") or "")
    if named is None:
        raise InvalidArgument("Invalid bucket ARN", ArgumentName="Bucket", ArgumentValue=wanted.get("Bucket") or "")
    if named[1] == bucket.name:
        raise InvalidRequest("Destination bucket cannot be the same as the source bucket.")
    target = buckets.find(tx, named[1])
    if target is None:
        raise InvalidRequest("Destination bucket must exist.")
    if target.versioning != buckets.ENABLED:
        raise InvalidRequest("Destination bucket must have versioning enabled.")
    if bucket.object_lock and not target.object_lock:
        raise InvalidRequest("Destination bucket must have Object Lock enabled, as the source bucket has.")
    if wanted.get("StorageClass") is not None and wanted["StorageClass"] not in CLASSES:
        raise MalformedXML
    _check_owner(wanted, target)
    _check_time(wanted)


def _check_owner(wanted: dict[str, Any], target: Bucket) -> None:
    account = wanted.get("Account")
    if account is not None and not _ACCOUNT.fullmatch(account):
        raise InvalidArgument("Invalid account", ArgumentName="Account", ArgumentValue=account)
    if account is not None and account != target.account:
        raise InvalidRequest("The destination account does not own the destination bucket.")
    if wanted.get("AccessControlTranslation") is not None and account is None:
        raise InvalidRequest("Account must be specified when AccessControlTranslation is.")


def _check_time(wanted: dict[str, Any]) -> None:
    """Replication Time Control knows one time, and cannot do without its metrics."""
    time, metrics = wanted.get("ReplicationTime"), wanted.get("Metrics")
    for each, member in ((time, "Time"), (metrics, "EventThreshold")):
        minutes = ((each or {}).get(member) or {}).get("Minutes")
        if minutes is not None and minutes != _MINUTES:
            raise InvalidRequest(f"{member} must be {_MINUTES} minutes.")
    if (time or {}).get("Status") == "Enabled" and (metrics or {}).get("Status") != "Enabled":
        raise InvalidRequest("Metrics must be enabled when ReplicationTime is.")


def _check_priorities(rules: list[dict[str, Any]]) -> None:
    ranked = [(destination(rule), rule["Priority"]) for rule in rules if "Filter" in rule]
    if len(set(ranked)) != len(ranked):
        raise InvalidRequest("Priority must be unique among the rules of a destination.")
