"""Invitations: how an account that is there already comes into an organization.

Source: InviteAccountToOrganization; AcceptHandshake; Organizations User Guide, Quotas (20 invitations a day)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cumulet.kernel import accounts
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import handshakes, members, organizations, tags, tree
from cumulet.services.organizations.errors import (
    DuplicateHandshakeException,
    HandshakeConstraintViolationException,
    HandshakeNotFoundException,
    InvalidInputException,
)
from cumulet.services.organizations.handshakes import INVITE, Handshake
from cumulet.services.organizations.organizations import Organization

_NUMBER = re.compile("[0-9]{12}")
_A_DAY = timedelta(days=1)
_MOST_A_DAY = 20


def send(
    tx: Transaction,
    organization: Organization,
    target: Mapping[str, str],
    notes: str,
    given: Sequence[tags.Tag],
    *,
    by_quota: bool,
) -> dict[str, Any]:
    recipient = invited(tx, target)
    if organization.migration and handshakes.waiting(tx, organization, handshakes.ENABLE_ALL):
        raise HandshakeConstraintViolationException("INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES")
    if organizations.of(tx, recipient) == organization:
        raise HandshakeConstraintViolationException("ALREADY_IN_AN_ORGANIZATION")
    if any(each.recipient == recipient for each in handshakes.waiting(tx, organization, INVITE)):
        raise DuplicateHandshakeException
    if not members.has_room(tx, organization, by_quota=by_quota):
        raise HandshakeConstraintViolationException("ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    if by_quota:
        _demand_rate(tx, organization)
    handshake = handshakes.send(
        tx, organization, INVITE, recipient, (target["Type"], target["Id"]), notes=notes, tags=tags.check(given)
    )
    return handshakes.as_wire(tx, handshake)


def invited(tx: ReadTransaction, target: Mapping[str, str]) -> str:
    """The account that is meant, by its number or its e-mail address. Raises InvalidInputException."""
    if target["Type"] == "ACCOUNT" and _NUMBER.fullmatch(target["Id"]):
        if not accounts.is_open(tx, target["Id"]):
            raise InvalidInputException("TARGET_NOT_SUPPORTED")
        return target["Id"]
    if target["Type"] == "EMAIL":
        number = accounts.of_email(tx, target["Id"])
        if number is None:
            raise InvalidInputException("INVALID_EMAIL_ADDRESS_TARGET")
        return number
    raise InvalidInputException("INVALID_PARTY_TYPE_TARGET")


def accept(tx: Transaction, handshake: Handshake) -> None:
    """Join the organization that invited. The account must belong to none."""
    if organizations.of(tx, handshake.recipient) is not None:
        raise HandshakeConstraintViolationException("ALREADY_IN_AN_ORGANIZATION")
    organization = organizations.of(tx, handshake.sender)
    if organization is None or organization.id != handshake.organization:
        raise HandshakeNotFoundException
    members.join(tx, organization, handshake.recipient, tree.INVITED)
    tags.add(tx, organization, handshake.recipient, [{"Key": k, "Value": v} for k, v in handshake.tags.items()])


def _demand_rate(tx: ReadTransaction, organization: Organization) -> None:
    sent = [each for each in handshakes.of_organization(tx, organization) if each.requested > tx.now - _A_DAY]
    if len(sent) >= _MOST_A_DAY:
        raise HandshakeConstraintViolationException("HANDSHAKE_RATE_LIMIT_EXCEEDED")
