"""Who calls: credentials become a principal.

*Local trust*: on a loopback listener, a key that Cumulet did not issue acts as the root of an account. A key id of
twelve digits names the account, any other one means the default account. So existing tutorials and test suites work.
Keys that Cumulet issued are verified always, and on any other listener only they are accepted."""

from __future__ import annotations

import base64
import enum
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from cumulet.kernel.ids import Ids
    from cumulet.kernel.store import ReadTransaction, Transaction

LONG_TERM, TEMPORARY = "AKIA", "ASIA"
"""How the ids of access keys begin (IAM User Guide, unique ID prefixes)."""
_ACCOUNT_DIGITS = 12
_ID_CHARACTERS = 20
_CHECK_CHARACTERS = 3


class Kind(enum.StrEnum):
    ROOT = "root"
    USER = "user"
    ROLE = "role"
    """A session of an assumed role."""
    FEDERATED = "federated"
    """A session of GetFederationToken."""
    SERVICE = "service"
    ANONYMOUS = "anonymous"


class Session(Record):
    """What temporary credentials carry beside who calls. `name` is the role session's, or the federated user's."""

    issued: datetime
    expires: datetime
    name: str = ""
    policies: tuple[str, ...] | None = None
    """Session policies as texts; None if none were given."""
    policy_arns: tuple[str, ...] = ()
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    transitive: tuple[str, ...] = ()
    """The keys of the tags that go along when another role is assumed."""
    source_identity: str = ""
    mfa: datetime | None = None
    """When a code of an MFA device was given."""
    provider: str = ""
    """Who vouched for a federated caller: an ARN, or an issuer."""
    context: dict[str, str] = {}  # noqa: RUF012
    """Further condition keys of the session, in lower case (saml:sub, accounts.google.com:aud)."""
    chained: bool = False
    """Assumed with the credentials of another role."""
    console: bool = False
    """Begun by signing in with a password."""


class Caller(Record):
    """The principal of one call. `arn` is empty for anonymous callers.

    A service that acts on behalf of a resource names it and its owner: they are aws:SourceArn and aws:SourceAccount
    to the policies of what it calls."""

    kind: Kind
    account: str = ""
    arn: str = ""
    access_key: str = ""
    id: str = ""
    """The unique id as aws:userid has it: AIDA..., "AROA...:session", the account's number for its root."""
    principal: str = ""
    """Whose policies count, where that is not `arn`: the role of a session."""
    session: Session | None = None
    via: tuple[str, ...] = ()
    """The services that act for this caller ("s3.amazonaws.com"), first to last (aws:CalledVia)."""
    source_arn: str = ""
    source_account: str = ""
    claimed_key: str = ""
    """The key of an anonymous caller whom local trust would know, did the request not come from a foreign page. A
    service that has rules of its own for foreign pages may take the word for it (`trusted_caller`)."""

    @property
    def identity_arn(self) -> str:
        """The ARN of the user or role whose policies count."""
        return self.principal or self.arn


ANONYMOUS = Caller(kind=Kind.ANONYMOUS)


class AccessKey(Record):
    """A key that Cumulet issued, and whom it lets in."""

    id: str
    secret: str
    caller: Caller
    created: datetime
    active: bool = True


class LastUse(Record):
    """When a key was last used, and for what."""

    time: datetime
    service: str
    region: str


class MfaDevice(Record):
    """A device that shows one-time codes. `seed` is in base32, as authenticator programs take it."""

    serial: str
    seed: str
    created: datetime | None = None


def root_of(account: str, access_key: str = "") -> Caller:
    return Caller(
        kind=Kind.ROOT, account=account, arn=f"arn:aws:iam::{account}:root", access_key=access_key, id=account
    )


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


def key_id(ids: Ids, account: str, prefix: str = LONG_TERM) -> str:
    """A new id of an access key. As in AWS's, the account can be read in it; its end tells that it is one of ours."""
    number = (1 << 47 | int(account) << 7 | ids.bytes(1)[0] & 127) if account.isdigit() else 0
    readable = base64.b32encode(number.to_bytes(6, "big") + ids.bytes(4)).decode()
    body = prefix + readable[:-_CHECK_CHARACTERS]
    return body + _check(body)


def is_ours(access_key: str) -> bool:
    """Whether Cumulet made this id, now or ever. One foreign id in 32,768 looks like it."""
    return (
        len(access_key) == _ID_CHARACTERS
        and access_key.startswith((LONG_TERM, TEMPORARY))
        and _check(access_key[:-_CHECK_CHARACTERS]) == access_key[-_CHECK_CHARACTERS:]
    )


def account_of_key(access_key: str) -> str | None:
    """The account that is written in the id of an access key, or None if it has another form."""
    try:
        number = int.from_bytes(base64.b32decode(access_key[4:].encode())[:6], "big")
    except (ValueError, UnicodeEncodeError):
        return None
    return f"{(number & (1 << 47) - 1) >> 7:012}" if len(access_key) == _ID_CHARACTERS else None


def find_key(tx: ReadTransaction, access_key: str) -> AccessKey | None:
    found: AccessKey | None = tx.get(("identity", "keys", access_key))
    return found


def issue_key(tx: Transaction, caller: Caller) -> AccessKey:
    """A new key that lets in `caller`. The secret can be shown now; nothing shows it later."""
    name = key_id(tx.ids, caller.account)
    key = AccessKey(id=name, secret=tx.ids.alphanumeric(40), caller=replace(caller, access_key=name), created=tx.now)
    tx.put(("identity", "keys", name), key)
    tx.put(("identity", "keys-of", caller.account, caller.id, key.created, name), name)
    return key


def keys_of(tx: ReadTransaction, account: str, principal_id: str) -> list[AccessKey]:
    """The keys of a user, or of the root whose id is the account's number; oldest first."""
    names = tx.range(("identity", "keys-of", account, principal_id))
    return [key for key in (find_key(tx, name) for name in names) if key is not None]


def set_active(tx: Transaction, key: AccessKey, active: bool) -> None:
    tx.put(("identity", "keys", key.id), replace(key, active=active))


def rename(tx: Transaction, account: str, principal_id: str, arn: str) -> None:
    """Let the keys of a user speak for its new ARN."""
    for key in keys_of(tx, account, principal_id):
        tx.put(("identity", "keys", key.id), replace(key, caller=replace(key.caller, arn=arn)))


def delete_key(tx: Transaction, key: AccessKey) -> None:
    tx.delete(("identity", "keys", key.id))
    tx.delete(("identity", "keys-of", key.caller.account, key.caller.id, key.created, key.id))
    tx.delete(("identity", "last-use", key.id))
    root = ("identity", "root", key.caller.account)
    if tx.get(root) == key.id:
        tx.delete(root)


def last_used(tx: ReadTransaction, access_key: str) -> LastUse | None:
    """When the key was last used, as far as the audit record has been written."""
    found: LastUse | None = tx.get(("identity", "last-use", access_key))
    return found


def note_use(tx: Transaction, access_key: str, use: LastUse) -> None:
    tx.put(("identity", "last-use", access_key), use)


def issue_root_key(tx: Transaction, account: str) -> AccessKey:
    """A new key for the root of `account`. The secret can be shown now; nothing shows it later."""
    key = issue_key(tx, root_of(account))
    tx.put(("identity", "root", account), key.id)
    return key


def has_root_key(tx: ReadTransaction, account: str) -> bool:
    return tx.get(("identity", "root", account)) is not None


def enable_root_mfa(tx: Transaction, account: str) -> MfaDevice:
    """Give the root of `account` a virtual device, in place of an earlier one. The seed is for its authenticator."""
    device = MfaDevice(
        serial=f"arn:aws:iam::{account}:mfa/root-account-mfa-device", seed=tx.ids.base32(32), created=tx.now
    )
    tx.put(("identity", "root-mfa", account), device)
    return device


def disable_root_mfa(tx: Transaction, account: str) -> None:
    tx.delete(("identity", "root-mfa", account))


def root_mfa(tx: ReadTransaction, account: str) -> MfaDevice | None:
    device: MfaDevice | None = tx.get(("identity", "root-mfa", account))
    return device


def _check(text: str) -> str:
    return base64.b32encode(hashlib.sha256(b"cumulet" + text.encode()).digest()).decode()[:_CHECK_CHARACTERS]
