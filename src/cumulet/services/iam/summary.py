"""The account in numbers: how much of everything there is, and how much there may be.

Source: IAM API Reference, GetAccountSummary; IAM User Guide, IAM and AWS STS quotas."""

from __future__ import annotations

from cumulet.kernel import identity
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import (
    access_keys,
    attachments,
    entities,
    features,
    mfa,
    oidc_providers,
    owners,
    passwords,
    policies,
    saml_providers,
    signing_certificates,
)
from cumulet.services.iam.groups import Group
from cumulet.services.iam.instance_profiles import InstanceProfile
from cumulet.services.iam.policies import Policy
from cumulet.services.iam.roles import Role
from cumulet.services.iam.server_certificates import ServerCertificate
from cumulet.services.iam.users import User

_COUNTED = {
    "Users": User, "Groups": Group, "Roles": Role, "Policies": Policy, "InstanceProfiles": InstanceProfile,
    "ServerCertificates": ServerCertificate,
}  # fmt: skip
_LIMITS = {
    "AccessKeysPerUserQuota": access_keys.MOST,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerGroupQuota": attachments.MOST,
    "AttachedPoliciesPerRoleQuota": attachments.MOST,
    "AttachedPoliciesPerUserQuota": attachments.MOST,
    "GroupPolicySizeQuota": 5120,
    "GroupsPerUserQuota": 10,
    "PolicySizeQuota": policies.LARGEST,
    "PolicyVersionsInUseQuota": 10000,
    "RolePolicySizeQuota": 10240,
    "SigningCertificatesPerUserQuota": signing_certificates.MOST,
    "UserPolicySizeQuota": 2048,
    "VersionsPerPolicyQuota": policies.MOST_VERSIONS,
}


def of(tx: ReadTransaction, account: str) -> dict[str, int]:
    return _LIMITS | _counts(tx, account) | _devices(tx, account) | _root(tx, account)


def _counts(tx: ReadTransaction, account: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, kind in _COUNTED.items():
        found[name] = entities.count(tx, kind, account)
        found[f"{name}Quota"] = kind.quota[1]
    providers = len(oidc_providers.listed(tx, account)) + len(saml_providers.listed(tx, account))
    own = entities.listed(tx, Policy, account)
    in_use = sum(len(policies.versions(tx, policy)) for policy in own)
    return found | {"Providers": providers, "PolicyVersionsInUse": in_use}


def _devices(tx: ReadTransaction, account: str) -> dict[str, int]:
    devices = mfa.all_of(tx, account)
    return {"MFADevices": len(devices), "MFADevicesInUse": sum(1 for device in devices if device.owner)}


def _root(tx: ReadTransaction, account: str) -> dict[str, int]:
    root = owners.root(account)
    return {
        "AccountAccessKeysPresent": int(bool(access_keys.listed(tx, root))),
        "AccountMFAEnabled": int(identity.root_mfa(tx, account) is not None),
        "AccountPasswordPresent": int(passwords.find(tx, root) is not None),
        "AccountSigningCertificatesPresent": int(bool(signing_certificates.listed(tx, root))),
        "GlobalEndpointTokenVersion": features.token_version(tx, account),
    }
