"""Member accounts: how accounts come into an organization, move in its tree, and leave.

The management account pays for all. Who paid for an account from when to when is kept under the account, for its bills
outlive its membership."""

from __future__ import annotations

from datetime import datetime, timedelta

from cumulet.kernel import accounts, authority
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import attachments, handshakes, organizations, tags, telling, tree
from cumulet.services.organizations.errors import (
    AccountNotFoundException,
    ConstraintViolationException,
    DestinationParentNotFoundException,
    DuplicateAccountException,
    MasterCannotLeaveOrganizationException,
    OrganizationNotEmptyException,
    SourceParentNotFoundException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page
from cumulet.services.organizations.tree import Member

MOST = 10_000
"""Accounts in an organization. A new organization of AWS's may have 10 until its owner asks for more."""
MOST_BY_QUOTA = 10
_WAIT = timedelta(days=4)
"""How old a created account has to be before it can leave (ConstraintViolationException, WAIT_PERIOD_ACTIVE)."""


class Payer(Record):
    """Who paid for an account from when; `until` is None while it does."""

    management: str
    since: datetime
    until: datetime | None = None


def join(tx: Transaction, organization: Organization, number: str, method: str) -> None:
    """Take an account into the root of the organization, by a way that has been checked."""
    tree.put(tx, organization, Member(number=number, parent=organization.root, method=method, joined=tx.now))
    tx.put(organizations.pointer(number), organization.management)
    tx.put(_payer(number, tx.now), Payer(management=organization.management, since=tx.now))
    attachments.attach_defaults(tx, organization, number)
    authority.organization_changed(tx)
    telling.tell(
        tx, organization, "AccountJoinedOrganization", number, {"joinedMethod": method, "joinedTime": _written(tx)}
    )


def remove(tx: Transaction, organization: Organization, number: str, method: str) -> None:
    """Let an account go, without asking whether it may."""
    member = demand(tx, organization, number)
    attachments.detach_all(tx, organization, number)
    tags.forget(tx, organization, number)
    tree.remove(tx, organization, member)
    tx.delete(organizations.pointer(number))
    for key, payer in list(tx.items(("organizations", number, "payers"), reverse=True, limit=1)):
        tx.put(key, replace(payer, until=tx.now))
    authority.organization_changed(tx)
    departed = {"departureMethod": method, "departureTime": _written(tx)}
    telling.tell(tx, organization, "AccountDepartedOrganization", number, departed)


def leave(tx: Transaction, organization: Organization, number: str, method: str) -> None:
    """Let an account go that may: not the management account, no administrator of a service, none created just now."""
    if number == organization.management:
        raise MasterCannotLeaveOrganizationException
    member = demand(tx, organization, number)
    if is_administrator(tx, organization, number):
        raise ConstraintViolationException("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    if member.method == tree.CREATED and tx.now < member.joined + _WAIT:
        raise ConstraintViolationException("WAIT_PERIOD_ACTIVE")
    remove(tx, organization, number, method)


def dissolve(tx: Transaction, organization: Organization) -> None:
    """Delete an organization that has no accounts but the management account, and nothing else that lives on."""
    others = [key for key, _ in tx.items(organization.key("accounts"), limit=2) if key[-1] != organization.management]
    if others:
        raise OrganizationNotEmptyException
    remove(tx, organization, organization.management, "REMOVED")
    for handshake in handshakes.of_organization(tx, organization):
        handshakes.forget(tx, handshake.sender, handshake.id)
    for kept in (
        "organization", "units", "children", "policies", "policy-names", "attached", "targets", "tags", "trusted",
        "delegated", "creations", "resource-policy", "transfers", "closures",
    ):  # fmt: skip
        tx.delete_range(organization.key(kept))
    authority.organization_changed(tx)


def move(tx: Transaction, organization: Organization, number: str, source: str, destination: str) -> None:
    member = demand(tx, organization, number)
    if member.parent != source:
        raise (
            SourceParentNotFoundException if not tree.is_parent(tx, organization, source) else AccountNotFoundException
        )
    if not tree.is_parent(tx, organization, destination):
        raise DestinationParentNotFoundException
    if source == destination:
        raise DuplicateAccountException
    tree.put(tx, organization, replace(member, parent=destination))
    authority.organization_changed(tx)


def demand(tx: ReadTransaction, organization: Organization, number: str) -> Member:
    """Raises AccountNotFoundException."""
    member = tree.member(tx, organization, number)
    if member is None:
        raise AccountNotFoundException
    return member


def is_administrator(tx: ReadTransaction, organization: Organization, number: str) -> bool:
    """Whether the account looks after a service for the organization (delegation.py)."""
    return any(tx.items(organization.key("delegated", number), limit=1))


def has_room(tx: ReadTransaction, organization: Organization, *, by_quota: bool) -> bool:
    """Whether another account may come; closed ones count until they are gone."""
    most = MOST_BY_QUOTA if by_quota else MOST
    return sum(1 for _ in tx.items(organization.key("accounts"), limit=most)) < most


def describe(tx: ReadTransaction, organization: Organization, number: str) -> dict[str, object]:
    return as_wire(tx, organization, demand(tx, organization, number))


def listed(tx: ReadTransaction, organization: Organization, page: Page) -> tuple[list[dict[str, object]], str | None]:
    return page.of(tx, organization.key("accounts"), lambda _, member: as_wire(tx, organization, member))


def listed_below(
    tx: ReadTransaction, organization: Organization, parent: str, page: Page
) -> tuple[list[dict[str, object]], str | None]:
    """The accounts directly in the root or a unit."""
    tree.demand_parent(tx, organization, parent)
    below = tree.children(organization, parent, tree.ACCOUNT)
    return page.of(tx, below, lambda key, _: describe(tx, organization, key[-1]))


def as_wire(tx: ReadTransaction, organization: Organization, member: Member) -> dict[str, object]:
    """Status is the older way to tell what State tells: a closed account is SUSPENDED there."""
    account = accounts.find(tx, member.number)
    return {
        "Id": member.number,
        "Arn": organization.arn(f"account/{organization.id}/{member.number}"),
        "Email": account.email,
        "Name": account.name,
        "Status": "SUSPENDED" if account.state is accounts.State.CLOSED else account.state.value,
        "State": account.state.value,
        "Paths": [tree.path(tx, organization, member.number)],
        "JoinedMethod": member.method,
        "JoinedTimestamp": member.joined,
    }


def payers(tx: ReadTransaction, number: str) -> list[Payer]:
    """Who has paid for an account, as long as it belonged to an organization; oldest first."""
    return list(tx.range(("organizations", number, "payers")))


def _payer(number: str, since: datetime) -> tuple[object, ...]:
    return ("organizations", number, "payers", since)


def _written(tx: Transaction) -> str:
    return tx.now.strftime("%Y-%m-%dT%H:%M:%SZ")
