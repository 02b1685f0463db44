"""Founding an organization: its management account is the first member, and has joined by its own wish."""

from __future__ import annotations

from cumulet.kernel.store import Transaction
from cumulet.services.organizations import members, organizations, tree


def create(tx: Transaction, account: str, features: str) -> dict[str, object]:
    organization = organizations.found(tx, account, features)
    members.join(tx, organization, account, tree.INVITED)
    return organizations.as_wire(tx, organization)
