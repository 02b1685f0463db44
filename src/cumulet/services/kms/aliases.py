"""Aliases: names that point to keys, and can be pointed elsewhere.

Those that begin with alias/aws/ belong to AWS, for the keys that services use by default (managed.py).
Source: KMS Developer Guide, aliases; KMS API Reference, CreateAlias, UpdateAlias."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys, names, specs
from cumulet.services.kms.errors import (
    AlreadyExistsException,
    LimitExceededException,
    NotAuthorizedException,
    NotFoundException,
    ValidationException,
)
from cumulet.services.kms.keys import Key

RESERVED = "alias/aws/"
MOST_OF_A_KEY = 50
_PREFIX = "alias/"
_NAME = re.compile(r"alias/[a-zA-Z0-9/_-]+")


class Alias(Record):
    name: str
    key_id: str
    created: datetime
    updated: datetime


def check_name(name: str) -> None:
    """Whether clients may make or change an alias of this name. Raises ValidationException, NotAuthorized..."""
    if not name.startswith(_PREFIX):
        raise ValidationException(
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    if name.startswith(RESERVED):
        raise NotAuthorizedException
    if _NAME.fullmatch(name) is None:
        raise ValidationException(f"{name} contains invalid characters for an alias")


def create(tx: Transaction, key: Key, name: str) -> None:
    """Raises AlreadyExistsException, LimitExceededException, or what is wrong with name or key."""
    check_name(name)
    keys.require_kept(tx, key)
    if find(tx, key.scope, name) is not None:
        raise AlreadyExistsException(f"An alias with the name {_arn(key.scope, name)} already exists")
    _check_room(tx, key)
    point(tx, key, name)


def update(tx: Transaction, key: Key, name: str) -> None:
    """Point an alias to another key, which has to be of the same type and use."""
    check_name(name)
    keys.require_kept(tx, key)
    found = existing(tx, key.scope, name)
    former = keys.find(tx, key.scope, found.key_id)
    if former is not None and (_type(former), former.usage) != (_type(key), key.usage):
        raise ValidationException(
            f"Alias {_arn(key.scope, name)} cannot change from a key of type {_type(former)} for {former.usage} to one "
            f"of type {_type(key)} for {key.usage}."
        )
    if found.key_id != key.id:
        _check_room(tx, key)
    tx.delete(_of_key(key.scope, found.key_id, name))
    _put(tx, key.scope, replace(found, key_id=key.id, updated=tx.now))


def point(tx: Transaction, key: Key, name: str) -> None:
    """Make an alias, of whatever name."""
    _put(tx, key.scope, Alias(name=name, key_id=key.id, created=tx.now, updated=tx.now))


def delete(tx: Transaction, scope: Scope, name: str) -> None:
    """Raises NotFoundException."""
    check_name(name)
    _forget(tx, scope, existing(tx, scope, name))


def delete_all(tx: Transaction, key: Key) -> None:
    """Those of a key that is gone."""
    for name in of_key(tx, key):
        _forget(tx, key.scope, existing(tx, key.scope, name))


def find(tx: ReadTransaction, scope: Scope, name: str) -> Alias | None:
    found: Alias | None = tx.get(scope.key("kms", "aliases", name))
    return found


def existing(tx: ReadTransaction, scope: Scope, name: str) -> Alias:
    found = find(tx, scope, name)
    if found is None:
        raise NotFoundException.alias(_arn(scope, name))
    return found


def listed(tx: ReadTransaction, scope: Scope, key: Key | None, after: str | None, at_most: int) -> list[Alias]:
    """In the order of their names; of one key, or all."""
    if key is None:
        return list(tx.range(scope.key("kms", "aliases"), after=after, limit=at_most))
    found = tx.items(scope.key("kms", "aliases-of", key.id), after=after, limit=at_most)
    return [existing(tx, scope, place[-1]) for place, _ in found]


def of_key(tx: ReadTransaction, key: Key) -> list[str]:
    return [place[-1] for place, _ in tx.items(key.scope.key("kms", "aliases-of", key.id))]


def as_wire(scope: Scope, alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.name,
        "AliasArn": _arn(scope, alias.name),
        "TargetKeyId": alias.key_id,
        "CreationDate": alias.created,
        "LastUpdatedDate": alias.updated,
    }


def _put(tx: Transaction, scope: Scope, alias: Alias) -> None:
    tx.put(scope.key("kms", "aliases", alias.name), alias)
    tx.put(names.target(scope, alias.name), alias.key_id)
    tx.put(_of_key(scope, alias.key_id, alias.name), None)


def _forget(tx: Transaction, scope: Scope, alias: Alias) -> None:
    tx.delete(scope.key("kms", "aliases", alias.name))
    tx.delete(names.target(scope, alias.name))
    tx.delete(_of_key(scope, alias.key_id, alias.name))


def _check_room(tx: ReadTransaction, key: Key) -> None:
    if len(of_key(tx, key)) >= MOST_OF_A_KEY:
        raise LimitExceededException(f"Cannot create more than {MOST_OF_A_KEY} aliases for the key {key.arn}")


def _type(key: Key) -> str:
    spec = specs.SPECS[key.spec]
    if spec.is_symmetric:
        return "symmetric"
    return "asymmetric" if spec.is_asymmetric else "HMAC"


def _of_key(scope: Scope, key_id: str, name: str) -> tuple[object, ...]:
    return scope.key("kms", "aliases-of", key_id, name)


def _arn(scope: Scope, name: str) -> str:
    return scope.arn("kms", name)
