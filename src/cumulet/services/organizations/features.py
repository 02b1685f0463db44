"""From consolidated billing to all features: every account that was invited has to approve.

Created accounts need not be asked. The management account's own handshake waits (REQUESTED) until all have approved;
then it is OPEN, and accepting it makes the change.
Source: EnableAllFeatures; Organizations User Guide, Enabling all features."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import handshakes, organizations, tree
from cumulet.services.organizations.errors import (
    HandshakeConstraintViolationException,
    InvalidHandshakeTransitionException,
)
from cumulet.services.organizations.handshakes import APPROVE_ALL, ENABLE_ALL, Handshake
from cumulet.services.organizations.organizations import Organization


def request(tx: Transaction, organization: Organization) -> dict[str, Any]:
    if organization.features == organizations.ALL:
        raise HandshakeConstraintViolationException("ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
    if handshakes.waiting(tx, organization, ENABLE_ALL):
        raise HandshakeConstraintViolationException("ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION")
    invited = [
        member.number
        for member in tx.range(organization.key("accounts"))
        if member.method == tree.INVITED and member.number != organization.management
    ]
    management = organization.management
    own = handshakes.send(
        tx, organization, ENABLE_ALL, management, ("ORGANIZATION", organization.id),
        state=handshakes.REQUESTED if invited else handshakes.OPEN,
    )  # fmt: skip
    for number in invited:
        handshakes.send(tx, organization, APPROVE_ALL, number, ("ACCOUNT", number), parent=own.id)
    organizations.change(tx, organization, migration=own.id)
    return handshakes.as_wire(tx, own)


def approve(tx: Transaction, handshake: Handshake) -> None:
    """A member approves; with the last approval the management account can make the change."""
    organization = organizations.in_use(tx, handshake.sender)
    siblings = handshakes.of_organization(tx, organization)
    left = [h for h in siblings if h.parent == handshake.parent and h.stored_state != handshakes.ACCEPTED]
    if not left:
        own = handshakes.find(tx, organization.management, handshake.parent)
        handshakes.put(tx, replace(own, stored_state=handshakes.OPEN))


def demand_approvals(tx: ReadTransaction, handshake: Handshake) -> None:
    """Raises InvalidHandshakeTransitionException while approvals are missing."""
    if handshake.state(tx.now) == handshakes.REQUESTED:
        raise InvalidHandshakeTransitionException


def complete(tx: Transaction, handshake: Handshake) -> None:
    organization = organizations.in_use(tx, handshake.sender)
    organizations.change(tx, organization, features=organizations.ALL, migration="")
