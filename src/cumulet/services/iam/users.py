"""Users: people and programs with long-term credentials of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import entities, paths
from cumulet.services.iam.entities import Entity


class User(Entity):
    kind = "user"
    prefix = "AIDA"
    noun = "user"
    quota = ("UsersPerAccount", 5000)

    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    boundary: str | None = None
    """The ARN of the managed policy that bounds its permissions."""
    password_last_used: datetime | None = None


def get(tx: ReadTransaction, account: str, name: str) -> User:
    """Raises NoSuchEntity."""
    return entities.get(tx, User, account, name)


def find(tx: ReadTransaction, account: str, name: str) -> User | None:
    return entities.find(tx, User, account, name)


def by_id(tx: ReadTransaction, account: str, user_id: str) -> User | None:
    return entities.by_id(tx, User, account, user_id)


def of_arn(tx: ReadTransaction, arn: str) -> User | None:
    return entities.of_arn(tx, User, arn)


def listed(tx: ReadTransaction, account: str, path_prefix: str = paths.ROOT) -> Iterator[User]:
    """Sorted by name, whatever its case."""
    return entities.listed(tx, User, account, path_prefix)


def put(tx: Transaction, user: User) -> None:
    """Keep a user as it is now; its name is the one it had."""
    entities.put(tx, user)
