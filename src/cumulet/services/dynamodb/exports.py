"""Exports: a table as of an instant, or what changed between two, written to a bucket.

An export pins its table (recovery.py) while a job writes file after file; how far it has come is kept with it, so a
restart goes on behind the last file. It can be seen for 90 days.

Sources: DynamoDB API Reference, ExportTableToPointInTime, ListExports; Developer Guide, "DynamoDB data export to Amazon
S3: how it works"."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cumulet.kernel.identity import Caller
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import backups, recovery
from cumulet.services.dynamodb.errors import (
    ExportConflictException,
    ExportNotFoundException,
    InvalidExportTimeException,
    PointInTimeRecoveryUnavailableException,
    ValidationException,
)
from cumulet.services.dynamodb.expressions import Given as Expressions
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item

RUN, FORGET = "dynamodb.run_export", "dynamodb.forget_export"
IN_PROGRESS, COMPLETED, FAILED = "IN_PROGRESS", "COMPLETED", "FAILED"
FULL, INCREMENTAL = "FULL_EXPORT", "INCREMENTAL_EXPORT"
JSON, ION = "DYNAMODB_JSON", "ION"
NEW, NEW_AND_OLD = "NEW_IMAGE", "NEW_AND_OLD_IMAGES"
_SHOWN_FOR = timedelta(days=90)
_TOKEN_KEPT = timedelta(hours=8)
_SHORTEST, _LONGEST = timedelta(minutes=15), timedelta(hours=24)

Answer = dict[str, Any]
Given = Mapping[str, Any]
Chosen = Callable[[Item], Item | None]


class Export(Record):
    """An export, and how far it has come. Instants of changes are in microseconds since 1970."""

    id: str
    scope: Scope
    table: Table
    """As it was at the request, pinned."""
    caller: Caller
    """With whose permissions the bucket is written."""
    given: dict[str, Any]
    """The request."""
    token: str
    kind: str
    format: str
    started: datetime
    since: int = 0
    """Of an incremental export: changes from then on, up to, but not at, `until`."""
    until: int = 0
    """Of a full export: as of then."""
    after: tuple[int, bytes, bytes] | None = None
    is_written: bool = False
    """Whether all data files are."""
    files: int = 0
    count: int = 0
    size: int = 0
    finished: datetime | None = None
    failure: tuple[str, str] | None = None
    """Code and message."""

    @property
    def arn(self) -> str:
        return f"{self.table.arn}/export/{self.id}"

    @property
    def base(self) -> str:
        """The folder of all exports, with a slash at its end."""
        prefix = (self.given.get("S3Prefix") or "").strip("/")
        return f"{prefix}/AWSDynamoDB/" if prefix else "AWSDynamoDB/"

    @property
    def folder(self) -> str:
        return f"{self.base}{self.id}/"

    @property
    def view(self) -> str:
        return (self.given.get("IncrementalExportSpecification") or {}).get("ExportViewType") or NEW_AND_OLD


class File(Record):
    """A data file that was written, as the manifest tells of it. `md5` is in base64."""

    key: str
    count: int
    md5: str
    etag: str


def begin(tx: Transaction, table: Table, caller: Caller, given: Given) -> Export:
    """Raises PointInTimeRecoveryUnavailableException, InvalidExportTimeException, ExportConflictException or
    ValidationException."""
    token = given.get("ClientToken") or tx.uuid()
    earlier = _with_token(tx, table.scope, token, given)
    if earlier is not None:
        return earlier
    if table.recovery is None:
        raise PointInTimeRecoveryUnavailableException.of(table.name)
    kind = given.get("ExportType") or FULL
    since, until = _span(tx, table, given) if kind == INCREMENTAL else (0, _instant(tx, table, given))
    export = Export(
        id=backups.new_id(tx), scope=table.scope, table=table, caller=caller, given=dict(given), token=token, kind=kind,
        format=given.get("ExportFormat") or JSON, started=tx.now, since=since, until=until,
    )  # fmt: skip
    chosen(export)  # refuses a filter that cannot be
    pinned, _ = recovery.pin(tx, table, export.id, since or until)
    export = replace(export, table=pinned)
    put(tx, export)
    tx.put(_token_key(table.scope, token), [export.id, fingerprint(given)])
    payload = {"id": export.id}
    tx.schedule(tx.now, RUN, payload, scope=export.scope, key=export.id)
    tx.schedule(tx.now + _SHOWN_FOR, FORGET, payload, scope=export.scope, key=export.id)
    return export


def _with_token(tx: ReadTransaction, scope: Scope, token: str, given: Given) -> Export | None:
    """What the token began, if that is not long ago. Raises ExportConflictException."""
    known = tx.get(_token_key(scope, token))
    found: Export | None = tx.get(_key(scope, known[0])) if known is not None else None
    if found is None or found.started + _TOKEN_KEPT < tx.now:
        return None
    if known[1] != fingerprint(given):
        raise ExportConflictException
    return found


def fingerprint(given: Given) -> str:
    """Of what a request says beside its token."""
    said = {name: value for name, value in given.items() if name != "ClientToken"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _instant(tx: Transaction, table: Table, given: Given) -> int:
    when = given.get("ExportTime")
    if given.get("IncrementalExportSpecification"):
        raise ValidationException("IncrementalExportSpecification can only be specified for incremental exports")
    if when is None:
        return recovery.now(tx, table)
    if not recovery.earliest(table, tx.now) <= when <= tx.now:
        raise InvalidExportTimeException
    return recovery.microseconds(when)


def _span(tx: Transaction, table: Table, given: Given) -> tuple[int, int]:
    wanted = given.get("IncrementalExportSpecification")
    if not wanted or wanted.get("ExportFromTime") is None:
        raise ValidationException("Incremental export requires IncrementalExportSpecification with ExportFromTime")
    if given.get("ExportTime") is not None:
        raise ValidationException("ExportTime can only be specified for full exports")
    since, until = wanted["ExportFromTime"], wanted.get("ExportToTime") or tx.now
    if since >= until:
        raise ValidationException(
            "Incremental export period from time should not be greater or equal to incremental export period to time"
        )
    if not _SHORTEST <= until - since <= _LONGEST:
        raise ValidationException("The incremental export period should be between 15 minutes and 24 hours")
    if since < recovery.earliest(table, tx.now) or until > tx.now:
        raise InvalidExportTimeException
    return recovery.microseconds(since), recovery.microseconds(until)


def chosen(export: Export) -> Chosen:
    """What is exported of an item by the request's FilterSpecification, None if nothing. Raises ValidationException."""
    wanted = export.given.get("FilterSpecification")
    if not wanted:
        return lambda item: item
    given = Expressions(wanted.get("ExpressionAttributeNames"), wanted.get("ExpressionAttributeValues"))
    condition = given.condition(wanted.get("FilterExpression"), "FilterExpression")
    text = wanted.get("KeyConditionExpression")
    given.key_condition(text, export.table.schema)
    keys = given.condition(text, "KeyConditionExpression") if text is not None else None
    projection = given.projection(wanted.get("ProjectionExpression"))
    given.check_all_used()

    def choose(item: Item) -> Item | None:
        if any(each is not None and not each.holds(item) for each in (condition, keys)):
            return None
        return item if projection is None else projection.of(item)

    return choose


# As it goes on


def wrote(tx: Transaction, export: Export, file: File, size: int, after: recovery.Place | None) -> Export:
    """A data file is in the bucket, and `size` bytes of items with it; goes on behind `after`, which is None if that
    was all."""
    tx.put(_files(export, export.files), file)
    export = replace(
        export, files=export.files + 1, count=export.count + file.count, size=export.size + size, after=after,
        is_written=after is None,
    )  # fmt: skip
    put(tx, export)
    return export


def files(tx: ReadTransaction, export: Export) -> list[File]:
    return list(tx.range(_files(export)))


def finish(tx: Transaction, export: Export, failure: tuple[str, str] | None = None) -> None:
    recovery.unpin(tx, export.table, export.id)
    put(tx, replace(export, finished=tx.now, failure=failure))


def forget(tx: Transaction, scope: Scope, export_id: str) -> None:
    export: Export | None = tx.get(_key(scope, export_id))
    if export is None:
        return
    if export.finished is None:
        tx.schedule(tx.now + timedelta(days=1), FORGET, {"id": export_id}, scope=scope, key=export_id)
        return
    tx.delete(_key(scope, export_id))
    tx.delete_range(_files(export))
    if (tx.get(_token_key(scope, export.token)) or [""])[0] == export_id:
        tx.delete(_token_key(scope, export.token))


# Lookup


def find(tx: ReadTransaction, scope: Scope, export_id: str) -> Export | None:
    found: Export | None = tx.get(_key(scope, export_id))
    return found


def get(tx: ReadTransaction, scope: Scope, arn: str) -> Export:
    """Raises ExportNotFoundException."""
    found = find(tx, scope, arn.rpartition("/")[2])
    if found is None or found.arn != arn:
        raise ExportNotFoundException.of(arn)
    return found


def listed(tx: ReadTransaction, scope: Scope, table_arn: str | None, after: str | None, limit: int) -> list[Export]:
    """Oldest first, of a table or of all."""
    found: Iterator[Export] = tx.range(_key(scope), after=after)
    return list(islice((each for each in found if table_arn in (None, each.table.arn)), limit))


def put(tx: Transaction, export: Export) -> None:
    tx.put(_key(export.scope, export.id), export)


def _key(scope: Scope, *rest: str) -> Key:
    return scope.key("dynamodb", "exports", *rest)


def _files(export: Export, *number: int) -> Key:
    return export.scope.key("dynamodb", "export-files", export.id, *number)


def _token_key(scope: Scope, token: str) -> Key:
    return scope.key("dynamodb", "export-tokens", token)


# As the API shows them


def status(export: Export) -> str:
    if export.finished is None:
        return IN_PROGRESS
    return COMPLETED if export.failure is None else FAILED


def summary(export: Export) -> Answer:
    return {"ExportArn": export.arn, "ExportStatus": status(export), "ExportType": export.kind}


_REPEATED = ("S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseKmsKeyId", "FilterSpecification")


def description(export: Export) -> Answer:
    given = export.given
    shown: Answer = {
        **summary(export),
        "StartTime": export.started,
        "TableArn": export.table.arn,
        "TableId": export.table.id,
        "ClientToken": export.token,
        "S3SseAlgorithm": given.get("S3SseAlgorithm") or "AES256",
        "ExportFormat": export.format,
        **{name: given[name] for name in _REPEATED if given.get(name)},
    }
    if export.kind == INCREMENTAL:
        shown["IncrementalExportSpecification"] = {
            "ExportFromTime": recovery.instant(export.since),
            "ExportToTime": recovery.instant(export.until),
            "ExportViewType": export.view,
        }
    else:
        shown["ExportTime"] = recovery.instant(export.until)
    if export.finished is not None:
        shown["EndTime"] = export.finished
    if export.failure is not None:
        return shown | {"FailureCode": export.failure[0], "FailureMessage": export.failure[1]}
    if export.finished is not None:
        shown["ExportManifest"] = f"{export.folder}manifest-summary.json"
        shown |= {"BilledSizeBytes": export.size, "ItemCount": export.count}
    return shown
