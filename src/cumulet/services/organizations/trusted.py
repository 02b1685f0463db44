"""Trusted services: those of AWS's services that may look at the organization and act in its accounts.

Source: Organizations User Guide, AWS services that you can use with AWS Organizations."""

from __future__ import annotations

from datetime import datetime

from cumulet.kernel import authority
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import organizations
from cumulet.services.organizations.errors import InvalidInputException
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page

_DELEGATING = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "access-analyzer", "account", "application-signals.cloudwatch", "auditmanager", "backup", "cloudtrail",
        "compute-optimizer", "config", "config-multiaccountsetup", "cost-optimization-hub.bcm", "detective",
        "devops-guru", "ec2.vpc-reachability", "fms", "guardduty", "health", "iam", "inspector2", "ipam",
        "license-manager", "license-manager.member-account", "license-manager-linux-subscriptions", "macie",
        "malware-protection.guardduty", "member.org.stacksets.cloudformation", "networkmanager", "observabilityadmin",
        "reachabilityanalyzer.networkinsights", "resource-explorer-2", "securityhub", "security-ir", "servicecatalog",
        "ssm", "ssm-quicksetup", "sso", "stacksets.cloudformation", "storage-lens.s3", "trustedadvisor.reporting",
        "resource-management.ram", "reporting.trustedadvisor", "userbilling", "mpa",
    )
)  # fmt: skip
_RECOGNISED = _DELEGATING | frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "aws-artifact-account-sync", "artifact", "bedrock", "chatbot", "cloudwatch", "controltower", "ds",
        "license-management.marketplace", "network-security-director", "opsdatasync.ssm",
        "private-marketplace.marketplace", "procurement-insights.marketplace", "ram", "service-quotas",
        "servicecatalog-appregistry", "servicequotas", "tag-policies.tag", "tagpolicies.tag", "upgraderollout",
        "vpc-lattice", "wellarchitected",
    )
)  # fmt: skip


def demand_recognised(principal: str, *, delegating: bool = False) -> None:
    """Raises InvalidInputException for what is no service of AWS that works with organizations."""
    if principal not in (_DELEGATING if delegating else _RECOGNISED):
        raise InvalidInputException("UNRECOGNIZED_SERVICE_PRINCIPAL")


def enable(tx: Transaction, organization: Organization, principal: str) -> None:
    organizations.demand_all_features(organization)
    demand_recognised(principal)
    if not is_enabled(tx, organization, principal):
        tx.put(organization.key("trusted", principal), tx.now.isoformat())
        authority.organization_changed(tx)


def disable(tx: Transaction, organization: Organization, principal: str) -> None:
    organizations.demand_all_features(organization)
    demand_recognised(principal)
    tx.delete(organization.key("trusted", principal))
    authority.organization_changed(tx)


def is_enabled(tx: ReadTransaction, organization: Organization, principal: str) -> bool:
    return tx.get(organization.key("trusted", principal)) is not None


def listed(tx: ReadTransaction, organization: Organization, page: Page) -> tuple[list[dict[str, object]], str | None]:
    organizations.demand_all_features(organization)
    return page.of(
        tx,
        organization.key("trusted"),
        lambda key, since: {"ServicePrincipal": key[-1], "DateEnabled": datetime.fromisoformat(since)},
    )
