"""What reads the record of a whole organization: trails and event data stores of its management account."""

from __future__ import annotations

from cumulet.kernel.audit import entries
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.store import ReadTransaction
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.errors import (
    CloudTrailAccessNotEnabledException,
    InsufficientDependencyServiceAccessPermissionException,
    NotOrganizationManagementAccountException,
    OrganizationNotInAllFeaturesModeException,
    OrganizationsNotInUseException,
)
from cumulet.services.cloudtrail.stores import DataStore
from cumulet.services.cloudtrail.trails import Trail

_PRINCIPAL = "cloudtrail.amazonaws.com"


class Organized(Base):
    async def _organization(self) -> str:
        """The id of the organization whose management account this is. Raises where it is none."""
        found = await self.store.read(self.kernel.authority.membership, self.scope.account)
        if found is None:
            raise OrganizationsNotInUseException("The account is not a member of an organization.")
        if found.management_account != self.scope.account:
            raise NotOrganizationManagementAccountException(
                "Only the management account of the organization can record for the organization."
            )
        await self._check_trusted()
        return str(found.organization)

    async def _check_trusted(self) -> None:
        """Raise unless the organization has all features and lets CloudTrail in."""
        organizations = self.on_behalf("organizations", region="us-east-1")
        try:
            told = (await organizations.describe_organization())["Organization"]
            listed = await organizations.list_aws_service_access_for_organization()
        except ServiceError as error:
            raise InsufficientDependencyServiceAccessPermissionException(error.message) from None
        if told["FeatureSet"] != "ALL":
            raise OrganizationNotInAllFeaturesModeException("All features of the organization have to be enabled.")
        if _PRINCIPAL not in {each["ServicePrincipal"] for each in listed["EnabledServicePrincipals"]}:
            raise CloudTrailAccessNotEnabledException(
                f"Trusted access of {_PRINCIPAL} has to be enabled in the organization."
            )

    def _accounts(self, tx: ReadTransaction, reader: Trail | DataStore) -> list[str]:
        """Whose record a trail or an event data store reads."""
        if not reader.organization:
            return [reader.scope.account]
        every = ((account, self.kernel.authority.membership(tx, account)) for account in entries.accounts(tx))
        return [account for account, found in every if found is not None and found.organization == reader.organization]
