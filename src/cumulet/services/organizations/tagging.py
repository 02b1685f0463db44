"""Tagging: the operations on tags, of whatever in an organization can have them."""

from __future__ import annotations

from collections.abc import Sequence

from cumulet.kernel import authority
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import policies, resource_policy, tags, tree
from cumulet.services.organizations.errors import TargetNotFoundException
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page


def tag(tx: Transaction, organization: Organization, resource: str, given: Sequence[tags.Tag]) -> None:
    _demand(tx, organization, resource)
    tags.add(tx, organization, resource, given)


def untag(tx: Transaction, organization: Organization, resource: str, keys: Sequence[str]) -> None:
    _demand(tx, organization, resource)
    left = {key: value for key, value in tags.of(tx, organization, resource).items() if key not in keys}
    tx.put(organization.key("tags", resource), left)
    authority.changed(tx, organization.management)


def listed(
    tx: ReadTransaction, organization: Organization, resource: str, page: Page
) -> tuple[list[dict[str, str]], str | None]:
    _demand(tx, organization, resource)
    kept = sorted(tags.of(tx, organization, resource).items())
    return page.cut((key, {"Key": key, "Value": value}) for key, value in kept)


def _demand(tx: ReadTransaction, organization: Organization, resource: str) -> None:
    """Raises TargetNotFoundException for what cannot have tags."""
    if resource.startswith("p-"):
        if policies.own(tx, organization, resource) is None:
            raise TargetNotFoundException
    elif resource.startswith("rp-"):
        kept = resource_policy.find(tx, organization)
        if kept is None or kept.id != resource:
            raise TargetNotFoundException
    elif not resource.startswith("rt-") or tx.get(organization.key("transfers", resource)) is None:
        tree.kind_of(tx, organization, resource)
