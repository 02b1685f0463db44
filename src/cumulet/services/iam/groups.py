"""Groups of users: what a group may do, each of its members may do. Groups hold users only."""

from __future__ import annotations

from collections.abc import Iterator

from cumulet.kernel import authority
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import entities, holders, paths, users
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import DeleteConflict, LimitExceeded
from cumulet.services.iam.users import User

MOST_OF_ONE_USER = 10


class Group(Entity):
    kind = "group"
    prefix = "AGPA"
    noun = "group"
    quota = ("GroupsPerAccount", 300)


def create(tx: Transaction, scope: Scope, name: str, path: str | None) -> Group:
    """Raises EntityAlreadyExists, LimitExceeded or ValidationError."""
    path = paths.check_path(path)
    paths.check_name("groupName", name)
    arn = entities.arn(scope, Group, path, name)
    group = Group(id=entities.unique_id(tx, Group), name=name, path=path, arn=arn, created=tx.now)
    entities.add(tx, group)
    return group


def get(tx: ReadTransaction, account: str, name: str) -> Group:
    """Raises NoSuchEntity."""
    return entities.get(tx, Group, account, name)


def listed(tx: ReadTransaction, account: str, path_prefix: str = paths.ROOT, after: str = "") -> Iterator[Group]:
    """Sorted by name, whatever its case."""
    return entities.listed(tx, Group, account, path_prefix, after)


def rename(tx: Transaction, scope: Scope, group: Group, name: str | None, path: str | None) -> None:
    """Raises EntityAlreadyExists or ValidationError."""
    name = group.name if name is None else paths.check_name("newGroupName", name)
    path = group.path if path is None else paths.check_path(path, "newPath")
    entities.rename(tx, group, replace(group, name=name, path=path, arn=entities.arn(scope, Group, path, name)))
    authority.changed(tx, scope.account)


def delete(tx: Transaction, group: Group) -> None:
    """Raises DeleteConflict while the group has members or policies."""
    if any(True for _ in members(tx, group)):
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    holders.check_bare(tx, group)
    entities.delete(tx, group)


def add(tx: Transaction, group: Group, user: User) -> None:
    """Make a user a member, or find that it is one. Raises LimitExceeded."""
    mine = users.groups_of(tx, user)
    if group.id in mine:
        return
    if len(mine) >= MOST_OF_ONE_USER:
        raise LimitExceeded.of("GroupsPerUser", MOST_OF_ONE_USER)
    tx.put(("iam", group.account, "members", group.id, user.id), "")
    tx.put(("iam", group.account, "groups-of", user.id, group.id), "")
    authority.changed(tx, group.account)


def remove(tx: Transaction, group: Group, user: User) -> None:
    """End a membership, if there is one."""
    tx.delete(("iam", group.account, "members", group.id, user.id))
    tx.delete(("iam", group.account, "groups-of", user.id, group.id))
    authority.changed(tx, group.account)


def members(tx: ReadTransaction, group: Group, after: str = "") -> Iterator[User]:
    """The users of a group, in the order of their ids."""
    for key, _ in tx.items(("iam", group.account, "members", group.id), after=after or None):
        user = users.by_id(tx, group.account, key[-1])
        assert user is not None, "a user leaves its groups before it is deleted"
        yield user


def of(tx: ReadTransaction, user: User) -> list[Group]:
    """The groups that a user is in, sorted by name."""
    found = [entities.by_id(tx, Group, user.account, group_id) for group_id in users.groups_of(tx, user)]
    return sorted((group for group in found if group is not None), key=lambda group: group.sort_key)
