"""Handshakes: what one account asks of another, and how that is answered.

A handshake is open until its recipient accepts or declines it, its sender cancels it, or it expires, which is seen from
its date and needs no deed. Answered or expired, it can be looked at for 30 days more.
Source: Organizations API Reference, Handshake."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel import accounts
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import organizations
from cumulet.services.organizations.errors import (
    HandshakeAlreadyInStateException,
    HandshakeNotFoundException,
    InvalidHandshakeTransitionException,
    InvalidInputException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page

INVITE, ENABLE_ALL, APPROVE_ALL = "INVITE", "ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES"
TRANSFER = "TRANSFER_RESPONSIBILITY"
REQUESTED, OPEN, CANCELED, ACCEPTED = "REQUESTED", "OPEN", "CANCELED", "ACCEPTED"
DECLINED, EXPIRED = "DECLINED", "EXPIRED"
_WAITING = (REQUESTED, OPEN)
_LIFE = {INVITE: timedelta(days=15), TRANSFER: timedelta(days=15)}
_LONGER_LIFE = timedelta(days=90)
_SEEN = timedelta(days=30)


class Handshake(Record):
    """`recipient` is an account; `party` is how the sender named it, as a type and an id. `sender` is the account under
    which the handshake is kept, that of its organization."""

    id: str
    sender: str
    organization: str
    recipient: str
    action: str
    party: tuple[str, str]
    requested: datetime
    expires: datetime
    stored_state: str
    notes: str = ""
    parent: str = ""
    transfer: str = ""
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    answered: datetime | None = None

    def state(self, now: datetime) -> str:
        return EXPIRED if self.stored_state in _WAITING and now >= self.expires else self.stored_state


def send(
    tx: Transaction,
    organization: Organization,
    action: str,
    recipient: str,
    party: tuple[str, str],
    *,
    notes: str = "",
    parent: str = "",
    transfer: str = "",
    tags: dict[str, str] | None = None,
    state: str = OPEN,
) -> Handshake:
    life = _LIFE.get(action, _LONGER_LIFE)
    handshake = Handshake(
        id=f"h-{organizations.name(tx.ids, 8)}", sender=organization.management, organization=organization.id,
        recipient=recipient, action=action, party=party, requested=tx.now, expires=tx.now + life, stored_state=state,
        notes=notes, parent=parent, transfer=transfer, tags=tags or {},
    )  # fmt: skip
    put(tx, handshake)
    tx.put(_received(recipient, handshake.id), handshake.sender)
    return handshake


def put(tx: Transaction, handshake: Handshake) -> None:
    """Keep the handshake, and have it forgotten when nobody may look at it any more."""
    tx.put(_sent(handshake.sender, handshake.id), handshake)
    end = (handshake.answered or handshake.expires) + _SEEN
    tx.schedule(
        end, "organizations.forget_handshake", {"handshake": handshake.id}, scope=Scope(account=handshake.sender),
        key=handshake.id,
    )  # fmt: skip


def forget(tx: Transaction, sender: str, handshake_id: str) -> None:
    handshake: Handshake | None = tx.get(_sent(sender, handshake_id))
    if handshake is not None:
        tx.delete(_sent(sender, handshake_id))
        tx.delete(_received(handshake.recipient, handshake_id))


def find(tx: ReadTransaction, account: str, handshake_id: str) -> Handshake:
    """A handshake that the account has sent or received. Raises HandshakeNotFoundException."""
    sender = tx.get(_received(account, handshake_id)) or account
    handshake: Handshake | None = tx.get(_sent(sender, handshake_id))
    if handshake is None:
        raise HandshakeNotFoundException
    return handshake


def received(tx: ReadTransaction, account: str, handshake_id: str) -> Handshake:
    """A handshake that the account has to answer. Raises HandshakeNotFoundException."""
    handshake = find(tx, account, handshake_id)
    if handshake.recipient != account:
        raise HandshakeNotFoundException
    return handshake


def answer(tx: Transaction, handshake: Handshake, state: str) -> Handshake:
    """Bring a waiting handshake into its last state. Raises what AWS raises for one that does not wait."""
    now = handshake.state(tx.now)
    if now == state:
        raise HandshakeAlreadyInStateException
    if now not in _WAITING:
        raise InvalidHandshakeTransitionException
    answered = replace(handshake, stored_state=state, answered=tx.now)
    put(tx, answered)
    return answered


def of_organization(tx: ReadTransaction, organization: Organization) -> list[Handshake]:
    return list(tx.range(("organizations", organization.management, "handshakes")))


def waiting(tx: ReadTransaction, organization: Organization, action: str) -> list[Handshake]:
    every = of_organization(tx, organization)
    return [each for each in every if each.action == action and each.state(tx.now) in _WAITING]


def describe(tx: ReadTransaction, account: str, handshake_id: str) -> dict[str, Any]:
    return as_wire(tx, find(tx, account, handshake_id))


def listed(
    tx: ReadTransaction, account: str, chosen: dict[str, str], page: Page, *, is_sender: bool
) -> tuple[list[dict[str, Any]], str | None]:
    """The handshakes that the account has sent or received, all or those of one action or one parent."""
    if len(chosen) > 1:
        raise InvalidInputException("MAX_LIMIT_EXCEEDED_FILTER")
    prefix = ("organizations", account, "handshakes" if is_sender else "received")

    def shown(key: Key, kept: Any) -> dict[str, Any] | None:
        handshake: Handshake | None = kept if is_sender else tx.get(_sent(kept, key[-1]))
        return as_wire(tx, handshake) if handshake is not None and _fits(handshake, chosen) else None

    return page.of(tx, prefix, shown)


def listed_sent(
    tx: ReadTransaction, organization: Organization, chosen: dict[str, str], page: Page
) -> tuple[list[dict[str, Any]], str | None]:
    return listed(tx, organization.management, chosen, page, is_sender=True)


def as_wire(tx: ReadTransaction, handshake: Handshake) -> dict[str, Any]:
    kind, name = handshake.party
    action = handshake.action.lower()
    parties = [{"Id": handshake.organization, "Type": "ORGANIZATION"}]
    if handshake.recipient != handshake.sender:
        parties.append({"Id": name, "Type": kind})
    return {
        "Id": handshake.id,
        "Arn": (
            f"arn:aws:organizations::{handshake.sender}:handshake/{handshake.organization}/{action}/{handshake.id}"
        ),
        "Parties": parties,
        "State": handshake.state(tx.now),
        "RequestedTimestamp": handshake.requested,
        "ExpirationTimestamp": handshake.expires,
        "Action": handshake.action,
        "Resources": _resources(tx, handshake),
    }


def _resources(tx: ReadTransaction, handshake: Handshake) -> list[dict[str, Any]]:
    organization = organizations.of(tx, handshake.sender)
    sender = accounts.find(tx, handshake.sender)
    inner = [{"Type": "MASTER_EMAIL", "Value": sender.email}, {"Type": "MASTER_NAME", "Value": sender.name}]
    if organization is not None:
        inner.append({"Type": "ORGANIZATION_FEATURE_SET", "Value": organization.features})
    resources: list[dict[str, Any]] = [
        {"Type": "ORGANIZATION", "Value": handshake.organization, "Resources": inner},
    ]
    if handshake.recipient != handshake.sender:
        resources.append({"Type": handshake.party[0], "Value": handshake.party[1]})
    if handshake.notes:
        resources.append({"Type": "NOTES", "Value": handshake.notes})
    if handshake.parent:
        resources.append({"Type": "PARENT_HANDSHAKE", "Value": handshake.parent})
    if handshake.transfer:
        resources.append({"Type": "RESPONSIBILITY_TRANSFER", "Value": handshake.transfer})
    return resources


def _fits(handshake: Handshake, chosen: dict[str, str]) -> bool:
    if "ParentHandshakeId" in chosen:
        return handshake.parent == chosen["ParentHandshakeId"]
    return chosen.get("ActionType", handshake.action) == handshake.action


def _sent(sender: str, handshake_id: str) -> Key:
    return ("organizations", sender, "handshakes", handshake_id)


def _received(recipient: str, handshake_id: str) -> Key:
    return ("organizations", recipient, "received", handshake_id)
