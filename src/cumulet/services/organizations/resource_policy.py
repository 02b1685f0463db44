"""The organization's resource policy: how it delegates the care of its policies to member accounts.

Source: Organizations User Guide, Delegated administrator for Organizations; PutResourcePolicy."""

from __future__ import annotations

from collections.abc import Sequence

from cumulet.kernel import authority
from cumulet.kernel.authz import MalformedPolicy, PolicyKind, parse
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import delegable, organizations, tags
from cumulet.services.organizations.errors import InvalidInputException, ResourcePolicyNotFoundException
from cumulet.services.organizations.organizations import Organization


class ResourcePolicy(Record):
    id: str
    content: str


def find(tx: ReadTransaction, organization: Organization) -> ResourcePolicy | None:
    found: ResourcePolicy | None = tx.get(organization.key("resource-policy"))
    return found


def put(tx: Transaction, organization: Organization, content: str, given: Sequence[tags.Tag]) -> dict[str, object]:
    """Create the policy, or change its text."""
    organizations.demand_all_features(organization)
    _check(content)
    before = find(tx, organization)
    policy = ResourcePolicy(id=f"rp-{organizations.name(tx.ids, 8)}", content=content)
    if before is not None:
        policy = replace(before, content=content)
    tx.put(organization.key("resource-policy"), policy)
    tags.add(tx, organization, policy.id, given)
    authority.organization_changed(tx)
    return as_wire(organization, policy)


def describe(tx: ReadTransaction, organization: Organization) -> dict[str, object]:
    return as_wire(organization, _existing(tx, organization))


def delete(tx: Transaction, organization: Organization) -> None:
    policy = _existing(tx, organization)
    tx.delete(organization.key("resource-policy"))
    tags.forget(tx, organization, policy.id)
    authority.organization_changed(tx)


def as_wire(organization: Organization, policy: ResourcePolicy) -> dict[str, object]:
    arn = organization.arn(f"resourcepolicy/{organization.id}/{policy.id}")
    return {"ResourcePolicySummary": {"Id": policy.id, "Arn": arn}, "Content": policy.content}


def _existing(tx: ReadTransaction, organization: Organization) -> ResourcePolicy:
    policy = find(tx, organization)
    if policy is None:
        raise ResourcePolicyNotFoundException
    return policy


def _check(content: str) -> None:
    try:
        policy = parse(content, PolicyKind.RESOURCE, "resource policy")
    except MalformedPolicy:
        raise InvalidInputException("INVALID_RESOURCE_POLICY_JSON") from None
    for statement in policy.statements:
        if statement.not_action or not all(map(delegable.is_grantable, statement.actions)):
            raise InvalidInputException("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY")
