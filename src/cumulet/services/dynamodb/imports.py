"""Imports: a new table, filled with the items of objects in a bucket.

A job reads object after object; how far it has come is kept in the transactions that write the items, so a restart
goes on behind the last of them and counts nothing twice. The table can be used when the job is done. An import can be
seen for 90 days.

Sources: DynamoDB API Reference, ImportTable, ImportTableDescription, ListImports; Developer Guide, "DynamoDB data
import from Amazon S3: how it works"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.identity import Caller
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import backups, definitions, exports, import_rows, items, tables
from cumulet.services.dynamodb.errors import (
    ImportConflictException,
    ImportNotFoundException,
    ResourceInUseException,
    ValidationException,
)
from cumulet.services.dynamodb.tables import ACTIVE, CREATING, Table
from cumulet.services.dynamodb.values import Item

RUN, FORGET = "dynamodb.run_import", "dynamodb.forget_import"
IN_PROGRESS, COMPLETED, FAILED = "IN_PROGRESS", "COMPLETED", "FAILED"
_SHOWN_FOR = timedelta(days=90)
_TOKEN_KEPT = timedelta(hours=8)
_SHORTEST_TOKEN = 112
_NO_ITEM = (
    "ItemValidationError",
    "Some of the items failed validation checks. Please check CloudWatch error logs for more details.",
)

Answer = dict[str, Any]
Given = Mapping[str, Any]


class Import(Record):
    """An import, and how far it has come."""

    id: str
    scope: Scope
    table: Table
    caller: Caller
    """With whose permissions the bucket is read."""
    given: dict[str, Any]
    """The request."""
    token: str
    started: datetime
    key: str = ""
    """The object that is being read, and how many of its lines have been."""
    lines: int = 0
    last: str = ""
    """The last object that was read to its end."""
    size: int = 0
    processed: int = 0
    imported: int = 0
    errors: int = 0
    finished: datetime | None = None
    failure: tuple[str, str] | None = None
    """Code and message."""

    @property
    def arn(self) -> str:
        return f"{self.table.arn}/import/{self.id}"


class Progress(Record):
    """What one portion of an object came to: the items, in order, and the lines and bytes they took."""

    key: str
    items: list[dict[str, Any]] = []  # noqa: RUF012 - records are frozen
    lines: int = 0
    size: int = 0
    processed: int = 0
    errors: int = 0


def begin(tx: Transaction, scope: Scope, caller: Caller, given: Given, kms_key: str) -> Import:
    """Raises ResourceInUseException, ImportConflictException, ValidationException or NotImplementedYet."""
    token = given.get("ClientToken") or tx.uuid()
    earlier = _with_token(tx, scope, token, given)
    if earlier is not None:
        return earlier
    _check(given)
    wanted = given["TableCreationParameters"]
    name = wanted["TableName"]
    tables.check_name(name)
    table = replace(definitions.table(tx, scope, name, wanted, kms_key), status=CREATING)
    if tables.find(tx, scope, name) is not None:
        raise ResourceInUseException.exists(name)
    tables.put(tx, table)
    made = Import(
        id=backups.new_id(tx), scope=scope, table=table, caller=caller, given=dict(given), token=token, started=tx.now
    )
    _put(tx, made)
    tx.put(_token_key(scope, token), [made.id, exports.fingerprint(given)])
    tx.schedule(tx.now, RUN, {"id": made.id}, scope=scope, key=made.id)
    tx.schedule(tx.now + _SHOWN_FOR, FORGET, {"id": made.id}, scope=scope, key=made.id)
    return made


def _check(given: Given) -> None:
    if given.get("InputCompressionType") == import_rows.ZSTD:
        raise NotImplementedYet("Cumulet cannot read objects compressed with ZSTD yet.")
    if given["TableCreationParameters"].get("VectorIndexes"):
        raise NotImplementedYet("Cumulet has no vector indexes yet.")
    if given.get("InputFormatOptions") and given["InputFormat"] != import_rows.CSV:
        raise ValidationException("InputFormatOptions can only be specified when InputFormat is CSV")


def _with_token(tx: ReadTransaction, scope: Scope, token: str, given: Given) -> Import | None:
    """What the token began, if that is not long ago. Raises ImportConflictException."""
    known = tx.get(_token_key(scope, token))
    found = find(tx, scope, known[0]) if known is not None else None
    if found is None or found.started + _TOKEN_KEPT < tx.now:
        return None
    if known[1] != exports.fingerprint(given):
        raise ImportConflictException
    return found


# As it goes on


def add(tx: Transaction, scope: Scope, import_id: str, made: Progress) -> None:
    """Write a portion of items, and how far the import has come by them."""
    now = find(tx, scope, import_id)
    assert now is not None, "an import that is not done is not forgotten"
    for item in made.items:
        _write(tx, now.table, item)
    lines = made.lines + (now.lines if now.key == made.key else 0)
    _put(
        tx,
        replace(
            now, key=made.key, lines=lines, size=now.size + made.size, processed=now.processed + made.processed,
            imported=now.imported + len(made.items), errors=now.errors + made.errors,
        ),
    )  # fmt: skip


def _write(tx: Transaction, table: Table, item: Item) -> None:
    place = table.schema.place_of_item(item)
    items.change(tx, table, place, items.find(tx, table, place), item)


def close(tx: Transaction, scope: Scope, import_id: str, key: str) -> None:
    """An object was read to its end."""
    now = find(tx, scope, import_id)
    assert now is not None, "an import that is not done is not forgotten"
    _put(tx, replace(now, key="", lines=0, last=key))


def finish(tx: Transaction, scope: Scope, import_id: str, failure: tuple[str, str] | None = None) -> None:
    """The table can be used; one whose objects could not be read at all goes again."""
    now = find(tx, scope, import_id)
    assert now is not None, "an import that is not done is not forgotten"
    table = tables.find(tx, scope, now.table.name)
    if table is not None and table.id == now.table.id:
        if failure is not None:
            tables.delete(tx, table)
        else:
            tables.put(tx, replace(table, status=ACTIVE))
    if failure is None and now.errors and not now.imported:
        failure = _NO_ITEM
    _put(tx, replace(now, finished=tx.now, failure=failure))


def forget(tx: Transaction, scope: Scope, import_id: str) -> None:
    now = find(tx, scope, import_id)
    if now is None:
        return
    if now.finished is None:
        tx.schedule(tx.now + timedelta(days=1), FORGET, {"id": import_id}, scope=scope, key=import_id)
        return
    tx.delete(_key(scope, import_id))
    if (tx.get(_token_key(scope, now.token)) or [""])[0] == import_id:
        tx.delete(_token_key(scope, now.token))


# Lookup


def find(tx: ReadTransaction, scope: Scope, import_id: str) -> Import | None:
    found: Import | None = tx.get(_key(scope, import_id))
    return found


def get(tx: ReadTransaction, scope: Scope, arn: str) -> Import:
    """Raises ImportNotFoundException."""
    found = find(tx, scope, arn.rpartition("/")[2])
    if found is None or found.arn != arn:
        raise ImportNotFoundException.of(arn)
    return found


def listed(tx: ReadTransaction, scope: Scope, table_arn: str | None, after: str | None, limit: int) -> list[Import]:
    """Oldest first, of a table or of all."""
    found: Iterator[Import] = tx.range(_key(scope), after=after)
    return list(islice((each for each in found if table_arn in (None, each.table.arn)), limit))


def token_of(import_id: str) -> str:
    """Where a page ends, in the form that the API prescribes: hexadecimal digits, by sixteens."""
    return import_id.encode().hex().ljust(_SHORTEST_TOKEN, "0")


def from_token(token: str) -> str:
    """Raises ValidationException."""
    try:
        return bytes.fromhex(token).rstrip(b"\0").decode("ascii")
    except ValueError:
        raise ValidationException("Invalid NextToken") from None


def _put(tx: Transaction, made: Import) -> None:
    tx.put(_key(made.scope, made.id), made)


def _key(scope: Scope, *rest: str) -> Key:
    return scope.key("dynamodb", "imports", *rest)


def _token_key(scope: Scope, token: str) -> Key:
    return scope.key("dynamodb", "import-tokens", token)


# As the API shows them


def summary(made: Import) -> Answer:
    given = made.given
    shown: Answer = {
        "ImportArn": made.arn,
        "ImportStatus": _status(made),
        "TableArn": made.table.arn,
        "S3BucketSource": given["S3BucketSource"],
        "CloudWatchLogGroupArn": made.scope.arn("logs", "log-group:/aws-dynamodb/imports:*"),
        "InputFormat": given["InputFormat"],
        "StartTime": made.started,
    }
    return shown | ({"EndTime": made.finished} if made.finished is not None else {})


def _status(made: Import) -> str:
    if made.finished is None:
        return IN_PROGRESS
    return COMPLETED if made.failure is None else FAILED


def description(made: Import) -> Answer:
    given = made.given
    shown = summary(made) | {
        "TableId": made.table.id,
        "ClientToken": made.token,
        "ErrorCount": made.errors,
        "InputCompressionType": given.get("InputCompressionType") or import_rows.NONE,
        "TableCreationParameters": given["TableCreationParameters"],
        "ProcessedSizeBytes": made.size,
        "ProcessedItemCount": made.processed,
        "ImportedItemCount": made.imported,
    }
    if given.get("InputFormatOptions"):
        shown["InputFormatOptions"] = given["InputFormatOptions"]
    if made.failure is not None:
        shown |= {"FailureCode": made.failure[0], "FailureMessage": made.failure[1]}
    return shown
