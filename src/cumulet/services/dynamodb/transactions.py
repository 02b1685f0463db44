"""Transactions: many actions that happen together or not at all, and many reads of one instant.

All of it is one transaction of the store, so that nobody ever sees half of it. Nothing conflicts with a transaction
here, since the store runs one after the other: TransactionConflict is never a reason.

Sources: DynamoDB Developer Guide, "Managing complex workflows with DynamoDB transactions"; API Reference,
TransactWriteItems, TransactGetItems."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import actions, item_collections, items, tables, values
from cumulet.services.dynamodb.actions import Action, Planned, Request
from cumulet.services.dynamodb.capacity import read_units, write_units
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.errors import (
    EmptyKey,
    IdempotentParameterMismatchException,
    TransactionCanceledException,
    ValidationException,
)
from cumulet.services.dynamodb.expressions import Given, Projection
from cumulet.services.dynamodb.meter import Meter
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item

MOST_BYTES = 4 * 1024 * 1024
TOKENS_LAST = timedelta(minutes=10)
_FORGOTTEN_AT_ONCE = 4
"""Tokens that are over, forgotten with each new one: more than are made, so they never pile up."""
_KINDS = ("ConditionCheck", "Put", "Update", "Delete")
_NO_REASON: dict[str, Any] = {"Code": "None"}
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class TransactionToken(Record):
    """A request that was done, as its ClientRequestToken remembers it."""

    digest: bytes
    done: datetime
    read_units: dict[str, float] = {}  # noqa: RUF012 - records are frozen
    """By table: what a repetition of the request consumes."""


class Done(NamedTuple):
    """An action and what came of it; None where nothing was written."""

    planned: Planned
    change: Change | None


class Get(NamedTuple):
    table_name: str
    key: Item
    projection: Projection | None


class Got(NamedTuple):
    table: Table
    place: Place
    item: Item | None
    shown: Item | None


# Writing


def requests(given: Sequence[Mapping[str, Any]]) -> list[Request]:
    """The actions of a request. Raises ValidationException."""
    found = []
    for each in given:
        kinds = [kind for kind in _KINDS if each.get(kind) is not None]
        if len(kinds) != 1:
            raise ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
        found.append(actions.read(kinds[0], each[kinds[0]]))
    return found


def prepare(tx: ReadTransaction, scope: Scope, wanted: Sequence[Request]) -> list[Action]:
    """The actions on their tables.

    Raises ResourceNotFoundException, ValidationException, or TransactionCanceledException for the first key that does
    not fit its table."""
    found = [tables.usable(tx, scope, request.table_name) for request in wanted]
    check_one_home(found)
    prepared: list[Action] = []
    for number, (table, request) in enumerate(zip(found, wanted, strict=True)):
        try:
            prepared.append(actions.of_request(table, request))
        except EmptyKey:
            raise
        except ValidationException as error:
            raise cancelled([reason(error) if n == number else None for n in range(len(wanted))]) from None
    return prepared


def run(tx: Transaction, wanted: Sequence[Action], meter: Meter) -> list[Done]:
    """Do all of it. Raises ValidationException for two actions on one item, or TransactionCanceledException."""
    places = [(action.table, action.place) for action in wanted]
    check_distinct(places)
    admit(tx, meter, places)
    planned = each(wanted, lambda action: actions.plan(tx, action))
    if sum(_size(each) for each in planned) > MOST_BYTES:
        raise ValidationException("Transaction request size exceeded the limit of 4194304 bytes")
    changes = each(planned, lambda each: actions.perform(tx, each))
    done = [Done(*one) for one in zip(planned, changes, strict=True)]
    if meter.is_on:
        count_writes(meter, done)
        meter.settle(tx)
    return done


def each(given: Sequence[Any], step: Callable[[Any], Any]) -> list[Any]:
    """What the step makes of each. Where it refuses some, all are told: raises TransactionCanceledException."""
    made: list[Any] = []
    reasons: list[dict[str, Any] | None] = []
    for one in given:
        try:
            made.append(step(one))
            reasons.append(None)
        except ServiceError as error:
            reasons.append(reason(error))
    if len(made) < len(given):
        raise cancelled(reasons)
    return made


def check_distinct(wanted: Sequence[tuple[Table, Place]]) -> None:
    if len({(table.id, place) for table, place in wanted}) < len(wanted):
        raise ValidationException("Transaction request cannot include multiple operations on one item")


def cancelled(reasons: Sequence[dict[str, Any] | None]) -> TransactionCanceledException:
    """The refusal of a transaction, with the reasons in the order of its actions."""
    told = [_NO_REASON if reason is None else reason for reason in reasons]
    codes = ", ".join(reason["Code"] for reason in told)
    return TransactionCanceledException(
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=told,
    )


_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed", "DuplicateItemException": "DuplicateItem",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ResourceNotFoundException": "ResourceNotFound", "ThrottlingException": "ThrottlingError",
    "ValidationException": "ValidationError",
}  # fmt: skip


def reason(error: ServiceError) -> dict[str, Any]:
    """Why one of several actions, or statements, was refused. Raises the error itself if it is about none of them."""
    if error.code not in _CODES:
        raise error
    item = {"Item": error.members["Item"]} if "Item" in error.members else {}
    return {"Code": _CODES[error.code], "Message": error.message, **item}


def _size(planned: Planned) -> int:
    item = planned.new if planned.new is not None else planned.old
    return 0 if item is None else values.item_size(item)


def check_one_home(found: Sequence[Table]) -> None:
    """A transaction stays in one account and Region (API Reference, TransactWriteItems)."""
    if len({table.scope for table in found}) > 1:
        raise ValidationException("Transaction request cannot include tables of several accounts or Regions")


def metrics(tx: ReadTransaction, done: Sequence[Done]) -> dict[str, list[dict[str, Any]]]:
    """ItemCollectionMetrics by table, of items in collections."""
    found: dict[str, list[dict[str, Any]]] = {}
    for planned, change in done:
        item = planned.new if planned.new is not None else planned.old
        if change is not None and item is not None:
            table = planned.action.table
            told = item_collections.metrics(tx, table, planned.action.place, item[table.schema.hash])
            if told is not None:
                found.setdefault(table.name, []).append(told)
    return found


# What it costs


def admit(tx: ReadTransaction, meter: Meter, wanted: Sequence[tuple[Table, Place]]) -> None:
    """Raises TransactionCanceledException where nothing is left to spend on a table, or a part of one."""
    each(wanted, lambda one: meter.admit(tx, one[0], one[1][0]))


def count_writes(meter: Meter, done: Sequence[Done]) -> None:
    """All is paid for twice, being prepared and then committed. Checks are writes too."""
    for planned, change in done:
        table, place = planned.action.table, planned.action.place
        if change is not None:
            meter.of(table).on_change(change, 2)
        else:
            meter.of(table).on_table(2 * write_units(_size(planned)), place[0])


def count_reads(meter: Meter, got: Sequence[Got]) -> None:
    for each in got:
        size = 0 if each.item is None else values.item_size(each.item)
        meter.of(each.table).on_table(2 * read_units(size, consistent=True), each.place[0])


def _units_of_repetition(done: Sequence[Done]) -> dict[str, float]:
    """Read units by table, of a request that is repeated with its token."""
    units: dict[str, float] = {}
    for planned, _ in done:
        name = planned.action.table.name
        units[name] = units.get(name, 0) + 2 * read_units(_size(planned), consistent=True)
    return units


# Tokens


def digest(given: Sequence[Mapping[str, Any]]) -> bytes:
    """What tells one request from another with the same token."""
    return hashlib.blake2b(_encode(given), digest_size=32).digest()


def once(
    tx: Transaction, scope: Scope, token: str | None, given: Sequence[Mapping[str, Any]], run: Callable[[], list[Done]]
) -> list[Done] | TransactionToken:
    """Run a request, unless its token says that it was done before: then what is remembered of it.

    Raises IdempotentParameterMismatchException."""
    if token is None:
        return run()
    wanted = digest(given)
    before = remembered(tx, scope, token, wanted)
    if before is not None:
        return before
    forget_old(tx, scope)
    done = run()
    remember(tx, scope, token, TransactionToken(digest=wanted, done=tx.now, read_units=_units_of_repetition(done)))
    return done


def remembered(tx: ReadTransaction, scope: Scope, token: str, wanted: bytes) -> TransactionToken | None:
    """The request of this token, if it was done in the last ten minutes.

    Raises IdempotentParameterMismatchException where it was another request."""
    kept: TransactionToken | None = tx.get(_token_key(scope, token))
    if kept is None or kept.done + TOKENS_LAST <= tx.now:
        return None
    if kept.digest != wanted:
        raise IdempotentParameterMismatchException
    return kept


def remember(tx: Transaction, scope: Scope, token: str, kept: TransactionToken) -> None:
    tx.put(_token_key(scope, token), kept)
    tx.put((*_by_time(scope), kept.done, token), None)


def forget_old(tx: Transaction, scope: Scope) -> None:
    """Drop a few tokens whose time is over. Before anything is written, since then a range costs least."""
    over = tx.items(_by_time(scope), until=tx.now - TOKENS_LAST, limit=_FORGOTTEN_AT_ONCE)
    for key, _ in list(over):
        tx.delete(key)
        kept: TransactionToken | None = tx.get(_token_key(scope, key[-1]))
        if kept is not None and kept.done == key[-2]:
            tx.delete(_token_key(scope, key[-1]))


def _token_key(scope: Scope, token: str) -> Key:
    return scope.key("dynamodb", "transaction-tokens", token)


def _by_time(scope: Scope) -> Key:
    return scope.key("dynamodb", "transaction-tokens-by-time")


# Reading


def gets(given: Sequence[Mapping[str, Any]]) -> list[Get]:
    """The reads of a request. Raises ValidationException."""
    found = []
    for each in given:
        get = each["Get"]
        bindings = Given(get.get("ExpressionAttributeNames"), None)
        projection = bindings.projection(get.get("ProjectionExpression"))
        bindings.check_all_used()
        found.append(Get(get["TableName"], values.checked_item(get["Key"]), projection))
    return found


def fetch(tx: ReadTransaction, scope: Scope, wanted: Sequence[Get], meter: Meter) -> list[Got]:
    """All items as of one instant.

    Raises ResourceNotFoundException, ValidationException or TransactionCanceledException."""
    found = [tables.usable(tx, scope, get.table_name) for get in wanted]
    check_one_home(found)
    places: list[tuple[Table, Place]] = []
    for number, (table, get) in enumerate(zip(found, wanted, strict=True)):
        try:
            places.append((table, table.schema.place_of_key(get.key)))
        except EmptyKey:
            raise
        except ValidationException as error:
            raise cancelled([reason(error) if n == number else None for n in range(len(wanted))]) from None
    check_distinct(places)
    admit(tx, meter, places)
    got = [_got(tx, *place, get.projection) for place, get in zip(places, wanted, strict=True)]
    if sum(values.item_size(each.item) for each in got if each.item is not None) > MOST_BYTES:
        raise ValidationException("Transaction request size exceeded the limit of 4194304 bytes")
    if meter.is_on:
        count_reads(meter, got)
        meter.settle(tx)
    return got


def _got(tx: ReadTransaction, table: Table, place: Place, projection: Projection | None) -> Got:
    item = items.find(tx, table, place)
    return Got(table, place, item, item if item is None or projection is None else projection.of(item))
