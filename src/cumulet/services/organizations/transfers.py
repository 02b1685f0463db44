"""Responsibility transfers: one organization pays the bills of another (billing transfer).

What is agreed is kept, with its dates, and goes through its states; it changes no bill yet.
Source: InviteOrganizationToTransferResponsibility, TerminateResponsibilityTransfer, and their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel import accounts
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import handshakes, invitations, organizations, tags
from cumulet.services.organizations.errors import (
    ConstraintViolationException,
    HandshakeConstraintViolationException,
    InvalidInputException,
    ResponsibilityTransferAlreadyInStatusException,
    ResponsibilityTransferNotFoundException,
)
from cumulet.services.organizations.handshakes import Handshake
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page

_STATUS = {handshakes.OPEN: "REQUESTED"}
"""What a transfer is while its handshake is in a state; the others are called the same."""
_LAST_MOMENT = timedelta(milliseconds=1)


class Transfer(Record):
    """`target` is the account that takes over, and under which the transfer is kept; `source` gives its bills away."""

    id: str
    name: str
    target: str
    source: str
    start: datetime
    handshake: str
    end: datetime | None = None
    withdrawn: bool = False


def invite(
    tx: Transaction,
    organization: Organization,
    party: Mapping[str, str],
    notes: str,
    start: datetime,
    name: str,
    given: Sequence[tags.Tag],
) -> dict[str, Any]:
    source = invitations.invited(tx, party)
    if source == organization.management:
        raise HandshakeConstraintViolationException("SOURCE_AND_TARGET_CANNOT_MATCH")
    _demand_start(tx, start)
    if any(t.source == source and _is_alive(tx, t) for t in tx.range(organization.key("transfers"))):
        raise HandshakeConstraintViolationException("RESPONSIBILITY_TRANSFER_ALREADY_EXISTS")
    wanted = tags.check(given)
    transfer_id = f"rt-{organizations.name(tx.ids, 8)}"
    handshake = handshakes.send(
        tx, organization, handshakes.TRANSFER, source, (party["Type"], party["Id"]), notes=notes, transfer=transfer_id
    )
    transfer = Transfer(
        id=transfer_id, name=name, target=organization.management, source=source, start=start, handshake=handshake.id
    )
    _put(tx, transfer)
    tags.add(tx, organization, transfer_id, [{"Key": k, "Value": v} for k, v in wanted.items()])
    return handshakes.as_wire(tx, handshake)


def accept(tx: Transaction, handshake: Handshake) -> None:
    """Nothing but the handshake's state changes: the transfer's status is read from there."""


def describe(tx: ReadTransaction, organization: Organization, transfer_id: str) -> dict[str, Any]:
    return _as_wire(tx, _find(tx, organization, transfer_id), organization)


def rename(tx: Transaction, organization: Organization, transfer_id: str, name: str) -> dict[str, Any]:
    transfer = _find(tx, organization, transfer_id)
    if not _is_alive(tx, transfer):
        raise ConstraintViolationException("TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED")
    renamed = replace(transfer, name=name)
    _put(tx, renamed)
    return _as_wire(tx, renamed, organization)


def terminate(tx: Transaction, organization: Organization, transfer_id: str, end: datetime | None) -> dict[str, Any]:
    """End it, at the end of this month unless a later end of a month is named."""
    transfer = _find(tx, organization, transfer_id)
    if transfer.withdrawn:
        raise ResponsibilityTransferAlreadyInStatusException
    if not _is_alive(tx, transfer):
        raise ConstraintViolationException("TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED")
    end = _month_after(tx.now) - _LAST_MOMENT if end is None else end
    if end + _LAST_MOMENT != _month_after(end):
        raise InvalidInputException("END_DATE_NOT_END_OF_MONTH")
    if end < tx.now:
        raise InvalidInputException("END_DATE_TOO_EARLY")
    ended = replace(transfer, end=end, withdrawn=True)
    _put(tx, ended)
    return _as_wire(tx, ended, organization)


def listed(
    tx: ReadTransaction, organization: Organization, chosen: str | None, page: Page, *, inbound: bool
) -> tuple[list[dict[str, Any]], str | None]:
    """Inbound are those by which the organization takes over, outbound those by which it gives away."""
    if inbound:
        every = list(tx.range(organization.key("transfers")))
        if chosen is not None and chosen not in [each.id for each in every]:
            raise ResponsibilityTransferNotFoundException
    else:
        every = [_find(tx, organization, key[-1]) for key, _ in tx.items(organization.key("transfers-out"))]
    rows = [(each.id, _as_wire(tx, each, organization)) for each in every if chosen in (None, each.id)]
    return page.cut(rows)


def _find(tx: ReadTransaction, organization: Organization, transfer_id: str) -> Transfer:
    """Raises ResponsibilityTransferNotFoundException for one that the organization has no part in."""
    target = tx.get(organization.key("transfers-out", transfer_id)) or organization.management
    found: Transfer | None = tx.get(("organizations", target, "transfers", transfer_id))
    if found is None:
        raise ResponsibilityTransferNotFoundException
    return found


def _put(tx: Transaction, transfer: Transfer) -> None:
    tx.put(("organizations", transfer.target, "transfers", transfer.id), transfer)
    tx.put(("organizations", transfer.source, "transfers-out", transfer.id), transfer.target)


def _status(tx: ReadTransaction, transfer: Transfer) -> str:
    if transfer.withdrawn:
        return "WITHDRAWN"
    state = _handshake_state(tx, transfer)
    return _STATUS.get(state, state)


def _handshake_state(tx: ReadTransaction, transfer: Transfer) -> str:
    """A handshake that is forgotten was accepted: the transfers of others end with it."""
    handshake: Handshake | None = tx.get(("organizations", transfer.target, "handshakes", transfer.handshake))
    return handshakes.ACCEPTED if handshake is None else handshake.state(tx.now)


def _is_alive(tx: ReadTransaction, transfer: Transfer) -> bool:
    return _status(tx, transfer) in ("REQUESTED", "ACCEPTED")


def _as_wire(tx: ReadTransaction, transfer: Transfer, organization: Organization) -> dict[str, Any]:
    side = "inbound" if transfer.target == organization.management else "outbound"
    shown = {
        "Arn": organization.arn(f"transfer/{organization.id}/billing/{side}/{transfer.id}"),
        "Name": transfer.name,
        "Id": transfer.id,
        "Type": "BILLING",
        "Status": _status(tx, transfer),
        "Source": _participant(tx, transfer.source),
        "Target": _participant(tx, transfer.target),
        "StartTimestamp": transfer.start,
        "EndTimestamp": transfer.end,
        "ActiveHandshakeId": transfer.handshake if _status(tx, transfer) == "REQUESTED" else None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _participant(tx: ReadTransaction, number: str) -> dict[str, str]:
    return {"ManagementAccountId": number, "ManagementAccountEmail": accounts.find(tx, number).email}


def _demand_start(tx: ReadTransaction, start: datetime) -> None:
    if start != start.replace(hour=0, minute=0, second=0, microsecond=0):
        raise InvalidInputException("START_DATE_NOT_BEGINNING_OF_DAY")
    if start.day != 1:
        raise InvalidInputException("START_DATE_NOT_BEGINNING_OF_MONTH")
    if start <= tx.now:
        raise InvalidInputException("START_DATE_TOO_EARLY")


def _month_after(instant: datetime) -> datetime:
    first = instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
