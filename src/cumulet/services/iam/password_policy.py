"""The password policy of an account: what passwords of its users must be like, and how long they live.

Source: IAM User Guide, "Set an account password policy for IAM users"."""

from __future__ import annotations

from datetime import datetime, timedelta

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.credential_errors import PasswordPolicyViolation
from cumulet.services.iam.errors import NoSuchEntity

SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
_KINDS_BY_DEFAULT = 3
_SHORTEST_BY_DEFAULT = 8


class PasswordPolicy(Record):
    """What an account asks for. The defaults are those of UpdateAccountPasswordPolicy, which are laxer than the rules
    of an account that has no policy."""

    minimum_length: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    users_may_change: bool = False
    max_age_days: int | None = None
    reuse_prevention: int | None = None
    hard_expiry: bool | None = None


def put(tx: Transaction, account: str, policy: PasswordPolicy) -> None:
    tx.put(_key(account), policy)


def find(tx: ReadTransaction, account: str) -> PasswordPolicy | None:
    found: PasswordPolicy | None = tx.get(_key(account))
    return found


def get(tx: ReadTransaction, account: str) -> PasswordPolicy:
    """Raises NoSuchEntity for an account that lives by the defaults."""
    policy = find(tx, account)
    if policy is None:
        raise NoSuchEntity(f"The Password Policy with domain name {account} cannot be found.")
    return policy


def delete(tx: Transaction, account: str) -> None:
    get(tx, account)
    tx.delete(_key(account))


def check(policy: PasswordPolicy | None, password: str, names: tuple[str, ...] = ()) -> None:
    """Raise PasswordPolicyViolation, which names the first rule that the password breaks.

    Without a policy it has to be other than each of `names`, those of the account, and of three kinds."""
    if policy is None:
        _check_default(password, names)
        return
    _check_length(password, policy.minimum_length)
    asked = {
        "uppercase letter": policy.uppercase, "lowercase letter": policy.lowercase,
        "number": policy.numbers, "symbol": policy.symbols,
    }  # fmt: skip
    present = _kinds(password)
    for kind, is_asked in asked.items():
        if is_asked and not present[kind]:
            raise PasswordPolicyViolation(f"Password should have at least one {kind}")


def expires(policy: PasswordPolicy | None, changed: datetime) -> datetime | None:
    """When a password set at `changed` has to be replaced, if ever."""
    if policy is None or policy.max_age_days is None:
        return None
    return changed + timedelta(days=policy.max_age_days)


def _check_default(password: str, names: tuple[str, ...]) -> None:
    _check_length(password, _SHORTEST_BY_DEFAULT)
    if sum(_kinds(password).values()) < _KINDS_BY_DEFAULT:
        raise PasswordPolicyViolation(
            f"Password should have at least {_KINDS_BY_DEFAULT} of uppercase letters, lowercase letters, numbers and "
            "symbols"
        )
    if password in names:
        raise PasswordPolicyViolation("Password should differ from the account's name and its e-mail address")


def _check_length(password: str, shortest: int) -> None:
    if len(password) < shortest:
        raise PasswordPolicyViolation(f"Password should have a minimum length of {shortest}")


def _kinds(password: str) -> dict[str, bool]:
    return {
        "uppercase letter": any("A" <= c <= "Z" for c in password),
        "lowercase letter": any("a" <= c <= "z" for c in password),
        "number": any("0" <= c <= "9" for c in password),
        "symbol": not SYMBOLS.isdisjoint(password),
    }


def _key(account: str) -> Key:
    return ("iam", account, "password-policy")
