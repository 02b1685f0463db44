"""Subnet groups: where the nodes of a cluster would be. Subnets are kept as they are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dax import happenings, names
from cumulet.services.dax.errors import (
    InvalidSubnet,
    SubnetGroupAlreadyExistsFault,
    SubnetGroupInUseFault,
    SubnetGroupNotFoundFault,
    SubnetGroupQuotaExceededFault,
)
from cumulet.services.dax.names import SUBNET_GROUPS

DEFAULT = "default"
_MOST = 50
_NETWORKS = ["ipv4"]


class SubnetGroup(Record):
    name: str
    description: str = ""
    subnets: tuple[str, ...] = ()

    @property
    def described(self) -> dict[str, Any]:
        subnets = [{"SubnetIdentifier": each, "SupportedNetworkTypes": _NETWORKS} for each in self.subnets]
        return {
            "SubnetGroupName": self.name,
            "Description": self.description,
            "Subnets": subnets,
            "SupportedNetworkTypes": _NETWORKS,
        }


_DEFAULT = SubnetGroup(name=DEFAULT, description="Default CacheSubnetGroup")


def get(tx: ReadTransaction, scope: Scope, name: str) -> SubnetGroup:
    """Raises SubnetGroupNotFoundFault."""
    found: SubnetGroup | None = tx.get(names.key(scope, SUBNET_GROUPS, name.lower()))
    if found is None:
        if name == DEFAULT:
            return _DEFAULT
        raise SubnetGroupNotFoundFault
    return found


def create(tx: Transaction, scope: Scope, name: str, description: str, subnets: Sequence[str]) -> SubnetGroup:
    """Raises InvalidSubnet, InvalidParameterValueException, SubnetGroupAlreadyExistsFault or
    SubnetGroupQuotaExceededFault."""
    made = SubnetGroup(name=names.checked(name, SUBNET_GROUPS), description=description, subnets=_checked(subnets))
    place = names.key(scope, SUBNET_GROUPS, made.name)
    if made.name == DEFAULT or tx.get(place) is not None:
        raise SubnetGroupAlreadyExistsFault
    if len(list(tx.range(names.key(scope, SUBNET_GROUPS), limit=_MOST))) == _MOST:
        raise SubnetGroupQuotaExceededFault
    tx.put(place, made)
    happenings.note(tx, scope, SUBNET_GROUPS, made.name, "Subnet group created.")
    return made


def update(
    tx: Transaction, scope: Scope, name: str, description: str | None, subnets: Sequence[str] | None
) -> SubnetGroup:
    """Raises SubnetGroupNotFoundFault or InvalidSubnet."""
    group = get(tx, scope, name)
    group = replace(
        group, description=group.description if description is None else description,
        subnets=group.subnets if subnets is None else _checked(subnets),
    )  # fmt: skip
    tx.put(names.key(scope, SUBNET_GROUPS, group.name), group)
    happenings.note(tx, scope, SUBNET_GROUPS, group.name, "Subnet group updated.")
    return group


def delete(tx: Transaction, scope: Scope, name: str, *, is_used: bool) -> None:
    """Raises SubnetGroupNotFoundFault or SubnetGroupInUseFault."""
    group = get(tx, scope, name)
    if is_used or group.name == DEFAULT:
        raise SubnetGroupInUseFault
    tx.delete(names.key(scope, SUBNET_GROUPS, group.name))
    happenings.note(tx, scope, SUBNET_GROUPS, group.name, "Subnet group deleted.")


def _checked(subnets: Sequence[str]) -> tuple[str, ...]:
    if not subnets or not all(each.startswith("subnet-") for each in subnets):
        raise InvalidSubnet("A subnet group has at least one subnet, named by its ID.")
    return tuple(dict.fromkeys(subnets))
