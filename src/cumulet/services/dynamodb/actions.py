"""Actions: one write to one item, or a check of one, with its condition. Transactions and PartiQL are made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import indexes, items, values
from cumulet.services.dynamodb.changes import Change
from cumulet.services.dynamodb.errors import (
    INVALID,
    ConditionalCheckFailedException,
    ItemTooLarge,
    ValidationException,
)
from cumulet.services.dynamodb.expressions import Condition, Given, Update
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item, Value

Holds = Callable[[Item | None], bool]
Makes = Callable[[Item | None], Item | None]

UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"


class Action(NamedTuple):
    """What is to be done to the item at `place`. `makes` tells the new item from the old one; None only checks."""

    table: Table
    place: Place
    holds: Holds | None
    makes: Makes | None
    shows_old: bool
    """Whether a refusal shows the item (ReturnValuesOnConditionCheckFailure)."""
    refusal: type[ServiceError] = ConditionalCheckFailedException
    """What to raise where the condition does not hold."""
    too_large: str = ItemTooLarge.message
    """What to say of an item that becomes too large."""


class Planned(NamedTuple):
    """An action whose condition holds: the item, before and after."""

    action: Action
    old: Item | None
    new: Item | None


def plan(tx: ReadTransaction, action: Action) -> Planned:
    """Look at the item, and work out what becomes of it.

    Raises the action's refusal where the condition does not hold, or ValidationException."""
    old = items.find(tx, action.table, action.place)
    if action.holds is not None and not action.holds(old):
        raise action.refusal(**({"Item": old} if action.shows_old and old is not None else {}))
    return Planned(action, old, old if action.makes is None else action.makes(old))


def perform(tx: Transaction, planned: Planned) -> Change | None:
    """Write what was planned; None where there is nothing to write. Raises ValidationException."""
    if planned.action.makes is None or (planned.old is None and planned.new is None):
        return None
    try:
        return items.change(tx, planned.action.table, planned.action.place, planned.old, planned.new)
    except ItemTooLarge:
        raise ItemTooLarge(planned.action.too_large) from None


def holding(condition: Condition | None) -> Holds | None:
    return None if condition is None else condition.holds


def putting(item: Item) -> Makes:
    return lambda _old: item


def deleting(_old: Item | None) -> None:
    return None


def updating(table: Table, key: Mapping[str, Value], update: Update) -> Makes:
    """Raises ValidationException, also later, where the update does not fit the item."""
    touched = update.touches(table.schema.names)
    if touched is not None:
        raise ValidationException(f"{INVALID}Cannot update attribute {touched}. This attribute is part of the key")

    def make(old: Item | None) -> Item | None:
        new = update.apply(dict(key) if old is None else old)
        if old is None and len(new) == len(key) and update.changed_paths:
            return None  # an update that only takes away makes no item
        if table.indexes:
            indexes.check_update(table, old, new, update.given)
        return new

    return make


def shown(returned: str, update: Update, old: Item | None, new: Item | None) -> Item | None:
    """What an update returns, as UpdateItem's ReturnValues names it."""
    item = old if returned.endswith("OLD") else new
    return item if returned.startswith("ALL") else update.changed_of(item)


class Request(NamedTuple):
    """An action as a request spells it; what can be refused without knowing the table has been."""

    kind: str
    """ConditionCheck, Put, Update or Delete."""
    table_name: str
    subject: Item
    """The key, or the item to put."""
    condition: Condition | None
    update: Update | None
    shows_old: bool


def read(kind: str, given: Mapping[str, Any]) -> Request:
    """Raises ValidationException."""
    bindings = Given(given.get("ExpressionAttributeNames"), given.get("ExpressionAttributeValues"))
    condition = bindings.condition(given.get("ConditionExpression"), "ConditionExpression")
    update = bindings.update(given["UpdateExpression"]) if kind == "Update" else None
    bindings.check_all_used()
    subject = values.checked_item(given["Item"] if kind == "Put" else given["Key"])
    shows_old = given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return Request(kind, given["TableName"], subject, condition, update, shows_old)


def of_request(table: Table, request: Request) -> Action:
    """The action on its table. Raises ValidationException for a key that is not the table's."""
    if request.kind == "Put":
        place = table.schema.place_of_item(request.subject)
        indexes.check_put(table, request.subject)
    else:
        place = table.schema.place_of_key(request.subject)
    makes = _making(table, request)
    action = Action(table, place, holding(request.condition), makes, request.shows_old)
    return action if request.update is None else action._replace(too_large=UPDATE_TOO_LARGE)


def _making(table: Table, request: Request) -> Makes | None:
    if request.kind == "Put":
        return putting(request.subject)
    if request.update is not None:
        return updating(table, request.subject, request.update)
    return deleting if request.kind == "Delete" else None
