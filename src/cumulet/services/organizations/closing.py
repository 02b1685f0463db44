"""Closing member accounts: they are refused at once, and gone after 90 days.

Source: CloseAccount; Account Management Reference Guide, Close an account."""

from __future__ import annotations

from datetime import timedelta

from cumulet.kernel import accounts, authority
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import members, organizations, telling
from cumulet.services.organizations.errors import (
    AccountAlreadyClosedException,
    AccountNotFoundException,
    ConflictException,
    ConstraintViolationException,
)
from cumulet.services.organizations.organizations import Organization

_WINDOW = timedelta(days=30)
_KEPT = timedelta(days=90)
_ALWAYS, _MOST, _SHARE = 250, 1000, 5
"""In 30 days an organization may close a fifth of its accounts, 250 in any case, and never more than 1000."""


def request(tx: Transaction, organization: Organization, number: str) -> None:
    organizations.demand_all_features(organization)
    members.demand(tx, organization, number)
    if number == organization.management:
        raise ConstraintViolationException("CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    account = accounts.find(tx, number)
    if account.state is accounts.State.CLOSED:
        raise AccountAlreadyClosedException
    if account.state is accounts.State.PENDING_CLOSURE:
        raise ConflictException
    if members.is_administrator(tx, organization, number):
        raise ConstraintViolationException("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    _demand_quota(tx, organization)
    accounts.keep(tx, replace(account, state=accounts.State.PENDING_CLOSURE))
    tx.put(organization.key("closures", tx.now, number), "")
    _schedule(tx, organization, "organizations.finish_closing", number, timedelta(0))


def finish(tx: Transaction, organization: Organization, number: str) -> None:
    """Close the account, unless something else has become of it since."""
    if accounts.find(tx, number).state is not accounts.State.PENDING_CLOSURE:
        return
    accounts.close(tx, number)
    authority.changed(tx, number)
    authority.organization_changed(tx)
    status = {"accountId": number, "state": "SUCCEEDED"}
    telling.tell(tx, organization, "CloseAccountResult", number, {"closeAccountStatus": status})
    _schedule(tx, organization, "organizations.drop_closed", number, _KEPT)


def drop(tx: Transaction, organization: Organization, number: str) -> None:
    """Let an account go that has been closed long enough."""
    try:
        members.demand(tx, organization, number)
    except AccountNotFoundException:
        return
    closed = accounts.find(tx, number).closed
    if closed is not None and closed + _KEPT <= tx.now:
        members.remove(tx, organization, number, "CLOSED")


def _demand_quota(tx: ReadTransaction, organization: Organization) -> None:
    recent = sum(1 for _ in tx.items(organization.key("closures"), since=tx.now - _WINDOW))
    size = sum(1 for _ in tx.items(organization.key("accounts")))
    if recent >= min(max(_ALWAYS, size // _SHARE), _MOST):
        raise ConstraintViolationException("CLOSE_ACCOUNT_QUOTA_EXCEEDED")


def _schedule(tx: Transaction, organization: Organization, handler: str, number: str, wait: timedelta) -> None:
    tx.schedule(tx.now + wait, handler, {"number": number}, scope=Scope(account=organization.management), key=number)
