"""Users, groups, roles, policies and instance profiles as answers show them.

Lists leave out tags and boundaries, as AWS's do; an account's details have them all."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import attachments, boundaries, instance_profiles, roles, tags
from cumulet.services.iam.documents import encoded
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.groups import Group
from cumulet.services.iam.instance_profiles import InstanceProfile
from cumulet.services.iam.policies import Policy, Version
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User


def in_list(entity: Entity, noun: str) -> dict[str, Any]:
    """What every kind has: its path, name, id, ARN and birth; `noun` begins the names of two of the members."""
    return {
        "Path": entity.path,
        f"{noun}Name": entity.name,
        f"{noun}Id": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created,
    }


def group(found: Group) -> dict[str, Any]:
    return in_list(found, "Group")


def listed_user(found: User) -> dict[str, Any]:
    used = {"PasswordLastUsed": found.password_last_used} if found.password_last_used is not None else {}
    return in_list(found, "User") | used


def user(found: User) -> dict[str, Any]:
    return listed_user(found) | _bound(found) | _tagged(found)


def _bound(found: User | Role) -> dict[str, Any]:
    return {"PermissionsBoundary": boundaries.shown(found.boundary)} if found.boundary is not None else {}


def _tagged(found: User | Role) -> dict[str, Any]:
    return {"Tags": tags.shown(found.tags)} if found.tags else {}


def created_role(tx: ReadTransaction, found: Role) -> dict[str, Any]:
    """As CreateRole answers, which tells no session duration unless it is another than the usual one."""
    described = {} if found.description is None else {"Description": found.description}
    trust = {"AssumeRolePolicyDocument": encoded(roles.trust_policy(tx, found))}
    return in_list(found, "Role") | trust | described | _bound(found) | _tagged(found)


def listed_role(tx: ReadTransaction, found: Role) -> dict[str, Any]:
    described = {} if found.description is None else {"Description": found.description}
    return in_list(found, "Role") | described | {
        "AssumeRolePolicyDocument": encoded(roles.trust_policy(tx, found)),
        "MaxSessionDuration": found.max_session_seconds,
    }  # fmt: skip


def role(tx: ReadTransaction, found: Role) -> dict[str, Any]:
    return listed_role(tx, found) | _bound(found) | _tagged(found) | {"RoleLastUsed": _role_use(tx, found)}


def detailed_role(tx: ReadTransaction, found: Role) -> dict[str, Any]:
    """As an account's details have it."""
    held = [profile(tx, each) for each in instance_profiles.of_role(tx, found)]
    shown = role(tx, found) | {"InstanceProfileList": held, "Tags": tags.shown(found.tags)}
    return {name: value for name, value in shown.items() if name not in ("Description", "MaxSessionDuration")}


def _role_use(tx: ReadTransaction, found: Role) -> dict[str, Any]:
    used = roles.last_used(tx, found)
    return {} if used is None else {"LastUsedDate": used.time, "Region": used.region}


def profile(tx: ReadTransaction, found: InstanceProfile) -> dict[str, Any]:
    held = instance_profiles.role_of(tx, found)
    shown = [] if held is None else [_held_role(tx, held)]
    return in_list(found, "InstanceProfile") | {"Roles": shown}


def _held_role(tx: ReadTransaction, found: Role) -> dict[str, Any]:
    return in_list(found, "Role") | {"AssumeRolePolicyDocument": encoded(roles.trust_policy(tx, found))}


def listed_policy(tx: ReadTransaction, account: str, found: Policy) -> dict[str, Any]:
    attached, bounding = attachments.counts(tx, account, found.arn)
    return {
        "PolicyName": found.name,
        "PolicyId": found.id,
        "Arn": found.arn,
        "Path": found.path,
        "DefaultVersionId": found.default,
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounding,
        "IsAttachable": True,
        "CreateDate": found.created,
        "UpdateDate": found.updated,
    }


def policy(tx: ReadTransaction, account: str, found: Policy) -> dict[str, Any]:
    described = {"Description": found.description} if found.description else {}
    return listed_policy(tx, account, found) | described | {"Tags": tags.shown(found.tags)}


def version(found: Version, default: str) -> dict[str, Any]:
    """Without the document, as lists have it."""
    return {"VersionId": found.id, "IsDefaultVersion": found.id == default, "CreateDate": found.created}
