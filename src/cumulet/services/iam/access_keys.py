"""Access keys: pairs of an id and a secret with which programs sign. The kernel's identity module keeps them."""

from __future__ import annotations

from cumulet.kernel import identity
from cumulet.kernel.identity import AccessKey
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.errors import InvalidInput, LimitExceeded, NoSuchEntity
from cumulet.services.iam.owners import Owner

MOST = 2
"""Two, so that one can be rotated while the other is in use."""
ACTIVE, INACTIVE = "Active", "Inactive"


def create(tx: Transaction, owner: Owner) -> AccessKey:
    """A new key; its secret is told now and never again. Raises LimitExceeded."""
    if len(listed(tx, owner)) >= MOST:
        raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {MOST}")
    return identity.issue_key(tx, owner.caller)


def listed(tx: ReadTransaction, owner: Owner) -> list[AccessKey]:
    """Oldest first."""
    return identity.keys_of(tx, owner.account, owner.id)


def get(tx: ReadTransaction, owner: Owner, key_id: str) -> AccessKey:
    """Raises NoSuchEntity, also for a key of somebody else."""
    key = find(tx, owner.account, key_id)
    if key is None or key.caller.id != owner.id:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    return key


def find(tx: ReadTransaction, account: str, key_id: str) -> AccessKey | None:
    """A key of anybody in the account."""
    key = identity.find_key(tx, key_id)
    return key if key is not None and key.caller.account == account else None


def set_status(tx: Transaction, owner: Owner, key_id: str, status: str) -> None:
    """From now on the key lets its owner in, or does not. Raises NoSuchEntity or InvalidInput."""
    if status not in (ACTIVE, INACTIVE):
        raise InvalidInput(f"An access key is {ACTIVE} or {INACTIVE}.")
    identity.set_active(tx, get(tx, owner, key_id), status == ACTIVE)


def delete(tx: Transaction, owner: Owner, key_id: str) -> None:
    identity.delete_key(tx, get(tx, owner, key_id))


def status(key: AccessKey) -> str:
    return ACTIVE if key.active else INACTIVE
