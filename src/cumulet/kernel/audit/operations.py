"""How the record has an operation: its event's source and name, whether it only reads, what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from cumulet.kernel import models
from cumulet.kernel.audit import telling

_READING = (
    "Get", "List", "Describe", "Head", "Lookup", "Search", "BatchGet", "Select", "Scan", "Query", "Check", "Verify",
    "Validate", "Simulate", "Filter", "Preview", "Discover", "Estimate", "Detect", "ReceiveMessage",
)  # fmt: skip
_READ_ONLY = {
    "kms": frozenset(
        {
            "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
            "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GenerateRandom", "ReEncrypt", "Sign",
            "DeriveSharedSecret",
        }
    ),
    "sts": frozenset(
        {
            "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "DecodeAuthorizationMessage",
        }
    ),
}  # fmt: skip
"""Operations that change nothing although their names sound so (KMS Developer Guide, CloudTrail log entries)."""
_ANSWER_TOLD = {"sts": ("AssumeRole", "GetSessionToken", "GetFederationToken")}
"""Reading operations whose answers are told all the same."""
_SOURCES = {"s3control": "s3", "sesv2": "ses", "elbv2": "elasticloadbalancing", "cloudcontrol": "cloudcontrolapi"}
_US_EAST_1 = frozenset({"iam", "organizations", "cloudfront", "route53", "account", "support", "shield", "waf"})
"""Global services: what they do is recorded there (CloudTrail User Guide, global service events)."""
_S3_NAMES = {
    "ListObjectsV2": "ListObjects",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
}

Write = Callable[[Mapping[str, Any]], Any]


class Plan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is known of an operation before it is called."""

    service: str
    method: str
    name: str
    """The event's."""
    action: str
    """What permits it, as far as its name tells: "s3:GetObject"."""
    prefix: str
    """What actions of the service begin with."""
    data: bool
    read_only: bool
    answer_told: bool
    region: str
    """Where it is recorded, if not where it was called."""
    unmodelled: bool
    """Whether the operation stands for a method that no model describes."""
    streams: tuple[str, ...]
    """The parameters that may be streams or bodies: not to be held."""
    write_parameters: Write
    write_answer: Write


def plan(service: str, method: str, data: frozenset[str], unmodelled: Mapping[str, str]) -> Plan | None:
    """None for what no model describes, unless it is told as something else."""
    try:
        loaded = models.load(service)
        operation = loaded.operations[unmodelled[method]] if method in unmodelled else loaded.methods[method]
    except KeyError:
        return None
    reads = is_read_only(operation)
    told = operation.name.startswith(_ANSWER_TOLD.get(service, ())) or not reads
    prefix = source(service).removesuffix(".amazonaws.com")
    streams = (operation.streaming_input, operation.event_stream_input)
    return Plan(
        service=service,
        method=method,
        name=_S3_NAMES.get(operation.name, operation.name) if service == "s3" else operation.name,
        action=f"{prefix}:{operation.name}",
        prefix=prefix,
        data=method in data,
        read_only=reads,
        answer_told=told and operation.streaming_output is None and operation.event_stream_output is None,
        region="us-east-1" if service in _US_EAST_1 else "",
        unmodelled=method in unmodelled,
        streams=tuple(name for name in streams if name is not None),
        write_parameters=_later(lambda: telling.request(operation)),
        write_answer=_later(lambda: telling.response(operation)),
    )


def is_read_only(operation: models.Operation) -> bool:
    exceptions = _READ_ONLY.get(operation.service.name, frozenset())
    return operation.read_only or operation.name in exceptions or operation.name.startswith(_READING)


@cache
def source(service: str) -> str:
    """The `eventSource` of a service: "s3.amazonaws.com"."""
    if "." in service:
        return service
    name = _SOURCES.get(service)
    if name is None:
        try:
            name = models.load(service).signing_name
        except KeyError:
            name = service
    return f"{name}.amazonaws.com"


def api_name(service: str, event: str) -> str:
    """The API's name of an operation, from its event's."""
    if service != "s3":
        return event
    return next((name for name, told in _S3_NAMES.items() if told == event and name != "ListObjectsV2"), event)


def _later(make: Callable[[], Write]) -> Write:
    """Compiled when first needed."""
    made: list[Write] = []

    def write(given: Mapping[str, Any]) -> Any:
        if not made:
            made.append(make())
        return made[0](given)

    return write
