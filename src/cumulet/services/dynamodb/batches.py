"""Batches: many items in one request, each for itself. What a batch does not get to is told as unprocessed.

Source: DynamoDB API Reference, BatchGetItem and BatchWriteItem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import indexes, item_collections, items, values
from cumulet.services.dynamodb.capacity import read_units
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.errors import (
    EmptyKey,
    ProvisionedThroughputExceededException,
    ThrottlingException,
    ValidationException,
)
from cumulet.services.dynamodb.expressions import Given, Projection, legacy
from cumulet.services.dynamodb.meter import Meter
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item

MOST_KEYS, MOST_WRITES = 100, 25
MOST_BYTES = 16 * 1024 * 1024
_DUPLICATES = "Provided list of item keys contains duplicates"
_THROTTLED = (ProvisionedThroughputExceededException, ThrottlingException)

Find = Callable[[str], Table]
"""Gives the table of a name, or raises ResourceNotFoundException."""


# Reading


class Keys(NamedTuple):
    """What is wanted of one table. `given` is the request's own words, for what is left over."""

    table_name: str
    keys: list[Item]
    given: Mapping[str, Any]
    projection: Projection | None
    consistent: bool


class Got(NamedTuple):
    found: dict[str, list[Item]]
    left: dict[str, dict[str, Any]]


def reads(requests: Mapping[str, Mapping[str, Any]]) -> list[Keys]:
    """The reads of a request. Raises ValidationException."""
    if sum(len(each["Keys"]) for each in requests.values()) > MOST_KEYS:
        raise ValidationException("Too many items requested for the BatchGetItem call")
    return [_keys(name, given) for name, given in requests.items()]


def _keys(table_name: str, given: Mapping[str, Any]) -> Keys:
    older, expression = given.get("AttributesToGet"), given.get("ProjectionExpression")
    legacy.refuse_both({"AttributesToGet": older}, {"ProjectionExpression": expression})
    keys = [values.checked_item(key) for key in given["Keys"]]
    bindings = Given(given.get("ExpressionAttributeNames"), None)
    projection = bindings.projection(expression) or legacy.projection(older)
    bindings.check_all_used()
    return Keys(table_name, keys, given, projection, bool(given.get("ConsistentRead")))


def get(tx: ReadTransaction, find: Find, wanted: Sequence[Keys], meter: Meter) -> Got:
    """Read until 16 MB are found. Raises what refuses the whole batch: ResourceNotFoundException,
    ValidationException, or that of throughput where nothing could be read at all."""
    placed = [(each, *_placed(find(each.table_name), each.keys)) for each in wanted]
    got = Got({each.table_name: [] for each in wanted}, {})
    refused: list[ServiceError] = []
    room = MOST_BYTES
    for each, table, places in placed:
        for place, key in zip(places, each.given["Keys"], strict=True):
            try:
                room = _get_one(tx, table, place, each, room, got, meter) if room > 0 else 0
            except _THROTTLED as error:
                refused.append(error)
                _leave(got, each, key)
                continue
            if room <= 0:
                _leave(got, each, key)
    _refuse_if_none(refused, sum(len(each.keys) for each in wanted) - len(refused))
    return got


def _get_one(tx: ReadTransaction, table: Table, place: Place, wanted: Keys, room: int, got: Got, meter: Meter) -> int:
    """The room that is left, in bytes; none if there was too little for this item."""
    meter.admit(tx, table, place[0])
    item = items.find(tx, table, place)
    size = 0 if item is None else values.item_size(item)
    if size >= room:
        return 0
    if meter.is_on:
        meter.of(table).on_table(read_units(size, consistent=wanted.consistent), place[0])
    if item is not None:
        got.found[wanted.table_name].append(item if wanted.projection is None else wanted.projection.of(item))
    return room - size


def _placed(table: Table, keys: Sequence[Item]) -> tuple[Table, list[Place]]:
    places = [table.schema.place_of_key(key) for key in keys]
    if len(set(places)) < len(places):
        raise ValidationException(_DUPLICATES)
    return table, places


def _leave(got: Got, wanted: Keys, key: Item) -> None:
    left = got.left.setdefault(wanted.table_name, {**wanted.given, "Keys": []})
    left["Keys"].append(key)


# Writing


class Write(NamedTuple):
    """`subject` is the item to put or the key to delete; `given` the request's own words."""

    table_name: str
    puts: bool
    subject: Item
    given: Mapping[str, Any]


class Written(NamedTuple):
    left: dict[str, list[Mapping[str, Any]]]
    metrics: dict[str, list[dict[str, Any]]]


def writes(requests: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Write]:
    """The writes of a request. Raises ValidationException."""
    if sum(map(len, requests.values())) > MOST_WRITES:
        raise ValidationException("Too many items requested for the BatchWriteItem call")
    return [_write(name, each) for name, given in requests.items() for each in given]


def _write(table_name: str, given: Mapping[str, Any]) -> Write:
    put, delete = given.get("PutRequest"), given.get("DeleteRequest")
    if put is not None and delete is not None:
        raise ValidationException(values.SEVERAL)
    if put is not None:
        return Write(table_name, True, values.checked_item(put["Item"]), given)
    if delete is not None:
        return Write(table_name, False, values.checked_item(delete["Key"]), given)
    raise ValidationException(values.EMPTY)


def write(tx: Transaction, find: Find, wanted: Sequence[Write], meter: Meter, *, is_measuring: bool) -> Written:
    """Do what throughput has room for. `is_measuring` asks for the metrics of item collections.

    Raises what refuses the whole batch: ResourceNotFoundException, ValidationException,
    ItemCollectionSizeLimitExceededException, or that of throughput where nothing could be written at all."""
    tables = {name: find(name) for name in dict.fromkeys(each.table_name for each in wanted)}
    places = [_place(tables[each.table_name], each) for each in wanted]
    if len({(each.table_name, place) for each, place in zip(wanted, places, strict=True)}) < len(wanted):
        raise ValidationException(_DUPLICATES)
    written = Written({}, {})
    refused: list[ServiceError] = []
    for each, place in zip(wanted, places, strict=True):
        table = tables[each.table_name]
        try:
            meter.admit(tx, table, place[0])
        except _THROTTLED as error:
            refused.append(error)
            written.left.setdefault(each.table_name, []).append(each.given)
            continue
        _perform(tx, table, each, place, meter)
        if is_measuring:
            _measure(tx, table, each, place, written)
    _refuse_if_none(refused, len(wanted) - len(refused))
    return written


def _place(table: Table, write: Write) -> Place:
    """A batch says the same of every key that is not the table's, also of an item's."""
    if not write.puts:
        return table.schema.place_of_key(write.subject)
    try:
        place = table.schema.place_of_item(write.subject)
    except EmptyKey:
        raise
    except ValidationException:
        place = table.schema.place_of_key({n: v for n, v in write.subject.items() if n in table.schema.names})
    indexes.check_put(table, write.subject)
    return place


def _perform(tx: Transaction, table: Table, write: Write, place: Place, meter: Meter) -> None:
    old, new = items.find(tx, table, place), write.subject if write.puts else None
    made = Change(place, None, None, 0, 0)
    if old is not None or new is not None:
        made = items.change(tx, table, place, old, new)
    if meter.is_on:
        meter.of(table).on_change(made)


def _measure(tx: ReadTransaction, table: Table, write: Write, place: Place, written: Written) -> None:
    found = item_collections.metrics(tx, table, place, write.subject[table.schema.hash])
    told = written.metrics.setdefault(write.table_name, []) if found is not None else []
    if found is not None and all(each["ItemCollectionKey"] != found["ItemCollectionKey"] for each in told):
        told.append(found)


def _refuse_if_none(refused: Sequence[ServiceError], done: int) -> None:
    if refused and not done:
        raise refused[0]
