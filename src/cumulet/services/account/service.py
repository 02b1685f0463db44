"""AWS Account Management as its clients see it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

from cumulet.kernel import accounts
from cumulet.kernel.access import Need
from cumulet.kernel.blobs import Blobs
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.records import replace
from cumulet.kernel.service import Service, job, stored
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.account import contacts, emails, regions, standing
from cumulet.services.account.errors import ResourceNotFoundException, ValidationException

_NO_TELEPHONE = "Cumulet calls no telephones, so it cannot verify their numbers."
_MOST_LISTED = 50


class Account(Service):
    has_resource_policies = False
    absent: ClassVar[Mapping[str, str]] = {
        "send_phone_number_verification": _NO_TELEPHONE,
        "verify_phone_number": _NO_TELEPHONE,
    }

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        """On the account itself, or on it as a member of the caller's organization, which has another ARN."""
        named = parameters.get("AccountId")
        arn = f"arn:aws:account::{self.scope.account}:account"
        membership = self.kernel.authority.membership(tx, self.scope.account)
        if named is not None and named != self.scope.account and membership is not None:
            arn = f"arn:aws:account::{membership.management_account}:account/{membership.organization}/{named}"
        return [replace(need, resource=arn) for need in super().needs(tx, operation, parameters)]

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        super().reset(tx, blobs, account)
        accounts.forget(tx, account)

    async def get_account_information(self, *, AccountId: str | None = None) -> dict[str, Any]:
        account = await self.store.read(accounts.find, await self._of(AccountId))
        shown = {
            "AccountId": account.number,
            "AccountName": account.name,
            "AccountCreatedDate": account.created,
            "AccountState": "CLOSED" if account.state is accounts.State.CLOSED else "ACTIVE",
        }
        return {name: value for name, value in shown.items() if value is not None}

    async def put_account_name(self, *, AccountName: str, AccountId: str | None = None) -> dict[str, Any]:
        await self.store.write(_rename, await self._of(AccountId), AccountName)
        return {}

    async def get_gov_cloud_account_information(self, *, StandardAccountId: str | None = None) -> dict[str, Any]:
        account = await self.store.read(accounts.find, await self._of(StandardAccountId))
        if not account.partner:
            raise ResourceNotFoundException("There is no GovCloud account for the inputted account.")
        half = await self.store.read(accounts.find, account.partner)
        state = "CLOSED" if half.state is accounts.State.CLOSED else "ACTIVE"
        return {"GovCloudAccountId": half.number, "AccountState": state}

    async def put_contact_information(
        self, *, ContactInformation: contacts.Contact, AccountId: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(contacts.put, await self._of(AccountId), ContactInformation)
        return {}

    async def get_contact_information(self, *, AccountId: str | None = None) -> dict[str, Any]:
        """Of the telephone number nothing is known."""
        found = await self.store.read(contacts.find, await self._of(AccountId))
        return {"ContactInformation": found, "VerificationStatus": "NOT_SUPPORTED"}

    async def put_alternate_contact(
        self,
        *,
        Name: str,
        Title: str,
        EmailAddress: str,
        PhoneNumber: str,
        AlternateContactType: str,
        AccountId: str | None = None,
    ) -> dict[str, Any]:
        contact = {
            "Name": Name,
            "Title": Title,
            "EmailAddress": EmailAddress.strip(),
            "PhoneNumber": PhoneNumber,
            "AlternateContactType": AlternateContactType,
        }
        await self.store.write(contacts.put_alternate, await self._of(AccountId), AlternateContactType, contact)
        return {}

    async def get_alternate_contact(self, *, AlternateContactType: str, AccountId: str | None = None) -> dict[str, Any]:
        account = await self._of(AccountId)
        return {"AlternateContact": await self.store.read(contacts.find_alternate, account, AlternateContactType)}

    async def delete_alternate_contact(
        self, *, AlternateContactType: str, AccountId: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(contacts.delete_alternate, await self._of(AccountId), AlternateContactType)
        return {}

    async def get_primary_email(self, *, AccountId: str) -> dict[str, Any]:
        account = await self.store.read(accounts.find, await self._of(AccountId, is_member=True))
        return {"PrimaryEmail": account.email}

    async def start_primary_email_update(self, *, AccountId: str, PrimaryEmail: str) -> dict[str, Any]:
        started = await self.store.write(emails.start, await self._of(AccountId, is_member=True), PrimaryEmail)
        return {"Status": started.status.value}

    async def accept_primary_email_update(self, *, AccountId: str, PrimaryEmail: str, Otp: str) -> dict[str, Any]:
        account = await self._of(AccountId, is_member=True)
        if await self.store.write(emails.accept, account, PrimaryEmail, Otp) is None:
            raise ValidationException("The one-time password is not valid.")
        return {"Status": emails.Status.ACCEPTED.value}

    async def get_primary_email_update_status(self, *, AccountId: str | None = None) -> dict[str, Any]:
        change = await self.store.read(emails.change, await self._of(AccountId))
        return {"Status": change.status.value, "UpdatedAt": change.updated}

    @stored
    async def enable_region(self, *, RegionName: str, AccountId: str | None = None) -> dict[str, Any]:
        await self.store.write(regions.opt, await self._of(AccountId), RegionName, is_wanted=True)
        return {}

    @stored
    async def disable_region(self, *, RegionName: str, AccountId: str | None = None) -> dict[str, Any]:
        await self.store.write(regions.opt, await self._of(AccountId), RegionName, is_wanted=False)
        return {}

    @stored
    async def get_region_opt_status(self, *, RegionName: str, AccountId: str | None = None) -> dict[str, Any]:
        status = await self.store.read(regions.status, await self._of(AccountId), RegionName)
        return {"RegionName": RegionName, "RegionOptStatus": status}

    @stored
    async def list_regions(
        self,
        *,
        AccountId: str | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        RegionOptStatusContains: Sequence[str] = (),
    ) -> dict[str, Any]:
        account, size = await self._of(AccountId), MaxResults or _MOST_LISTED
        wanted = (account, RegionOptStatusContains, _after(NextToken), size + 1)
        found = await self.store.read(_page_of_regions, *wanted)
        shown = [{"RegionName": name, "RegionOptStatus": status} for name, status in found[:size]]
        more = {"NextToken": _token(found[size - 1][0])} if len(found) > size else {}
        return {"Regions": shown} | more

    @job
    async def finish_region(self, *, name: str) -> None:
        await self.store.write(regions.finish, self.scope.account, name)

    async def _of(self, account: str | None, *, is_member: bool = False) -> str:
        """The number of the account that the call is about. `is_member`: only members of an organization have it."""
        own = await self.store.read(self.kernel.authority.membership, self.scope.account)
        if account is None or (account == self.scope.account and not is_member):
            if account is not None and own is not None and account == own.management_account:
                raise standing.refusal(standing.ALONE)
            return self.scope.account
        other = await self.store.read(self.kernel.authority.membership, account)
        organization = standing.demand_other(account, own, other)
        await self._demand_trust(organization.management_account)
        return account

    async def _demand_trust(self, management: str) -> None:
        """As this service, which only a trusting organization lets look at itself."""
        organizations = self.client("organizations", account=management)
        try:
            found = await organizations.list_delegated_administrators(ServicePrincipal=standing.PRINCIPAL)
        except ServiceError:
            raise standing.refusal(standing.NO_TRUST) from None
        named = {each["Id"] for each in found["DelegatedAdministrators"]} | {management}
        if self.scope.account not in named:
            raise standing.refusal(standing.NO_ADMINISTRATOR)


def _rename(tx: Transaction, number: str, name: str) -> None:
    accounts.keep(tx, replace(accounts.find(tx, number), name=name))


def _page_of_regions(
    tx: ReadTransaction, account: str, wanted: Sequence[str], after: str, size: int
) -> list[tuple[str, str]]:
    return list(islice(regions.listed(tx, account, wanted, after), size))


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(b"1" + last.encode()).decode()


def _after(token: str | None) -> str:
    """Raises ValidationException."""
    if token is None:
        return ""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        if raw[:1] == b"1":
            return raw[1:].decode()
    except (binascii.Error, ValueError):
        pass
    raise ValidationException("The token is not valid.")
