"""PartiQL statements as operations run them: alone, in batches where each stands for itself, and in transactions.

Sources: DynamoDB API Reference, ExecuteStatement, BatchExecuteStatement, ExecuteTransaction; Developer Guide,
"PartiQL - a SQL-compatible query language for Amazon DynamoDB"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import actions, items, tables, transactions, values
from cumulet.services.dynamodb.actions import Action
from cumulet.services.dynamodb.capacity import Spent, read_units, write_units
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.meter import Meter
from cumulet.services.dynamodb.partiql import parser, places, reads, wording, writes
from cumulet.services.dynamodb.partiql.columns import Columns
from cumulet.services.dynamodb.partiql.reads import Found
from cumulet.services.dynamodb.partiql.syntax import Condition, Exists, Select, Statement
from cumulet.services.dynamodb.partiql.writes import Write
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.transactions import Got
from cumulet.services.dynamodb.values import Item, Value

_NO_KEY = "Select statements within {} must specify the primary key in the where clause."


class Asked(NamedTuple):
    """A statement with its parameters."""

    statement: Statement
    parameters: list[Value]
    is_consistent: bool
    shows_old: bool


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


def run(tx: Transaction, scope: Scope, asked: Asked, meter: Meter) -> Item | None:
    """Run a statement that writes, and return what its RETURNING clause shows.

    Raises ResourceNotFoundException, ValidationException, DuplicateItemException or ConditionalCheckFailedException."""
    if isinstance(asked.statement, Exists):
        raise ValidationException("EXISTS is only supported within ExecuteTransaction")
    table = tables.usable(tx, scope, asked.statement.table)
    wanted = write(table, asked)
    meter.admit(tx, table, wanted.action.place[0])
    planned = actions.plan(tx, wanted.action)
    change = actions.perform(tx, planned)
    if meter.is_on:
        if change is None:
            meter.of(table).on_table(write_units(0), wanted.action.place[0])
        else:
            meter.of(table).on_change(change)
        meter.settle(tx)
    return (wanted.shows(planned) or None) if wanted.shows is not None else None


def select(
    tx: ReadTransaction, scope: Scope, asked: Asked, limit: int | None, token: str | None, meter: Meter
) -> Found:  # fmt: skip
    """One page of what a SELECT finds. Raises ResourceNotFoundException or ValidationException."""
    statement = asked.statement
    assert isinstance(statement, Select)
    table = tables.usable(tx, scope, statement.table)
    index = reads.index_of(table, statement, is_consistent=asked.is_consistent)
    meter.admit(tx, table, index=index)
    found = reads.read(tx, table, index, statement, asked.parameters, limit, token, is_weighing=meter.is_on)
    if meter.is_on:
        _charge(meter.of(table), index, found, is_consistent=asked.is_consistent)
        meter.settle(tx)
    return found


def _charge(spent: Spent, index: Index | None, found: Found, *, is_consistent: bool) -> None:
    """All that was read counts, whatever the condition left of it."""
    units = read_units(sum(found.sizes), consistent=is_consistent)
    if index is None:
        spent.on_table(units)
    else:
        spent.on_index(index, units)
        spent.on_table(sum(read_units(size, consistent=is_consistent) for size in found.fetched_sizes))


# In batches


def run_read(tx: ReadTransaction, scope: Scope, asked: Asked, meter: Meter) -> Item | None:
    """What a read of one item shows. Raises ResourceNotFoundException or ValidationException."""
    located = _locate(tx, scope, asked, "BatchExecuteStatement")
    meter.admit(tx, located.table, located.place[0])
    got = _fetch(tx, located)
    if meter.is_on:
        size = 0 if got.item is None else values.item_size(got.item)
        meter.of(got.table).on_table(read_units(size, consistent=asked.is_consistent), got.place[0])
        meter.settle(tx)
    return got.shown


def failed(error: ServiceError, table_name: str) -> dict[str, Any]:
    """How a batch tells of a statement that failed."""
    return {"Error": transactions.reason(error), **({"TableName": table_name} if table_name else {})}


def check_batch(batch: Sequence[Asked | ServiceError]) -> None:
    """Raises ValidationException for a batch that reads and writes."""
    if len({is_read(each) for each in batch if isinstance(each, Asked)}) > 1:
        raise ValidationException(
            "BatchExecuteStatement does not support both read and write operations in one request"
        )


# In transactions


def check_transaction(wanted: Sequence[Asked]) -> None:
    """Raises ValidationException for what a transaction cannot have."""
    reading = [is_read(each) for each in wanted]
    if any(reading) and not all(reading):
        raise ValidationException(
            "ExecuteTransaction API does not support both read and write operations in the same request."
        )
    if any(getattr(each.statement, "returning", "") for each in wanted):
        raise ValidationException("RETURNING clause is not supported in ExecuteTransaction.")


def prepare(tx: ReadTransaction, scope: Scope, wanted: Sequence[Asked]) -> list[Action]:
    """The actions of writing statements.

    Raises ResourceNotFoundException, or TransactionCanceledException, which tells of every statement that is wrong."""
    found = [tables.usable(tx, scope, each.statement.table) for each in wanted]
    transactions.check_one_home(found)
    pairs = list(zip(found, wanted, strict=True))
    made: list[Action] = transactions.each(pairs, lambda pair: write(*pair).action)
    return made


def fetch_all(tx: ReadTransaction, scope: Scope, wanted: Sequence[Asked], meter: Meter) -> list[Got]:
    """What reads of single items find, as of one instant. They are found by their keys, and nothing else is asked.

    Raises ResourceNotFoundException, ValidationException or TransactionCanceledException."""
    transactions.check_one_home([tables.usable(tx, scope, asked.statement.table) for asked in wanted])
    for number, asked in enumerate(wanted):
        _check_in_transaction(tx, scope, asked, f"Validation failed in TransactStatements[{number}]: ")
    located: list[Located] = transactions.each(wanted, lambda asked: _locate(tx, scope, asked, "ExecuteTransaction"))
    found = [(each.table, each.place) for each in located]
    transactions.check_distinct(found)
    transactions.admit(tx, meter, found)
    got = [_fetch(tx, each) for each in located]
    if meter.is_on:
        transactions.count_reads(meter, got)
        meter.settle(tx)
    return got


def _check_in_transaction(tx: ReadTransaction, scope: Scope, asked: Asked, where: str) -> None:
    """Raises ValidationException for a SELECT that asks for more, or for less, than a key."""
    statement = asked.statement
    assert isinstance(statement, Select)
    if statement.index:
        raise ValidationException(f"{where}Reads on indices are not supported within transactions.")
    schema = tables.usable(tx, scope, statement.table).schema
    named = [places.equal_to(term) for term in places.terms(statement.where)]
    if sorted(named) != sorted(schema.names):
        raise ValidationException(where + _NO_KEY.format("ExecuteTransaction"))


# Single items


class Located(NamedTuple):
    """Where the one item lies that a SELECT is about, and what else it asks of it."""

    table: Table
    place: Place
    asked: Asked
    rest: tuple[Condition, ...]


def _locate(tx: ReadTransaction, scope: Scope, asked: Asked, operation: str) -> Located:
    """Raises ResourceNotFoundException or ValidationException."""
    statement = asked.statement
    assert isinstance(statement, Select)
    table = tables.usable(tx, scope, statement.table)
    if statement.index:
        raise ValidationException(_NO_KEY.format(operation))
    key, rest = places.one(table.schema, statement.where, asked.parameters, _NO_KEY.format(operation))
    return Located(table, table.schema.place_of_key(key), asked, rest)


def _fetch(tx: ReadTransaction, located: Located) -> Got:
    """Raises ValidationException."""
    asked, statement = located.asked, located.asked.statement
    assert isinstance(statement, Select)
    condition = wording.condition(located.rest, asked.parameters, "FilterExpression")
    item = items.find(tx, located.table, located.place)
    holds = item is not None and (condition is None or condition.holds(item))
    shown = item if statement.columns is None or item is None else Columns(statement.columns).of(item)
    return Got(located.table, located.place, item, shown if holds else None)
