"""Policies: the documents that can be attached to the root, to units and to accounts.

Two are AWS's own and the same in every organization; the others belong to theirs. Names are unique in a type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cumulet.kernel import authority
from cumulet.kernel.authority import RCP, SCP
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import documents, organizations, policy_types, tags
from cumulet.services.organizations.errors import (
    ConstraintViolationException,
    DuplicatePolicyException,
    InvalidInputException,
    PolicyInUseException,
    PolicyNotFoundException,
    PolicyTypeNotAvailableForOrganizationException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page


class Policy(Record):
    """`changed` is None for the policies of AWS's own, which cannot be changed."""

    id: str
    type: str
    name: str
    description: str
    content: str
    changed: datetime | None = None

    @property
    def is_managed(self) -> bool:
        return self.changed is None


_EVERYTHING = "Allows access to every operation"
MANAGED = {
    policy.id: policy
    for policy in (
        Policy(
            id=policy_types.ALL_ACCESS[SCP], type=SCP, name="FullAWSAccess", description=_EVERYTHING,
            content='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        ),
        Policy(
            id=policy_types.ALL_ACCESS[RCP], type=RCP, name="RCPFullAWSAccess", description=_EVERYTHING,
            content='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*",'
            '"Resource":"*"}]}',
        ),
    )
}  # fmt: skip


def create(
    tx: Transaction,
    organization: Organization,
    kind: str,
    name: str,
    description: str,
    content: str,
    given: Sequence[tags.Tag],
) -> dict[str, object]:
    settings = policy_types.known(kind)
    if organization.features != organizations.ALL:
        raise PolicyTypeNotAvailableForOrganizationException
    documents.check(kind, content)
    _demand_name(tx, organization, kind, name)
    if sum(1 for _ in tx.items(organization.key("policy-names", kind), limit=settings.most)) >= settings.most:
        raise ConstraintViolationException("POLICY_NUMBER_LIMIT_EXCEEDED")
    policy = Policy(
        id=f"p-{organizations.name(tx.ids, 8)}", type=kind, name=name, description=description, content=content,
        changed=tx.now,
    )  # fmt: skip
    _put(tx, organization, policy)
    tags.add(tx, organization, policy.id, given)
    return as_wire(organization, policy)


def own(tx: ReadTransaction, organization: Organization, policy_id: str) -> Policy | None:
    """The organization's own policy of this id, if there is one."""
    found: Policy | None = tx.get(organization.key("policies", policy_id))
    return found


def find(tx: ReadTransaction, organization: Organization, policy_id: str) -> Policy:
    """The organization's or AWS's own. Raises PolicyNotFoundException."""
    found = MANAGED.get(policy_id) or own(tx, organization, policy_id)
    if found is None or (found.is_managed and organization.features != organizations.ALL):
        raise PolicyNotFoundException
    return found


def describe(tx: ReadTransaction, organization: Organization, policy_id: str) -> dict[str, object]:
    return as_wire(organization, find(tx, organization, policy_id))


def update(
    tx: Transaction,
    organization: Organization,
    policy_id: str,
    name: str | None,
    description: str | None,
    content: str | None,
) -> dict[str, object]:
    """Change what is not None."""
    policy = _changeable(tx, organization, policy_id)
    if content is not None:
        documents.check(policy.type, content)
    if name is not None and name != policy.name:
        _demand_name(tx, organization, policy.type, name)
    tx.delete(_named(organization, policy.type, policy.name))
    changed = replace(
        policy,
        name=policy.name if name is None else name,
        description=policy.description if description is None else description,
        content=policy.content if content is None else content,
        changed=tx.now,
    )
    _put(tx, organization, changed)
    authority.organization_changed(tx)
    return as_wire(organization, changed)


def delete(tx: Transaction, organization: Organization, policy_id: str) -> None:
    policy = _changeable(tx, organization, policy_id)
    if any(tx.items(organization.key("targets", policy_id), limit=1)):
        raise PolicyInUseException
    tx.delete(organization.key("policies", policy_id))
    tx.delete(_named(organization, policy.type, policy.name))
    tags.forget(tx, organization, policy_id)


def listed(
    tx: ReadTransaction, organization: Organization, kind: str, page: Page
) -> tuple[list[dict[str, object]], str | None]:
    """The policies of a type by name, AWS's own among them."""
    policy_types.known(kind)
    if organization.features != organizations.ALL:
        return [], None
    every = {key[-1]: policy_id for key, policy_id in tx.items(organization.key("policy-names", kind))}
    every |= {policy.name: policy.id for policy in MANAGED.values() if policy.type == kind}
    rows = sorted(every.items())
    return page.cut((name, summary(organization, find(tx, organization, policy_id))) for name, policy_id in rows)


def arn(organization: Organization, policy: Policy) -> str:
    if policy.is_managed:
        return f"arn:aws:organizations::aws:policy/{policy.type.lower()}/{policy.id}"
    return organization.arn(f"policy/{organization.id}/{policy.type.lower()}/{policy.id}")


def summary(organization: Organization, policy: Policy) -> dict[str, object]:
    return {
        "Id": policy.id,
        "Arn": arn(organization, policy),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.is_managed,
    }


def as_wire(organization: Organization, policy: Policy) -> dict[str, object]:
    return {"PolicySummary": summary(organization, policy), "Content": policy.content}


def _changeable(tx: ReadTransaction, organization: Organization, policy_id: str) -> Policy:
    policy = find(tx, organization, policy_id)
    if policy.is_managed:
        raise InvalidInputException("IMMUTABLE_POLICY")
    return policy


def _demand_name(tx: ReadTransaction, organization: Organization, kind: str, name: str) -> None:
    taken = any(policy.type == kind and policy.name == name for policy in MANAGED.values())
    if taken or tx.get(_named(organization, kind, name)) is not None:
        raise DuplicatePolicyException


def _put(tx: Transaction, organization: Organization, policy: Policy) -> None:
    tx.put(organization.key("policies", policy.id), policy)
    tx.put(_named(organization, policy.type, policy.name), policy.id)


def _named(organization: Organization, kind: str, name: str) -> Key:
    return organization.key("policy-names", kind, name)
