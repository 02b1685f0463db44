"""Who may call what. The management account may do everything; delegated administrators may look; a resource policy
may leave the care of policies to members; every account may answer what is sent to it, and ask where it belongs.

Source: Organizations API Reference: each operation says from which accounts it can be called; Organizations User
Guide, Delegated administrator for Organizations: the actions that a resource policy can grant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

from cumulet.kernel.access import Need, Value
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import members, organizations, policies, resource_policy, tags, trusted
from cumulet.services.organizations.delegable import DELEGABLE, LOOKING
from cumulet.services.organizations.errors import AccessDeniedException
from cumulet.services.organizations.organizations import Organization
from cumulet.services.organizations.resource_policy import ResourcePolicy

_EVERYBODY = frozenset({"describe_organization", "describe_effective_policy"})
"""What every account of an organization may ask about itself."""
_NAMING = (
    "PolicyId", "TargetId", "AccountId", "OrganizationalUnitId", "ParentId", "ChildId", "RootId", "ResourceId",
    "SourceParentId", "DestinationParentId", "HandshakeId",
)  # fmt: skip
_KINDS = {"r": "root", "ou": "ou", "rp": "resourcepolicy", "rt": "transfer"}


def manager(tx: ReadTransaction, caller: Caller) -> Organization:
    """The organization, for what its management account alone may do."""
    organization = organizations.in_use(tx, caller.account)
    if caller.account != organization.management:
        raise AccessDeniedException
    return organization


def administrator(tx: ReadTransaction, caller: Caller) -> Organization:
    """The organization, for the care of policies: also for members whom a resource policy has let in already."""
    organization = organizations.in_use(tx, caller.account)
    if caller.account != organization.management and resource_policy.find(tx, organization) is None:
        raise AccessDeniedException
    return organization


def onlooker(tx: ReadTransaction, caller: Caller) -> Organization:
    """The organization, for those who may look at it all."""
    organization = organizations.in_use(tx, caller.account)
    if caller.kind is Kind.SERVICE and is_trusted(tx, organization, caller):
        return organization
    if members.is_administrator(tx, organization, caller.account):
        return organization
    return administrator(tx, caller)


def member(tx: ReadTransaction, caller: Caller) -> Organization:
    """The organization, for what every account of it may do."""
    return organizations.in_use(tx, caller.account)


def is_trusted(tx: ReadTransaction, organization: Organization, caller: Caller) -> bool:
    return trusted.is_enabled(tx, organization, caller.arn)


def needs(
    tx: ReadTransaction, caller: Caller, operation: str, parameters: Mapping[str, Any], usual: Iterable[Need]
) -> list[Need]:
    """The usual needs, on the entities that the call names. A member whom a resource policy has to let in asks the
    management account for them; a trusted service needs no leave to look."""
    organization = organizations.of(tx, caller.account)
    if organization is None:
        return [replace(need, resource="*") for need in usual]
    if caller.kind is Kind.SERVICE and operation in LOOKING and is_trusted(tx, organization, caller):
        return []
    named = _named(tx, organization, parameters) or [("*", None)]
    context = _context(tx, organization, parameters)
    granting = _granting(tx, organization, caller, operation)
    return [
        replace(
            need, resource=arn, tags=tags_of, context={**cast(Mapping[str, Value], need.context), **context},
            account=organization.management if granting is not None else "",
            policy=granting.content if granting is not None else None,
        )
        for need in usual
        for arn, tags_of in named
    ]  # fmt: skip


def _granting(tx: ReadTransaction, organization: Organization, caller: Caller, operation: str) -> ResourcePolicy | None:
    """The resource policy, if it has to let the caller in."""
    if caller.account == organization.management or operation not in DELEGABLE or operation in _EVERYBODY:
        return None
    if operation in LOOKING and members.is_administrator(tx, organization, caller.account):
        return None
    return resource_policy.find(tx, organization)


def _named(
    tx: ReadTransaction, organization: Organization, parameters: Mapping[str, Any]
) -> list[tuple[str, Callable[[], dict[str, str]] | None]]:
    """The ARNs of the entities that a call names, and how to learn their tags."""
    names = [str(parameters[member]) for member in _NAMING if parameters.get(member)]
    return [(_arn(tx, organization, name), partial(tags.of, tx, organization, name)) for name in names]


def _arn(tx: ReadTransaction, organization: Organization, name: str) -> str:
    kind, _, _ = name.partition("-")
    if kind == "p":
        policy = policies.MANAGED.get(name) or policies.own(tx, organization, name)
        return policies.arn(organization, policy) if policy is not None else organization.arn(f"policy/*/*/{name}")
    if kind == "h":
        return organization.arn(f"handshake/{organization.id}/*/{name}")
    return organization.arn(f"{_KINDS.get(kind, 'account')}/{organization.id}/{name}")


def _context(tx: ReadTransaction, organization: Organization, parameters: Mapping[str, Any]) -> dict[str, str]:
    kind = parameters.get("PolicyType") or parameters.get("Type") or parameters.get("Filter")
    policy = policies.own(tx, organization, str(parameters.get("PolicyId", "")))
    told = {
        "organizations:policytype": policy.type if policy is not None else kind if isinstance(kind, str) else None,
        "organizations:serviceprincipal": parameters.get("ServicePrincipal"),
    }
    return {key: value for key, value in told.items() if value}
