"""Those whose permissions can be asked for, by their ARNs: users with what their groups give them, groups, roles."""

from __future__ import annotations

from typing import NamedTuple

from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import entities, groups, holders
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import NoSuchEntity
from cumulet.services.iam.groups import Group
from cumulet.services.iam.holders import Held
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User


class Principal(NamedTuple):
    """A user, group or role and all policies that give it permissions."""

    entity: Entity
    policies: list[Held]

    @property
    def boundary(self) -> str | None:
        return self.entity.boundary if isinstance(self.entity, User | Role) else None


def find(tx: ReadTransaction, arn: str) -> Principal | None:
    """The user, group or role with exactly this ARN."""
    user = entities.of_arn(tx, User, arn)
    if user is not None:
        shared = [policy for group in groups.of(tx, user) for policy in holders.held(tx, group)]
        return Principal(user, [*holders.held(tx, user), *shared])
    other = entities.of_arn(tx, Role, arn) or entities.of_arn(tx, Group, arn)
    return None if other is None else Principal(other, holders.held(tx, other))


def get(tx: ReadTransaction, account: str, arn: str) -> Principal:
    """Raises NoSuchEntity, also for a principal of another account."""
    found = find(tx, arn)
    if found is None or found.entity.account != account:
        raise NoSuchEntity(f"ARN {arn} cannot be found.")
    return found
