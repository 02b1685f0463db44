"""Queries of event data stores: what was asked, how it goes, and the rows that were found. They are kept for a week.

Source: CloudTrail API Reference, StartQuery and what follows from it; User Guide, CloudTrail Lake SQL constraints."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail.errors import (
    InactiveQueryException,
    InvalidNextTokenException,
    InvalidParameterException,
    InvalidS3BucketNameException,
    MaxConcurrentQueriesException,
    QueryIdNotFoundException,
)

QUEUED, RUNNING, FINISHED, FAILED = "QUEUED", "RUNNING", "FINISHED", "FAILED"
CANCELLED, TIMED_OUT = "CANCELLED", "TIMED_OUT"
RUN = "cloudtrail.run_query"
_UNENDED = (QUEUED, RUNNING)
_KEPT = timedelta(days=7)
_MOST_AT_ONCE = 10
_PAGE_ROWS = 100
_MOST_CELLS_IN_PAGE = 2000
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_WORDS = re.compile(rf"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\b{_UUID}\b", re.DOTALL)
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:/(.*))?")


class Query(Record):
    scope: Scope
    id: str
    statement: str
    """As it was given."""
    created: datetime
    stores: tuple[str, ...]
    """The ARNs of the stores it reads, in the order of `tables`."""
    tables: tuple[str, ...]
    columns: tuple[str, ...] | None = None
    """The columns it reads, None for all."""
    since: str | None = None
    until: str | None = None
    parameters: tuple[str, ...] = ()
    alias: str = ""
    refresh: str = ""
    """The refresh of a dashboard for which it runs."""
    owner: str = ""
    delivery: str = ""
    delivery_status: str = ""
    status: str = QUEUED
    error: str = ""
    scanned: int = 0
    bytes_scanned: int = 0
    millis: int = 0
    ended: datetime | None = None
    names: tuple[str, ...] = ()
    """The columns of the results."""
    rows: int = 0
    pages: tuple[int, ...] = ()
    """The first row of each page of results."""

    def key(self, *rest: Any) -> Key:
        return self.scope.key("cloudtrail", "query", self.id, *rest)


def quoted(statement: str) -> str:
    """The statement with the ids of stores as SQL has names that are no words: CloudTrail takes them bare."""
    return _WORDS.sub(lambda found: f'"{found[0]}"' if found[0][0] not in "'\"-/" else found[0], statement)


def names_in(statement: str) -> list[str]:
    """All that may be names of stores in a statement."""
    found = (each[0] for each in _WORDS.finditer(quoted(statement)))
    return list(dict.fromkeys(word[1:-1] for word in found if word[0] == '"'))


def check_delivery(uri: str) -> tuple[str, str]:
    """The bucket and the prefix. Raises InvalidS3BucketNameException."""
    found = _S3.fullmatch(uri)
    if found is None:
        raise InvalidS3BucketNameException(f"The S3 URI {uri[:200]} is not valid.")
    return found[1], (found[2] or "").strip("/")


def start(tx: Transaction, query: Query) -> None:
    """Raises MaxConcurrentQueriesException."""
    running = [each for each in listed(tx, query.scope) if each.status in _UNENDED]
    if len(running) >= _MOST_AT_ONCE:
        raise MaxConcurrentQueriesException(f"You are already running {_MOST_AT_ONCE} queries, the most there can be.")
    put(tx, query)
    tx.schedule(tx.now, RUN, {"QueryId": query.id}, scope=query.scope, key=query.id)


def put(tx: Transaction, query: Query) -> None:
    tx.put(_place(query.scope, query.id), query)


def _place(scope: Scope, name: str) -> Key:
    return scope.key("cloudtrail", "queries", name)


def kept(tx: ReadTransaction, scope: Scope, name: str) -> Query | None:
    found: Query | None = tx.get(_place(scope, name))
    return found


def find(tx: ReadTransaction, scope: Scope, name: str) -> Query:
    """Raises QueryIdNotFoundException."""
    found = kept(tx, scope, name)
    if found is None or found.created < tx.now - _KEPT:
        raise QueryIdNotFoundException
    return found


def latest(tx: ReadTransaction, scope: Scope, alias: str, refresh: str) -> Query:
    """The last query of this alias, of this refresh of a dashboard if one is named."""
    found = [q for q in listed(tx, scope) if q.alias == alias and (not refresh or q.refresh == refresh)]
    if not found:
        raise QueryIdNotFoundException
    return max(found, key=lambda query: query.created)


def listed(tx: ReadTransaction, scope: Scope) -> list[Query]:
    """The queries of the last seven days, newest first."""
    found = (query for query in tx.range(scope.key("cloudtrail", "queries")) if query.created >= tx.now - _KEPT)
    return sorted(found, key=lambda query: (query.created, query.id), reverse=True)


def change(tx: Transaction, query: Query, **changes: Any) -> Query | None:
    """Remember how a query goes. None if it has ended, or is gone."""
    now = kept(tx, query.scope, query.id)
    if now is None or now.status not in _UNENDED:
        return None
    new = replace(now, **changes)
    put(tx, new)
    return new


def delivered(tx: Transaction, query: Query, status: str) -> None:
    now = kept(tx, query.scope, query.id)
    if now is not None:
        put(tx, replace(now, delivery_status=status))


def cancel(tx: Transaction, scope: Scope, name: str) -> Query:
    """Raises InactiveQueryException for a query that has ended."""
    query = find(tx, scope, name)
    new = change(tx, query, status=CANCELLED, ended=tx.now)
    if new is None:
        raise InactiveQueryException(f"The query {name} cannot be cancelled, for it is in the state {query.status}.")
    tx.wake(waiting(query))
    return new


def waiting(query: Query) -> Key:
    """Where the query's work waits to be told that it was cancelled."""
    return ("cloudtrail", query.scope.account, "cancelled", query.id)


def finish(
    tx: Transaction, query: Query, names: Sequence[str], rows: Sequence[Sequence[str]], **changes: Any
) -> Query | None:
    """Keep what was found."""
    step = max(1, min(_PAGE_ROWS, _MOST_CELLS_IN_PAGE // max(1, len(names))))
    starts = tuple(range(0, len(rows), step))
    new = change(
        tx, query, status=FINISHED, ended=tx.now, names=tuple(names), rows=len(rows), pages=starts, **changes
    )  # fmt: skip
    if new is not None:
        for first in starts:
            tx.put(query.key(first), list(rows[first : first + step]))
    return new


def page(tx: ReadTransaction, query: Query, token: str | None, limit: int) -> tuple[list[Any], str | None]:
    """Up to `limit` rows, and the token of the next ones. Raises InvalidNextTokenException."""
    if token is not None and not (token.isdecimal() and len(token) < 10 and int(token) < query.rows):
        raise InvalidNextTokenException("The next token is not valid.")
    first = int(token or 0)
    found: list[Any] = []
    for start_row, end in itertools.pairwise((*query.pages, query.rows)):
        if end > first and start_row < first + limit:
            rows = tx.get(query.key(start_row)) or []
            found += rows[max(0, first - start_row) : max(0, first + limit - start_row)]
    following = first + len(found)
    return found, f"{following:04}" if following < query.rows else None


def trim(tx: Transaction, scope: Scope) -> None:
    """Forget queries of more than a week ago."""
    old = [query for query in tx.range(scope.key("cloudtrail", "queries")) if query.created < tx.now - _KEPT]
    for query in old:
        tx.delete_range(query.key())
        tx.delete(_place(scope, query.id))


def statistics(query: Query) -> dict[str, Any]:
    return {
        "EventsScanned": query.scanned,
        "BytesScanned": query.bytes_scanned,
        "ExecutionTimeInMillis": query.millis,
        "CreationTime": query.created,
    }


def as_wire(query: Query) -> dict[str, Any]:
    told: dict[str, Any] = {
        "QueryId": query.id,
        "QueryString": query.statement,
        "QueryStatus": query.status,
        "QueryStatistics": statistics(query),
    }
    if query.error:
        told["ErrorMessage"] = query.error[:1000]
    if query.delivery:
        told |= {"DeliveryS3Uri": query.delivery, "DeliveryStatus": query.delivery_status or "PENDING"}
    return told | ({"EventDataStoreOwnerAccountId": query.owner} if query.owner else {})


# results in S3


def folder(query: Query, prefix: str) -> str:
    """Where a query's results lie (CloudTrail User Guide, find saved query results)."""
    parts = (prefix, "AWSLogs", query.scope.account, "CloudTrail-Lake/Query", f"{query.created:%Y/%m/%d}", query.id)
    return "/".join(part for part in parts if part) + "/"


def as_csv(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows((names, *rows))
    return gzip.compress(text.getvalue().encode(errors="replace"), 6, mtime=0)


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sign_file(query: Query, completed: str, files: Mapping[str, str], signature: str, fingerprint: str) -> bytes:
    """`files` are names and hashes; the signature is of the hashes, with a space between them."""
    return msgspec.json.encode(
        {
            "version": "1.0",
            "region": query.scope.region,
            "files": [{"fileHashValue": hashed, "fileName": name} for name, hashed in files.items()],
            "hashAlgorithm": "SHA-256",
            "signatureAlgorithm": "SHA256withRSA",
            "queryCompleteTime": completed,
            "hashSignature": signature,
            "publicKeyFingerprint": fingerprint,
        }
    )


def check_parameters(statement: str, parameters: Sequence[str]) -> None:
    """Raises InvalidParameterException unless there are as many as question marks."""
    marks = sum(part.count("?") for part in _outside(statement))
    if marks != len(parameters):
        raise InvalidParameterException(f"The query statement has {marks} parameters, and {len(parameters)} are given.")


def _outside(statement: str) -> Iterator[str]:
    """The statement without its texts, names and comments."""
    yield from _WORDS.split(statement)
