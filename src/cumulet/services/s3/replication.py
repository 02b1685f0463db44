"""Replication: copies of new versions, under their own ids, in buckets elsewhere.

A version that a rule is for is marked PENDING when it is written, in the same transaction that schedules a job to copy
it. The copy shares the bytes, so it costs the same whatever the size. Replicas are not replicated on; deletions of
versions never are, since somebody who destroys one bucket must not destroy both.

Source: S3 User Guide, "What does Amazon S3 replicate?", "Getting replication status information"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.identity import Caller
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import (
    access,
    buckets,
    notifications,
    object_annotations,
    object_lock,
    objects,
    replication_rules,
    storage_classes,
)
from cumulet.services.s3.access import Visitor
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.objects import Encryption, Object
from cumulet.services.s3.replication_rules import KIND
from cumulet.services.s3.versions import NULL

JOB = "s3.replicate"
PENDING, COMPLETED, FAILED, REPLICA = "PENDING", "COMPLETED", "FAILED", "REPLICA"


class Target(NamedTuple):
    """Where a version goes, by which rule, and as whom S3 writes there."""

    bucket: Bucket
    rule: dict[str, Any]
    role: Caller


class Sealing(NamedTuple):
    """What protects a version, and the KMS key that is to protect its replica by a rule."""

    rule: str
    source: Encryption
    bucket: Bucket
    kms_key: str


def wrote(tx: Transaction, bucket: Bucket, made: Object) -> Object:
    """A version was written, by whatever operation, or something on it was changed. Returns it as it is stored now."""
    if made.replication == REPLICA or not _rules(tx, bucket, made):
        return made
    pending = replace(made, replication=PENDING)
    objects.update(tx, bucket.name, pending)
    _schedule(tx, bucket, pending)
    return pending


def changed(tx: Transaction, bucket: Bucket, made: Object) -> Object:
    """Tags, ACL or lock of a version were changed. What was never replicated is not for this reason.

    What is changed on a replica goes where replicas' changes are wanted."""
    if made.replication == REPLICA:
        rules = _rules(tx, bucket, made)
        if any(replication_rules.changes_of_replicas(rule) for rule in rules):
            _schedule(tx, bucket, made)
        return made
    return wrote(tx, bucket, made) if made.replication else made


def marked(tx: Transaction, bucket: Bucket, marker: Object) -> None:
    """A delete marker was made by a request (those of lifecycle rules stay where they are)."""
    if _rules(tx, bucket, marker):
        _schedule(tx, bucket, marker)


def role(tx: ReadTransaction, name: str) -> str:
    """The ARN of the role in which a bucket's objects are brought over, if it has one."""
    configured = buckets.configuration(tx, name, KIND) if buckets.find(tx, name) is not None else None
    return str((configured or {}).get("Role") or "")


def replicate(
    tx: Transaction,
    blobs: Blobs,
    writer: Visitor | None,
    name: str,
    key: str,
    version: str,
    sealed: Mapping[str, Encryption],
) -> Object | None:
    """Bring a version to all its destinations, as `writer`, who is in the bucket's role, if the role lets S3 be.
    Returns the version with the outcome, or None if it is gone. `sealed`: of what KMS protects, the encryption of the
    replica by the rule's ID (see `sealings`).

    Safe to repeat: a replica that is there already is brought up to date."""
    bucket = buckets.find(tx, name)
    found = objects.version(tx, name, key, version) if bucket is not None else None
    if bucket is None or found is None:
        return None
    rules = _rules_now(tx, bucket, found)
    outcomes = [_deliver(tx, blobs, bucket, found, rule, writer, sealed) for rule in rules]
    if found.delete_marker or found.replication == REPLICA:
        return found
    status = COMPLETED if outcomes and all(outcomes) else FAILED
    done = replace(found, replication=status)
    objects.update(tx, name, done)
    return done


def to_replicate(tx: ReadTransaction, name: str, key: str, version_id: str | None) -> str | None:
    """Of a version written before the rules, or one that failed, the id; None if it is gone or no rule is for it."""
    bucket = buckets.get(tx, name)
    found = objects.current(tx, name, key) if version_id is None else objects.version(tx, name, key, version_id)
    return None if found is None or not _rules(tx, bucket, found) else found.version


def sealings(tx: ReadTransaction, name: str, key: str, version: str) -> list[Sealing]:
    """What KMS has to seal anew before a version is replicated, since every replica lies under its rule's own key."""
    bucket = buckets.find(tx, name)
    found = objects.version(tx, name, key, version) if bucket is not None else None
    if bucket is None or found is None or found.encryption is None or not found.encryption.kms_blob:
        return []
    targets = [(rule, buckets.find(tx, replication_rules.destination(rule))) for rule in _rules_now(tx, bucket, found)]
    return [
        Sealing(rule["ID"], found.encryption, target, rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"])
        for rule, target in targets
        if target is not None
    ]


def _rules_now(tx: ReadTransaction, bucket: Bucket, found: Object) -> list[dict[str, Any]]:
    rules = _rules(tx, bucket, found)
    if found.replication == REPLICA:
        return [rule for rule in rules if replication_rules.changes_of_replicas(rule)]
    return rules


def _rules(tx: ReadTransaction, bucket: Bucket, made: Object) -> list[dict[str, Any]]:
    return replication_rules.for_object(buckets.configuration(tx, bucket.name, KIND) or {}, made)


def _schedule(tx: Transaction, bucket: Bucket, made: Object) -> None:
    scope = Scope(account=bucket.account, region=bucket.region)
    tx.schedule(tx.now, JOB, {"bucket": bucket.name, "key": made.key, "version": made.version}, scope=scope)


def _deliver(
    tx: Transaction,
    blobs: Blobs,
    source: Bucket,
    found: Object,
    rule: dict[str, Any],
    writer: Visitor | None,
    sealed: Mapping[str, Encryption],
) -> bool:
    """Write the replica, unless something stands in the way: then the source is told FAILED. Returns whether it is."""
    bucket = buckets.find(tx, replication_rules.destination(rule))
    is_sealed = found.encryption is None or not found.encryption.kms_blob or rule["ID"] in sealed
    if bucket is None or not is_sealed or not _may_write(tx, source, bucket, found, writer):
        _tell_failure(tx, source, found, rule)
        return False
    existing = objects.version(tx, bucket.name, found.key, found.version)
    replica = _dressed(found, source, bucket, rule, sealed.get(rule["ID"], found.encryption))
    if existing is not None and found.version != NULL:
        if not existing.delete_marker:
            shelf = object_annotations.mirrored(tx, blobs, found.annotations, existing.annotations)
            objects.update(tx, bucket.name, replace(_renewed(existing, replica, tx), annotations=shelf))
        return True
    shelf = object_annotations.copied(tx, blobs, found.annotations)
    objects.put_version(tx, blobs, bucket, replace(_with_bytes(tx, blobs, replica), annotations=shelf))
    if bucket.has(notifications.KIND):
        name = "ObjectRemoved:DeleteMarkerCreated" if replica.delete_marker else "ObjectCreated:Put"
        notifications.emit(tx, bucket, name, replica, notifications.by_s3(tx.uuid()))
    return True


def _may_write(tx: ReadTransaction, source: Bucket, bucket: Bucket, found: Object, writer: Visitor | None) -> bool:
    """The role has to be permitted to read the source's versions and to write replicas (S3 User Guide, Setting up
    permissions for live replication)."""
    if (
        writer is None
        or bucket.versioning != buckets.ENABLED
        or (object_lock.is_locked(found, tx.now) and not bucket.object_lock)
    ):
        return False
    if not found.delete_marker and storage_classes.is_archived(found):
        return storage_classes.is_restored(found, tx.now)
    action = "s3:ReplicateDelete" if found.delete_marker else "s3:ReplicateObject"
    reads = found.delete_marker or access.may(tx, source, writer, "s3:GetObjectVersionForReplication", found.key)
    return reads and access.may(tx, bucket, writer, action, found.key)


def _dressed(
    found: Object, source: Bucket, bucket: Bucket, rule: dict[str, Any], encryption: Encryption | None
) -> Object:
    """The replica: everything of the source, but for what the destination decides."""
    wanted = rule["Destination"]
    given_away = wanted.get("AccessControlTranslation") is not None
    foreign = bucket.account != source.account and bucket.ownership != "BucketOwnerEnforced"
    replica = replace(
        found,
        replication="" if found.delete_marker else REPLICA,
        storage_class=wanted.get("StorageClass") or found.storage_class,
        encryption=encryption,
        owner="" if given_away or not foreign else found.owner or source.account,
        acl=None if given_away else found.acl,
        restored_until=None,
        restore_ready=None,
        accessed=None,
        archive_tier="",
        annotations="",
    )
    return replica if bucket.object_lock else replace(replica, lock_mode="", lock_until=None, legal_hold="")


def _renewed(existing: Object, replica: Object, tx: ReadTransaction) -> Object:
    """A replica that was there, with what changed on its source. A lock that still holds is never weakened."""
    keeps = object_lock.is_retained(existing, tx.now) and object_lock.weakens(
        existing, replica.lock_mode or None, replica.lock_until
    )
    return replace(
        existing,
        tags=replica.tags,
        acl=replica.acl,
        legal_hold=replica.legal_hold,
        lock_mode=existing.lock_mode if keeps else replica.lock_mode,
        lock_until=existing.lock_until if keeps else replica.lock_until,
    )


def _with_bytes(tx: Transaction, blobs: Blobs, replica: Object) -> Object:
    """The same bytes with one owner more; the parts of a multipart object under an upload id of the replica's own."""
    if replica.blob is not None:
        return replace(replica, blob=blobs.share(tx, replica.blob))
    if not replica.upload:
        return replica
    upload = tx.ids.alphanumeric(128)
    for part in list(tx.range(("s3", "part", replica.upload))):
        tx.put(("s3", "part", upload, part.number), replace(part, blob=blobs.share(tx, part.blob)))
    return replace(replica, upload=upload)


def _tell_failure(tx: Transaction, bucket: Bucket, found: Object, rule: dict[str, Any]) -> None:
    if bucket.has(notifications.KIND):
        data = {
            "replicationRuleId": rule["ID"],
            "destinationBucket": rule["Destination"]["Bucket"],
            "s3Operation": "OBJECT_PUT",
            "requestTime": found.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "failureReason": "DstBucketNotFound" if _is_gone(tx, rule) else "DstPutObjNotPermitted",
        }
        extra = {"replicationEventData": data}
        name = "Replication:OperationFailedReplication"
        notifications.emit(tx, bucket, name, found, notifications.by_s3(tx.uuid()), extra)


def _is_gone(tx: ReadTransaction, rule: dict[str, Any]) -> bool:
    return buckets.find(tx, replication_rules.destination(rule)) is None
