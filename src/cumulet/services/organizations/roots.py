"""The root of an organization's tree, and which types of policies are enabled in it."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import attachments, organizations, policy_types, tree
from cumulet.services.organizations.errors import (
    PolicyTypeAlreadyEnabledException,
    PolicyTypeNotAvailableForOrganizationException,
    PolicyTypeNotEnabledException,
    RootNotFoundException,
)
from cumulet.services.organizations.organizations import Organization


def enable(tx: Transaction, organization: Organization, root: str, kind: str) -> dict[str, Any]:
    """Policies of the type can be attached from now on; those that allow everything are, to everything."""
    _demand(organization, root, kind)
    if organization.features != organizations.ALL:
        raise PolicyTypeNotAvailableForOrganizationException
    if kind in organization.types:
        raise PolicyTypeAlreadyEnabledException
    changed = organizations.change(tx, organization, types=(*organization.types, kind))
    for entity in list(tree.entities(tx, organization)):
        attachments.attach_defaults(tx, changed, entity, kind)
    return as_wire(changed)


def disable(tx: Transaction, organization: Organization, root: str, kind: str) -> dict[str, Any]:
    """All policies of the type are detached, from everything."""
    _demand(organization, root, kind)
    if kind not in organization.types:
        raise PolicyTypeNotEnabledException
    for entity in list(tree.entities(tx, organization)):
        attachments.detach_all(tx, organization, entity, kind)
    left = tuple(each for each in organization.types if each != kind)
    return as_wire(organizations.change(tx, organization, types=left))


def listed(tx: ReadTransaction, organization: Organization) -> list[dict[str, Any]]:
    return [as_wire(organization)]


def as_wire(organization: Organization) -> dict[str, Any]:
    return {
        "Id": organization.root,
        "Arn": organization.root_arn,
        "Name": "Root",
        "PolicyTypes": [{"Type": kind, "Status": "ENABLED"} for kind in organization.types],
    }


def _demand(organization: Organization, root: str, kind: str) -> None:
    policy_types.known(kind)
    if root != organization.root:
        raise RootNotFoundException
