"""Contacts: whom AWS would write to. One for the account, and one each for bills, operations and security."""

from __future__ import annotations

from collections.abc import Mapping

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.account.errors import ResourceNotFoundException

Contact = Mapping[str, str]


def put(tx: Transaction, account: str, contact: Contact) -> None:
    tx.put(("account", account, "contact"), dict(contact))


def find(tx: ReadTransaction, account: str) -> dict[str, str]:
    """Raises ResourceNotFoundException until it has been given."""
    found: dict[str, str] | None = tx.get(("account", account, "contact"))
    if found is None:
        raise ResourceNotFoundException("No contact information found for the inputted account.")
    return found


def put_alternate(tx: Transaction, account: str, kind: str, contact: Contact) -> None:
    tx.put(("account", account, "alternate", kind), dict(contact))


def find_alternate(tx: ReadTransaction, account: str, kind: str) -> dict[str, str]:
    found: dict[str, str] | None = tx.get(("account", account, "alternate", kind))
    if found is None:
        raise ResourceNotFoundException("No contact of the inputted alternate contact type found.")
    return found


def delete_alternate(tx: Transaction, account: str, kind: str) -> None:
    find_alternate(tx, account, kind)
    tx.delete(("account", account, "alternate", kind))
