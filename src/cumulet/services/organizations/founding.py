"""Founding an organization: its management account is the first member, and has joined by its own wish."""

from __future__ import annotations

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import members, organizations, tree
from cumulet.services.organizations.errors import AlreadyInOrganizationException


def demand_none(tx: ReadTransaction, account: str) -> None:
    """Raises AlreadyInOrganizationException."""
    if organizations.of(tx, account) is not None:
        raise AlreadyInOrganizationException


def create(tx: Transaction, account: str, features: str) -> dict[str, object]:
    organization = organizations.found(tx, account, features)
    members.join(tx, organization, account, tree.INVITED)
    return organizations.as_wire(tx, organization)
