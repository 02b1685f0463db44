"""Instance profiles: what hands a role to an EC2 instance. A profile holds one role at most."""

from __future__ import annotations

from collections.abc import Iterator

from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import entities, paths, roles
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from cumulet.services.iam.roles import Role


class InstanceProfile(Entity):
    kind = "instance-profile"
    prefix = "AIPA"
    noun = "instance profile"
    quota = ("InstanceProfilesPerAccount", 1000)

    role_id: str = ""
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen

    @classmethod
    def missing(cls, name: str) -> NoSuchEntity:
        return NoSuchEntity(f"Instance Profile {name} cannot be found.")

    @classmethod
    def duplicate(cls, name: str) -> EntityAlreadyExists:
        return EntityAlreadyExists(f"Instance Profile {name} already exists.")


def create(tx: Transaction, scope: Scope, name: str, path: str | None, tags: dict[str, str]) -> InstanceProfile:
    """Raises EntityAlreadyExists, LimitExceeded or ValidationError."""
    path = paths.check_path(path)
    paths.check_name("instanceProfileName", name)
    profile = InstanceProfile(
        id=entities.unique_id(tx, InstanceProfile), name=name, path=path,
        arn=entities.arn(scope, InstanceProfile, path, name), created=tx.now, tags=tags,
    )  # fmt: skip
    entities.add(tx, profile)
    return profile


def get(tx: ReadTransaction, account: str, name: str) -> InstanceProfile:
    """Raises NoSuchEntity."""
    return entities.get(tx, InstanceProfile, account, name)


def listed(
    tx: ReadTransaction, account: str, path_prefix: str = paths.ROOT, after: str = ""
) -> Iterator[InstanceProfile]:
    """Sorted by name, whatever its case."""
    return entities.listed(tx, InstanceProfile, account, path_prefix, after)


def of_role(tx: ReadTransaction, role: Role) -> list[InstanceProfile]:
    """The profiles that hold a role, sorted by name."""
    found = [entities.by_id(tx, InstanceProfile, role.account, each) for each in roles.profiles_of(tx, role)]
    return sorted((profile for profile in found if profile is not None), key=lambda profile: profile.sort_key)


def role_of(tx: ReadTransaction, profile: InstanceProfile) -> Role | None:
    return roles.by_id(tx, profile.account, profile.role_id) if profile.role_id else None


def put(tx: Transaction, profile: InstanceProfile) -> None:
    entities.put(tx, profile)


def add_role(tx: Transaction, profile: InstanceProfile, role: Role) -> None:
    """Raises LimitExceeded while the profile holds a role, whichever it is."""
    if profile.role_id:
        raise LimitExceeded.of("InstanceSessionsPerInstanceProfile", 1)
    tx.put(("iam", profile.account, "profiles-of", role.id, profile.id), "")
    put(tx, replace(profile, role_id=role.id))


def remove_role(tx: Transaction, profile: InstanceProfile, role: Role) -> None:
    """Raises NoSuchEntity where the profile does not hold it."""
    if profile.role_id != role.id:
        raise NoSuchEntity.of("role", role.name)
    tx.delete(("iam", profile.account, "profiles-of", role.id, profile.id))
    put(tx, replace(profile, role_id=""))


def delete(tx: Transaction, profile: InstanceProfile) -> None:
    """Raises DeleteConflict while it holds a role."""
    if profile.role_id:
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    entities.delete(tx, profile)
