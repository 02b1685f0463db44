"""Permissions boundaries: the managed policy that a user's or role's permissions never exceed."""

from __future__ import annotations

from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import policies
from cumulet.services.iam.errors import NoSuchEntity


def check(tx: ReadTransaction, account: str, arn: str | None) -> str | None:
    """The ARN, if it may bound somebody in the account. Raises NoSuchEntity or ValidationError."""
    if arn is None:
        return None
    if policies.find(tx, account, arn) is None:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def shown(arn: str) -> dict[str, str]:
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
