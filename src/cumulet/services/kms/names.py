"""The names by which requests find a key: its id, its ARN, an alias, an alias's ARN.

Most operations take an id or an ARN of the key; those that use the key take aliases too. Keys of other accounts are
found by ARN only, and by a few operations only."""

from __future__ import annotations

import re
from typing import NamedTuple

from cumulet.kernel.keys import Key as StoreKey
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import keys
from cumulet.services.kms.errors import InvalidArnException, NotFoundException
from cumulet.services.kms.keys import Key

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
_ALIAS = "alias/"


class Name(NamedTuple):
    """A key as a request names it: in whose account, and by id or by alias."""

    scope: Scope
    key_id: str = ""
    alias: str = ""

    @property
    def arn(self) -> str:
        return self.scope.arn("kms", f"key/{self.key_id}" if self.key_id else self.alias)


def parse(given: str, scope: Scope, *, aliases: bool) -> Name:
    """Raises NotFoundException or InvalidArnException for what cannot be a name of a key in this Region."""
    if given.startswith("arn:"):
        return _parse_arn(given, scope, aliases=aliases)
    if aliases and given.startswith(_ALIAS):
        return Name(scope, alias=given)
    if _ID.fullmatch(given) is None:
        raise NotFoundException.key_id(given)
    return Name(scope, key_id=given)


def find(tx: ReadTransaction, name: Name) -> Key | None:
    """The key of that name, if there is one."""
    key_id = name.key_id or tx.get(target(name.scope, name.alias))
    return keys.find(tx, name.scope, key_id) if key_id is not None else None


def existing(tx: ReadTransaction, name: Name) -> Key:
    """Raises NotFoundException."""
    found = find(tx, name)
    if found is None:
        raise NotFoundException.key(name.arn) if name.key_id else NotFoundException.alias(name.arn)
    return found


def target(scope: Scope, alias: str) -> StoreKey:
    """Where the id of the key is kept that an alias names."""
    return scope.key("kms", "targets", alias)


def _parse_arn(given: str, scope: Scope, *, aliases: bool) -> Name:
    parts = given.split(":", 5)
    if len(parts) != 6 or parts[2] != "kms" or parts[1] != scope.partition or not parts[4]:
        raise InvalidArnException(f"Invalid arn {given[:2048]}")
    if parts[3] != scope.region:
        raise NotFoundException.region(parts[3])
    there = Scope(account=parts[4], region=parts[3])
    if parts[5].startswith("key/") and _ID.fullmatch(parts[5][4:]):
        return Name(there, key_id=parts[5][4:])
    if aliases and parts[5].startswith(_ALIAS):
        return Name(there, alias=parts[5])
    raise NotFoundException.key_id(given)
