"""Login profiles: the passwords with which people sign in to the console.

A password is kept only as scrypt makes it. All passwords that one profile ever had share its salt, so that a new one
is compared with the earlier ones at the price of one. Making a hash takes long and is done outside the rules, which
therefore take it beside the text (`Hashed`)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import NamedTuple

from cumulet.kernel import accounts
from cumulet.kernel.errors import AccessDenied
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import password_policy
from cumulet.services.iam.credential_errors import EntityTemporarilyUnmodifiable, PasswordPolicyViolation
from cumulet.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from cumulet.services.iam.owners import Owner

SALT_BYTES = 16
_COST, _BLOCK, _LANES = 1 << 14, 8, 1
"""About 50 ms and 16 MiB a hash (RFC 7914's values for signing in by hand)."""
_REMEMBERED = 24


class Hashed(NamedTuple):
    """A password, and what scrypt makes of it with `salt`."""

    text: str
    salt: bytes
    hash: bytes


class LoginProfile(Record):
    created: datetime
    changed: datetime
    salt: bytes
    hash: bytes
    reset_required: bool = False
    earlier: tuple[bytes, ...] = ()
    """The hashes before this one, latest first."""


def hashed(password: str, salt: bytes) -> Hashed:
    """Takes long: not for the event loop."""
    return Hashed(password, salt, hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=32))


def find(tx: ReadTransaction, owner: Owner) -> LoginProfile | None:
    found: LoginProfile | None = tx.get(_key(owner))
    return found


def get(tx: ReadTransaction, owner: Owner) -> LoginProfile:
    """Raises NoSuchEntity for who has no password."""
    profile = find(tx, owner)
    if profile is None:
        raise NoSuchEntity(f"Login Profile for User {owner.name} cannot be found.")
    return profile


def create(tx: Transaction, owner: Owner, password: Hashed, *, reset_required: bool = False) -> LoginProfile:
    """Raises EntityAlreadyExists or PasswordPolicyViolation."""
    if find(tx, owner) is not None:
        raise EntityAlreadyExists(f"Login Profile for user {owner.name} already exists.")
    _check(tx, owner, password, None)
    profile = LoginProfile(
        created=tx.now, changed=tx.now, salt=password.salt, hash=password.hash, reset_required=reset_required
    )
    tx.put(_key(owner), profile)
    return profile


def update(tx: Transaction, owner: Owner, password: Hashed | None, *, reset_required: bool | None) -> None:
    """Give a user another password, or ask for a change of it. Raises NoSuchEntity or PasswordPolicyViolation."""
    profile = get(tx, owner)
    if password is not None:
        profile = _with(tx, owner, profile, password)
    if reset_required is not None:
        profile = replace(profile, reset_required=reset_required)
    tx.put(_key(owner), profile)


def change(tx: Transaction, owner: Owner, old: Hashed, new: Hashed) -> None:
    """A user's own change: the old password has to be right.

    Raises NoSuchEntity, AccessDenied or PasswordPolicyViolation."""
    profile = get(tx, owner)
    if not is_right(profile, old):
        raise AccessDenied("The old password was incorrect.")
    tx.put(_key(owner), replace(_with(tx, owner, profile, new), reset_required=False))


def delete(tx: Transaction, owner: Owner) -> None:
    get(tx, owner)
    tx.delete(_key(owner))


def is_right(profile: LoginProfile, password: Hashed) -> bool:
    """Whether this is the profile's password. A hash made with another salt, of a profile that was replaced
    meanwhile, is not."""
    return password.salt == profile.salt and hmac.compare_digest(profile.hash, password.hash)


def _with(tx: ReadTransaction, owner: Owner, profile: LoginProfile, password: Hashed) -> LoginProfile:
    if password.salt != profile.salt:
        raise EntityTemporarilyUnmodifiable(f"Login Profile for User {owner.name} was replaced meanwhile.")
    _check(tx, owner, password, profile)
    earlier = (profile.hash, *profile.earlier)[:_REMEMBERED]
    return replace(profile, hash=password.hash, changed=tx.now, earlier=earlier)


def _check(tx: ReadTransaction, owner: Owner, password: Hashed, profile: LoginProfile | None) -> None:
    policy = password_policy.find(tx, owner.account)
    account = accounts.find(tx, owner.account)
    password_policy.check(policy, password.text, (account.name, account.email))
    if profile is None or policy is None or policy.reuse_prevention is None:
        return
    if password.hash in (profile.hash, *profile.earlier)[: policy.reuse_prevention]:
        raise PasswordPolicyViolation(f"Password should differ from the last {policy.reuse_prevention} passwords")


def _key(owner: Owner) -> Key:
    return ("iam", owner.account, "login-profiles", owner.id)
