"""Making accounts: a request, a job that does it, and a status that tells how it went.

The job makes the account and the role by which the management account gets into it, and then takes the account into
the organization: so nothing that binds the organization's accounts can stand in the way of the role."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cumulet.kernel import accounts, authority
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import members, tags, telling, tree
from cumulet.services.organizations.errors import (
    ConstraintViolationException,
    CreateAccountStatusNotFoundException,
    InvalidInputException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page

DEFAULT_ROLE = "OrganizationAccountAccessRole"
IN_PROGRESS, SUCCEEDED, FAILED = "IN_PROGRESS", "SUCCEEDED", "FAILED"
_RESERVED_ROLE = "awsservicerolefor"
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Creation(Record):
    """A request for an account. `number` is there as soon as the account is; `government` is its GovCloud half's."""

    id: str
    name: str
    email: str
    role: str
    tags: dict[str, str]
    billing: bool
    requested: datetime
    has_government: bool = False
    state: str = IN_PROGRESS
    completed: datetime | None = None
    number: str = ""
    government: str = ""
    reason: str = ""


def request(
    tx: Transaction,
    organization: Organization,
    name: str,
    email: str,
    role: str | None,
    billing: str | None,
    given: Sequence[tags.Tag],
    *,
    by_quota: bool,
    has_government: bool = False,
) -> dict[str, Any]:
    """Note what is wanted, and have the job do it."""
    role = role or DEFAULT_ROLE
    if role.lower().startswith(_RESERVED_ROLE):
        raise InvalidInputException("INVALID_ROLE_NAME")
    wanted = tags.check(given)
    if not members.has_room(tx, organization, by_quota=by_quota):
        raise ConstraintViolationException("ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    creation = Creation(
        id=f"car-{tx.ids.hex(32)}", name=name, email=email, role=role, tags=wanted, billing=billing != "DENY",
        requested=tx.now, has_government=has_government,
    )  # fmt: skip
    _put(tx, organization, creation)
    scope = Scope(account=organization.management)
    tx.schedule(tx.now, "organizations.make_account", {"request": creation.id}, scope=scope)
    return as_wire(creation)


def begin(tx: Transaction, organization: Organization, request_id: str) -> Creation:
    """Make the account itself, if that has not been done. A request that cannot be met has failed afterwards."""
    creation = find(tx, organization, request_id)
    if creation.state != IN_PROGRESS or creation.number:
        return creation
    if not _EMAIL.fullmatch(creation.email):
        return fail(tx, organization, creation, "INVALID_EMAIL")
    try:
        account = accounts.create(tx, creation.name, creation.email)
    except accounts.EmailInUse:
        return fail(tx, organization, creation, "EMAIL_ALREADY_EXISTS")
    government = ""
    if creation.has_government:
        half = accounts.create(tx, creation.name, _government_email(account.number, creation.email))
        government = half.number
        accounts.keep(tx, replace(half, partner=account.number))
        accounts.keep(tx, replace(account, partner=government))
    creation = replace(creation, number=account.number, government=government)
    _put(tx, organization, creation)
    return creation


def finish(tx: Transaction, organization: Organization, request_id: str) -> None:
    """Take the account, which has its role now, into the organization."""
    creation = find(tx, organization, request_id)
    if creation.state != IN_PROGRESS:
        return
    members.join(tx, organization, creation.number, tree.CREATED)
    tags.add(tx, organization, creation.number, [{"Key": k, "Value": v} for k, v in creation.tags.items()])
    authority.changed(tx, creation.number)
    done = replace(creation, state=SUCCEEDED, completed=tx.now)
    _put(tx, organization, done)
    telling.tell(tx, organization, "CreateAccountResult", creation.number, _result(done))


def fail(tx: Transaction, organization: Organization, creation: Creation, reason: str) -> Creation:
    """Give up; what there was of the account is forgotten."""
    for number in (creation.number, creation.government):
        if number:
            accounts.forget(tx, number)
    failed = replace(creation, state=FAILED, reason=reason, completed=tx.now, number="", government="")
    _put(tx, organization, failed)
    telling.tell(tx, organization, "CreateAccountResult", creation.number, _result(failed))
    return failed


def find(tx: ReadTransaction, organization: Organization, request_id: str) -> Creation:
    """Raises CreateAccountStatusNotFoundException."""
    found: Creation | None = tx.get(organization.key("creations", request_id))
    if found is None:
        raise CreateAccountStatusNotFoundException
    return found


def describe(tx: ReadTransaction, organization: Organization, request_id: str) -> dict[str, Any]:
    return as_wire(find(tx, organization, request_id))


def listed(
    tx: ReadTransaction, organization: Organization, states: Sequence[str], page: Page
) -> tuple[list[dict[str, Any]], str | None]:
    """The requests in one of the states, or all."""
    return page.of(
        tx,
        organization.key("creations"),
        lambda _, creation: as_wire(creation) if not states or creation.state in states else None,
    )


def as_wire(creation: Creation) -> dict[str, Any]:
    shown = {
        "Id": creation.id,
        "AccountName": creation.name,
        "State": creation.state,
        "RequestedTimestamp": creation.requested,
        "CompletedTimestamp": creation.completed,
        "AccountId": creation.number if creation.state == SUCCEEDED else None,
        "GovCloudAccountId": creation.government if creation.state == SUCCEEDED else None,
        "FailureReason": creation.reason,
    }
    return {name: value for name, value in shown.items() if value}


def trust(management: str, partition: str = "aws") -> dict[str, Any]:
    """The trust policy of the role in a new account: whom the management account lets."""
    principal = {"AWS": f"arn:{partition}:iam::{management}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _result(creation: Creation) -> dict[str, Any]:
    status = {"id": creation.id, "state": creation.state, "accountName": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    more = {"failureReason": creation.reason} if creation.reason else {"accountId": creation.number}
    return {"createAccountStatus": status | more}


def _put(tx: Transaction, organization: Organization, creation: Creation) -> None:
    tx.put(organization.key("creations", creation.id), creation)


def _government_email(number: str, email: str) -> str:
    """AWS gives both halves one address; ours are told apart by it."""
    local, _, domain = email.partition("@")
    return f"{local}+govcloud-{number}@{domain}"
