"""Inline policies: written into one user, group or role, and gone with it."""

from __future__ import annotations

from collections.abc import Iterator

from cumulet.kernel import authority
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import documents
from cumulet.services.iam.entities import Entity
from cumulet.services.iam.errors import LimitExceeded, NoSuchEntity

LARGEST = {"user": 2048, "group": 5120, "role": 10240}
"""Characters without white space of all inline policies of one holder together (IAM and AWS STS quotas)."""


def put(tx: Transaction, holder: Entity, name: str, text: str) -> None:
    """Write a policy into its holder, over one of the same name. Raises MalformedPolicyDocument, LimitExceeded."""
    documents.check(text)
    others = sum(documents.size(other) for known, other in of(tx, holder) if known != name)
    limit = LARGEST[holder.kind]
    if others + documents.size(text) > limit:
        raise LimitExceeded(f"Maximum policy size of {limit} bytes exceeded for {holder.kind} {holder.name}")
    tx.put(("iam", holder.account, "inline", holder.id, name), text)
    authority.changed(tx, holder.account)


def get(tx: ReadTransaction, holder: Entity, name: str) -> str:
    """Raises NoSuchEntity."""
    text: str | None = tx.get(("iam", holder.account, "inline", holder.id, name))
    if text is None:
        raise NoSuchEntity.of(f"{holder.kind} policy", name)
    return text


def delete(tx: Transaction, holder: Entity, name: str) -> None:
    """Raises NoSuchEntity."""
    get(tx, holder, name)
    tx.delete(("iam", holder.account, "inline", holder.id, name))
    authority.changed(tx, holder.account)


def of(tx: ReadTransaction, holder: Entity) -> Iterator[tuple[str, str]]:
    """Names and texts, sorted by name."""
    return ((key[-1], text) for key, text in tx.items(("iam", holder.account, "inline", holder.id)))
