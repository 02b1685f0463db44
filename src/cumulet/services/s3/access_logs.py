"""Server access logs: a line for each request to a bucket, collected and then put as objects into another bucket.

A line is written before its request is answered, so it survives as the answer does. A job delivers what has been
collected since a few minutes. It puts the objects as logging.s3.amazonaws.com, so the target bucket has to let that
in; deliveries themselves leave no lines, so that a bucket may log to itself without feeding on its own log.

Source: S3 User Guide, "Logging requests with server access logging", "Amazon S3 server access log format"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from cumulet.kernel import jobs
from cumulet.kernel.authz import Ask, Policies, PolicyKind, evaluate, parse
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import Answered, RequestInfo
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import acls, buckets, public_access
from cumulet.services.s3.acls import Grants
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    CrossLocationLoggingProhibitted,
    InvalidTargetBucketForLogging,
    MalformedXML,
)
from cumulet.services.s3.objects import Object
from cumulet.services.s3.owners import canonical_id

KIND = "logging"
JOB = "s3.deliver_access_logs"
SERVICE = "logging.s3"
COLLECTED_FOR = timedelta(minutes=5)
MOST_LINES = 2000
"""In one log object; what is more goes into another."""

_PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')
_OPERATIONS = {
    "copy_object": "REST.COPY.OBJECT",
    "upload_part": "REST.PUT.PART",
    "upload_part_copy": "REST.COPY.PART",
    "create_multipart_upload": "REST.POST.UPLOADS",
    "complete_multipart_upload": "REST.POST.UPLOAD",
    "abort_multipart_upload": "REST.DELETE.UPLOAD",
    "list_parts": "REST.GET.UPLOAD",
    "list_multipart_uploads": "REST.GET.UPLOADS",
    "list_object_versions": "REST.GET.BUCKETVERSIONS",
    "delete_objects": "REST.POST.MULTI_OBJECT_DELETE",
    "select_object_content": "REST.SELECT.OBJECT",
    "get_object_attributes": "REST.GET.OBJECT_ATTRIBUTES",
    "preflight": "REST.OPTIONS.PREFLIGHT",
}
_RESOURCES = {
    "object": "OBJECT", "bucket": "BUCKET", "objects": "BUCKET", "objects_v2": "BUCKET", "object_acl": "ACL",
    "bucket_acl": "ACL", "bucket_policy": "BUCKETPOLICY", "bucket_logging": "LOGGING_STATUS",
    "bucket_lifecycle_configuration": "LIFECYCLE", "bucket_notification_configuration": "NOTIFICATION",
    "bucket_accelerate_configuration": "ACCELERATE",
}  # fmt: skip


class Call(NamedTuple):
    """A call as the log tells it. `touched` is the object that it read or wrote, if any."""

    bucket: Bucket
    operation: str
    parameters: dict[str, Any]
    caller: Caller
    request: RequestInfo
    began: datetime
    touched: Object | None


def check(tx: ReadTransaction, bucket: Bucket, wanted: dict[str, Any]) -> None:
    """Hold a LoggingEnabled to the rules. Raises MalformedXML, InvalidTargetBucketForLogging and others."""
    if wanted.get("TargetBucket") is None or wanted.get("TargetPrefix") is None:
        raise MalformedXML
    _check_format(wanted.get("TargetObjectKeyFormat"))
    target = buckets.find(tx, wanted["TargetBucket"])
    if target is None:
        raise InvalidTargetBucketForLogging(TargetBucket=wanted["TargetBucket"])
    if target.account != bucket.account:
        raise InvalidTargetBucketForLogging(
            "The owner for the bucket to be logged and the target bucket must be the same.", TargetBucket=target.name
        )
    if target.region != bucket.region:
        raise CrossLocationLoggingProhibitted(SourceBucketLocation=bucket.region, TargetBucketLocation=target.region)
    _check_grants(target, wanted.get("TargetGrants"))
    if public_access.has_acls(target) and not _lets_in(tx, bucket, target, wanted["TargetPrefix"]):
        raise InvalidTargetBucketForLogging(
            "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket",
            TargetBucket=target.name,
        )


def _check_format(wanted: dict[str, Any] | None) -> None:
    if wanted is None:
        return
    source = (wanted.get("PartitionedPrefix") or {}).get("PartitionDateSource", "DeliveryTime")
    if len(wanted) != 1 or source not in ("EventTime", "DeliveryTime"):
        raise MalformedXML


def _check_grants(target: Bucket, grants: Grants | None) -> None:
    """Raises InvalidTargetBucketForLogging for grants where the target has no ACLs."""
    if not grants:
        return
    if any(grant.get("Permission") not in _PERMISSIONS or not grant.get("Grantee") for grant in grants):
        raise MalformedXML
    if not public_access.has_acls(target):
        raise InvalidTargetBucketForLogging(
            "Target grants are not supported for target buckets whose object ownership is BucketOwnerEnforced.",
            TargetBucket=target.name,
        )


def _lets_in(tx: ReadTransaction, source: Bucket, target: Bucket, prefix: str) -> bool:
    caller = deliverer(source)
    if acls.allow(acls.of_bucket(tx, target), caller, acls.WRITE, ignore_public=True):
        return True
    policy = buckets.configuration(tx, target.name, "policy") if target.has("policy") else None
    context = {"aws:sourcearn": source.arn, "aws:sourceaccount": source.account}
    ask = Ask(caller, "s3:PutObject", f"{target.arn}/{prefix}x", target.account, context)
    return policy is not None and evaluate(ask, Policies(resource=parse(policy["text"], PolicyKind.RESOURCE))).allowed


def deliverer(source: Bucket) -> Caller:
    """Who puts the log objects of a bucket."""
    return Caller(
        kind=Kind.SERVICE, account=source.account, arn=SERVICE + ".amazonaws.com", source_arn=source.arn,
        source_account=source.account,
    )  # fmt: skip


def record(tx: Transaction, name: str, lines: list[str]) -> None:
    """Keep the lines of a request until they are delivered."""
    bucket = buckets.find(tx, name)
    if bucket is None:  # the request deleted it, and its log with it
        return
    request = tx.uuid()
    for order, each in enumerate(lines):
        tx.put(_line(name, tx.now, request, order), each)
    if not jobs.is_scheduled(tx, JOB, name):
        scope = Scope(account=bucket.account, region=bucket.region)
        tx.schedule(tx.now + COLLECTED_FOR, JOB, {"Bucket": name}, scope=scope, key=name)


def collected(tx: ReadTransaction, name: str) -> list[tuple[Key, str]]:
    """The oldest lines of a bucket, up to what one log object takes."""
    return list(tx.items(_line(name), limit=MOST_LINES))


def forget(tx: Transaction, name: str, keys: list[Key]) -> None:
    """Drop delivered lines; what came in meanwhile is delivered soon."""
    for key in keys:
        tx.delete(key)
    if next(tx.items(_line(name), limit=1), None) is not None:
        bucket = buckets.find(tx, name)
        if bucket is None:
            tx.delete_range(_line(name))
            return
        scope = Scope(account=bucket.account, region=bucket.region)
        tx.schedule(tx.now, JOB, {"Bucket": name}, scope=scope, key=name)


def object_key(source: Bucket, settings: dict[str, Any], first: Key, now: datetime) -> str:
    """The name of a log object. Made of its first line's id, so that a repeated delivery writes the same object."""
    event_time, unique = first[3], first[4].replace("-", "")[:16].upper()
    prefix: str = settings["TargetPrefix"]
    partitioned = (settings.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix")
    if partitioned is None:
        return f"{prefix}{event_time:%Y-%m-%d-%H-%M-%S}-{unique}"
    # By the time of delivery the hour, minute and second are told; by the time of the events they are zeros.
    by_event = partitioned.get("PartitionDateSource") == "EventTime"
    moment = event_time if by_event else now
    stamp = f"{moment:%Y-%m-%d}-00-00-00" if by_event else f"{event_time:%Y-%m-%d-%H-%M-%S}"
    return f"{prefix}{source.account}/{source.region}/{source.name}/{moment:%Y/%m/%d}/{stamp}-{unique}"


# A line


def line(call: Call, answered: Answered, now: datetime) -> str:
    """One request in the format of the log: fields in a fixed order, `-` for what is not there."""
    request, headers = call.request, call.request.headers
    milliseconds = max(0, round((now - call.began).total_seconds() * 1000))
    touched = call.touched
    version_id = call.parameters.get("VersionId")
    fields = [
        canonical_id(call.bucket.account),
        call.bucket.name,
        f"[{call.began:%d/%b/%Y:%H:%M:%S} +0000]",
        request.source_ip,
        _requester(call.caller),
        request.id,
        _operation(call),
        _key(call.parameters.get("Key")),
        _quoted(f"{request.method} {request.path}{'?' * bool(request.query)}{request.query} HTTP/1.1"),
        str(answered.status),
        answered.code or "-",
        str(answered.size) if answered.size else "-",
        str(touched.size) if touched is not None else "-",
        str(milliseconds),
        str(milliseconds),
        _quoted(headers.get("referer", "")),
        _quoted(request.user_agent),
        _plain(version_id or "-"),
        request.id,
        *_signature(request),
        _plain(headers.get("host", "-")),
        "TLSv1.3" if request.secure else "-",
        "-",
        "-",
    ]
    return " ".join(fields) + "\n"


def _requester(caller: Caller) -> str:
    if caller.kind is Kind.ANONYMOUS:
        return "-"
    if caller.kind is Kind.ROOT:
        return canonical_id(caller.account)
    return f"svc:{caller.arn}" if caller.kind is Kind.SERVICE else caller.arn


def _operation(call: Call) -> str:
    if "." in call.operation:
        return call.operation
    if call.operation == "website":
        return f"WEBSITE.{call.request.method}.OBJECT"
    if call.operation in _OPERATIONS:
        return _OPERATIONS[call.operation]
    _, _, noun = call.operation.partition("_")
    resource = _RESOURCES.get(noun) or noun.removeprefix("bucket_").upper()
    return f"REST.{call.request.method}.{resource}"


def _key(key: str | None) -> str:
    """Encoded twice, as the log has keys: a space is `%2520`."""
    return quote(quote(key, safe="/"), safe="/") if key else "-"


def _signature(request: RequestInfo) -> tuple[str, str, str]:
    """Signature version, cipher, and where the signature was."""
    cipher = "TLS_AES_128_GCM_SHA256" if request.secure else "-"
    authorization = request.headers.get("authorization", "")
    if authorization:
        return "SigV4" if authorization.startswith("AWS4") else "SigV2", cipher, "AuthHeader"
    if "Signature=" in request.query:
        return "SigV4" if "X-Amz-Signature=" in request.query else "SigV2", cipher, "QueryString"
    return "-", cipher, "-"


def _quoted(text: str) -> str:
    """What a client wrote, so that it cannot look like the fields behind it."""
    return f'"{_UNSAFE.sub(_encoded, text[:8192])}"' if text else '"-"'


def _plain(text: str) -> str:
    return quote(text[:1024], safe="/:.-_[]~")


def _encoded(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _line(name: str, *rest: Any) -> Key:
    return ("s3", "log", name, *rest)
