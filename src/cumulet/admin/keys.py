"""Access keys of the roots of accounts: issued here, and verified ever after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cumulet.admin.arguments import Arguments, BadRequest, NotFound, Nothing
from cumulet.kernel import identity
from cumulet.kernel.identity import AccessKey, Kind
from cumulet.kernel.scope import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from cumulet.cloud import Cloud
    from cumulet.kernel.store import ReadTransaction, Transaction

_ACCOUNT = re.compile(r"[0-9]{12}")
_KEYS = ("identity", "keys")


class Account(Arguments, frozen=True):
    account: str = DEFAULT_ACCOUNT


async def create(cloud: Cloud, whose: Account) -> dict[str, Any]:
    """A new key. Its secret is told now and never again."""
    if not _ACCOUNT.fullmatch(whose.account):
        raise BadRequest("an account is a number of twelve digits")
    key = await cloud.kernel.store.write(identity.issue_root_key, whose.account)
    return {**_shown(key), "secret": key.secret}


async def listed(cloud: Cloud, _: Nothing) -> dict[str, Any]:
    return {"keys": [_shown(key) for key in await cloud.kernel.store.read(root_keys)]}


async def delete(cloud: Cloud, _: Nothing, *, key_id: str) -> dict[str, Any]:
    """Raises NotFound for a key that is not one of a root: IAM looks after the others."""
    await cloud.kernel.store.write(revoke, key_id)
    return {"deleted": key_id}


def root_keys(tx: ReadTransaction) -> list[AccessKey]:
    return [key for key in tx.range(_KEYS) if key.caller.kind is Kind.ROOT]


def revoke(tx: Transaction, key_id: str) -> None:
    key: AccessKey | None = tx.get((*_KEYS, key_id))
    if key is None or key.caller.kind is not Kind.ROOT:
        raise NotFound(f"there is no root key {key_id}")
    account = key.caller.account
    tx.delete((*_KEYS, key_id))
    others = [other.id for other in root_keys(tx) if other.caller.account == account]
    if others:
        tx.put(("identity", "root", account), others[-1])
    else:
        tx.delete(("identity", "root", account))


def _shown(key: AccessKey) -> dict[str, Any]:
    return {"id": key.id, "account": key.caller.account, "created": key.created}


ROUTES = {
    "GET /_cumulet/keys": (Nothing, listed),
    "POST /_cumulet/keys": (Account, create),
    "DELETE /_cumulet/keys/{key_id}": (Nothing, delete),
}
