"""Imports: log files of trails, from a bucket into an event data store, each file once.

The files are somebody's: what is in them may be anything.

Source: CloudTrail API Reference, StartImport; User Guide, copy trail events to an event data store."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import lake, records, selectors
from cumulet.services.cloudtrail.errors import (
    AccountHasOngoingImportException,
    ImportNotFoundException,
    InvalidImportSourceException,
)
from cumulet.services.cloudtrail.lake import Events
from cumulet.services.cloudtrail.stores import DataStore

INITIALIZING, IN_PROGRESS, FAILED, STOPPED, COMPLETED = (
    "INITIALIZING", "IN_PROGRESS", "FAILED", "STOPPED", "COMPLETED",
)  # fmt: skip
RUN = "cloudtrail.run_import"
LARGEST_FILE = 64 << 20
_LARGEST_TEXT = 512 << 20
_MOST_FAILURES = 10_000
_KEPT = timedelta(days=7)
"""A stopped or failed import can be taken up again for so long."""
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:/(.*))?")
_TEXTS = (
    "eventName", "eventSource", "eventType", "eventCategory", "errorCode", "vpcEndpointId",
    "sessionCredentialFromConsole",
)  # fmt: skip


class Import(Record):
    scope: Scope
    id: str
    destination: str
    """The event data store's ARN."""
    source: dict[str, Any]
    status: str
    created: datetime
    updated: datetime
    since: datetime | None = None
    until: datetime | None = None
    last: str = ""
    """The key of the last file that was seen to; the listing goes on after it."""
    files: int = 0
    events: int = 0
    failures: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """The bucket and the prefix."""
        found = _S3.fullmatch(self.source["S3"]["S3LocationUri"])
        assert found is not None, "checked when the import was started"
        return found[1], found[2] or ""

    @property
    def role(self) -> str:
        return str(self.source["S3"]["S3BucketAccessRoleArn"])

    def key(self, *rest: Any) -> Key:
        return self.scope.key("cloudtrail", "import", self.id, *rest)


class Failure(Record):
    location: str
    kind: str
    message: str
    updated: datetime


def check_source(source: Mapping[str, Any]) -> None:
    """Raises InvalidImportSourceException."""
    if not _S3.fullmatch(source["S3"]["S3LocationUri"]):
        raise InvalidImportSourceException("The S3 location is not valid: s3://BUCKET/PREFIX is wanted.")


def start(tx: Transaction, new: Import) -> None:
    """Raises AccountHasOngoingImportException."""
    others = (each for each in listed(tx, new.scope) if each.id != new.id)
    if any(each.status in (INITIALIZING, IN_PROGRESS) and each.destination == new.destination for each in others):
        raise AccountHasOngoingImportException("An import into the event data store is going on already.")
    put(tx, new)
    tx.schedule(tx.now, RUN, {"ImportId": new.id}, scope=new.scope, key=new.id)


def put(tx: Transaction, changed: Import) -> None:
    tx.put(changed.scope.key("cloudtrail", "imports", changed.id), changed)


def kept(tx: ReadTransaction, scope: Scope, name: str) -> Import | None:
    found: Import | None = tx.get(scope.key("cloudtrail", "imports", name))
    return found


def find(tx: ReadTransaction, scope: Scope, name: str) -> Import:
    found = kept(tx, scope, name)
    if found is None:
        raise ImportNotFoundException
    return found


def resumable(tx: ReadTransaction, scope: Scope, name: str) -> Import:
    """A stopped or failed import, to go on. Raises ImportNotFoundException."""
    found = find(tx, scope, name)
    if found.status not in (STOPPED, FAILED) or found.updated < tx.now - _KEPT:
        raise ImportNotFoundException("Only imports that were stopped or failed in the last week can be resumed.")
    return replace(found, status=INITIALIZING, updated=tx.now)


def listed(tx: ReadTransaction, scope: Scope) -> list[Import]:
    found: list[Import] = list(tx.range(scope.key("cloudtrail", "imports")))
    return sorted(found, key=lambda each: (each.created, each.id), reverse=True)


def switch(tx: Transaction, scope: Scope, name: str, status: str) -> Import:
    """Another status, unless the import has ended."""
    found = find(tx, scope, name)
    if found.status not in (INITIALIZING, IN_PROGRESS):
        return found
    new = replace(found, status=status, updated=tx.now)
    put(tx, new)
    return new


def take(tx: Transaction, going: Import, store: DataStore, key: str, found: list[Events] | str) -> Import | None:
    """Keep a file's events, or the words of why there are none. None if the import was stopped meanwhile."""
    now = kept(tx, going.scope, going.id)
    if now is None or now.status != IN_PROGRESS or now.last >= key:
        return None
    if isinstance(found, str):
        new = _failed(tx, now, key, found)
    else:
        for events in found:
            lake.keep(tx, store, events)
        new = replace(now, files=now.files + 1, events=now.events + sum(events.count for events in found))
    new = replace(new, last=key, updated=tx.now)
    put(tx, new)
    return new


def _failed(tx: Transaction, now: Import, key: str, words: str) -> Import:
    if now.failures < _MOST_FAILURES:
        location = f"s3://{now.place[0]}/{key}"
        tx.put(now.key(key), Failure(location=location, kind="InvalidFile", message=words, updated=tx.now))
    return replace(now, failures=now.failures + 1)


def failures(tx: ReadTransaction, going: Import, after: str | None, limit: int) -> list[Failure]:
    return list(tx.range(going.key(), after=after, limit=limit))


def is_log_file(key: str) -> bool:
    """Digests, and what else lies in the bucket, are passed over."""
    return key.endswith(".json.gz") and "/CloudTrail-" not in key


def read(body: bytes, going: Import, store: DataStore, now: datetime) -> list[Events] | str:
    """What a store takes of a log file; or what is wrong with the file."""
    try:
        unpacked = zlib.decompressobj(wbits=31)
        text = unpacked.decompress(body, _LARGEST_TEXT)
        if unpacked.unconsumed_tail:
            return "The file is too large."
        told = msgspec.json.decode(text)
    except (zlib.error, msgspec.DecodeError, RecursionError, UnicodeError):
        return "The file is no log file of CloudTrail."
    if not isinstance(told, dict) or not isinstance(told.get("Records"), list):
        return "The file is no log file of CloudTrail."
    takes = selectors.accepts((), store.selectors)
    since = max(lake.kept_since(store, now), going.since or lake.kept_since(store, now))
    wanted = (event for event, at in _sound(told["Records"]) if since <= at <= (going.until or now) and takes(event))
    return list(lake.chunks(wanted))


def _sound(told: list[Any]) -> Iterator[tuple[dict[str, Any], datetime]]:
    """The records that are built as events are, with what selectors ask for."""
    for event in told:
        if not isinstance(event, dict) or any(not isinstance(event.get(name, ""), str) for name in _TEXTS):
            continue
        try:
            at = records.parse(str(event["eventTime"]))
        except (KeyError, ValueError):
            continue
        identity, touched = event.get("userIdentity"), event.get("resources")
        arn = identity.get("arn", "") if isinstance(identity, dict) else ""
        if not isinstance(arn, str):
            continue
        event = {
            **event,
            "userIdentity": identity if isinstance(identity, dict) else {},
            "readOnly": event.get("readOnly") is True,
            "resources": [each for each in touched if _is_resource(each)] if isinstance(touched, list) else [],
        }
        event.setdefault("eventCategory", "Management" if event.get("managementEvent", True) else "Data")
        yield event, at


def _is_resource(each: Any) -> bool:
    return isinstance(each, dict) and all(isinstance(value, str) for value in each.values())


def as_wire(each: Import) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ImportId": each.id,
        "Destinations": [each.destination],
        "ImportSource": each.source,
        "ImportStatus": each.status,
        "CreatedTimestamp": each.created,
        "UpdatedTimestamp": each.updated,
    }
    if each.since is not None:
        told["StartEventTime"] = each.since
    return told | ({"EndEventTime": each.until} if each.until is not None else {})


def statistics(each: Import) -> dict[str, int]:
    done = 1 if each.status == COMPLETED else 0
    return {
        "PrefixesFound": 1,
        "PrefixesCompleted": done,
        "FilesCompleted": each.files,
        "EventsCompleted": each.events,
        "FailedEntries": each.failures,
    }
