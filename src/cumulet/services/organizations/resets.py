"""Forgetting one account: who managed an organization leaves its members without one, a member leaves its own."""

from __future__ import annotations

from cumulet.kernel import authority
from cumulet.kernel.store import Transaction
from cumulet.services.organizations import members, organizations


def withdraw(tx: Transaction, account: str) -> None:
    organization = organizations.of(tx, account)
    if organization is None:
        return
    if account != organization.management:
        members.remove(tx, organization, account, "REMOVED")
        return
    for key, _ in list(tx.items(organization.key("accounts"))):
        if key[-1] != account:
            members.remove(tx, organization, key[-1], "REMOVED")


def settle(tx: Transaction) -> None:
    """What anybody may do may be another thing now."""
    authority.organization_changed(tx)
