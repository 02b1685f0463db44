"""What users, groups, roles, customer managed policies and instance profiles have in common: a name that is unique in
the account whatever its case, a path, an ARN made of both, and a unique id that no later namesake gets.

An entity lies under its name in lower case, so that lists come out sorted and one look finds a namesake. Everything
that belongs to it (inline policies, memberships, tags of its own kind) lies under its unique id, so that renaming
moves one record. IAM is global: no key has a Region."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, TypeVar

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.errors import EntityAlreadyExists, LimitExceeded, NoSuchEntity

_ID_RANDOM_CHARACTERS = 17


class Entity(Record):
    """`kind` is the resource type in the ARN, `prefix` begins the unique id, `quota` names the limit of the account."""

    kind: ClassVar[str]
    prefix: ClassVar[str]
    noun: ClassVar[str]
    """What AWS calls it when it is not found."""
    quota: ClassVar[tuple[str, int]]

    id: str
    name: str
    path: str
    arn: str
    created: datetime

    @property
    def sort_key(self) -> str:
        """By which lists are sorted."""
        return self.name.lower()

    @property
    def account(self) -> str:
        return account_of(self.arn)

    @classmethod
    def missing(cls, name: str) -> NoSuchEntity:
        return NoSuchEntity.of(cls.noun, name)

    @classmethod
    def duplicate(cls, name: str) -> EntityAlreadyExists:
        return EntityAlreadyExists.of(cls.noun.capitalize(), name)


E = TypeVar("E", bound=Entity)


def arn(scope: Scope, kind: type[Entity], path: str, name: str) -> str:
    return f"arn:{scope.partition}:iam::{scope.account}:{kind.kind}{path}{name}"


def unique_id(tx: Transaction, kind: type[Entity]) -> str:
    return kind.prefix + tx.ids.base32(_ID_RANDOM_CHARACTERS)


def find(tx: ReadTransaction, kind: type[E], account: str, name: str) -> E | None:
    found: E | None = tx.get(_key(kind, account, name))
    return found


def get(tx: ReadTransaction, kind: type[E], account: str, name: str) -> E:
    """Raises NoSuchEntity."""
    found = find(tx, kind, account, name)
    if found is None:
        raise kind.missing(name)
    return found


def of_arn(tx: ReadTransaction, kind: type[E], given: str) -> E | None:
    """The entity with exactly this ARN, its path included."""
    parts = given.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith(kind.kind + "/"):
        return None
    found = find(tx, kind, parts[4], parts[5].rpartition("/")[2])
    return found if found is not None and found.arn == given else None


def by_id(tx: ReadTransaction, kind: type[E], account: str, unique: str) -> E | None:
    known = arn_of(tx, account, unique)
    return of_arn(tx, kind, known) if known is not None else None


def arn_of(tx: ReadTransaction, account: str, unique: str) -> str | None:
    """The ARN that the holder of a unique id has now; None if it is gone."""
    found: str | None = tx.get(("iam", account, "ids", unique))
    return found


def id_of(tx: ReadTransaction, given: str) -> str | None:
    """The unique id of the user or role with exactly this ARN."""
    kind = given.split(":", 5)[5].partition("/")[0]
    found: Entity | None = tx.get(("iam", account_of(given), kind, given.rpartition("/")[2].lower()))
    return found.id if found is not None and kind in ("user", "role") and found.arn == given else None


def has_role(tx: ReadTransaction, account: str, name: str) -> bool:
    return tx.get(("iam", account, "role", name.lower())) is not None


def account_of(given: str) -> str:
    return given.split(":", 5)[4]


def listed(tx: ReadTransaction, kind: type[E], account: str, path_prefix: str = "/", after: str = "") -> Iterator[E]:
    """By name, whatever its case, from behind the name `after`; only those whose path begins so."""
    every: Iterator[E] = tx.range(("iam", account, kind.kind), after=after or None)
    return (entity for entity in every if entity.path.startswith(path_prefix))


def add(tx: Transaction, entity: Entity) -> None:
    """Keep a new entity. Raises EntityAlreadyExists, or LimitExceeded when the account is full."""
    if find(tx, type(entity), entity.account, entity.name) is not None:
        raise entity.duplicate(entity.name)
    quota, limit = entity.quota
    count = _counted(tx, entity, 1)
    if count > limit:
        raise LimitExceeded.of(quota, limit)
    put(tx, entity)


def put(tx: Transaction, entity: Entity) -> None:
    """Keep an entity as it is now, under the name it had before."""
    tx.put(_key(type(entity), entity.account, entity.name), entity)
    tx.put(("iam", entity.account, "ids", entity.id), entity.arn)


def rename(tx: Transaction, old: E, new: E) -> None:
    """Move an entity to its new name or path. Raises EntityAlreadyExists, as AWS does even if nothing but the case of
    the entity's own name would change."""
    if new.name != old.name and find(tx, type(new), new.account, new.name) is not None:
        raise new.duplicate(new.name)
    tx.delete(_key(type(old), old.account, old.name))
    put(tx, new)


def delete(tx: Transaction, entity: Entity) -> None:
    _counted(tx, entity, -1)
    tx.delete(_key(type(entity), entity.account, entity.name))
    tx.delete(("iam", entity.account, "ids", entity.id))


def count(tx: ReadTransaction, kind: type[Entity], account: str) -> int:
    return tx.get(("iam", account, "count", kind.kind)) or 0


def _counted(tx: Transaction, entity: Entity, change: int) -> int:
    """How many of its kind there are from now on."""
    now = count(tx, type(entity), entity.account) + change
    tx.put(("iam", entity.account, "count", entity.kind), now)
    return now


def _key(kind: type[Entity], account: str, name: str) -> Key:
    return ("iam", account, kind.kind, name.lower())
