"""What IAM tells the kernel of a caller: the policies of a user or role, its boundary, its tags.

The kernel keeps the answer until a rule calls `authority.changed`; every rule here that changes an answer does."""

from __future__ import annotations

from cumulet.kernel.authority import Sources
from cumulet.kernel.store import ReadTransaction
from cumulet.services.iam import groups, holders, policies, roles, users
from cumulet.services.iam.errors import ValidationError
from cumulet.services.iam.roles import Role
from cumulet.services.iam.users import User


def policies_of(tx: ReadTransaction, principal_arn: str) -> Sources | None:
    """The user's or role's policies, those of its groups among them; None where there is no such user or role."""
    user = users.of_arn(tx, principal_arn)
    if user is not None:
        shared = [source for group in groups.of(tx, user) for source in holders.sources(tx, group)]
        return _sources(tx, user, [*holders.sources(tx, user), *shared])
    role = roles.of_arn(tx, principal_arn)
    return None if role is None else _sources(tx, role, holders.sources(tx, role))


def managed_policy(tx: ReadTransaction, arn: str) -> str | None:
    """The text of a managed policy's default version, the policy being AWS's or any account's."""
    try:
        policy = policies.find(tx, policies.account_of(arn), arn)
    except ValidationError:
        return None
    return None if policy is None else policies.document(tx, policy)


def _sources(tx: ReadTransaction, holder: User | Role, identity: list[tuple[str, str]]) -> Sources:
    return Sources(id=holder.id, identity=tuple(identity), boundary=_boundary(tx, holder.boundary), tags=holder.tags)


def _boundary(tx: ReadTransaction, arn: str | None) -> tuple[str, str] | None:
    """A boundary whose text is not known lets nothing through, rather than everything."""
    return None if arn is None else (arn, managed_policy(tx, arn) or _NOTHING)


_NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
