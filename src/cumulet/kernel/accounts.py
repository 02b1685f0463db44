"""Accounts themselves: whose name and e-mail address a number has, and whether it is still open.

Under local trust every number of twelve digits is an account, without having been created; such an account has a name
and an address made of its number, until somebody sets others. An address belongs to one account at most."""

from __future__ import annotations

import enum
import re
from datetime import datetime
from typing import TYPE_CHECKING

from cumulet.kernel.records import Record, replace

if TYPE_CHECKING:
    from cumulet.kernel.ids import Ids
    from cumulet.kernel.keys import Key
    from cumulet.kernel.store import ReadTransaction, Transaction

_EMAILS = ("account-emails",)
_DOMAIN = "accounts.cumulet.internal"
_DEFAULT_EMAIL = re.compile(rf"([0-9]{{12}})@{re.escape(_DOMAIN)}")


class State(enum.StrEnum):
    ACTIVE = "ACTIVE"
    PENDING_CLOSURE = "PENDING_CLOSURE"
    CLOSED = "CLOSED"


class Account(Record):
    """`created` is None for an account that exists only because its number was used."""

    number: str
    name: str
    email: str
    state: State = State.ACTIVE
    created: datetime | None = None
    closed: datetime | None = None
    partner: str = ""
    """The account's other half: the GovCloud account of a standard one, and the other way round."""


class EmailInUse(Exception):
    """Another account has this address."""


def find(tx: ReadTransaction, number: str) -> Account:
    """The account of this number, as far as it is known."""
    found: Account | None = tx.get(_key(number))
    return found or Account(number=number, name=f"Account {number}", email=f"{number}@{_DOMAIN}")


def known(tx: ReadTransaction) -> list[Account]:
    """The accounts of which anything is known, by number: not those that exist only because they were used."""
    return list(tx.range(("accounts",)))


def is_open(tx: ReadTransaction, number: str) -> bool:
    """Whether the account's principals may still act."""
    return find(tx, number).state is not State.CLOSED


def of_email(tx: ReadTransaction, email: str) -> str | None:
    """The number of the account that has this address; case does not matter."""
    owner: str | None = tx.get((*_EMAILS, email.lower()))
    if owner is not None:
        return owner
    default = _DEFAULT_EMAIL.fullmatch(email.lower())
    return default[1] if default is not None and tx.get(_key(default[1])) is None else None


def create(tx: Transaction, name: str, email: str) -> Account:
    """A new account under an unused number. Raises EmailInUse."""
    number = _draw(tx.ids)
    while tx.get(_key(number)) is not None:
        number = _draw(tx.ids)
    account = Account(number=number, name=name, email=email, created=tx.now)
    _claim(tx, email, number)
    tx.put(_key(number), account)
    return account


def keep(tx: Transaction, account: Account) -> None:
    """Make the account as it is here. Raises EmailInUse."""
    before = find(tx, account.number)
    if before.email.lower() != account.email.lower():
        _claim(tx, account.email, account.number)
        tx.delete((*_EMAILS, before.email.lower()))
    tx.put(_key(account.number), account)


def close(tx: Transaction, number: str) -> None:
    tx.put(_key(number), replace(find(tx, number), state=State.CLOSED, closed=tx.now))


def forget(tx: Transaction, number: str | None) -> None:
    """Forget what is known of one account, or of all. A closed account is open again then."""
    if number is None:
        tx.delete_range(("accounts",))
        tx.delete_range(_EMAILS)
    else:
        tx.delete((*_EMAILS, find(tx, number).email.lower()))
        tx.delete(_key(number))


def _claim(tx: Transaction, email: str, number: str) -> None:
    if of_email(tx, email) not in (None, number):
        raise EmailInUse
    tx.put((*_EMAILS, email.lower()), number)


def _draw(ids: Ids) -> str:
    """Twelve digits, the first of them not zero: people lose leading zeros."""
    return str(10**11 + int.from_bytes(ids.bytes(8)) % (9 * 10**11))


def _key(number: str) -> Key:
    return ("accounts", number)
