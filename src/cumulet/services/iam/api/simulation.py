"""The policy simulator, and what policies speak of. The rules are in ../simulate.py and the policy engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cumulet.kernel.authority import SCP
from cumulet.kernel.authz import Policies, Policy, PolicyKind
from cumulet.kernel.authz import simulate as engine
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import authority, grants, pages, principals, simulate
from cumulet.services.iam.errors import InvalidInput
from cumulet.services.iam.groups import Group
from cumulet.services.iam.principals import Principal
from cumulet.services.iam.roles import Role
from cumulet.services.iam.simulate import Asked

Entries = Sequence[Mapping[str, Any]]
Shown = dict[str, Any]


class Simulation(Service):
    async def simulate_custom_policy(
        self,
        *,
        PolicyInputList: Sequence[str],
        ActionNames: Sequence[str],
        PermissionsBoundaryPolicyInputList: Sequence[str] = (),
        OrderedOrganizationPolicyInputList: Sequence[Mapping[str, Any]] = (),
        ResourceArns: Sequence[str] = (),
        ResourcePolicy: str | None = None,
        ResourceOwner: str | None = None,
        CallerArn: str | None = None,
        ContextEntries: Entries = (),
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> Shown:
        page = pages.asked(Marker, MaxItems)
        stranger = f"arn:{self.scope.partition}:iam::{self.scope.account}:user/simulated"
        given = Policies(
            identity=simulate.named(PolicyInputList, "PolicyInputList"),
            boundary=_boundary(PermissionsBoundaryPolicyInputList),
            scps=_levels(OrderedOrganizationPolicyInputList),
            resource=_resource(ResourcePolicy),
        )
        caller = simulate.caller_of(CallerArn or stranger)
        asked = Asked(ActionNames, ResourceArns, ContextEntries)
        return _answer(simulate.results(asked, caller, given, _owner(ResourceOwner, caller), page))

    async def simulate_principal_policy(
        self,
        *,
        PolicySourceArn: str,
        ActionNames: Sequence[str],
        PolicyInputList: Sequence[str] = (),
        PermissionsBoundaryPolicyInputList: Sequence[str] = (),
        ResourceArns: Sequence[str] = (),
        ResourcePolicy: str | None = None,
        ResourceOwner: str | None = None,
        CallerArn: str | None = None,
        ContextEntries: Entries = (),
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> Shown:
        page = pages.asked(Marker, MaxItems)
        more = simulate.named(PolicyInputList, "PolicyInputList")
        boundary = _boundary(PermissionsBoundaryPolicyInputList)

        def find(tx: ReadTransaction) -> tuple[Caller, Policies]:
            source = principals.get(tx, self.scope.account, PolicySourceArn)
            caller = simulate.caller_of(CallerArn) if CallerArn is not None else _acting(source)
            return caller, Policies(
                identity=simulate.written(source.policies) + more,
                boundary=boundary or _own_boundary(tx, source),
                scps=self.kernel.authority.levels(tx, self.scope.account, SCP),
                resource=_resource(ResourcePolicy),
            )

        caller, given = await self.store.read(find)
        asked = Asked(ActionNames, ResourceArns, ContextEntries)
        return _answer(simulate.results(asked, caller, given, _owner(ResourceOwner, caller), page))

    async def get_context_keys_for_custom_policy(self, *, PolicyInputList: Sequence[str]) -> Shown:
        return _keys(simulate.named(PolicyInputList, "PolicyInputList"))

    async def get_context_keys_for_principal_policy(
        self, *, PolicySourceArn: str, PolicyInputList: Sequence[str] = ()
    ) -> Shown:
        source = await self.store.read(principals.get, self.scope.account, PolicySourceArn)
        return _keys(simulate.written(source.policies) + simulate.named(PolicyInputList, "PolicyInputList"))

    async def list_policies_granting_service_access(
        self, *, Arn: str, ServiceNamespaces: Sequence[str], Marker: str | None = None
    ) -> Shown:
        page = pages.asked(Marker, None)
        source = await self.store.read(principals.get, self.scope.account, Arn)
        namespaces, more = pages.take(page, sorted(set(ServiceNamespaces)), str)
        shown = [
            {
                "ServiceNamespace": namespace,
                "Policies": [_granting(held) for held in source.policies if grants.access(held.text, namespace)],
            }
            for namespace in namespaces
        ]
        return {"PoliciesGrantingServiceAccess": shown, **more}


def _answer(found: tuple[list[Shown], str]) -> Shown:
    results, after = found
    more = {"IsTruncated": True, "Marker": pages.sealed(after)} if after else {"IsTruncated": False}
    return {"EvaluationResults": results, **more}


def _keys(policies: Iterable[Policy]) -> Shown:
    return {"ContextKeyNames": engine.context_keys(policies)}


def _boundary(texts: Sequence[str]) -> Policy | None:
    """One at most, as users and roles have. Raises InvalidInput."""
    if len(texts) > 1:
        raise InvalidInput("There can be only one permissions boundary.")
    found = simulate.named(texts, "PermissionsBoundaryPolicyInputList")
    return found[0] if found else None


def _own_boundary(tx: ReadTransaction, source: Principal) -> Policy | None:
    if source.boundary is None:
        return None
    text = authority.managed_policy(tx, source.boundary)
    return simulate.named([text], source.boundary)[0] if text is not None else None


def _resource(text: str | None) -> Policy | None:
    return None if text is None else simulate.named([text], "ResourcePolicy", PolicyKind.RESOURCE)[0]


def _levels(given: Sequence[Mapping[str, Any]]) -> tuple[tuple[Policy, ...], ...]:
    """Service control policies, from the organization's root down."""
    member = "OrderedOrganizationPolicyInputList"
    return tuple(
        simulate.named(level.get("ServiceControlPolicyInputList", ()), f"{member}.{n}", PolicyKind.SCP)
        for n, level in enumerate(given, 1)
    )


def _acting(source: Principal) -> Caller:
    """Who would call: the user itself, a session of the role, or some member of the group."""
    entity = source.entity
    if isinstance(entity, Role):
        session = f"{entity.arn.replace(':iam:', ':sts:').partition(':role')[0]}:assumed-role/{entity.name}/simulated"
        return Caller(kind=Kind.ROLE, account=entity.account, arn=session, principal=entity.arn, id=entity.id)
    if isinstance(entity, Group):
        return simulate.caller_of(f"{entity.arn.partition(':group')[0]}:user/simulated")
    return Caller(kind=Kind.USER, account=entity.account, arn=entity.arn, id=entity.id)


def _owner(given: str | None, caller: Caller) -> str:
    """The account of resources whose ARN names none: as an ARN or a number, the caller's unless it is given."""
    if given is None:
        return caller.account
    return given.split(":")[4] if given.count(":") >= 5 else given


def _granting(held: Any) -> Shown:
    if held.arn:
        return {"PolicyName": held.name, "PolicyType": "MANAGED", "PolicyArn": held.arn}
    return {
        "PolicyName": held.name,
        "PolicyType": "INLINE",
        "EntityType": held.holder.kind.upper(),
        "EntityName": held.holder.name,
    }
