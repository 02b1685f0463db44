"""Whose credentials a call is about: a user's, named or the caller itself, or those of the account's root."""

from __future__ import annotations

from typing import NamedTuple

from cumulet.kernel import identity
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import users
from cumulet.services.iam.errors import NoSuchEntity, ValidationError
from cumulet.services.iam.users import User


class Owner(NamedTuple):
    """A user or the root. `id` keeps its meaning when the user is renamed; the root's is the account's number."""

    account: str
    id: str
    user: User | None

    @property
    def name(self) -> str | None:
        """None for the root, which has no user name."""
        return self.user.name if self.user is not None else None

    @property
    def named(self) -> dict[str, str]:
        """The member UserName of an answer, which is left out for the root."""
        return {"UserName": self.user.name} if self.user is not None else {}

    @property
    def caller(self) -> Caller:
        """The owner, as its credentials let it in."""
        if self.user is None:
            return identity.root_of(self.account)
        return Caller(kind=Kind.USER, account=self.account, arn=self.user.arn, id=self.user.id)


def find(tx: ReadTransaction, caller: Caller, account: str, user_name: str | None) -> Owner:
    """The user of that name in `account`; without a name, who calls.

    Raises NoSuchEntity, or ValidationError for a caller who is neither a user nor a root and names none."""
    if user_name is not None:
        return of(users.get(tx, account, user_name))
    if caller.kind is Kind.ROOT:
        return root(account)
    if caller.kind is Kind.USER:
        return by_id(tx, account, caller.id)  # not by its name, which may have changed since it got its credentials
    raise ValidationError("Must specify userName when calling with non-User credentials")


def of(user: User) -> Owner:
    return Owner(user.arn.split(":")[4], user.id, user)


def root(account: str) -> Owner:
    return Owner(account, account, None)


def by_id(tx: ReadTransaction, account: str, owner_id: str) -> Owner:
    """The owner with this unique id. Raises NoSuchEntity."""
    if owner_id == account:
        return root(account)
    user = users.by_id(tx, account, owner_id)
    if user is None:
        raise NoSuchEntity(f"The user with id {owner_id} cannot be found.")
    return of(user)
