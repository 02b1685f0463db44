"""Every operation of every service, as botocore sends it, finds its way: by AWS's host and by a bare address."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import Shape

from cumulet.gateway import routing
from cumulet.kernel import models
from tests.gateway import wire

CHUNKS = 16
BARE = "127.0.0.1:4566"

# Deprecated names of one and the same request; the newer name is meant.
RENAMED = {
    ("s3", "GetBucketLifecycle"): ("s3", "GetBucketLifecycleConfiguration"),
    ("s3", "PutBucketLifecycle"): ("s3", "PutBucketLifecycleConfiguration"),
    ("s3", "GetBucketNotification"): ("s3", "GetBucketNotificationConfiguration"),
    ("s3", "PutBucketNotification"): ("s3", "PutBucketNotificationConfiguration"),
    # The same request but for a query parameter that only one of them has.
    ("s3", "ListDirectoryBuckets"): ("s3", "ListBuckets"),
    # Without OutpostId there is nothing but a path that a bucket and key may have too.
    ("s3control", "CreateBucket"): ("s3", "PutObject"),
}

# Services whose requests another service may also receive, byte for byte but for the Host: same signing name,
# same method and path (or action and version). Who gets them, and why that one.
_TAGS = "the tagging calls of the family are the same request"
LOOK_ALIKE = {
    "bedrock-agent-runtime": ("bedrock-agent", _TAGS),
    "bedrock-data-automation": ("bedrock", _TAGS),
    "chime": ("chime-sdk-voice", "its phone numbers moved to the newer service under the same paths"),
    "chime-sdk-identity": ("chime-sdk-voice", _TAGS),
    "chime-sdk-media-pipelines": ("chime-sdk-voice", _TAGS),
    "chime-sdk-meetings": ("chime-sdk-voice", _TAGS),
    "chime-sdk-messaging": ("chime-sdk-voice", _TAGS),
    "docdb": ("rds", "the API of RDS answers for DocumentDB: same name, version and actions"),
    "greengrass": ("greengrassv2", "the second generation kept these paths"),
    "ivs-realtime": ("ivs", _TAGS),
    "lambda-microvms": ("lambda", _TAGS),
    "lex-models": ("lexv2-models", "the second generation kept these paths"),
    "neptune": ("rds", "the API of RDS answers for Neptune: same name, version and actions"),
    "signer": ("signer-data", "GetRevocationStatus is the same call in both, to the same host"),
    "signer-data": ("signer", "GetRevocationStatus is the same call in both"),
    "sms-voice": ("pinpoint-sms-voice", "two names for one API"),
    "timestream-query": ("timestream-write", "both have one target prefix and signing name"),
    "wisdom": ("qconnect", "Amazon Q in Connect is the new name of the same API"),
}


@pytest.mark.parametrize("number", range(CHUNKS))
def test_every_operation_is_found(number):
    services = [name for at, name in enumerate(models.names()) if at % CHUNKS == number]
    wrong, excused = {}, set()
    for service, operation, host, full in every_request(services):
        found = sent_and_routed(service, operation, host, full)
        if found == (service, operation):
            continue
        if RENAMED.get((service, operation)) == found:
            excused.add((service, operation))
        elif LOOK_ALIKE.get(service, ("", ""))[0] == found[0]:
            excused.add(service)
        else:
            wrong[service, operation, host, full] = found
    stale = {name for name in LOOK_ALIKE if name in services} | {pair for pair in RENAMED if pair[0] in services}
    assert wrong == {}
    assert stale - excused == set(), "no longer needed"


def every_request(services: list[str]) -> Iterator[tuple[str, str, str | None, bool]]:
    """Each operation with few and with many parameters, to a bare address and to AWS's own host name."""
    for service in services:
        for operation in models.load(service).operations:
            yield from ((service, operation, host, full) for host in (BARE, None) for full in (False, True))


def sent_and_routed(service: str, operation: str, host: str | None, full: bool) -> tuple[str, str]:
    request = wire.request_for(service, operation, example(wire.operation_model(service, operation).input_shape, full))
    if host:
        request.headers["host"] = host
    try:
        route = routing.route(request)
    except routing.Unroutable as no:
        return type(no).__name__, str(no)
    return route.service, route.operation


def example(shape: Shape | None, full: bool) -> dict[str, Any]:
    """The required members, or with `full` also every member that travels outside the body."""
    if shape is None:
        return {}
    return {
        name: value(member, 0, label=bool(member.serialization.get("hostLabel")))
        for name, member in shape.members.items()
        if name in shape.required_members
        or member.serialization.get("location") in ("uri",)
        or (full and member.serialization.get("location") in ("querystring", "header"))
    }


def value(shape: Shape, depth: int, label: bool = False) -> Any:
    match shape.type_name:
        case "structure":
            wanted = [name for name in shape.members if name in shape.required_members] if depth < 5 else []
            if getattr(shape, "is_tagged_union", False) and depth < 5:
                wanted = list(shape.members)[:1]
            return {name: value(shape.members[name], depth + 1) for name in wanted}
        case "list":
            return [value(shape.member, depth + 1)]
        case "map":
            return {value(shape.key, depth + 1): value(shape.value, depth + 1)}
        case "string":
            if shape.enum:
                return shape.enum[0]
            return "an-example" if label else "an-example:with/some things"
        case "blob":
            return b"bytes"
        case "boolean":
            return True
        case "timestamp":
            return datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
        case "float" | "double":
            return 1.5
        case _:
            return 7
