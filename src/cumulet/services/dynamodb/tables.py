"""Tables: their records, names and states.

A table's items are kept under its id, so that a table of the same name made later has nothing to do with them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import removal
from cumulet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cumulet.services.dynamodb.schema import Place, Schema

ACTIVE, CREATING, UPDATING, DELETING = "ACTIVE", "CREATING", "UPDATING", "DELETING"
PROVISIONED, ON_DEMAND = "PROVISIONED", "PAY_PER_REQUEST"
_SHORTEST_NAME, _LONGEST_NAME = 3, 255
_NAME = re.compile("[a-zA-Z0-9_.-]+")


class Throughput(Record):
    """Provisioned units a second, and when and how often they were changed."""

    read: int = 0
    write: int = 0
    increased: datetime | None = None
    decreased: datetime | None = None
    decreases_today: int = 0


class Index(Record):
    """A secondary index. Its entries say only where the item lies; what is projected is cut out when it is read."""

    id: str
    name: str
    schema: Schema
    is_global: bool
    projection: str
    """KEYS_ONLY, INCLUDE or ALL."""
    included: tuple[str, ...] = ()
    status: str = ACTIVE
    throughput: Throughput = Throughput()
    on_demand: dict[str, int] = {}  # noqa: RUF012 - records are frozen
    warm: dict[str, int] = {}  # noqa: RUF012


class History(Record):
    """That what the table's items were is kept for a while, and since when (recovery.py).

    Instants are in microseconds since 1970."""

    began: int
    floor: int
    """Somebody reads the table as of this instant: changes count as later ones, even if time stands still."""


class Table(Record):
    """What is configured of a table. Totals change with every write and are kept apart (items.py)."""

    id: str
    name: str
    scope: Scope
    schema: Schema
    types: dict[str, str]
    """AttributeDefinitions: the types of all attributes that are in a key."""
    created: datetime
    billing: str = PROVISIONED
    billing_changed: datetime | None = None
    switches: tuple[datetime, ...] = ()
    """To on-demand, those of the last day."""
    throughput: Throughput = Throughput()
    on_demand: dict[str, int] = {}  # noqa: RUF012
    warm: dict[str, int] = {}  # noqa: RUF012
    indexes: tuple[Index, ...] = ()
    status: str = ACTIVE
    table_class: str = "STANDARD"
    class_changed: datetime | None = None
    is_protected: bool = False
    """Deletion protection."""
    stream: str = ""
    """The view type of the stream, empty while it is off."""
    stream_label: str = ""
    """Of the latest stream, also when it is off again."""
    stream_id: str = ""
    """Of the stream, while it is on (streams.py)."""
    ttl: str = ""
    """The attribute that says when an item expires."""
    recovery: datetime | None = None
    """Since when point-in-time recovery is on."""
    recovery_days: int = 35
    history: History | None = None
    ttl_changed: datetime | None = None
    kms_key: str = ""
    """An ARN, for encryption under a KMS key of the account's."""
    has_policy: bool = False
    """Whether it has a resource policy (policies.py)."""
    replicas: tuple[str, ...] = ()
    """The other Regions of a global table."""
    global_version: str = ""
    """Of the global table that it is a replica of: 2019.11.21, or 2017.11.29."""
    consistency: str = ""
    """Of that global table: EVENTUAL or STRONG."""
    witness: str = ""
    """The Region that only votes, of a strongly consistent one."""
    overrides: dict[str, Any] = {}  # noqa: RUF012
    """What this replica has otherwise than the others, as ReplicaUpdates spells it."""
    sourced: datetime | None = None
    """When a replica was last made from it."""
    restored: dict[str, Any] = {}  # noqa: RUF012
    """RestoreSummary, of a table that was restored."""

    @property
    def arn(self) -> str:
        return self.scope.arn("dynamodb", f"table/{self.name}")

    @property
    def stream_arn(self) -> str:
        return f"{self.arn}/stream/{self.stream_label}"

    def key(self, *rest: object) -> Key:
        """The key of something that belongs to this very table."""
        return self.scope.key("dynamodb", "of-table", self.id, *rest)

    def item_key(self, place: Place) -> Key:
        return (*self.key("items"), *place)

    def index(self, name: str) -> Index:
        """For reading. Raises ValidationException, also while its entries are still being made."""
        for index in self.indexes:
            if index.name == name:
                if index.status == CREATING:
                    raise ValidationException(f"Cannot read from backfilling global secondary index: {name}")
                return index
        raise ValidationException(f"The table does not have the specified index: {name}")


def key_of(scope: Scope, name: str) -> Key:
    return scope.key("dynamodb", "tables", name)


def put(tx: Transaction, table: Table) -> None:
    tx.put(key_of(table.scope, table.name), table)


def delete(tx: Transaction, table: Table) -> None:
    """Its name is free at once; everything under its `key` goes in portions, once nobody reads it any more. What
    outlives a table lies elsewhere."""
    tx.delete(key_of(table.scope, table.name))
    if not has_readers(tx, table):
        removal.begin(tx, table.key())


def has_readers(tx: ReadTransaction, table: Table) -> bool:
    """Whether a backup, restore or export goes through the table just now (recovery.py)."""
    return next(tx.items(table.key("readers"), limit=1), None) is not None


def locate(scope: Scope, name: str) -> tuple[Scope, str]:
    """Where a table is that was called by its name or by its ARN. Raises ValidationException for no such ARN."""
    if not name.startswith("arn:"):
        return scope, name
    parts = name.split(":", 5)
    if len(parts) < 6 or parts[2] != "dynamodb" or not parts[5].startswith("table/") or parts[3] != scope.region:
        raise ValidationException(f"Invalid TableArn: {name}")
    return Scope(account=parts[4], region=parts[3]), parts[5].removeprefix("table/").partition("/")[0]


def find(tx: ReadTransaction, scope: Scope, name: str) -> Table | None:
    """By name or ARN."""
    found: Table | None = tx.get(key_of(*locate(scope, name)))
    return found


def get(tx: ReadTransaction, scope: Scope, name: str) -> Table:
    """By name or ARN, in the words of operations on tables. Raises ResourceNotFoundException."""
    found = find(tx, scope, name)
    if found is None:
        plain = locate(scope, name)[1]
        check_name(plain)
        raise ResourceNotFoundException.of_table(plain)
    return found


def usable(tx: ReadTransaction, scope: Scope, name: str) -> Table:
    """As `get`, in the words of operations on items. Raises ResourceNotFoundException."""
    found = find(tx, scope, name)
    if found is None or found.status in (CREATING, DELETING):
        check_name(locate(scope, name)[1])
        raise ResourceNotFoundException
    return found


def of_arn(tx: ReadTransaction, scope: Scope, arn: str) -> Table:
    """The table of a ResourceArn. Raises ValidationException or ResourceNotFoundException."""
    if not arn.startswith("arn:"):
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    found = find(tx, scope, arn)
    if found is None or found.arn != arn:
        raise ResourceNotFoundException.of_arn(arn)
    return found


def check_name(name: str) -> None:
    """Raises ValidationException. The model's constraints let ARNs pass too, so AWS checks names by itself."""
    if len(name) < _SHORTEST_NAME:
        words = f"Member must have length greater than or equal to {_SHORTEST_NAME}"
    elif len(name) > _LONGEST_NAME:
        words = f"Member must have length less than or equal to {_LONGEST_NAME}"
    elif not _NAME.fullmatch(name):
        words = f"Member must satisfy regular expression pattern: {_NAME.pattern}"
    else:
        return
    raise ValidationException.of_constraint("tableName", name, words)
