"""Organizational units: folders of the tree, five deep at most. Their names are unique in their parent.

Source: Organizations User Guide, Quotas: 2000 units in an organization."""

from __future__ import annotations

from collections.abc import Sequence

from cumulet.kernel import authority
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import attachments, organizations, tags, tree
from cumulet.services.organizations.errors import (
    ConstraintViolationException,
    DuplicateOrganizationalUnitException,
    OrganizationalUnitNotEmptyException,
    OrganizationalUnitNotFoundException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page
from cumulet.services.organizations.tree import Unit

_DEEPEST = 5
_MOST = 2000


def create(
    tx: Transaction, organization: Organization, parent: str, name: str, given: Sequence[tags.Tag]
) -> dict[str, str]:
    """A new unit below `parent`; the tags are checked before anything is written."""
    tree.demand_parent(tx, organization, parent)
    _demand_name(tx, organization, parent, name)
    if tree.depth(tx, organization, parent) >= _DEEPEST:
        raise ConstraintViolationException("OU_DEPTH_LIMIT_EXCEEDED")
    if sum(1 for _ in tx.items(organization.key("units"), limit=_MOST)) >= _MOST:
        raise ConstraintViolationException("OU_NUMBER_LIMIT_EXCEEDED")
    unit_id = f"ou-{organization.root[2:]}-{organizations.name(tx.ids, 8)}"
    unit = Unit(id=unit_id, name=name, parent=parent, created=tx.now)
    tree.put(tx, organization, unit)
    tags.add(tx, organization, unit_id, given)
    attachments.attach_defaults(tx, organization, unit_id)
    authority.organization_changed(tx)
    return as_wire(tx, organization, unit)


def find(tx: ReadTransaction, organization: Organization, unit_id: str) -> Unit:
    """Raises OrganizationalUnitNotFoundException."""
    unit = tree.unit(tx, organization, unit_id)
    if unit is None:
        raise OrganizationalUnitNotFoundException
    return unit


def describe(tx: ReadTransaction, organization: Organization, unit_id: str) -> dict[str, str]:
    return as_wire(tx, organization, find(tx, organization, unit_id))


def rename(tx: Transaction, organization: Organization, unit_id: str, name: str | None) -> dict[str, str]:
    unit = find(tx, organization, unit_id)
    if name is not None and name != unit.name:
        _demand_name(tx, organization, unit.parent, name)
        unit = replace(unit, name=name)
        tree.put(tx, organization, unit)
    return as_wire(tx, organization, unit)


def delete(tx: Transaction, organization: Organization, unit_id: str) -> None:
    """Raises OrganizationalUnitNotEmptyException while there is anything below it."""
    unit = find(tx, organization, unit_id)
    if any(tx.items(tree.children(organization, unit_id), limit=1)):
        raise OrganizationalUnitNotEmptyException
    attachments.detach_all(tx, organization, unit_id)
    tags.forget(tx, organization, unit_id)
    tree.remove(tx, organization, unit)
    authority.organization_changed(tx)


def listed(
    tx: ReadTransaction, organization: Organization, parent: str, page: Page
) -> tuple[list[dict[str, str]], str | None]:
    tree.demand_parent(tx, organization, parent)
    below = tree.children(organization, parent, tree.UNIT)
    return page.of(tx, below, lambda key, _: describe(tx, organization, key[-1]))


def as_wire(tx: ReadTransaction, organization: Organization, unit: Unit) -> dict[str, str]:
    return {
        "Id": unit.id,
        "Arn": organization.arn(f"ou/{organization.id}/{unit.id}"),
        "Name": unit.name,
        "Path": tree.path(tx, organization, unit.id),
    }


def _demand_name(tx: ReadTransaction, organization: Organization, parent: str, name: str) -> None:
    siblings = tx.items(tree.children(organization, parent, tree.UNIT))
    if any(find(tx, organization, key[-1]).name == name for key, _ in siblings):
        raise DuplicateOrganizationalUnitException
