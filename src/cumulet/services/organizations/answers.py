"""Answers to handshakes, and what follows from each."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import Transaction
from cumulet.services.organizations import features, handshakes, invitations, transfers
from cumulet.services.organizations.errors import HandshakeNotFoundException
from cumulet.services.organizations.handshakes import ACCEPTED, CANCELED, DECLINED

_ON_ACCEPTED = {
    handshakes.INVITE: invitations.accept,
    handshakes.APPROVE_ALL: features.approve,
    handshakes.ENABLE_ALL: features.complete,
    handshakes.TRANSFER: transfers.accept,
}


def accept(tx: Transaction, account: str, handshake_id: str) -> dict[str, Any]:
    handshake = handshakes.received(tx, account, handshake_id)
    if handshake.action == handshakes.ENABLE_ALL:
        features.demand_approvals(tx, handshake)
    answered = handshakes.answer(tx, handshake, ACCEPTED)
    _ON_ACCEPTED[handshake.action](tx, answered)
    return handshakes.as_wire(tx, answered)


def decline(tx: Transaction, account: str, handshake_id: str) -> dict[str, Any]:
    handshake = handshakes.received(tx, account, handshake_id)
    if handshake.sender == account:
        raise HandshakeNotFoundException
    return handshakes.as_wire(tx, handshakes.answer(tx, handshake, DECLINED))


def cancel(tx: Transaction, account: str, handshake_id: str) -> dict[str, Any]:
    """Only who sent it may."""
    handshake = handshakes.find(tx, account, handshake_id)
    if handshake.sender != account:
        raise HandshakeNotFoundException
    return handshakes.as_wire(tx, handshakes.answer(tx, handshake, CANCELED))
