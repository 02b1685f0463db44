"""When a key was last used, and what for, as GetKeyLastUsage tells it.

To cost little, a use like the last one within a minute of it is not written down.
Source: KMS API Reference, GetKeyLastUsage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys
from cumulet.services.kms.keys import Key

_GRAIN = timedelta(seconds=60)


class Use(Record):
    operation: str
    at: datetime
    request: str


def is_news(tx: ReadTransaction, key: Key, operation: str) -> bool:
    last: Use | None = tx.get(keys.last_use(key))
    return last is None or last.operation != operation or not last.at <= tx.now < last.at + _GRAIN


def note(tx: Transaction, key: Key, operation: str, request: str) -> None:
    tx.put(keys.last_use(key), Use(operation=operation, at=tx.now, request=request))


def told(tx: ReadTransaction, key: Key) -> dict[str, Any]:
    last: Use | None = tx.get(keys.last_use(key))
    answer: dict[str, Any] = {
        "KeyId": key.arn,
        "KeyCreationDate": key.created,
        "TrackingStartDate": key.created,
        "KeyLastUsage": {},
    }
    if last is not None:
        answer["KeyLastUsage"] = {"Operation": last.operation, "Timestamp": last.at, "KmsRequestId": last.request}
    return answer
