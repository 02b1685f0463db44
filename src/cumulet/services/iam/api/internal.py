"""What STS has to know of roles, providers and devices before it makes credentials; no client of the cloud can ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.service import Service, internal
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import features, mfa, oidc_providers, owners, roles, saml_providers
from cumulet.services.iam.errors import NoSuchEntity


class ForSessions(Service):
    @internal
    async def role_for_session(self, *, RoleArn: str) -> dict[str, Any]:
        """Raises NoSuchEntity."""
        return await self.store.read(_role, RoleArn)

    @internal
    async def saml_provider_for_session(self, *, SAMLProviderArn: str) -> dict[str, Any]:
        """Raises NoSuchEntity."""
        found = await self.store.read(saml_providers.get, self.scope.account, SAMLProviderArn)
        return {
            "Issuer": found.issuer, "Certificates": list(found.certificates), "ValidUntil": found.valid_until,
            "AssertionEncryptionMode": found.encryption, "PrivateKeys": [key.sealed for key in found.keys],
        }  # fmt: skip

    @internal
    async def oidc_provider_for_session(self, *, OpenIDConnectProviderArn: str) -> dict[str, Any]:
        """Raises NoSuchEntity."""
        found = await self.store.read(oidc_providers.get, self.scope.account, OpenIDConnectProviderArn)
        return {"Url": found.url, "ClientIDList": list(found.clients), "ThumbprintList": list(found.thumbprints)}

    @internal
    async def central_features(self) -> dict[str, Any]:
        """What this management account may do for its member accounts."""
        return {"EnabledFeatures": await self.store.read(features.central, self.scope.account)}

    @internal
    async def use_mfa_code(self, *, OwnerId: str, SerialNumber: str, TokenCode: str) -> dict[str, Any]:
        """Whether the device is the owner's and shows this code now, for the first time; and whether it is at all."""
        return await self.store.write(_use_code, self.scope.account, OwnerId, SerialNumber, TokenCode)


def _role(tx: ReadTransaction, arn: str) -> dict[str, Any]:
    role = roles.of_arn(tx, arn)
    if role is None:
        raise NoSuchEntity(f"The role with ARN {arn} cannot be found.")
    return {
        "Arn": role.arn, "RoleId": role.id, "RoleName": role.name, "MaxSessionDuration": role.max_session_seconds,
        "AssumeRolePolicyDocument": roles.trust_policy(tx, role), "Tags": dict(role.tags),
    }  # fmt: skip


def _use_code(tx: Transaction, account: str, owner_id: str, serial: str, code: str) -> Mapping[str, bool]:
    try:
        owner = owners.by_id(tx, account, owner_id)
        mfa.owned(tx, owner, serial)
    except NoSuchEntity:
        return {"Known": False, "Valid": False}
    return {"Known": True, "Valid": mfa.use_code(tx, owner, serial, code)}
