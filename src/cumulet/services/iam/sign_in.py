"""Signing in to the console: a password, and a code where there is a device, become temporary credentials.

Nobody learns from a refusal whether the account, the user or the password was wrong. After five failures in a row each
further attempt has to wait, twice as long each time, up to a quarter of an hour by the clock."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import NamedTuple

from cumulet.kernel import accounts
from cumulet.kernel.identity import Caller, Session
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import aliases, mfa, owners, password_policy, passwords, users
from cumulet.services.iam.credential_errors import SignInTooSoon
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.passwords import Hashed, LoginProfile

LASTS = timedelta(hours=12)
_FREE_FAILURES = 5
_LONGEST_WAIT = timedelta(minutes=15)


class Step(enum.StrEnum):
    """How far an attempt came."""

    DONE = "SUCCESS"
    FAILED = "FAILED"
    CODE = "MFA_REQUIRED"
    """The password was right; a code of the user's device is asked for."""
    NEW_PASSWORD = "PASSWORD_CHANGE_REQUIRED"  # noqa: S105 - a step
    """All was right; the password has to be replaced now."""
    EXPIRED = "PASSWORD_EXPIRED"
    """All was right; but only an administrator may replace a password that expired."""


class Attempt(NamedTuple):
    """What came of an attempt. `caller` has a session if it succeeded; `device` is the one whose code was given."""

    step: Step
    caller: Caller | None = None
    device: str | None = None


class Failures(Record):
    count: int
    last: datetime


def find(tx: ReadTransaction, account: str, user_name: str | None) -> Owner | None:
    """Who is meant: a user of the account (a number, or an alias), or the root with this e-mail address."""
    if user_name is None:
        number = accounts.of_email(tx, account)
        return None if number is None else owners.root(number)
    number = account if account.isdigit() else aliases.account_of(tx, account)
    user = None if number is None else users.find(tx, number, user_name)
    return None if user is None else owners.of(user)


def check_pace(tx: ReadTransaction, owner: Owner) -> None:
    """Raise SignInTooSoon while earlier failures make the owner wait."""
    failures: Failures | None = tx.get(_key(owner))
    if failures is None or failures.count < _FREE_FAILURES:
        return
    doublings = min(failures.count - _FREE_FAILURES, 20)
    until = failures.last + min(timedelta(seconds=2**doublings), _LONGEST_WAIT)
    if tx.now < until:
        raise SignInTooSoon(max(1, round((until - tx.now).total_seconds())))


def attempt(tx: Transaction, owner: Owner, given: Hashed, code: str | None, new: Hashed | None) -> Attempt:
    """Sign in, or see what is missing. What was tried stays tried, so a refusal is no exception here.

    Raises SignInTooSoon; PasswordPolicyViolation for a new password that will not do."""
    check_pace(tx, owner)
    if not accounts.is_open(tx, owner.account):
        return Attempt(Step.FAILED)
    profile = passwords.find(tx, owner)
    if profile is None or not passwords.is_right(profile, given):
        return _failed(tx, owner)
    devices = mfa.of(tx, owner)
    if devices and code is None:
        return Attempt(Step.CODE)
    device = mfa.use_any_code(tx, owner, code) if devices and code is not None else None
    if devices and device is None:
        return _failed(tx, owner)
    tx.delete(_key(owner))
    return _with_password(tx, owner, profile, device, new)


def forget(tx: Transaction, owner: Owner) -> None:
    tx.delete(_key(owner))


def last(tx: ReadTransaction, owner: Owner) -> datetime | None:
    """When the owner's password was last used."""
    if owner.user is not None:
        return owner.user.password_last_used
    used: datetime | None = tx.get(_root_use(owner.account))
    return used


def _with_password(
    tx: Transaction, owner: Owner, profile: LoginProfile, device: str | None, new: Hashed | None
) -> Attempt:
    """The password and the code were right; go on unless the password is too old."""
    policy = password_policy.find(tx, owner.account)
    end = password_policy.expires(policy, profile.changed) if owner.user is not None else None
    is_old = end is not None and end <= tx.now
    if is_old and policy is not None and policy.hard_expiry:
        return Attempt(Step.EXPIRED, device=device)
    if is_old or profile.reset_required:
        if new is None:
            return Attempt(Step.NEW_PASSWORD, device=device)
        passwords.update(tx, owner, new, reset_required=False)
    return _done(tx, owner, device)


def _done(tx: Transaction, owner: Owner, device: str | None) -> Attempt:
    if owner.user is not None:
        users.put(tx, replace(owner.user, password_last_used=tx.now))
    else:
        tx.put(_root_use(owner.account), tx.now)
    mfa_time = tx.now if device is not None else None
    session = Session(issued=tx.now, expires=tx.now + LASTS, mfa=mfa_time, console=True)
    return Attempt(Step.DONE, replace(owner.caller, session=session), device)


def _failed(tx: Transaction, owner: Owner) -> Attempt:
    failures: Failures | None = tx.get(_key(owner))
    tx.put(_key(owner), Failures(count=1 if failures is None else failures.count + 1, last=tx.now))
    return Attempt(Step.FAILED)


def _key(owner: Owner) -> Key:
    return ("iam", owner.account, "sign-in", owner.id)


def _root_use(account: str) -> Key:
    return ("iam", account, "root-password-used")
