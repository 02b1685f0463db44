"""Replicas of a global table: which of two writes is the later one, and what other Regions have yet to hear.

Each item of a replica has a version: when it was last written, and in which Region. The later version wins, everywhere.
A deleted item leaves its version behind for a day, so that an older write that arrives late does not bring it back.
What was written here lies under `outbound` until a job has told the other Regions (replication.py).

Source: DynamoDB Developer Guide, "Global tables core concepts"."""

from __future__ import annotations

from datetime import datetime, timedelta

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import streams, tables
from cumulet.services.dynamodb.changes import REPLICATION, Change
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table

STRONG, EVENTUAL = "STRONG", "EVENTUAL"
DELIVER = "dynamodb.replicate"
_GIVEN_UP_AFTER = timedelta(hours=1)
"""A job that has not come by then is gone, and the next write sends another."""


class Version(Record):
    """`at` in microseconds since 1970; the Region decides between two of the same instant."""

    at: int
    region: str

    def is_later_than(self, other: Version | None) -> bool:
        return other is None or (self.at, self.region) > (other.at, other.region)


UNWRITTEN = Version(at=0, region="")
"""Of an item that was there before its table became global."""


class Replicating(Record):
    """That a job is on its way which tells the other Regions, and since when."""

    since: datetime


def version_key(table: Table, place: Place) -> Key:
    return table.key("versions", *place)


def outbound(table: Table, *rest: object) -> Key:
    return table.key("outbound", *rest)


def gone(table: Table, *rest: object) -> Key:
    """The versions of deleted items, by age."""
    return table.key("gone", *rest)


def in_region(tx: ReadTransaction, table: Table, region: str) -> Table | None:
    """The replica of a table in a Region, or its table of that name."""
    return tables.find(tx, replace(table.scope, region=region), table.name)


def others(tx: ReadTransaction, table: Table) -> list[Table]:
    """The replicas in other Regions."""
    found = (in_region(tx, table, region) for region in table.replicas)
    return [each for each in found if each is not None]


def follow(tx: Transaction, table: Table, made: Change) -> list[Table]:
    """Remember a write for the other Regions. Returns the replicas that have to make the same change in the same
    transaction, because the table is strongly consistent."""
    if made.cause == REPLICATION or (made.old is None and made.new is None):
        return []
    if table.consistency == STRONG:
        return others(tx, table)
    before: Version | None = tx.get(version_key(table, made.place))
    now = streams.microseconds(tx.now)
    at = now if before is None else max(now, before.at + 1)
    if before is not None:
        tx.delete(outbound(table, before.at, *made.place))
    keep(tx, table, made.place, Version(at=at, region=table.scope.region), is_gone=made.new is None)
    tx.put(outbound(table, at, *made.place), b"")
    _wake(tx, table)
    return []


def keep(tx: Transaction, table: Table, place: Place, version: Version, *, is_gone: bool) -> None:
    tx.put(version_key(table, place), version)
    if is_gone:
        tx.put(gone(table, version.at, *place), b"")


def _wake(tx: Transaction, table: Table) -> None:
    underway: Replicating | None = tx.get(table.key("replicating"))
    if underway is None or underway.since + _GIVEN_UP_AFTER < tx.now:
        deliver_soon(tx, table)


def deliver_soon(tx: Transaction, table: Table) -> None:
    tx.put(table.key("replicating"), Replicating(since=tx.now))
    tx.schedule(tx.now, DELIVER, {"table": table.name, "id": table.id}, scope=table.scope, key=table.id)
