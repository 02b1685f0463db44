"""Attachments: which policies hold at which root, unit or account.

Source: Organizations User Guide, Attaching and detaching policies, Quotas and service limits."""

from __future__ import annotations

from cumulet.kernel import authority
from cumulet.kernel.authority import SCP
from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import policies, tree
from cumulet.services.organizations.errors import (
    ConstraintViolationException,
    DuplicatePolicyAttachmentException,
    InvalidInputException,
    PolicyNotAttachedException,
    PolicyTypeNotEnabledException,
)
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.paging import Page
from cumulet.services.organizations.policies import Policy
from cumulet.services.organizations.policy_types import ALL_ACCESS, TYPES


def attach(tx: Transaction, organization: Organization, policy_id: str, target: str) -> None:
    policy = policies.find(tx, organization, policy_id)
    tree.kind_of(tx, organization, target)
    if policy.type not in organization.types:
        raise PolicyTypeNotEnabledException
    if tx.get(_held(organization, target, policy.type, policy_id)) is not None:
        raise DuplicatePolicyAttachmentException
    if len(held(tx, organization, target, policy.type)) >= TYPES[policy.type].attached:
        raise ConstraintViolationException("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    _put(tx, organization, policy, target)
    authority.organization_changed(tx)


def detach(tx: Transaction, organization: Organization, policy_id: str, target: str) -> None:
    """An entity keeps one service control policy at least, and never loses RCPFullAWSAccess."""
    policy = policies.find(tx, organization, policy_id)
    tree.kind_of(tx, organization, target)
    if tx.get(_held(organization, target, policy.type, policy_id)) is None:
        raise PolicyNotAttachedException
    if policy.is_managed and policy.type != SCP:
        raise InvalidInputException("NON_DETACHABLE_POLICY")
    if policy.type == SCP and len(held(tx, organization, target, SCP)) == 1:
        raise ConstraintViolationException("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    _delete(tx, organization, policy, target)
    authority.organization_changed(tx)


def held(tx: ReadTransaction, organization: Organization, target: str, kind: str) -> list[Policy]:
    """The policies of a type that are attached to an entity itself, oldest attachment first."""
    places = list(tx.items(_held(organization, target, kind)))
    return [policies.find(tx, organization, key[-1]) for key, _ in sorted(places, key=lambda place: place[1])]


def listed_for(
    tx: ReadTransaction, organization: Organization, target: str, kind: str, page: Page
) -> tuple[list[dict[str, object]], str | None]:
    tree.kind_of(tx, organization, target)
    prefix = _held(organization, target, kind)
    return page.of(tx, prefix, lambda key, _: policies.summary(organization, policies.find(tx, organization, key[-1])))


def attach_defaults(tx: Transaction, organization: Organization, target: str, kind: str | None = None) -> None:
    """Give an entity the policies that allow everything, of one type or of all that are enabled."""
    for each in organization.types if kind is None else (kind,):
        if each in ALL_ACCESS:
            _put(tx, organization, policies.MANAGED[ALL_ACCESS[each]], target)


def detach_all(tx: Transaction, organization: Organization, target: str, kind: str | None = None) -> None:
    """Take from an entity the policies of one type, or all: it leaves, or the type is disabled."""
    for each in TYPES if kind is None else (kind,):
        for policy in held(tx, organization, target, each):
            _delete(tx, organization, policy, target)


def targets(organization: Organization, policy_id: str) -> Key:
    """The keys of what a policy is attached to."""
    return organization.key("targets", policy_id)


def _held(organization: Organization, target: str, kind: str, *policy_id: str) -> Key:
    return organization.key("attached", target, kind, *policy_id)


def _put(tx: Transaction, organization: Organization, policy: Policy, target: str) -> None:
    tx.put(_held(organization, target, policy.type, policy.id), tx.now.timestamp())
    tx.put((*targets(organization, policy.id), target), "")


def _delete(tx: Transaction, organization: Organization, policy: Policy, target: str) -> None:
    tx.delete(_held(organization, target, policy.type, policy.id))
    tx.delete((*targets(organization, policy.id), target))
