"""Account aliases: a name under which the users of an account sign in. An account has one; no two have the same."""

from __future__ import annotations

from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.errors import EntityAlreadyExists, NoSuchEntity


def create(tx: Transaction, account: str, alias: str) -> None:
    """The account's alias from now on, in place of an earlier one. Raises EntityAlreadyExists."""
    if account_of(tx, alias) is not None:
        raise EntityAlreadyExists(f"The account alias {alias} already exists.")
    _forget(tx, account)
    tx.put(_key(account), alias)
    tx.put(_index(alias), account)


def delete(tx: Transaction, account: str, alias: str) -> None:
    """Raises NoSuchEntity."""
    if find(tx, account) != alias:
        raise NoSuchEntity(f"The account alias {alias} cannot be found.")
    _forget(tx, account)


def find(tx: ReadTransaction, account: str) -> str | None:
    found: str | None = tx.get(_key(account))
    return found


def account_of(tx: ReadTransaction, alias: str) -> str | None:
    """Which account has this alias. The index may be older than a reset of the account, so both have to agree."""
    account = tx.get(_index(alias))
    return account if account is not None and find(tx, account) == alias else None


def _forget(tx: Transaction, account: str) -> None:
    alias = find(tx, account)
    if alias is not None:
        tx.delete(_key(account))
        tx.delete(_index(alias))


def _key(account: str) -> Key:
    return ("iam", account, "alias")


def _index(alias: str) -> Key:
    """Not among IAM's own keys, which all begin with an account."""
    return ("identity", "aliases", alias)
