"""To whom a policy is attached, whom it bounds, and what an account has altogether."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import attachments, entities, groups, inline, pages, policies, roles, tags, users
from cumulet.services.iam.api import shapes
from cumulet.services.iam.api.permissions import attached_policy
from cumulet.services.iam.documents import encoded
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import ValidationError
from cumulet.services.iam.groups import Group
from cumulet.services.iam.policies import Policy
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User

Shown = dict[str, Any]

_FILTERS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")


class Entities(Service):
    async def list_entities_for_policy(
        self,
        *,
        PolicyArn: str,
        EntityFilter: str | None = None,
        PathPrefix: str = "/",
        PolicyUsageFilter: str | None = None,
        Marker: str | None = None,
        MaxItems: int | None = None,
    ) -> Shown:
        page, account = pages.asked(Marker, MaxItems), self.scope.account

        def find(tx: ReadTransaction) -> Shown:
            arn = policies.get(tx, account, PolicyArn).arn
            every = _holders(tx, account, arn, PolicyUsageFilter)
            wanted = (holder for holder in every if _fits(holder, EntityFilter) and holder.path.startswith(PathPrefix))
            found, more = pages.take(page, wanted, lambda holder: f"{holder.kind}/{holder.id}")
            return {
                "PolicyGroups": _named(found, "Group"),
                "PolicyUsers": _named(found, "User"),
                "PolicyRoles": _named(found, "Role"),
                **more,
            }

        return await self.store.read(find)

    async def get_account_authorization_details(
        self, *, Filter: Sequence[str] = (), Marker: str | None = None, MaxItems: int | None = None
    ) -> Shown:
        """Users, groups, roles and policies in one list, of which a page shows some of each kind."""
        page, account = pages.asked(Marker, MaxItems), self.scope.account
        if not set(Filter) <= set(_FILTERS):
            raise ValidationError(f"A filter is one of {', '.join(_FILTERS)}.")

        def find(tx: ReadTransaction) -> Shown:
            found, more = pages.take(page, _everything(tx, account, set(Filter) or set(_FILTERS)), _place)
            return {
                "UserDetailList": [_user(tx, each) for each in found if isinstance(each, User)],
                "GroupDetailList": [_group(tx, each) for each in found if isinstance(each, Group)],
                "RoleDetailList": [_role(tx, each) for each in found if isinstance(each, Role)],
                "Policies": [_policy(tx, account, each) for each in found if isinstance(each, Policy)],
                **more,
            }

        return await self.store.read(find)


def _holders(tx: ReadTransaction, account: str, arn: str, usage: str | None) -> Iterator[Entity]:
    """Who has the policy, attached or as a boundary, by kind and id, each once."""
    attached = attachments.holders(tx, account, arn) if usage != "PermissionsBoundary" else iter(())
    bounded = attachments.bounded(tx, account, arn) if usage != "PermissionsPolicy" else iter(())
    kinds: dict[str, type[Entity]] = {"user": User, "group": Group, "role": Role}
    for use in sorted({*attached, *bounded}):
        holder = entities.by_id(tx, kinds[use.kind], account, use.holder_id)
        assert holder is not None, "who is deleted has no policies any more"
        yield holder


def _fits(holder: Entity, wanted: str | None) -> bool:
    """The filters for kinds of policies say nothing about holders."""
    return wanted not in ("User", "Group", "Role") or holder.kind == wanted.lower()


def _named(found: Sequence[Entity], noun: str) -> list[Shown]:
    mine = [holder for holder in found if holder.kind == noun.lower()]
    return [{f"{noun}Name": holder.name, f"{noun}Id": holder.id} for holder in mine]


def _everything(tx: ReadTransaction, account: str, wanted: set[str]) -> Iterator[Entity]:
    """In the order of `_place`. Of AWS's policies only those that are in use, as AWS shows them."""
    used = attachments.in_use(tx, account) | attachments.bounding(tx, account)
    known = policies.listed(tx, account, "AWS") if "AWSManagedPolicy" in wanted else iter(())
    return chain(
        groups.listed(tx, account) if "Group" in wanted else (),
        policies.listed(tx, account, "Local") if "LocalManagedPolicy" in wanted else (),
        (policy for policy in known if policy.arn in used),
        roles.listed(tx, account) if "Role" in wanted else (),
        users.listed(tx, account) if "User" in wanted else (),
    )


def _place(entity: Entity) -> str:
    key = policies.sort_key(entity) if isinstance(entity, Policy) else entity.sort_key
    return f"{entity.kind}/{key}"


def _user(tx: ReadTransaction, user: User) -> Shown:
    shown = shapes.user(user)
    shown.pop("PasswordLastUsed", None)
    return shown | {
        "GroupList": [group.name for group in groups.of(tx, user)],
        "UserPolicyList": _inline(tx, user),
        "AttachedManagedPolicies": _attached(tx, user),
        "Tags": tags.shown(user.tags),
    }


def _group(tx: ReadTransaction, group: Group) -> Shown:
    shown = shapes.group(group)
    return shown | {"GroupPolicyList": _inline(tx, group), "AttachedManagedPolicies": _attached(tx, group)}


def _role(tx: ReadTransaction, role: Role) -> Shown:
    shown = shapes.detailed_role(tx, role)
    return shown | {"RolePolicyList": _inline(tx, role), "AttachedManagedPolicies": _attached(tx, role)}


def _policy(tx: ReadTransaction, account: str, policy: Policy) -> Shown:
    versions = [
        shapes.version(version, policy.default) | {"Document": encoded(version.document)}
        for version in policies.versions(tx, policy)
    ]
    return shapes.listed_policy(tx, account, policy) | {"PolicyVersionList": versions}


def _inline(tx: ReadTransaction, holder: Entity) -> list[Shown]:
    return [{"PolicyName": name, "PolicyDocument": encoded(text)} for name, text in inline.of(tx, holder)]


def _attached(tx: ReadTransaction, holder: Entity) -> list[dict[str, str]]:
    return [attached_policy(arn) for arn in attachments.of(tx, holder)]
