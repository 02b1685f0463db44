"""What all batch operations share: the rules for their entries, and the form of their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)

Entry = Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MOST_ENTRIES = 10


def check(entries: Sequence[Entry], kind: str) -> None:
    """Raises what refuses a whole batch. `kind` is what AWS calls its entries."""
    if not entries:
        raise EmptyBatchRequest(kind)
    if len(entries) > _MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(len(entries))
    seen: set[str] = set()
    for entry in entries:
        if not _ID.fullmatch(entry["Id"]):
            raise InvalidBatchEntryId
        if entry["Id"] in seen:
            raise BatchEntryIdsNotDistinct(entry["Id"])
        seen.add(entry["Id"])


def answer(entries: Sequence[Entry], outcomes: Sequence[Mapping[str, Any] | ServiceError]) -> dict[str, Any]:
    """Each entry among those that succeeded, with what its outcome tells, or among those that failed."""
    pairs = list(zip(entries, outcomes, strict=True))
    succeeded = [{"Id": e["Id"], **told} for e, told in pairs if not isinstance(told, ServiceError)]
    failed = [_failed(e, refusal) for e, refusal in pairs if isinstance(refusal, ServiceError)]
    return {"Successful": succeeded} | ({"Failed": failed} if failed else {})


def _failed(entry: Entry, refusal: ServiceError) -> dict[str, Any]:
    """Named as the query protocol names it, in both protocols."""
    code = refusal.query_code or refusal.code
    return {"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": refusal.message}
