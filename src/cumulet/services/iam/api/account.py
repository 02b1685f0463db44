"""The operations about the account as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import Service, stored
from cumulet.kernel.store import Transaction
from cumulet.services.iam import aliases, features, summary
from cumulet.services.iam.credential_errors import (
    AccountNotManagementOrDelegatedAdministratorException,
    OrganizationNotFoundException,
    ServiceAccessNotEnabledException,
)

_IAM = "iam.amazonaws.com"


class Account(Service):
    async def create_account_alias(self, *, AccountAlias: str) -> dict[str, Any]:
        await self.store.write(aliases.create, self.scope.account, AccountAlias)
        return {}

    async def list_account_aliases(self, *, Marker: str | None = None, MaxItems: int | None = None) -> dict[str, Any]:
        """One at most, so there is never a second page."""
        alias = await self.store.read(aliases.find, self.scope.account)
        return {"AccountAliases": [] if alias is None else [alias], "IsTruncated": False}

    async def delete_account_alias(self, *, AccountAlias: str) -> dict[str, Any]:
        await self.store.write(aliases.delete, self.scope.account, AccountAlias)
        return {}

    async def get_account_summary(self) -> dict[str, Any]:
        return {"SummaryMap": await self.store.read(summary.of, self.scope.account)}

    @stored
    async def set_security_token_service_preferences(self, *, GlobalEndpointTokenVersion: str) -> dict[str, Any]:
        version = features.TOKEN_VERSIONS[GlobalEndpointTokenVersion]
        await self.store.write(features.set_token_version, self.scope.account, version)
        return {}

    @stored
    async def put_account_properties(self, *, Properties: Mapping[str, str]) -> dict[str, Any]:
        await self.store.write(features.put_properties, self.scope.account, Properties)
        return {}

    async def get_account_properties(self) -> dict[str, Any]:
        return {"Properties": await self.store.read(features.properties, self.scope.account)}


class OutboundFederation(Service):
    async def enable_outbound_web_identity_federation(self) -> dict[str, Any]:
        rule = features.enable_outbound_federation
        return {"IssuerIdentifier": await self.store.write(rule, self.scope.account)}

    async def disable_outbound_web_identity_federation(self) -> dict[str, Any]:
        await self.store.write(features.disable_outbound_federation, self.scope.account)
        return {}

    async def get_outbound_web_identity_federation_info(self) -> dict[str, Any]:
        issuer = await self.store.read(features.outbound_issuer, self.scope.account)
        return {"IssuerIdentifier": issuer, "JwtVendingEnabled": True}


class OrganizationFeatures(Service):
    """What an organization's management account does for the roots of member accounts. It is kept with that account,
    and STS asks before it lets anybody AssumeRoot."""

    async def enable_organizations_root_sessions(self) -> dict[str, Any]:
        return await self._switch(features.enable_central, features.ROOT_SESSIONS)

    async def disable_organizations_root_sessions(self) -> dict[str, Any]:
        return await self._switch(features.disable_central, features.ROOT_SESSIONS)

    async def enable_organizations_root_credentials_management(self) -> dict[str, Any]:
        return await self._switch(features.enable_central, features.ROOT_CREDENTIALS)

    async def disable_organizations_root_credentials_management(self) -> dict[str, Any]:
        return await self._switch(features.disable_central, features.ROOT_CREDENTIALS)

    async def list_organizations_features(self) -> dict[str, Any]:
        organization, management = await self._organization()
        return {
            "OrganizationId": organization,
            "EnabledFeatures": await self.store.read(features.central, management),
        }

    async def _switch(self, rule: Callable[[Transaction, str, str], list[str]], feature: str) -> dict[str, Any]:
        organization, management = await self._organization()
        return {"OrganizationId": organization, "EnabledFeatures": await self.store.write(rule, management, feature)}

    async def _organization(self) -> tuple[str, str]:
        """The organization's id and its management account, for a caller of that account (or of one it delegated
        IAM to). Raises what AWS raises for everybody else."""
        found = await self.store.read(self.kernel.authority.membership, self.scope.account)
        if found is None:
            raise OrganizationNotFoundException
        management = found.management_account
        organizations = self.client("organizations", account=management)
        try:
            await organizations.list_aws_service_access_for_organization()
        except ServiceError:  # IAM may look at an organization that trusts it, and at no other
            raise ServiceAccessNotEnabledException from None
        if management != self.scope.account and not await self._is_delegated(organizations):
            raise AccountNotManagementOrDelegatedAdministratorException
        return found.organization, management

    async def _is_delegated(self, organizations: Any) -> bool:
        try:
            found = await organizations.list_delegated_services_for_account(AccountId=self.scope.account)
        except ServiceError:  # an account that nothing was delegated to
            return False
        return _IAM in [each["ServicePrincipal"] for each in found["DelegatedServices"]]
