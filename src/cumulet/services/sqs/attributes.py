"""Queue attributes: what a queue can be told, what is refused, and how it is shown.

On the wire every attribute is text; here each has its type. Setting an attribute to the empty text takes it back to
its default. Source: SQS API Reference, CreateQueue and SetQueueAttributes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from cumulet.kernel import authz, models
from cumulet.kernel.authz import MalformedPolicy, PolicyKind
from cumulet.kernel.records import Record, replace
from cumulet.services.sqs.errors import InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue

MAXIMUM_MESSAGE_SIZE = 1_048_576
_OTHERS = frozenset(
    ("All", "QueueArn", "FifoQueue", "CreatedTimestamp", "LastModifiedTimestamp", "ApproximateNumberOfMessages",
     "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
)  # fmt: skip
_LONGEST_DOCUMENT = 262_144


class RedrivePolicy(Record):
    """Where messages go that were received more than `max_receive_count` times."""

    dead_letter_arn: str
    max_receive_count: int


class RedriveAllowPolicy(Record):
    """Which queues may use this one as their dead-letter queue: "allowAll", "denyAll", or "byQueue" the `sources`."""

    permission: str = "allowAll"
    sources: tuple[str, ...] = ()


class Settings(Record):
    """All that is set of a queue. Times are in seconds, sizes in bytes.

    `id` is this queue's own, so that one created again under the name shares nothing with it. `bound_policy` is the
    policy with the unique ids (`policy_ids`) of the users and roles that it names, empty if it names none."""

    id: str
    created: datetime
    modified: datetime
    purges: int = 0
    purged: datetime | None = None
    fifo: bool = False
    delay_seconds: int = 0
    maximum_message_size: int = MAXIMUM_MESSAGE_SIZE
    message_retention_period: int = 345_600
    receive_message_wait_time_seconds: int = 0
    visibility_timeout: int = 30
    policy: str = ""
    redrive_policy: RedrivePolicy | None = None
    redrive_allow_policy: RedriveAllowPolicy | None = None
    kms_master_key_id: str = ""
    kms_data_key_reuse_period_seconds: int = 300
    sqs_managed_sse_enabled: bool = True
    content_based_deduplication: bool = False
    deduplication_scope: str = "queue"
    fifo_throughput_limit: str = "perQueue"
    policy_ids: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    bound_policy: str = ""


def apply(settings: Settings, given: Mapping[str, str]) -> Settings:
    """The settings with the attributes `given` (wire names, texts) changed.

    Raises InvalidAttributeName, InvalidAttributeValue or InvalidParameterValue."""
    for name in given:
        if name not in _READERS or (name == "ContentBasedDeduplication" and not settings.fifo):
            raise InvalidAttributeName.unknown(name)
        if name in ("DeduplicationScope", "FifoThroughputLimit") and not settings.fifo:
            raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
    read = {_FIELDS[name]: _read(name, text) for name, text in given.items()}
    return _consistent(replace(settings, **_encryption(read)))


def _read(name: str, text: str) -> Any:
    return _READERS[name](name, text) if text else _DEFAULTS[_FIELDS[name]]


def difference(settings: Settings, given: Mapping[str, str]) -> str | None:
    """The first of the attributes `given` that says something else than the settings."""
    wanted = apply(settings, given)
    differing = (name for name in given if getattr(wanted, _FIELDS[name]) != getattr(settings, _FIELDS[name]))
    return next(differing, None)


def check_type(given: Mapping[str, str], fifo: bool) -> None:
    """FifoQueue can be given where it changes nothing. Raises InvalidAttributeName or InvalidAttributeValue."""
    text = given.get("FifoQueue")
    if text is None:
        return
    if not fifo:
        raise InvalidAttributeName.unknown("FifoQueue")
    if not _boolean("FifoQueue", text):
        raise InvalidAttributeValue.of("FifoQueue", "Modifying queue type is not supported.")


def check_names(names: Iterable[str]) -> None:
    """Whether there are such attributes to be asked for. Raises InvalidAttributeName."""
    for name in names:
        if name not in _READERS and name not in _OTHERS:
            raise InvalidAttributeName.unknown(name)


def render(settings: Settings) -> dict[str, str]:
    """Every attribute that has a value, as texts under their wire names."""
    shown = {
        "VisibilityTimeout": str(settings.visibility_timeout),
        "DelaySeconds": str(settings.delay_seconds),
        "ReceiveMessageWaitTimeSeconds": str(settings.receive_message_wait_time_seconds),
        "MaximumMessageSize": str(settings.maximum_message_size),
        "MessageRetentionPeriod": str(settings.message_retention_period),
        "SqsManagedSseEnabled": _text(settings.sqs_managed_sse_enabled),
        "CreatedTimestamp": str(int(settings.created.timestamp())),
        "LastModifiedTimestamp": str(int(settings.modified.timestamp())),
    }
    if settings.policy:
        shown["Policy"] = settings.policy
    if settings.kms_master_key_id:
        shown["KmsMasterKeyId"] = settings.kms_master_key_id
        shown["KmsDataKeyReusePeriodSeconds"] = str(settings.kms_data_key_reuse_period_seconds)
    return shown | _redrive_texts(settings) | (_fifo_texts(settings) if settings.fifo else {})


def _fifo_texts(settings: Settings) -> dict[str, str]:
    return {
        "FifoQueue": "true",
        "ContentBasedDeduplication": _text(settings.content_based_deduplication),
        "DeduplicationScope": settings.deduplication_scope,
        "FifoThroughputLimit": settings.fifo_throughput_limit,
    }


def _redrive_texts(settings: Settings) -> dict[str, str]:
    shown = {}
    if (redrive := settings.redrive_policy) is not None:
        shown["RedrivePolicy"] = _json(
            {"deadLetterTargetArn": redrive.dead_letter_arn, "maxReceiveCount": redrive.max_receive_count}
        )
    if (allow := settings.redrive_allow_policy) is not None:
        sources = {"sourceQueueArns": list(allow.sources)} if allow.sources else {}
        shown["RedriveAllowPolicy"] = _json({"redrivePermission": allow.permission, **sources})
    return shown


def _encryption(read: dict[str, Any]) -> dict[str, Any]:
    """Keys of KMS and keys of SQS exclude each other: whichever is set last wins, and both at once are refused."""
    if read.get("kms_master_key_id"):
        if read.get("sqs_managed_sse_enabled"):
            raise InvalidAttributeName(
                "You can use one type of server-side encryption (SSE) at one time. "
                "You can either enable KMS SSE or SQS SSE."
            )
        return {**read, "sqs_managed_sse_enabled": False}
    if read.get("sqs_managed_sse_enabled"):
        return {**read, "kms_master_key_id": "", "kms_data_key_reuse_period_seconds": 300}
    return read


def _consistent(settings: Settings) -> Settings:
    if settings.fifo_throughput_limit == "perMessageGroupId" and settings.deduplication_scope != "messageGroup":
        raise InvalidAttributeValue.of(
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.",
        )
    return settings


def _between(low: int, high: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        digits = text.removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 12 and low <= int(digits) <= high):
            raise InvalidAttributeValue.of(name)
        return int(digits)

    return read


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise InvalidAttributeValue.of(name)
    return text.lower() == "true"


def _one_of(*values: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        if text not in values:
            raise InvalidAttributeValue.of(name)
        return text

    return read


def _key_id(name: str, text: str) -> str:
    if len(text) > 2048:
        raise InvalidAttributeValue.of(name)
    return text


def _policy(name: str, text: str) -> str:
    try:
        authz.parse(text, PolicyKind.RESOURCE)
    except MalformedPolicy:
        raise InvalidAttributeValue.of(name) from None
    return text


def _redrive_policy(name: str, text: str) -> RedrivePolicy:
    document = _document(text)
    if document is None:
        raise InvalidParameterValue.of(name, text[:1024], "Redrive policy is not a valid JSON map.")
    for member in ("deadLetterTargetArn", "maxReceiveCount"):
        if member not in document:
            raise InvalidParameterValue.of(
                name, text[:1024], f"Redrive policy does not contain mandatory attribute: {member}."
            )
    arn, count = document["deadLetterTargetArn"], str(document["maxReceiveCount"])
    if not isinstance(arn, str) or len(arn) > 200 or len(arn.split(":")) != 6 or arn.split(":")[2] != "sqs":
        raise InvalidParameterValue.of(name, text[:1024], "Invalid value for deadLetterTargetArn.")
    if not (count.isascii() and count.isdigit() and len(count) < 5 and 1 <= int(count) <= 1000):
        reason = f"Invalid value for maxReceiveCount: {count[:20]}, valid values are from 1 to 1000 both inclusive."
        raise InvalidParameterValue.of(name, text[:1024], reason)
    return RedrivePolicy(dead_letter_arn=arn, max_receive_count=int(count))


def _redrive_allow_policy(name: str, text: str) -> RedriveAllowPolicy:
    document = _document(text) or {}
    permission, sources = document.get("redrivePermission"), document.get("sourceQueueArns", [])
    named = isinstance(sources, list) and len(sources) <= 10 and all(isinstance(arn, str) for arn in sources)
    if permission not in ("allowAll", "denyAll", "byQueue") or not named:
        raise InvalidAttributeValue.of(name)
    if (permission == "byQueue") != bool(sources):
        raise InvalidAttributeValue.of(name, "sourceQueueArns go with redrivePermission byQueue, and only with it.")
    return RedriveAllowPolicy(permission=permission, sources=tuple(sources))


def _document(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`, or None where there is no such thing."""
    if len(text) > _LONGEST_DOCUMENT:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _text(value: bool) -> str:
    return "true" if value else "false"


_READERS: dict[str, Callable[[str, str], Any]] = {
    "DelaySeconds": _between(0, 900),
    "MaximumMessageSize": _between(1024, MAXIMUM_MESSAGE_SIZE),
    "MessageRetentionPeriod": _between(60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": _between(0, 20),
    "VisibilityTimeout": _between(0, 43_200),
    "Policy": _policy,
    "RedrivePolicy": _redrive_policy,
    "RedriveAllowPolicy": _redrive_allow_policy,
    "KmsMasterKeyId": _key_id,
    "KmsDataKeyReusePeriodSeconds": _between(60, 86_400),
    "SqsManagedSseEnabled": _boolean,
    "ContentBasedDeduplication": _boolean,
    "DeduplicationScope": _one_of("queue", "messageGroup"),
    "FifoThroughputLimit": _one_of("perQueue", "perMessageGroupId"),
}
_FIELDS = {name: models.method_name(name) for name in _READERS}
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Settings)} | {
    "sqs_managed_sse_enabled": False
}
