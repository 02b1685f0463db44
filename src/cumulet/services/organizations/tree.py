"""The tree of an organization: which account or unit is below which, from the root down.

An entity knows its parent; an index by parent tells the children, units and accounts apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations.errors import ParentNotFoundException, TargetNotFoundException
from cumulet.services.organizations.organizations import Organization

ACCOUNT, UNIT, ROOT = "ACCOUNT", "ORGANIZATIONAL_UNIT", "ROOT"
CREATED, INVITED = "CREATED", "INVITED"


class Unit(Record):
    """An organizational unit."""

    id: str
    name: str
    parent: str
    created: datetime


class Member(Record):
    """An account in the organization."""

    number: str
    parent: str
    method: str
    joined: datetime


def member(tx: ReadTransaction, organization: Organization, number: str) -> Member | None:
    found: Member | None = tx.get(organization.key("accounts", number))
    return found


def unit(tx: ReadTransaction, organization: Organization, unit_id: str) -> Unit | None:
    found: Unit | None = tx.get(organization.key("units", unit_id))
    return found


def put(tx: Transaction, organization: Organization, entity: Unit | Member) -> None:
    """Keep a unit or an account where it says it is."""
    kind, name = _kind_and_name(entity)
    before: Unit | Member | None = tx.get(organization.key(_KEPT_AS[kind], name))
    if before is not None:
        tx.delete(children(organization, before.parent, kind, name))
    tx.put(organization.key(_KEPT_AS[kind], name), entity)
    tx.put(children(organization, entity.parent, kind, name), "")


def remove(tx: Transaction, organization: Organization, entity: Unit | Member) -> None:
    kind, name = _kind_and_name(entity)
    tx.delete(organization.key(_KEPT_AS[kind], name))
    tx.delete(children(organization, entity.parent, kind, name))


def children(organization: Organization, parent: str, *rest: str) -> Key:
    """The keys of what is directly below: after the parent come the kind of child and its id."""
    return organization.key("children", parent, *rest)


def is_parent(tx: ReadTransaction, organization: Organization, name: str) -> bool:
    """Whether there is such a root or unit."""
    return name == organization.root or unit(tx, organization, name) is not None


def demand_parent(tx: ReadTransaction, organization: Organization, name: str) -> None:
    if not is_parent(tx, organization, name):
        raise ParentNotFoundException


def kind_of(tx: ReadTransaction, organization: Organization, name: str) -> str:
    """What the id of an entity names: a ROOT, an ORGANIZATIONAL_UNIT or an ACCOUNT. Raises TargetNotFoundException."""
    if name == organization.root:
        return ROOT
    if unit(tx, organization, name) is not None:
        return UNIT
    if member(tx, organization, name) is not None:
        return ACCOUNT
    raise TargetNotFoundException


def line(tx: ReadTransaction, organization: Organization, name: str) -> list[str]:
    """The ids from the root down to an entity, itself included."""
    below = [name]
    while below[-1] != organization.root:
        entity = unit(tx, organization, below[-1]) or member(tx, organization, below[-1])
        assert entity is not None, f"{below[-1]} has no place in the tree"
        below.append(entity.parent)
    return below[::-1]


def path(tx: ReadTransaction, organization: Organization, name: str) -> str:
    """Where an entity is, as aws:PrincipalOrgPaths and Paths of answers have it: "o-1/r-2/ou-3/"."""
    return "/".join([organization.id, *line(tx, organization, name), ""])


def depth(tx: ReadTransaction, organization: Organization, parent: str) -> int:
    """How many units lie between an entity and the root, itself included."""
    return len(line(tx, organization, parent)) - 1


def entities(tx: ReadTransaction, organization: Organization) -> Iterator[str]:
    """The ids of everything a policy can be attached to."""
    yield organization.root
    for kept in (organization.key("units"), organization.key("accounts")):
        yield from [key[-1] for key, _ in tx.items(kept)]


def _kind_and_name(entity: Unit | Member) -> tuple[str, str]:
    return (ACCOUNT, entity.number) if isinstance(entity, Member) else (UNIT, entity.id)


_KEPT_AS = {ACCOUNT: "accounts", UNIT: "units"}
