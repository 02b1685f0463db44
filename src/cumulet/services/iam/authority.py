"""What IAM tells the kernel of a caller: the policies of a user or role, its boundary, its tags.

The kernel keeps the answer until a rule calls `authority.changed`; every rule here that changes an answer does."""

from __future__ import annotations

from cumulet.kernel.authority import Sources
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import entities, policies, principals
from cumulet.services.iam.errors import ValidationError
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User

_NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


def policies_of(tx: ReadTransaction, principal_arn: str) -> Sources | None:
    """The user's or role's policies, those of its groups among them; None where there is no such user or role."""
    found = principals.find(tx, principal_arn)
    if found is None or not isinstance(found.entity, User | Role):
        return None
    return Sources(
        id=found.entity.id,
        identity=tuple((policy.source, policy.text) for policy in found.policies),
        boundary=_boundary(tx, found.boundary),
        tags=found.entity.tags,
    )


def id_of(tx: ReadTransaction, arn: str) -> str | None:
    """The unique id of the user or role with exactly this ARN."""
    return entities.id_of(tx, arn)


def arn_of(tx: ReadTransaction, account: str, unique: str) -> str | None:
    """The ARN that the holder of a unique id has now."""
    return entities.arn_of(tx, account, unique)


def managed_policy(tx: ReadTransaction, arn: str) -> str | None:
    """The text of a managed policy's default version, the policy being AWS's or any account's."""
    try:
        policy = policies.find(tx, policies.account_of(arn), arn)
    except ValidationError:
        return None
    return None if policy is None else policies.document(tx, policy)


def _boundary(tx: ReadTransaction, arn: str | None) -> tuple[str, str] | None:
    """A boundary whose text is not known lets nothing through, rather than everything."""
    return None if arn is None else (arn, managed_policy(tx, arn) or _NOTHING)
