"""Which managed policies are attached to whom, and whom they bound.

Both directions are kept: by the holder's unique id for decisions, by the policy for its counts and its deletion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cumulet.kernel import authority
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import LimitExceeded, NoSuchEntity

MOST = 10
"""Managed policies of one user, group or role."""


class Use(NamedTuple):
    """`kind` is what the holder is: user, group or role."""

    kind: str
    holder_id: str


def attach(tx: Transaction, holder: Entity, policy_arn: str) -> None:
    """Attach a policy, or find it attached. Raises LimitExceeded."""
    if is_attached(tx, holder, policy_arn):
        return
    if len(of(tx, holder)) >= MOST:
        raise LimitExceeded.of(f"PoliciesPer{holder.kind.capitalize()}", MOST)
    tx.put(("iam", holder.account, "attached", holder.id, policy_arn), "")
    tx.put(("iam", holder.account, "holders", policy_arn, holder.kind, holder.id), "")
    authority.changed(tx, holder.account)


def detach(tx: Transaction, holder: Entity, policy_arn: str) -> None:
    """Raises NoSuchEntity where it was not attached."""
    if not is_attached(tx, holder, policy_arn):
        raise NoSuchEntity(f"Policy {policy_arn} was not found.")
    tx.delete(("iam", holder.account, "attached", holder.id, policy_arn))
    tx.delete(("iam", holder.account, "holders", policy_arn, holder.kind, holder.id))
    authority.changed(tx, holder.account)


def is_attached(tx: ReadTransaction, holder: Entity, policy_arn: str) -> bool:
    return tx.get(("iam", holder.account, "attached", holder.id, policy_arn)) is not None


def of(tx: ReadTransaction, holder: Entity) -> list[str]:
    """The ARNs of the policies attached to a holder, sorted."""
    return [key[-1] for key, _ in tx.items(("iam", holder.account, "attached", holder.id))]


def holders(tx: ReadTransaction, account: str, policy_arn: str) -> Iterator[Use]:
    """To whom in the account a policy is attached."""
    return (Use(*key[-2:]) for key, _ in tx.items(("iam", account, "holders", policy_arn)))


def bounded(tx: ReadTransaction, account: str, policy_arn: str) -> Iterator[Use]:
    """Whom in the account a policy bounds."""
    return (Use(*key[-2:]) for key, _ in tx.items(("iam", account, "bounded", policy_arn)))


def counts(tx: ReadTransaction, account: str, policy_arn: str) -> tuple[int, int]:
    """How often the policy is attached in the account, and how many it bounds."""
    return sum(1 for _ in holders(tx, account, policy_arn)), sum(1 for _ in bounded(tx, account, policy_arn))


def in_use(tx: ReadTransaction, account: str) -> set[str]:
    """The ARNs of all policies that are attached to somebody in the account."""
    return {key[3] for key, _ in tx.items(("iam", account, "holders"))}


def bounding(tx: ReadTransaction, account: str) -> set[str]:
    """The ARNs of all policies that bound somebody in the account."""
    return {key[3] for key, _ in tx.items(("iam", account, "bounded"))}


def note_boundary(tx: Transaction, holder: Entity, old: str | None, new: str | None) -> None:
    """Keep the count of whom a policy bounds."""
    if old is not None:
        tx.delete(("iam", holder.account, "bounded", old, holder.kind, holder.id))
    if new is not None:
        tx.put(("iam", holder.account, "bounded", new, holder.kind, holder.id), "")
    if old != new:
        authority.changed(tx, holder.account)
