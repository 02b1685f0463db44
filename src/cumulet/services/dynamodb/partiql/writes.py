"""INSERT, UPDATE, DELETE and EXISTS as actions. Each is about one item, which its WHERE clause names by its key.

Sources: DynamoDB Developer Guide, PartiQL insert, update and delete statements; PartiQL functions, EXISTS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cumulet.services.dynamodb import actions, indexes, values
from cumulet.services.dynamodb.actions import Action, Planned
from cumulet.services.dynamodb.errors import DuplicateItemException, ValidationException
from cumulet.services.dynamodb.partiql import literals, places, wording
from cumulet.services.dynamodb.partiql.syntax import Delete, Exists, Insert, Update
from cumulet.services.dynamodb.tables import Table
from cumulet.services.dynamodb.values import Item, Value

Shows = Callable[[Planned], Item | None]


class Write(NamedTuple):
    """What a statement does, and what its RETURNING clause shows of it."""

    action: Action
    shows: Shows | None


def write(
    table: Table, statement: Insert | Update | Delete | Exists, parameters: Sequence[Value], *, shows_old: bool
) -> Write:
    """The statement on its table. Raises ValidationException."""
    match statement:
        case Insert():
            return _insert(table, statement, parameters, shows_old)
        case Update():
            return _update(table, statement, parameters, shows_old)
        case Delete():
            return _delete(table, statement, parameters, shows_old)
        case Exists():
            return _exists(table, statement, parameters, shows_old)


def _insert(table: Table, statement: Insert, parameters: Sequence[Value], shows_old: bool) -> Write:
    given = literals.bound(statement.item, parameters) if literals.is_value(statement.item) else {}
    if "M" not in given:
        raise ValidationException("Unsupported value of INSERT: it must be a map")
    item = values.checked_item(given["M"])
    for name in table.schema.names:
        if name not in item:
            raise ValidationException(f"Key attribute should be present in the item: Key {name}")
    places.check_types(table.schema, item)
    place = table.schema.place_of_item(item)
    indexes.check_put(table, item)
    action = Action(table, place, _is_free, actions.putting(item), shows_old, DuplicateItemException)
    return Write(action, None)


def _is_free(old: Item | None) -> bool:
    return old is None


def _update(table: Table, statement: Update, parameters: Sequence[Value], shows_old: bool) -> Write:
    key, rest = places.one(table.schema, statement.where, parameters)
    update = wording.update(statement, parameters)
    condition = wording.condition(rest, parameters, "ConditionExpression")

    def holds(old: Item | None) -> bool:
        """An UPDATE changes what is there, and makes nothing new."""
        return old is not None and (condition is None or condition.holds(old))

    makes = actions.updating(table, key, update)
    shows = None
    if statement.returning:
        shows = lambda planned: actions.shown(statement.returning, update, planned.old, planned.new)  # noqa: E731
    place = table.schema.place_of_key(key)
    return Write(Action(table, place, holds, makes, shows_old, too_large=actions.UPDATE_TOO_LARGE), shows)


def _delete(table: Table, statement: Delete, parameters: Sequence[Value], shows_old: bool) -> Write:
    key, rest = places.one(table.schema, statement.where, parameters)
    if statement.returning not in ("", "ALL_OLD"):
        raise ValidationException("DELETE statement only supports RETURNING ALL OLD *")
    condition = wording.condition(rest, parameters, "ConditionExpression")

    def holds(old: Item | None) -> bool:
        """To delete what is not there is no error, whatever else is asked of it."""
        return old is None or condition is None or condition.holds(old)

    shows = (lambda planned: planned.old) if statement.returning else None
    return Write(Action(table, table.schema.place_of_key(key), holds, actions.deleting, shows_old), shows)


def _exists(table: Table, statement: Exists, parameters: Sequence[Value], shows_old: bool) -> Write:
    key, rest = places.one(table.schema, statement.where, parameters)
    condition = wording.condition(rest, parameters, "ConditionExpression")

    def holds(old: Item | None) -> bool:
        return condition.holds(old) if condition is not None else old is not None

    return Write(Action(table, table.schema.place_of_key(key), holds, None, shows_old), None)
