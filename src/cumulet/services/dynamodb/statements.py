"""PartiQL statements as operations run them: alone, in batches where each stands for itself, and in transactions.

Sources: DynamoDB API Reference, ExecuteStatement, BatchExecuteStatement, ExecuteTransaction; Developer Guide,
"PartiQL - a SQL-compatible query language for Amazon DynamoDB"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import actions, items, tables, transactions, values
from cumulet.services.dynamodb.actions import Action
from cumulet.services.dynamodb.errors import ServiceError, ValidationException
from cumulet.services.dynamodb.partiql import columns, parser, places, reads, wording, writes
from cumulet.services.dynamodb.partiql.reads import Page
from cumulet.services.dynamodb.partiql.syntax import Condition, Exists, Select, Statement
from cumulet.services.dynamodb.partiql.writes import Write
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.transactions import Done
from cumulet.services.dynamodb.values import Item, Value

_NO_KEY = "Select statements within {} must specify the primary key in the where clause."


class Asked(NamedTuple):
    """A statement with its parameters."""

    statement: Statement
    parameters: list[Value]
    consistent: bool
    shows_old: bool


class Outcome(NamedTuple):
    """What came of one statement: the item that it read or returns, if any, and what to bill."""

    table: Table
    item: Item | None
    read: Item | None
    """What was read; None where nothing was, and in writes."""
    done: Done | None
    """In writes."""


def read(given: Mapping[str, Any]) -> Asked:
    """Raises ValidationException."""
    statement = parser.parse(given["Statement"])
    parameters = [values.checked(each) for each in given.get("Parameters") or ()]
    if len(parameters) != statement.parameters:
        raise ValidationException("Number of parameters in request and statement don't match.")
    shows_old = given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return Asked(statement, parameters, bool(given.get("ConsistentRead")), shows_old)


def is_read(asked: Asked) -> bool:
    return isinstance(asked.statement, Select)


def write(table: Table, asked: Asked) -> Write:
    """What a writing statement does to its table. Raises ValidationException."""
    assert not isinstance(asked.statement, Select)
    return writes.write(table, asked.statement, asked.parameters, shows_old=asked.shows_old)


# Alone


def run(tx: Transaction, scope: Scope, asked: Asked) -> Outcome:
    """Run a statement that writes.

    Raises ResourceNotFoundException, ValidationException, DuplicateItemException or ConditionalCheckFailedException."""
    if isinstance(asked.statement, Exists):
        raise ValidationException("EXISTS is only supported within ExecuteTransaction")
    table = tables.usable(tx, scope, asked.statement.table)
    wanted = write(table, asked)
    planned = actions.plan(tx, wanted.action)
    done = Done(planned, actions.perform(tx, planned))
    return Outcome(table, (wanted.shows(planned) or None) if wanted.shows else None, None, done)


def select(tx: ReadTransaction, scope: Scope, asked: Asked, limit: int | None, token: str | None) -> tuple[Table, Page]:
    """One page of what a SELECT finds. Raises ResourceNotFoundException or ValidationException."""
    assert isinstance(asked.statement, Select)
    table = tables.usable(tx, scope, asked.statement.table)
    page = reads.read(tx, table, asked.statement, asked.parameters, limit, token, consistent=asked.consistent)
    return table, page


# In batches


def run_read(tx: ReadTransaction, scope: Scope, asked: Asked) -> Outcome:
    """A read of one item. Raises ResourceNotFoundException or ValidationException."""
    return fetch(tx, *locate(tx, scope, asked, "BatchExecuteStatement"))


def failed(error: ServiceError, table_name: str) -> dict[str, Any]:
    """How a batch tells of a statement that failed."""
    return {"Error": transactions.reason(error), **({"TableName": table_name} if table_name else {})}


def check_batch(batch: Sequence[Asked | ServiceError]) -> None:
    """Raises ValidationException for a batch that reads and writes."""
    if len({is_read(each) for each in batch if isinstance(each, Asked)}) > 1:
        raise ValidationException("Batch statement can not mix read and write operations")


# In transactions


def check_transaction(wanted: Sequence[Asked]) -> None:
    """Raises ValidationException for what a transaction cannot have."""
    reading = [is_read(each) for each in wanted]
    if any(reading) and not all(reading):
        raise ValidationException(
            "ExecuteTransaction API does not support both read and write operations in the same request."
        )
    if any(getattr(each.statement, "returning", "") for each in wanted):
        raise ValidationException("RETURNING clause is not supported in ExecuteTransaction")


def prepare(tx: ReadTransaction, scope: Scope, wanted: Sequence[Asked]) -> list[Action]:
    """The actions of writing statements.

    Raises ResourceNotFoundException, or TransactionCanceledException, which tells of every statement that is wrong."""
    found = [tables.usable(tx, scope, each.statement.table) for each in wanted]
    pairs = list(zip(found, wanted, strict=True))
    made: list[Action] = transactions.each(pairs, lambda pair: write(*pair).action)
    return made


def fetch_all(tx: ReadTransaction, scope: Scope, wanted: Sequence[Asked]) -> list[Outcome]:
    """All items as of one instant.

    Raises ResourceNotFoundException, ValidationException or TransactionCanceledException."""
    for one in wanted:
        tables.usable(tx, scope, one.statement.table)
    found = transactions.each(wanted, lambda asked: locate(tx, scope, asked, "ExecuteTransaction"))
    transactions.check_distinct([(table, place) for table, place, _, _ in found])
    return [fetch(tx, *one) for one in found]


Located = tuple[Table, Place, Asked, tuple[Condition, ...]]


def locate(tx: ReadTransaction, scope: Scope, asked: Asked, operation: str) -> Located:
    """Where the one item lies that a SELECT is about, and what else it asks of it.

    Raises ResourceNotFoundException or ValidationException."""
    statement = asked.statement
    assert isinstance(statement, Select)
    table = tables.usable(tx, scope, statement.table)
    if statement.index:
        raise ValidationException(_NO_KEY.format(operation))
    key, rest = places.one(table.schema, statement.where, asked.parameters, _NO_KEY.format(operation))
    return table, table.schema.place_of_key(key), asked, rest


def fetch(tx: ReadTransaction, table: Table, place: Place, asked: Asked, rest: tuple[Condition, ...]) -> Outcome:
    """Raises ValidationException."""
    condition = wording.condition(rest, asked.parameters, "FilterExpression")
    item = items.find(tx, table, place)
    holds = item is not None and (condition is None or condition.holds(item))
    assert isinstance(asked.statement, Select)
    shown = columns.of(item, asked.statement.columns) if item is not None and holds else None
    return Outcome(table, shown, item, None)
