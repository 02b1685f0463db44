"""Accounts: made through Organizations, as members of the organization of the account that manages."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from cumulet.admin.arguments import Arguments, BadRequest, Nothing
from cumulet.kernel import accounts, identity
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.scope import DEFAULT_ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from cumulet.cloud import Cloud
    from cumulet.kernel.accounts import Account
    from cumulet.kernel.kernel import Client, Kernel
    from cumulet.kernel.store import ReadTransaction

_ACCOUNT = re.compile(r"[0-9]{12}")
_LOOK_SECONDS = 0.01
_PATIENCE_SECONDS = 60.0


class Wanted(Arguments, frozen=True):
    """`management` founds an organization if it belongs to none."""

    name: str
    email: str | None = None
    management: str = DEFAULT_ACCOUNT


async def create(cloud: Cloud, wanted: Wanted) -> dict[str, Any]:
    """A new account, once it is ready."""
    if not _ACCOUNT.fullmatch(wanted.management):
        raise BadRequest("an account is a number of twelve digits")
    if not 1 <= len(wanted.name) <= 50 or not wanted.name.isascii() or not wanted.name.isprintable():
        raise BadRequest("a name has 1 to 50 characters of ASCII")
    if not cloud.is_serving:
        raise BadRequest("only a running cloud makes accounts")
    client = cloud.kernel.client(identity.root_of(wanted.management), "organizations", DEFAULT_REGION)
    try:
        await _found(client)
        number = await _made(client, wanted)
    except ServiceError as error:
        raise BadRequest(error.message.rstrip(".")) from None
    return await cloud.kernel.store.read(_shown_by_number, cloud.kernel, number)


async def listed(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    return {"accounts": await cloud.kernel.store.read(_all, cloud.kernel)}


async def _found(client: Client) -> None:
    try:
        await client.create_organization(FeatureSet="ALL")
    except ServiceError as error:
        if error.code != "AlreadyInOrganizationException":
            raise


async def _made(client: Client, wanted: Wanted) -> str:
    """Ask for the account, and wait for it. Raises BadRequest if it cannot be."""
    email = wanted.email or f"{re.sub('[^a-z0-9]+', '-', wanted.name.lower()).strip('-') or 'account'}@example.com"
    status = (await client.create_account(AccountName=wanted.name, Email=email))["CreateAccountStatus"]
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while status["State"] == "IN_PROGRESS":
            await asyncio.sleep(_LOOK_SECONDS)
            asked = await client.describe_create_account_status(CreateAccountRequestId=status["Id"])
            status = asked["CreateAccountStatus"]
    if status["State"] == "FAILED":
        raise BadRequest(_FAILURES.get(status["FailureReason"], status["FailureReason"]).format(email=email))
    number: str = status["AccountId"]
    return number


_FAILURES = {
    "EMAIL_ALREADY_EXISTS": "another account has the address {email}",
    "INVALID_EMAIL": "{email} is no e-mail address",
    "INTERNAL_FAILURE": "its role could not be made; the log tells why",
}


def _all(tx: ReadTransaction, kernel: Kernel) -> list[dict[str, Any]]:
    """The default account, and all of which anything is known."""
    known = {account.number: account for account in accounts.known(tx)}
    known.setdefault(DEFAULT_ACCOUNT, accounts.find(tx, DEFAULT_ACCOUNT))
    return [_shown(tx, kernel, known[number]) for number in sorted(known)]


def _shown_by_number(tx: ReadTransaction, kernel: Kernel, number: str) -> dict[str, Any]:
    return _shown(tx, kernel, accounts.find(tx, number))


def _shown(tx: ReadTransaction, kernel: Kernel, account: Account) -> dict[str, Any]:
    membership = kernel.authority.membership(tx, account.number)
    return {
        "number": account.number,
        "name": account.name,
        "email": account.email,
        "state": account.state.value,
        "created": account.created,
        "organization": membership.organization if membership is not None else None,
        "management": membership.management_account if membership is not None else None,
    }


ROUTES = {
    "GET /_cumulet/accounts": (Nothing, listed),
    "POST /_cumulet/accounts": (Wanted, create),
}
