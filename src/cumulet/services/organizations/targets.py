"""Targets: what a policy is attached to, as lists tell it."""

from __future__ import annotations

from cumulet.kernel import accounts
from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import attachments, policies, tree, units
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page


def listed(
    tx: ReadTransaction, organization: Organization, policy_id: str, page: Page
) -> tuple[list[dict[str, str]], str | None]:
    policies.find(tx, organization, policy_id)
    return page.of(tx, attachments.targets(organization, policy_id), lambda key, _: _as_wire(tx, organization, key[-1]))


def _as_wire(tx: ReadTransaction, organization: Organization, target: str) -> dict[str, str]:
    kind = tree.kind_of(tx, organization, target)
    if kind == tree.ROOT:
        arn, name = organization.root_arn, "Root"
    elif kind == tree.UNIT:
        arn = organization.arn(f"ou/{organization.id}/{target}")
        name = units.find(tx, organization, target).name
    else:
        arn = organization.arn(f"account/{organization.id}/{target}")
        name = accounts.find(tx, target).name
    return {"TargetId": target, "Arn": arn, "Name": name, "Type": kind}
