"""Roles: permissions without a person, for whoever the role's trust policy lets in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cumulet.kernel import authority
from cumulet.kernel.audit import use
from cumulet.kernel.audit.use import LastActivity
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, boundaries, entities, holders, paths, trust
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import DeleteConflict, UnmodifiableEntity, ValidationError

SERVICE_LINKED = "/aws-service-role/"
"""The path of roles that belong to a service; customers cannot use it."""


class Role(Entity):
    kind = "role"
    prefix = "AROA"
    noun = "role"
    quota = ("RolesPerAccount", 1000)

    trust: str
    """The trust policy as it was given."""
    trusted_ids: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    """The unique ids of those whom the trust policy names, by ARN."""
    description: str | None = None
    max_session_seconds: int = 3600
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    boundary: str | None = None
    """The ARN of the managed policy that bounds its permissions."""

    @property
    def is_service_linked(self) -> bool:
        return self.path.startswith(SERVICE_LINKED)


class Wanted(NamedTuple):
    """What CreateRole is asked for."""

    name: str
    path: str
    trust: str
    description: str | None
    max_session_seconds: int
    boundary: str | None
    tags: dict[str, str]


def create(tx: Transaction, scope: Scope, wanted: Wanted) -> Role:
    """Raises EntityAlreadyExists, LimitExceeded, MalformedPolicyDocument, ValidationError, NoSuchEntity."""
    paths.check_path(wanted.path)
    paths.check_name("roleName", wanted.name)
    if wanted.path.startswith(SERVICE_LINKED):
        raise ValidationError("The specified value for path is invalid. Service-linked roles are created by services.")
    return add(tx, scope, wanted)


def add(tx: Transaction, scope: Scope, wanted: Wanted) -> Role:
    """As `create`, also for the roles of services."""
    role = Role(
        id=entities.unique_id(tx, Role), name=wanted.name, path=wanted.path,
        arn=entities.arn(scope, Role, wanted.path, wanted.name), created=tx.now,
        trust=wanted.trust, trusted_ids=trust.check(tx, wanted.trust), description=wanted.description,
        max_session_seconds=wanted.max_session_seconds, tags=wanted.tags,
        boundary=boundaries.check(tx, scope.account, wanted.boundary),
    )  # fmt: skip
    entities.add(tx, role)
    attachments.note_boundary(tx, role, None, role.boundary)
    authority.changed(tx, scope.account)
    return role


def get(tx: ReadTransaction, account: str, name: str) -> Role:
    """Raises NoSuchEntity."""
    return entities.get(tx, Role, account, name)


def modifiable(tx: ReadTransaction, account: str, name: str) -> Role:
    """A role that customers may change. Raises NoSuchEntity, or UnmodifiableEntity for a service's."""
    role = get(tx, account, name)
    if role.is_service_linked:
        raise UnmodifiableEntity(
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS"
        )
    return role


def find(tx: ReadTransaction, account: str, name: str) -> Role | None:
    return entities.find(tx, Role, account, name)


def by_id(tx: ReadTransaction, account: str, role_id: str) -> Role | None:
    return entities.by_id(tx, Role, account, role_id)


def of_arn(tx: ReadTransaction, arn: str) -> Role | None:
    return entities.of_arn(tx, Role, arn)


def listed(tx: ReadTransaction, account: str, path_prefix: str = paths.ROOT, after: str = "") -> Iterator[Role]:
    """Sorted by name, whatever its case."""
    return entities.listed(tx, Role, account, path_prefix, after)


def put(tx: Transaction, role: Role) -> None:
    """Keep a role as it is now."""
    entities.put(tx, role)
    authority.changed(tx, role.account)


def trust_policy(tx: ReadTransaction, role: Role) -> str:
    """The trust policy with those whom it names as they are called now."""
    return trust.shown(tx, role.trust, role.trusted_ids)


def set_trust(tx: Transaction, role: Role, text: str) -> None:
    """Raises MalformedPolicyDocument or LimitExceeded."""
    put(tx, replace(role, trust=text, trusted_ids=trust.check(tx, text)))


def bound(tx: Transaction, role: Role, policy_arn: str | None) -> None:
    """Set or take away the permissions boundary. Raises NoSuchEntity or ValidationError."""
    boundary = boundaries.check(tx, role.account, policy_arn)
    attachments.note_boundary(tx, role, role.boundary, boundary)
    put(tx, replace(role, boundary=boundary))


def last_used(tx: ReadTransaction, role: Role) -> LastActivity | None:
    """As far as the audit record has been written; what an earlier role of this ARN did does not count."""
    found = use.last_activity(tx, role.account, role.arn)
    return found if found is not None and found.time >= role.created else None


def profiles_of(tx: ReadTransaction, role: Role) -> list[str]:
    """The unique ids of the instance profiles that hold the role."""
    return [key[-1] for key, _ in tx.items(("iam", role.account, "profiles-of", role.id))]


def delete(tx: Transaction, role: Role) -> None:
    """Raises DeleteConflict while an instance profile holds the role, or it has policies."""
    if profiles_of(tx, role):
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    holders.check_bare(tx, role)
    remove(tx, role)


def remove(tx: Transaction, role: Role) -> None:
    """Delete a role that nothing holds."""
    attachments.note_boundary(tx, role, role.boundary, None)
    entities.delete(tx, role)
    authority.changed(tx, role.account)
