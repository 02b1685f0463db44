"""Users: people and programs with long-term credentials of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cumulet.kernel import accounts, authority
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import attachments, boundaries, entities, holders, paths
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import DeleteConflict


class User(Entity):
    kind = "user"
    prefix = "AIDA"
    noun = "user"
    quota = ("UsersPerAccount", 5000)

    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    boundary: str | None = None
    """The ARN of the managed policy that bounds its permissions."""
    password_last_used: datetime | None = None


def create(
    tx: Transaction, scope: Scope, name: str, path: str | None, boundary: str | None, tags: dict[str, str]
) -> User:
    """A user without password, keys or permissions. Raises EntityAlreadyExists, LimitExceeded, ValidationError or,
    for its boundary, NoSuchEntity."""
    path = paths.check_path(path)
    paths.check_name("userName", name)
    user = User(
        id=entities.unique_id(tx, User), name=name, path=path, arn=entities.arn(scope, User, path, name),
        created=tx.now, tags=tags, boundary=boundaries.check(tx, scope.account, boundary),
    )  # fmt: skip
    entities.add(tx, user)
    attachments.note_boundary(tx, user, None, user.boundary)
    authority.changed(tx, scope.account)
    return user


def get(tx: ReadTransaction, account: str, name: str) -> User:
    """Raises NoSuchEntity."""
    return entities.get(tx, User, account, name)


def find(tx: ReadTransaction, account: str, name: str) -> User | None:
    return entities.find(tx, User, account, name)


def by_id(tx: ReadTransaction, account: str, user_id: str) -> User | None:
    return entities.by_id(tx, User, account, user_id)


def of_arn(tx: ReadTransaction, arn: str) -> User | None:
    return entities.of_arn(tx, User, arn)


def listed(tx: ReadTransaction, account: str, path_prefix: str = paths.ROOT, after: str = "") -> Iterator[User]:
    """Sorted by name, whatever its case."""
    return entities.listed(tx, User, account, path_prefix, after)


def put(tx: Transaction, user: User) -> None:
    """Keep a user as it is now; its name is the one it had."""
    entities.put(tx, user)


def rename(tx: Transaction, scope: Scope, user: User, name: str | None, path: str | None) -> User:
    """Give a user another name or path, and so another ARN; all that belongs to it goes along.

    Raises EntityAlreadyExists or ValidationError."""
    name = user.name if name is None else paths.check_name("newUserName", name)
    path = user.path if path is None else paths.check_path(path, "newPath")
    moved = replace(user, name=name, path=path, arn=entities.arn(scope, User, path, name))
    entities.rename(tx, user, moved)
    authority.changed(tx, scope.account)
    return moved


def bound(tx: Transaction, user: User, policy_arn: str | None) -> None:
    """Set or take away the permissions boundary. Raises NoSuchEntity or ValidationError."""
    boundary = boundaries.check(tx, user.account, policy_arn)
    attachments.note_boundary(tx, user, user.boundary, boundary)
    put(tx, replace(user, boundary=boundary))


def set_tags(tx: Transaction, user: User, tags: dict[str, str]) -> None:
    put(tx, replace(user, tags=tags))
    authority.changed(tx, user.account)


def root_since(tx: Transaction, account: str) -> datetime:
    """Since when the account's root is there: of an account that was never created, only used, since it asked."""
    created = accounts.find(tx, account).created
    if created is not None:
        return created
    key = ("iam", account, "root-since")
    if tx.get(key) is None:
        tx.put(key, tx.now.isoformat())
    return datetime.fromisoformat(tx.get(key))


def groups_of(tx: ReadTransaction, user: User) -> list[str]:
    """The unique ids of the groups that the user is in."""
    return [key[-1] for key, _ in tx.items(("iam", user.account, "groups-of", user.id))]


def delete(tx: Transaction, user: User) -> None:
    """Raises DeleteConflict while the user has policies or groups; of its credentials credentials.py says so."""
    holders.check_bare(tx, user)
    if groups_of(tx, user):
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    attachments.note_boundary(tx, user, user.boundary, None)
    entities.delete(tx, user)
    authority.changed(tx, user.account)
