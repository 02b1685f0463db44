"""Parameter groups: how long items and the results of queries stay in caches.

Source: DynamoDB Developer Guide, "DAX cluster components"."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dax import happenings, names
from cumulet.services.dax.errors import (
    InvalidParameterGroupStateFault,
    InvalidParameterValueException,
    ParameterGroupAlreadyExistsFault,
    ParameterGroupNotFoundFault,
    ParameterGroupQuotaExceededFault,
)
from cumulet.services.dax.names import PARAMETER_GROUPS

DEFAULT = "default.dax1.0"
_MOST = 20
_USUAL = "300000"
_PARAMETERS = {
    "query-ttl-millis": "Duration in milliseconds for queries to remain cached",
    "record-ttl-millis": "Duration in milliseconds for records to remain valid in cache (Default: 0 = infinite)",
}
_LONGEST_VALUE = 18


class ParameterGroup(Record):
    name: str
    description: str = ""
    values: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    """Those that were changed."""

    @property
    def described(self) -> dict[str, Any]:
        return {"ParameterGroupName": self.name, "Description": self.description}


_DEFAULT = ParameterGroup(name=DEFAULT, description="Default parameter group for dax1.0")


def get(tx: ReadTransaction, scope: Scope, name: str) -> ParameterGroup:
    """Raises ParameterGroupNotFoundFault."""
    if name == DEFAULT:
        return _DEFAULT
    found: ParameterGroup | None = tx.get(names.key(scope, PARAMETER_GROUPS, name.lower()))
    if found is None:
        raise ParameterGroupNotFoundFault
    return found


def page(
    tx: ReadTransaction, scope: Scope, wanted: int | None, after: str | None
) -> tuple[list[ParameterGroup], str | None]:
    """The default group is on the first page, beside the others."""
    found, more = names.page(tx, scope, PARAMETER_GROUPS, wanted, after)
    return ([_DEFAULT, *found] if after is None else found), more


def create(tx: Transaction, scope: Scope, name: str, description: str) -> ParameterGroup:
    """Raises InvalidParameterValueException, ParameterGroupAlreadyExistsFault or ParameterGroupQuotaExceededFault."""
    made = ParameterGroup(name=names.checked(name, PARAMETER_GROUPS), description=description)
    place = names.key(scope, PARAMETER_GROUPS, made.name)
    if tx.get(place) is not None:
        raise ParameterGroupAlreadyExistsFault
    if len(list(tx.range(names.key(scope, PARAMETER_GROUPS), limit=_MOST))) == _MOST:
        raise ParameterGroupQuotaExceededFault
    tx.put(place, made)
    happenings.note(tx, scope, PARAMETER_GROUPS, made.name, "Parameter group created.")
    return made


def update(tx: Transaction, scope: Scope, name: str, given: list[dict[str, str]]) -> ParameterGroup:
    """Raises ParameterGroupNotFoundFault, InvalidParameterGroupStateFault or InvalidParameterValueException."""
    group = get(tx, scope, name)
    if group.name == DEFAULT:
        raise InvalidParameterGroupStateFault("The default parameter group cannot be changed.")
    changed = {each.get("ParameterName", ""): each.get("ParameterValue", "") for each in given}
    for parameter, value in changed.items():
        if parameter not in _PARAMETERS:
            raise InvalidParameterValueException(f"Parameter {parameter} does not exist.")
        if not (value.isascii() and value.isdigit() and len(value) <= _LONGEST_VALUE):
            raise InvalidParameterValueException(f"Value {value[:64]} of parameter {parameter} is out of range.")
    group = replace(group, values={**group.values, **changed})
    tx.put(names.key(scope, PARAMETER_GROUPS, group.name), group)
    happenings.note(tx, scope, PARAMETER_GROUPS, group.name, "Parameter group updated.")
    return group


def delete(tx: Transaction, scope: Scope, name: str, *, is_used: bool) -> None:
    """Raises ParameterGroupNotFoundFault or InvalidParameterGroupStateFault."""
    group = get(tx, scope, name)
    if group.name == DEFAULT or is_used:
        raise InvalidParameterGroupStateFault
    tx.delete(names.key(scope, PARAMETER_GROUPS, group.name))
    happenings.note(tx, scope, PARAMETER_GROUPS, group.name, "Parameter group deleted.")


def parameters(group: ParameterGroup = _DEFAULT, source: str | None = None) -> list[dict[str, Any]]:
    """All parameters with their values; those from one source ("system", "user") if one is named."""
    shown = [_parameter(group, name) for name in _PARAMETERS]
    return [each for each in shown if source in (None, each["Source"])]


def _parameter(group: ParameterGroup, name: str) -> dict[str, Any]:
    return {
        "ParameterName": name,
        "ParameterType": "DEFAULT",
        "ParameterValue": group.values.get(name, _USUAL),
        "NodeTypeSpecificValues": [],
        "Description": _PARAMETERS[name],
        "Source": "user" if name in group.values else "system",
        "DataType": "integer",
        "AllowedValues": "0-",
        "IsModifiable": "TRUE",
        "ChangeType": "IMMEDIATE",
    }
