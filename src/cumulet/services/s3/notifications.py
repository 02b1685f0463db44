"""Event notifications: what a bucket tells to whom, the events themselves, and their way out.

What happened is told in the transaction in which it happened: `emit` matches it with the bucket's configuration and
schedules one delivery for each destination that wants it. With EventBridge turned on it also emits an event to the
cloud's own log, whose detail is the whole event as EventBridge knows it.

Source: S3 User Guide, "Amazon S3 Event Notifications", "Event message structure", "EventBridge event message
structure"."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from cumulet.kernel.events import Event
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.ids import host_id
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.objects import Object
from cumulet.services.s3.versions import NULL

KIND = "notification"
DELIVER = "s3.deliver_notification"

QUEUES, TOPICS, FUNCTIONS = "QueueConfigurations", "TopicConfigurations", "LambdaFunctionConfigurations"
EVENT_BRIDGE = "EventBridgeConfiguration"
_S3 = "s3.amazonaws.com"
ARNS = {TOPICS: "TopicArn", QUEUES: "QueueArn", FUNCTIONS: "LambdaFunctionArn"}
"""Of each kind of destination, the member that names it, in the order in which S3 looks at them."""

_EVENT_BRIDGE_TYPES = {
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Post": ("Object Created", "POST Object"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "LifecycleExpiration:Delete": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleExpiration:DeleteMarkerCreated": ("Object Deleted", "Lifecycle Expiration"),
    "ObjectRestore:Post": ("Object Restore Initiated", ""),
    "ObjectRestore:Completed": ("Object Restore Completed", ""),
    "ObjectRestore:Delete": ("Object Restore Expired", ""),
    "LifecycleTransition": ("Object Storage Class Changed", ""),
    "IntelligentTiering": ("Object Access Tier Changed", ""),
    "ObjectAcl:Put": ("Object ACL Updated", ""),
    "ObjectTagging:Put": ("Object Tags Added", ""),
    "ObjectTagging:Delete": ("Object Tags Deleted", ""),
}
"""The events that EventBridge gets, and the reason it is told."""

_WITH_SIZE = ("ObjectCreated:", "ObjectRestore:", "LifecycleTransition", "IntelligentTiering", "Replication:")
_STAYS = ("ObjectTagging:", "ObjectRestore:", "ObjectAnnotation:")
"""Events whose Delete takes something else than the object."""
_WITH_SEQUENCER = ("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:")
_VERSION_2_1 = (
    "ObjectCreated:",
    "ObjectRemoved:",
    "ObjectRestore:Post",
    "ObjectRestore:Completed",
    "ReducedRedundancy",
)


class Cause(NamedTuple):
    """Who made a change, and with which request."""

    account: str
    principal: str
    source_ip: str
    request_id: str


def cause_of(caller: Caller, request: RequestInfo) -> Cause:
    return Cause(caller.account, _principal(caller), request.source_ip, request.id)


def by_s3(request_id: str) -> Cause:
    """What S3 does by itself, as lifecycle rules have it do."""
    return Cause(_S3, _S3, _S3, request_id)


def emit(
    tx: Transaction, bucket: Bucket, name: str, found: Object, cause: Cause, extra: dict[str, Any] | None = None
) -> None:
    """Tell that `name` ("ObjectCreated:Put") happened to an object. Does nothing where nobody wants to hear of it.

    `extra` are the event's own members: glacierEventData, lifecycleEventData and so on."""
    configuration = buckets.configuration(tx, bucket.name, KIND) if bucket.has(KIND) else None
    if configuration is None:
        return
    scope = Scope(account=bucket.account, region=bucket.region)
    for kind, member in ARNS.items():
        for rule in configuration.get(kind, []):
            if _wants(rule, name, found.key):
                record = _record(bucket, name, found, cause, tx.now, rule["Id"], extra)
                payload = {"kind": kind, "arn": rule[member], "bucket": bucket.name, "message": {"Records": [record]}}
                tx.schedule(tx.now, DELIVER, payload, scope=scope)
    if EVENT_BRIDGE in configuration and name in _EVENT_BRIDGE_TYPES:
        event_id = tx.uuid()
        detail = _event_bridge(bucket, name, found, cause, tx.now, event_id, extra)
        tx.emit(Event(
            id=event_id, type=f"s3.{name}", time=tx.now, scope=scope, resource=bucket.arn, detail=detail
        ))  # fmt: skip


def deleted(tx: Transaction, bucket: Bucket, gone: Object | None, marker: Object | None, cause: Cause) -> None:
    """Tell of a deletion: that a marker was made, or that something is gone, if something was there."""
    if marker is not None:
        emit(tx, bucket, "ObjectRemoved:DeleteMarkerCreated", marker, cause)
    elif gone is not None:
        emit(tx, bucket, "ObjectRemoved:Delete", gone, cause)


def test_event(bucket: Bucket, now: datetime, request_id: str) -> dict[str, Any]:
    """What a destination gets when it is configured."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _instant(now),
        "Bucket": bucket.name,
        "RequestId": request_id,
        "HostId": host_id(request_id),
    }


def _wants(rule: dict[str, Any], name: str, key: str) -> bool:
    if not any(_covers(pattern, f"s3:{name}") for pattern in rule["Events"]):
        return False
    filters = ((rule.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    return all(_passes(each["Name"].lower(), each.get("Value") or "", key) for each in filters)


def _covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _passes(kind: str, value: str, key: str) -> bool:
    return key.startswith(value) if kind == "prefix" else key.endswith(value)


def _record(
    bucket: Bucket,
    name: str,
    found: Object,
    cause: Cause,
    now: datetime,
    rule_id: str,
    extra: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "eventVersion": _version(name),
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": _instant(now),
        "eventName": name,
        "userIdentity": {"principalId": cause.principal},
        "requestParameters": {"sourceIPAddress": cause.source_ip},
        "responseElements": {"x-amz-request-id": cause.request_id, "x-amz-id-2": host_id(cause.request_id)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule_id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": _principal_of_account(bucket.account)},
                "arn": bucket.arn,
            },
            "object": _object(name, found),
        },
        **(extra or {}),
    }


def _version(name: str) -> str:
    """Three forms of the record are in use side by side; later ones have further members only."""
    if name.startswith("Replication:"):
        return "2.2"
    return "2.1" if name.startswith(_VERSION_2_1) else "2.3"


def _object(name: str, found: Object) -> dict[str, Any]:
    """Keys are written as in a form: a space is a plus, a slash stays."""
    told: dict[str, Any] = {"key": quote_plus(found.key, safe="/*")}
    if name.startswith(_WITH_SIZE):
        told["size"] = found.size
    if not name.endswith((":Delete", ":DeleteMarkerCreated")) or name.startswith(_STAYS):
        told["eTag"] = found.etag
    if name.endswith(":DeleteMarkerCreated"):
        told["eTag"] = "d41d8cd98f00b204e9800998ecf8427e"  # the MD5 of nothing, as S3 has it
    if found.version != NULL:
        told["versionId"] = found.version
    if name.startswith(_WITH_SEQUENCER):
        told["sequencer"] = _sequencer(found)
    return told


def _event_bridge(
    bucket: Bucket,
    name: str,
    found: Object,
    cause: Cause,
    now: datetime,
    event_id: str,
    extra: dict[str, Any] | None,
) -> dict[str, Any]:
    detail_type, reason = _EVENT_BRIDGE_TYPES[name]
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": _event_bridge_object(name, found),
        "request-id": cause.request_id,
        "requester": cause.account,
    }
    if cause.account != _S3:  # what S3 does by itself comes from nowhere
        detail["source-ip-address"] = cause.source_ip
    if reason:
        detail["reason"] = reason
    if detail_type == "Object Deleted":
        detail["deletion-type"] = "Permanently Deleted" if name.endswith(":Delete") else "Delete Marker Created"
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": "aws.s3",
        "account": bucket.account,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": bucket.region,
        "resources": [bucket.arn],
        "detail": detail | _event_bridge_extra(name, found, extra or {}),
    }


def _event_bridge_object(name: str, found: Object) -> dict[str, Any]:
    """Here keys are written as they are."""
    told: dict[str, Any] = {"key": found.key}
    if name.startswith(_WITH_SIZE):
        told["size"] = found.size
    if found.etag:
        told["etag"] = found.etag
    if found.version != NULL:
        told["version-id"] = found.version
    if name.startswith(_WITH_SEQUENCER):
        told["sequencer"] = _sequencer(found)
    return told


def _event_bridge_extra(name: str, found: Object, extra: dict[str, Any]) -> dict[str, Any]:
    if name.startswith("ObjectRestore:"):
        told = {"source-storage-class": found.storage_class}
        restore = extra.get("glacierEventData", {}).get("restoreEventData", {})
        if "lifecycleRestorationExpiryTime" in restore:
            told["restore-expiry-time"] = restore["lifecycleRestorationExpiryTime"]
        return told
    if name == "LifecycleTransition":
        return {"destination-storage-class": found.storage_class}
    if name == "IntelligentTiering":
        return {"destination-access-tier": found.archive_tier}
    return {}


def _sequencer(found: Object) -> str:
    """Orders the events of one key: compare as text, the shorter filled up with zeros on the right."""
    return f"{found.sequence:016X}"


def _principal(caller: Caller) -> str:
    if caller.kind is Kind.ANONYMOUS:
        return "Anonymous"
    if caller.kind is Kind.SERVICE:
        return caller.arn
    return f"AWS:{_principal_of_account(caller.account)}" if caller.kind is Kind.ROOT else f"AWS:{caller.arn}"


def _principal_of_account(account: str) -> str:
    """An account in the form of an Amazon customer id."""
    return "A" + base64.b32encode(hashlib.sha256(f"customer {account}".encode()).digest()).decode()[:13]


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
