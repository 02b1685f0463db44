"""Who reads the record: jobs that deliver what was recorded, and want some of the data events for it.

A reader is kept with the account whose record it reads; one that reads for a whole organization, with the
organization's management account. Its job is scheduled when there is something to read, so an idle cloud does
nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cumulet.kernel import jobs
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Transaction


class Reader(Record):
    """`handler` is a job ("service.method"), run with `payload` within `within_seconds` after an event."""

    name: str
    handler: str
    scope: Scope
    payload: dict[str, Any] = {}  # noqa: RUF012 - records are frozen
    within_seconds: int = 300
    data: tuple[str, ...] = ()
    """The services whose data events it wants, as boto3 names them."""
    organization: bool = False
    rates: str = ""
    """A job that looks at how often calls are made (`rates`), run for each account and Region; none if empty."""


def of(tx: ReadTransaction, account: str, management_account: str = "") -> tuple[Reader, ...]:
    """Who reads the record of an account, for itself or for its organization."""
    own = _kept(tx, account)
    above = _kept(tx, management_account) if management_account and management_account != account else ()
    return (*own, *(reader for reader in above if reader.organization))


def set_reader(tx: Transaction, reader: Reader) -> None:
    """Add a reader, or change the one of the same name."""
    account = reader.scope.account
    others = [each for each in _kept(tx, account) if each.name != reader.name]
    tx.put(_key(account), _Readers(readers=(*others, reader)))


def remove(tx: Transaction, account: str, name: str) -> None:
    tx.put(_key(account), _Readers(readers=tuple(each for each in _kept(tx, account) if each.name != name)))


def call(tx: Transaction, readers: Iterable[Reader], since: datetime) -> None:
    """Have each of them run soon after `since`, when the first of the events was, unless it is going to anyway."""
    for reader in readers:
        if not jobs.is_scheduled(tx, reader.handler, job_key(reader)):
            call_at(tx, reader, since + timedelta(seconds=reader.within_seconds))


def call_at(tx: Transaction, reader: Reader, at: datetime) -> None:
    """Have a reader run then, and not when it was going to."""
    tx.schedule(at, reader.handler, reader.payload, scope=reader.scope, key=job_key(reader))


def job_key(reader: Reader) -> str:
    return f"{reader.scope.account} {reader.name}"


class _Readers(Record):
    readers: tuple[Reader, ...]


def _kept(tx: ReadTransaction, account: str) -> tuple[Reader, ...]:
    found: _Readers | None = tx.get(_key(account))
    return found.readers if found is not None else ()


def _key(account: str) -> tuple[str, ...]:
    return ("audit", account, "readers")
