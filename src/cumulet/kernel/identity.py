"""Who calls: credentials become a principal.

*Local trust*: on a loopback listener, a key that Cumulet did not issue acts as the root of an account. A key id of
twelve digits names the account, any other one means the default account. So existing tutorials and test suites work.
Keys that Cumulet issued are verified always, and on any other listener only they are accepted."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from cumulet.kernel.records import Record
from cumulet.kernel.scope import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Transaction

_ACCOUNT_DIGITS = 12


class Kind(enum.StrEnum):
    ROOT = "root"
    USER = "user"
    ROLE = "role"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


class Caller(Record):
    """The principal of one call. `arn` is empty for anonymous callers.

    A service that acts on behalf of a resource names it and its owner: they are aws:SourceArn and aws:SourceAccount
    to the policies of what it calls."""

    kind: Kind
    account: str = ""
    arn: str = ""
    access_key: str = ""
    source_arn: str = ""
    source_account: str = ""
    claimed_key: str = ""
    """The key of an anonymous caller whom local trust would know, did the request not come from a foreign page. A
    service that has rules of its own for foreign pages may take the word for it (`trusted_caller`)."""


ANONYMOUS = Caller(kind=Kind.ANONYMOUS)


class AccessKey(Record):
    """A key that Cumulet issued, and whom it lets in."""

    id: str
    secret: str
    caller: Caller
    created: datetime


class MfaDevice(Record):
    """A device that shows one-time codes. `seed` is in base32, as authenticator programs take it."""

    serial: str
    seed: str


def root_of(account: str, access_key: str = "") -> Caller:
    return Caller(kind=Kind.ROOT, account=account, arn=f"arn:aws:iam::{account}:root", access_key=access_key)


def service_principal(service: str, account: str, *, source_arn: str = "", source_account: str = "") -> Caller:
    """A service acting for itself, as `s3.amazonaws.com` does when it delivers a notification."""
    return Caller(
        kind=Kind.SERVICE, account=account, arn=f"{service}.amazonaws.com",
        source_arn=source_arn, source_account=source_account,
    )  # fmt: skip


def trusted_caller(access_key: str) -> Caller:
    """Whom an unknown key stands for under local trust."""
    named = len(access_key) == _ACCOUNT_DIGITS and access_key.isdigit()
    return root_of(access_key if named else DEFAULT_ACCOUNT, access_key)


def distrusted(access_key: str) -> Caller:
    """An anonymous caller who claims an unknown key from a foreign page."""
    return Caller(kind=Kind.ANONYMOUS, claimed_key=access_key)


def find_key(tx: ReadTransaction, access_key: str) -> AccessKey | None:
    found: AccessKey | None = tx.get(("identity", "keys", access_key))
    return found


def issue_root_key(tx: Transaction, account: str) -> AccessKey:
    """A new key for the root of `account`. The secret can be shown now; nothing shows it later."""
    key_id = "AKIA" + tx.ids.base32(16)
    key = AccessKey(id=key_id, secret=tx.ids.alphanumeric(40), caller=root_of(account, key_id), created=tx.now)
    tx.put(("identity", "keys", key_id), key)
    tx.put(("identity", "root", account), key_id)
    return key


def has_root_key(tx: ReadTransaction, account: str) -> bool:
    return tx.get(("identity", "root", account)) is not None


def enable_root_mfa(tx: Transaction, account: str) -> MfaDevice:
    """Give the root of `account` a virtual device, in place of an earlier one. The seed is for its authenticator."""
    device = MfaDevice(serial=f"arn:aws:iam::{account}:mfa/root-account-mfa-device", seed=tx.ids.base32(32))
    tx.put(("identity", "root-mfa", account), device)
    return device


def root_mfa(tx: ReadTransaction, account: str) -> MfaDevice | None:
    device: MfaDevice | None = tx.get(("identity", "root-mfa", account))
    return device
