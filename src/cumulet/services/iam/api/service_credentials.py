"""The operations about service-specific credentials."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.service import internal
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import owners, pages, service_credentials
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.errors import InvalidInput, NoSuchEntity
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.service_credentials import ServiceCredential


class ServiceSpecificCredentials(Own):
    async def create_service_specific_credential(
        self, *, UserName: str, ServiceName: str, CredentialAgeDays: int | None = None
    ) -> dict[str, Any]:
        rule = service_credentials.create
        owner, (made, secret) = await self._told(UserName, rule, ServiceName, CredentialAgeDays)
        return {"ServiceSpecificCredential": _with_secret(owner, made, secret, self.clock.now())}

    async def reset_service_specific_credential(
        self, *, ServiceSpecificCredentialId: str, UserName: str | None = None
    ) -> dict[str, Any]:
        rule = service_credentials.reset
        owner, (made, secret) = await self._told(UserName, rule, ServiceSpecificCredentialId)
        return {"ServiceSpecificCredential": _with_secret(owner, made, secret, self.clock.now())}

    async def list_service_specific_credentials(
        self,
        *,
        UserName: str | None = None,
        ServiceName: str | None = None,
        AllUsers: bool = False,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> dict[str, Any]:
        if AllUsers and UserName is not None:
            raise InvalidInput("UserName and AllUsers exclude each other.")
        held = await self._everyones() if AllUsers else await self._ones(UserName)
        if ServiceName is not None:
            _check_known(ServiceName)
        wanted = [each for each in held if ServiceName in (None, each[1].service)]
        page, more = pages.cut(wanted, lambda each: each[1].id, Marker, MaxItems)
        shown = [_shown(owner, credential, self.clock.now()) for owner, credential in page]
        paged = AllUsers or MaxItems is not None or more["IsTruncated"]
        return {"ServiceSpecificCredentials": shown, **(more if paged else {})}

    async def update_service_specific_credential(
        self, *, ServiceSpecificCredentialId: str, Status: str, UserName: str | None = None
    ) -> dict[str, Any]:
        await self._owned(UserName, service_credentials.set_status, ServiceSpecificCredentialId, Status)
        return {}

    async def delete_service_specific_credential(
        self, *, ServiceSpecificCredentialId: str, UserName: str | None = None
    ) -> dict[str, Any]:
        await self._owned(UserName, service_credentials.delete, ServiceSpecificCredentialId)
        return {}

    @internal
    async def find_service_credential(self, *, ServiceName: str, ServiceUserName: str, Secret: str) -> dict[str, Any]:
        """Whom a service lets in by the name and the password (or API key) that IAM made for it; {} for nobody."""

        def find(tx: ReadTransaction) -> Owner | None:
            for user_id, credential in service_credentials.everyones(tx, self.scope.account):
                owner = owners.by_id(tx, self.scope.account, user_id)
                given = (ServiceName, ServiceUserName, Secret)
                if credential.user_name == ServiceUserName and service_credentials.lets_in(tx, owner, *given):
                    return owner
            return None

        owner = await self.store.read(find)
        return {} if owner is None else {**owner.named, "UserId": owner.id, "Arn": owner.caller.arn}

    async def _ones(self, user_name: str | None) -> list[tuple[Owner, ServiceCredential]]:
        owner, credentials = await self._seen(user_name, service_credentials.listed)
        return [(owner, credential) for credential in credentials]

    async def _everyones(self) -> list[tuple[Owner, ServiceCredential]]:
        def listed(tx: ReadTransaction) -> list[tuple[Owner, ServiceCredential]]:
            every = service_credentials.everyones(tx, self.scope.account)
            return [(owners.by_id(tx, self.scope.account, user_id), credential) for user_id, credential in every]

        return await self.store.read(listed)


def _check_known(service: str) -> None:
    """Listing says the same of a foreign service as creating, under another code."""
    if not service_credentials.is_supported(service):
        raise NoSuchEntity(f"No such service {service[:200]} is supported for Service Specific Credentials")


def _shown(owner: Owner, credential: ServiceCredential, now: datetime) -> dict[str, Any]:
    name = "ServiceCredentialAlias" if credential.is_api_key else "ServiceUserName"
    return {
        **owner.named,
        "Status": credential.status(now),
        name: credential.user_name,
        "CreateDate": credential.created,
        **({} if credential.expires is None else {"ExpirationDate": credential.expires}),
        "ServiceSpecificCredentialId": credential.id,
        "ServiceName": credential.service,
    }


def _with_secret(owner: Owner, credential: ServiceCredential, secret: str, now: datetime) -> dict[str, Any]:
    name = "ServiceCredentialSecret" if credential.is_api_key else "ServicePassword"
    return _shown(owner, credential, now) | {name: secret}
