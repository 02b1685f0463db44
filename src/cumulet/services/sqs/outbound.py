"""What can be sent: a message before it is in a queue, and the rules it has to pass."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from cumulet.services.sqs import payload
from cumulet.services.sqs.attributes import MAXIMUM_MESSAGE_SIZE, Settings
from cumulet.services.sqs.errors import BatchRequestTooLong, InvalidParameterValue, MissingParameter
from cumulet.services.sqs.payload import Attributes

_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
_LONGEST_DELAY = 900
OTHER_TYPE = "The request include parameter that is not valid for this queue type."


class Draft(NamedTuple):
    """A message as its sender hands it in."""

    body: str
    attributes: Attributes
    system_attributes: Attributes
    delay_seconds: int | None = None
    group: str | None = None
    deduplication_id: str | None = None
    batched: bool = False


def check(settings: Settings, draft: Draft) -> Draft:
    """The draft as the queue takes it, its deduplication ID filled in.

    Raises InvalidParameterValue, MissingParameter or InvalidMessageContents."""
    payload.check_body(draft.body)
    payload.check_attributes(draft.attributes)
    payload.check_system_attributes(draft.system_attributes)
    _check_size(settings, draft)
    for name, value in (("MessageGroupId", draft.group), ("MessageDeduplicationId", draft.deduplication_id)):
        if value is not None and not _ID.fullmatch(value):
            reason = f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
            raise InvalidParameterValue.of(name, value[:1024], reason)
    return _check_fifo(settings, draft) if settings.fifo else _check_standard(draft)


def check_batch(settings: Settings, drafts: Sequence[Draft]) -> None:
    """What refuses a whole batch: too many bytes together, or in a FIFO queue an entry without a group."""
    total = sum(payload.size(draft.body, draft.attributes) for draft in drafts)
    if total > MAXIMUM_MESSAGE_SIZE:
        raise BatchRequestTooLong(MAXIMUM_MESSAGE_SIZE, total)
    if settings.fifo and any(draft.group is None for draft in drafts):
        # AWS says so with another code than for a single message.
        raise InvalidParameterValue("The request must contain the parameter MessageGroupId.")


def _check_size(settings: Settings, draft: Draft) -> None:
    limit = settings.maximum_message_size
    if payload.size(draft.body, draft.attributes) > limit:
        failed = (
            "One or more parameters cannot be validated." if draft.batched else "One or more parameters are invalid."
        )
        raise InvalidParameterValue(f"{failed} Reason: Message must be shorter than {limit} bytes.")


def _check_standard(draft: Draft) -> Draft:
    delay = draft.delay_seconds
    if delay is not None and not 0 <= delay <= _LONGEST_DELAY:
        reason = f"DelaySeconds must be >= 0 and <= {_LONGEST_DELAY}."
        raise InvalidParameterValue.of("DelaySeconds", delay, reason)
    if draft.deduplication_id is not None:
        raise InvalidParameterValue.of("MessageDeduplicationId", draft.deduplication_id, OTHER_TYPE)
    return draft


def _check_fifo(settings: Settings, draft: Draft) -> Draft:
    if draft.group is None:
        raise MissingParameter("MessageGroupId")
    if draft.delay_seconds:
        # A delay of its own would break the order; 0 says nothing and passes.
        raise InvalidParameterValue.of("DelaySeconds", draft.delay_seconds, OTHER_TYPE)
    if draft.deduplication_id is not None:
        return draft._replace(delay_seconds=None)
    if not settings.content_based_deduplication:
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )
    return draft._replace(delay_seconds=None, deduplication_id=hashlib.sha256(draft.body.encode()).hexdigest())
