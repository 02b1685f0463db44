"""AWS IAM as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cumulet.kernel import authority
from cumulet.kernel.access import Need
from cumulet.kernel.blobs import Blobs
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import access, credentials
from cumulet.services.iam.api.access_keys import AccessKeys
from cumulet.services.iam.api.account import Account, OrganizationFeatures, OutboundFederation
from cumulet.services.iam.api.advisor import Advisor
from cumulet.services.iam.api.certificates import ServerCertificates, SigningCertificates
from cumulet.services.iam.api.entities import Entities
from cumulet.services.iam.api.groups import Groups
from cumulet.services.iam.api.instance_profiles import InstanceProfiles
from cumulet.services.iam.api.internal import ForSessions
from cumulet.services.iam.api.login_profiles import LoginProfiles
from cumulet.services.iam.api.mfa import MfaDevices
from cumulet.services.iam.api.organization_reports import OrganizationReports
from cumulet.services.iam.api.password_policy import AccountPasswordPolicy
from cumulet.services.iam.api.permissions import GroupPermissions, RolePermissions, UserPermissions
from cumulet.services.iam.api.policies import Policies
from cumulet.services.iam.api.providers import OpenIdConnectProviders, SamlProviders
from cumulet.services.iam.api.reports import Reports
from cumulet.services.iam.api.roles import Roles
from cumulet.services.iam.api.service_credentials import ServiceSpecificCredentials
from cumulet.services.iam.api.sign_in import SignIn
from cumulet.services.iam.api.simulation import Simulation
from cumulet.services.iam.api.ssh_keys import SSHPublicKeys
from cumulet.services.iam.api.users import Users
from cumulet.services.iam.errors import InvalidClientTokenId

_ROLE_TEMPLATES = "Cumulet has no role templates, and so no roles made from them."
_DELEGATION = "AWS opens delegation requests only to partners it has onboarded, and Cumulet has none."
_ABSENT = {
    "acquire_role": _ROLE_TEMPLATES,
    "get_role_template_version": _ROLE_TEMPLATES,
    "accept_delegation_request": _DELEGATION,
    "associate_delegation_request": _DELEGATION,
    "create_delegation_request": _DELEGATION,
    "get_delegation_request": _DELEGATION,
    "list_delegation_requests": _DELEGATION,
    "reject_delegation_request": _DELEGATION,
    "send_delegation_token": _DELEGATION,
    "update_delegation_request": _DELEGATION,
    "get_human_readable_summary": "AWS has this written by a language model, and Cumulet has none.",
}


class IAM(
    Users,
    Groups,
    Roles,
    Policies,
    UserPermissions,
    GroupPermissions,
    RolePermissions,
    InstanceProfiles,
    Entities,
    Simulation,
    AccessKeys,
    LoginProfiles,
    AccountPasswordPolicy,
    MfaDevices,
    ServerCertificates,
    SigningCertificates,
    SSHPublicKeys,
    ServiceSpecificCredentials,
    SamlProviders,
    OpenIdConnectProviders,
    Account,
    OrganizationFeatures,
    OutboundFederation,
    Reports,
    Advisor,
    OrganizationReports,
    SignIn,
    ForSessions,
):
    has_resource_policies = False
    absent = _ABSENT

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        """Forget the users' keys too, which the kernel keeps, and what anybody was allowed."""
        every = {key[2] for key, _ in tx.items(("identity", "keys-of"))} if account is None else {account}
        for each in every:
            credentials.forget_account(tx, each)
        super().reset(tx, blobs, account)
        authority.organization_changed(tx) if account is None else authority.changed(tx, account)

    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """Raises InvalidClientTokenId for temporary credentials that IAM does not take, or AccessDenied."""
        if access.is_barred(self.caller):
            raise InvalidClientTokenId
        await super().authorise(operation, parameters)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        return access.needs(tx, self.caller, self.scope, operation, parameters)

    def denial(self, message: str) -> ServiceError:
        return super().denial(access.worded(message))
