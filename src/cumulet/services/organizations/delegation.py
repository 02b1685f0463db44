"""Delegated administrators: member accounts that look after a service for the whole organization.

They may read the organization. Source: RegisterDelegatedAdministrator; Organizations User Guide, Quotas."""

from __future__ import annotations

from datetime import datetime

from cumulet.kernel import accounts, authority
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import members, organizations, tree, trusted
from cumulet.services.organizations.errors import (
    AccountAlreadyRegisteredException,
    AccountNotRegisteredException,
    ConstraintViolationException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page

_MOST_OF_A_SERVICE = 5


class Delegation(Record):
    since: datetime


def register(tx: Transaction, organization: Organization, account: str, principal: str) -> None:
    organizations.demand_all_features(organization)
    members.demand(tx, organization, account)
    if account == organization.management:
        raise ConstraintViolationException("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
    trusted.demand_recognised(principal, delegating=True)
    if accounts.find(tx, account).state is not accounts.State.ACTIVE:
        raise ConstraintViolationException("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR")
    if not trusted.is_enabled(tx, organization, principal):
        raise ConstraintViolationException("SERVICE_ACCESS_NOT_ENABLED")
    if tx.get(organization.key("delegated", account, principal)) is not None:
        raise AccountAlreadyRegisteredException
    if len(_administrators(tx, organization, principal)) >= _MOST_OF_A_SERVICE:
        raise ConstraintViolationException("MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED")
    tx.put(organization.key("delegated", account, principal), Delegation(since=tx.now))
    authority.organization_changed(tx)


def deregister(tx: Transaction, organization: Organization, account: str, principal: str) -> None:
    organizations.demand_all_features(organization)
    members.demand(tx, organization, account)
    trusted.demand_recognised(principal, delegating=True)
    if tx.get(organization.key("delegated", account, principal)) is None:
        raise AccountNotRegisteredException
    tx.delete(organization.key("delegated", account, principal))
    authority.organization_changed(tx)


def listed(
    tx: ReadTransaction, organization: Organization, principal: str | None, page: Page
) -> tuple[list[dict[str, object]], str | None]:
    organizations.demand_all_features(organization)
    since = _administrators(tx, organization, principal)
    return page.cut((account, _as_wire(tx, organization, account, first)) for account, first in sorted(since.items()))


def services(
    tx: ReadTransaction, organization: Organization, account: str, page: Page
) -> tuple[list[dict[str, object]], str | None]:
    """What the account looks after. Raises AccountNotRegisteredException if it is nothing."""
    organizations.demand_all_features(organization)
    members.demand(tx, organization, account)
    if not members.is_administrator(tx, organization, account):
        raise AccountNotRegisteredException
    return page.of(
        tx,
        organization.key("delegated", account),
        lambda key, kept: {"ServicePrincipal": key[-1], "DelegationEnabledDate": kept.since},
    )


def _administrators(tx: ReadTransaction, organization: Organization, principal: str | None) -> dict[str, datetime]:
    """The accounts that look after a service, or any, and since when."""
    found: dict[str, datetime] = {}
    for key, kept in tx.items(organization.key("delegated")):
        if principal in (None, key[-1]):
            found[key[-2]] = min(found.get(key[-2], kept.since), kept.since)
    return found


def _as_wire(tx: ReadTransaction, organization: Organization, account: str, since: datetime) -> dict[str, object]:
    member = tree.member(tx, organization, account)
    assert member is not None, f"{account} looks after a service of an organization that it has left"
    shown = members.as_wire(tx, organization, member)
    del shown["Paths"]
    return {**shown, "DelegationEnabledDate": since}
