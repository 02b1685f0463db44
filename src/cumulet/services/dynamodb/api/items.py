"""Single items: read, put, updated and deleted. What they do is in actions.py and items.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import actions, indexes, item_collections, items, values
from cumulet.services.dynamodb.actions import Action
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.capacity import READ, WRITE, read_units
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import Condition, Given, Update, legacy
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item, Value

Answer = dict[str, Any]
Names = Mapping[str, str] | None
Values = Mapping[str, Value] | None
Older = Mapping[str, Mapping[str, Any]] | None


class Wanted(NamedTuple):
    """What an answer is to tell beside the success, as requests name it."""

    capacity: str
    metrics: str
    values: Callable[[Change], Item | None]


class Items(DynamoBase):
    async def get_item(
        self,
        *,
        TableName: str,
        Key: Mapping[str, Value],
        AttributesToGet: list[str] | None = None,
        ConsistentRead: bool = False,
        ReturnConsumedCapacity: str = "NONE",
        ProjectionExpression: str | None = None,
        ExpressionAttributeNames: Names = None,
    ) -> Answer:
        legacy.refuse_both({"AttributesToGet": AttributesToGet}, {"ProjectionExpression": ProjectionExpression})
        key = values.checked_item(Key)
        given = Given(ExpressionAttributeNames, None)
        projection = given.projection(ProjectionExpression) or legacy.projection(AttributesToGet)
        given.check_all_used()

        def get(tx: ReadTransaction) -> Answer:
            table = self._table(tx, TableName)
            place = table.schema.place_of_key(key)
            meter = self.meter(ReturnConsumedCapacity, READ)
            meter.admit(tx, table, place[0])
            item = items.find(tx, table, place)
            if meter.is_on:
                size = 0 if item is None else values.item_size(item)
                meter.of(table).on_table(read_units(size, consistent=ConsistentRead), place[0])
                meter.settle(tx)
            found = {} if item is None else {"Item": item if projection is None else projection.of(item)}
            return {**found, **meter.answer_of_one()}

        return await self.look(get)

    async def put_item(
        self,
        *,
        TableName: str,
        Item: Mapping[str, Value],
        Expected: Older = None,
        ReturnValues: str = "NONE",
        ReturnConsumedCapacity: str = "NONE",
        ReturnItemCollectionMetrics: str = "NONE",
        ConditionalOperator: str | None = None,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: Names = None,
        ExpressionAttributeValues: Values = None,
        ReturnValuesOnConditionCheckFailure: str = "NONE",
    ) -> Answer:
        _refuse_both(ConditionExpression, Expected, ConditionalOperator)
        item = values.checked_item(Item)
        _check_returned(ReturnValues)
        given = Given(ExpressionAttributeNames, ExpressionAttributeValues)
        condition = _condition(given, ConditionExpression, Expected, ConditionalOperator)
        given.check_all_used()
        shows_old = ReturnValuesOnConditionCheckFailure == "ALL_OLD"

        def action(table: Table) -> Action:
            place = table.schema.place_of_item(item)
            indexes.check_put(table, item)
            return Action(table, place, actions.holding(condition), actions.putting(item), shows_old)

        wanted = Wanted(ReturnConsumedCapacity, ReturnItemCollectionMetrics, _RETURNED[ReturnValues])
        return await self._write(TableName, action, wanted)

    async def delete_item(
        self,
        *,
        TableName: str,
        Key: Mapping[str, Value],
        Expected: Older = None,
        ConditionalOperator: str | None = None,
        ReturnValues: str = "NONE",
        ReturnConsumedCapacity: str = "NONE",
        ReturnItemCollectionMetrics: str = "NONE",
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: Names = None,
        ExpressionAttributeValues: Values = None,
        ReturnValuesOnConditionCheckFailure: str = "NONE",
    ) -> Answer:
        _refuse_both(ConditionExpression, Expected, ConditionalOperator)
        key = values.checked_item(Key)
        _check_returned(ReturnValues)
        given = Given(ExpressionAttributeNames, ExpressionAttributeValues)
        condition = _condition(given, ConditionExpression, Expected, ConditionalOperator)
        given.check_all_used()
        shows_old = ReturnValuesOnConditionCheckFailure == "ALL_OLD"

        def action(table: Table) -> Action:
            place = table.schema.place_of_key(key)
            return Action(table, place, actions.holding(condition), actions.deleting, shows_old)

        wanted = Wanted(ReturnConsumedCapacity, ReturnItemCollectionMetrics, _RETURNED[ReturnValues])
        return await self._write(TableName, action, wanted)

    async def update_item(
        self,
        *,
        TableName: str,
        Key: Mapping[str, Value],
        AttributeUpdates: Older = None,
        Expected: Older = None,
        ConditionalOperator: str | None = None,
        ReturnValues: str = "NONE",
        ReturnConsumedCapacity: str = "NONE",
        ReturnItemCollectionMetrics: str = "NONE",
        UpdateExpression: str | None = None,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: Names = None,
        ExpressionAttributeValues: Values = None,
        ReturnValuesOnConditionCheckFailure: str = "NONE",
    ) -> Answer:
        older = {"AttributeUpdates": AttributeUpdates, "Expected": Expected, "ConditionalOperator": ConditionalOperator}
        newer = {"UpdateExpression": UpdateExpression, "ConditionExpression": ConditionExpression}
        legacy.refuse_both(older, newer)
        key = values.checked_item(Key)
        given = Given(ExpressionAttributeNames, ExpressionAttributeValues)
        update = given.update(UpdateExpression) or legacy.update(AttributeUpdates)
        condition = _condition(given, ConditionExpression, Expected, ConditionalOperator)
        given.check_all_used()
        shows_old = ReturnValuesOnConditionCheckFailure == "ALL_OLD"

        def action(table: Table) -> Action:
            place = table.schema.place_of_key(key)
            makes = actions.updating(table, key, update) if update is not None else _touching(key)
            too_large = actions.UPDATE_TOO_LARGE
            return Action(table, place, actions.holding(condition), makes, shows_old, too_large=too_large)

        wanted = Wanted(ReturnConsumedCapacity, ReturnItemCollectionMetrics, _returning(ReturnValues, update))
        return await self._write(TableName, action, wanted)

    async def _write(self, table_name: str, action: Callable[[Table], Action], wanted: Wanted) -> Answer:
        """One write: looked up, checked, done and told."""

        def write(tx: Transaction) -> Answer:
            table = self._table(tx, table_name)
            doing = action(table)
            meter = self.meter(wanted.capacity, WRITE)
            meter.admit(tx, table, doing.place[0])
            planned = actions.plan(tx, doing)
            made = actions.perform(tx, planned) or Change(doing.place, None, None, 0, 0)
            if meter.is_on:
                meter.of(table).on_change(made)
                meter.settle(tx)
            shown = wanted.values(made)
            answer = {"Attributes": shown} if shown else {}
            if wanted.metrics != "NONE":
                answer |= _metrics(tx, table, made)
            return answer | meter.answer_of_one()

        return await self.store.write(write)


def _refuse_both(condition: str | None, expected: Older, joined_by: str | None) -> None:
    if expected is not None or joined_by is not None:
        older = {"Expected": expected, "ConditionalOperator": joined_by}
        legacy.refuse_both(older, {"ConditionExpression": condition})


def _condition(given: Given, text: str | None, expected: Older, joined_by: str | None) -> Condition | None:
    return given.condition(text, "ConditionExpression") or legacy.expected(expected, joined_by)


def _check_returned(wanted: str) -> None:
    if wanted not in _RETURNED:
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE")


def _nothing(made: Change) -> None:
    return None


def _all_old(made: Change) -> Item | None:
    return made.old


_RETURNED: Mapping[str, Callable[[Change], Item | None]] = {"NONE": _nothing, "ALL_OLD": _all_old}


def _returning(wanted: str, update: Update | None) -> Callable[[Change], Item | None]:
    """What an update returns. One without expression changes nothing that could be shown by itself."""
    if wanted in _RETURNED:
        return _RETURNED[wanted]
    if update is None:
        return (lambda made: made.new) if wanted == "ALL_NEW" else _nothing
    return lambda made: actions.shown(wanted, update, made.old, made.new)


def _touching(key: Item) -> Callable[[Item | None], Item]:
    """An update that says nothing makes the item, if it is not there."""
    return lambda old: dict(key) if old is None else old


def _metrics(tx: ReadTransaction, table: Table, made: Change) -> Answer:
    item = made.new if made.new is not None else made.old
    if item is None:
        return {}
    found = item_collections.metrics(tx, table, made.place, item[table.schema.hash])
    return {} if found is None else {"ItemCollectionMetrics": found}
