"""What a receiver asks for, and how a message is shown to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cumulet.services.sqs import payload
from cumulet.services.sqs.errors import InvalidAttributeName, InvalidParameterValue
from cumulet.services.sqs.messages import LONGEST_TIMEOUT, Received

_MOST_MESSAGES = 10
_LONGEST_WAIT = 20
_SYSTEM_ATTRIBUTES = frozenset(
    ("All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp",
     "SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn")
)  # fmt: skip


def check(at_most: int, timeout: int | None, wait: int | None, names: Iterable[str]) -> None:
    """Raises InvalidParameterValue or InvalidAttributeName."""
    if not 1 <= at_most <= _MOST_MESSAGES:
        reason = f"Must be between 1 and {_MOST_MESSAGES}, if provided."
        raise InvalidParameterValue.of("MaxNumberOfMessages", at_most, reason)
    for name, value, highest in (
        ("VisibilityTimeout", timeout, LONGEST_TIMEOUT),
        ("WaitTimeSeconds", wait, _LONGEST_WAIT),
    ):
        if value is not None and not 0 <= value <= highest:
            raise InvalidParameterValue.of(name, value, f"Must be >= 0 and <= {highest}, if provided.")
    for name in names:
        if name not in _SYSTEM_ATTRIBUTES:
            raise InvalidAttributeName.unknown(name)


def as_wire(received: Received, system_names: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """The message with the attributes asked for; a member that is empty is absent."""
    message = received.message
    shown: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": received.receipt,
        "MD5OfBody": payload.digest(message.body),
        "Body": message.body,
    }
    if system_names and (system := _system_attributes(received, system_names)):
        shown["Attributes"] = system
    if names and (attributes := payload.select(message.attributes, names)):
        shown["MD5OfMessageAttributes"] = payload.attributes_digest(attributes)
        shown["MessageAttributes"] = attributes
    return shown


def _system_attributes(received: Received, names: Sequence[str]) -> dict[str, str]:
    message, state, _ = received
    first = message.first_received or state.first_received
    every = {
        "SenderId": message.sender,
        "SentTimestamp": _milliseconds(message.sent),
        "ApproximateReceiveCount": str(message.receives + state.receives),
        "ApproximateFirstReceiveTimestamp": _milliseconds(first) if first is not None else "",
        "SequenceNumber": message.sequence_number if message.deduplication_id is not None else "",
        "MessageDeduplicationId": message.deduplication_id or "",
        "MessageGroupId": message.group or "",
        "AWSTraceHeader": message.system_attributes.get("AWSTraceHeader", {}).get("StringValue", ""),
        "DeadLetterQueueSourceArn": message.source,
    }
    return {name: text for name, text in every.items() if text and (name in names or "All" in names)}


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))
