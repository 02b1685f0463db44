"""All that a user may have beside its policies and groups: what keeps it from being deleted, and what goes with it."""

from __future__ import annotations

from cumulet.kernel import identity
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import (
    access_keys,
    mfa,
    owners,
    passwords,
    service_credentials,
    sign_in,
    signing_certificates,
    ssh_keys,
)
from cumulet.services.iam.users import User


def conflict(tx: ReadTransaction, user: User) -> str | None:
    """Why the user cannot be deleted yet, in AWS's words; None if nothing here is in the way."""
    owner = owners.of(user)
    if access_keys.listed(tx, owner):
        return "Cannot delete entity, must delete access keys first."
    if passwords.find(tx, owner) is not None:
        return "Cannot delete entity, must delete login profile first."
    if mfa.of(tx, owner):
        return "Cannot delete entity, must delete MFA device first."
    if signing_certificates.listed(tx, owner):
        return "Cannot delete entity, must delete signing certificates first."
    if ssh_keys.listed(tx, owner):
        return "Cannot delete entity, must delete SSH public keys first."
    if service_credentials.listed(tx, owner):
        return "Cannot delete entity, must delete service specific credentials first."
    return None


def renamed(tx: Transaction, user: User) -> None:
    """To be called when a user has another name or path: its keys speak for its new ARN."""
    identity.rename(tx, user.account, user.id, user.arn)


def forget(tx: Transaction, user: User) -> None:
    """What is left of a user that is deleted."""
    sign_in.forget(tx, owners.of(user))


def forget_account(tx: Transaction, account: str) -> None:
    """The keys of the account's users, which the kernel keeps; the rest lies with IAM's own. To be called by a
    reset. The root keeps its keys: who runs the cloud is not locked out."""
    for user_id in {key[3] for key, _ in tx.items(("identity", "keys-of", account))} - {account}:
        for key in identity.keys_of(tx, account, user_id):
            identity.delete_key(tx, key)
