"""The e-mail address of an account's root: changed with a code that goes to the new address.

The code is told to the log of the cloud, since the cloud sends no mail."""

from __future__ import annotations

import enum
import hmac
import logging
from datetime import datetime, timedelta

from cumulet.kernel import accounts
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.account.errors import ConflictException, ResourceNotFoundException, ValidationException

log = logging.getLogger("cumulet.account")

_VALID = timedelta(hours=24)
_MOST_GUESSES = 5


class Status(enum.StrEnum):
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class Change(Record):
    """`guesses` counts the wrong codes given."""

    email: str
    code: str
    asked: datetime
    updated: datetime
    status: Status = Status.PENDING
    guesses: int = 0


def start(tx: Transaction, account: str, email: str) -> Change:
    if "@" not in email or any(c.isspace() for c in email):
        raise ValidationException("The email address is not valid.")
    if accounts.of_email(tx, email) is not None:
        raise ConflictException("The email address is already in use.")
    change = Change(email=email, code=tx.ids.alphanumeric(6), asked=tx.now, updated=tx.now)
    _put(tx, account, change)
    words = ("the code for the new address %s of account %s: %s", email, account, change.code)
    tx.committed.append(lambda: log.warning(*words))
    return change


def accept(tx: Transaction, account: str, email: str, code: str) -> Change | None:
    """Make the change if the code is right. None for a wrong one, which is counted: five end it."""
    change = find(tx, account)
    if change is None or change.status is not Status.PENDING or change.email != email:
        raise ResourceNotFoundException("There is no change of this email address to accept.")
    if tx.now >= change.asked + _VALID or change.guesses >= _MOST_GUESSES:
        raise ConflictException("The code is no longer valid. Start the change again.")
    if not hmac.compare_digest(code.encode(), change.code.encode()):
        _put(tx, account, replace(change, guesses=change.guesses + 1))
        return None
    try:
        accounts.keep(tx, replace(accounts.find(tx, account), email=email))
    except accounts.EmailInUse:
        raise ConflictException("The email address is already in use.") from None
    done = replace(change, status=Status.COMPLETED, updated=tx.now)
    _put(tx, account, done)
    return done


def find(tx: ReadTransaction, account: str) -> Change | None:
    found: Change | None = tx.get(("account", account, "email"))
    return found


def change(tx: ReadTransaction, account: str) -> Change:
    """The last change. Raises ResourceNotFoundException."""
    found = find(tx, account)
    if found is None:
        raise ResourceNotFoundException("There is no change of the email address.")
    return found


def _put(tx: Transaction, account: str, change: Change) -> None:
    tx.put(("account", account, "email"), change)
