"""What binds whole accounts, for the kernel's authority: service and resource control policies by level, and where an
account stands. Asked when nothing compiled is at hand; every rule that changes an answer says so."""

from __future__ import annotations

from cumulet.kernel import accounts
from cumulet.kernel.authority import SCP, Membership
from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations import attachments, organizations, policies, tree

_CLOSED = (
    "the account is closed",
    '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}',
)


def controls(tx: ReadTransaction, account: str, kind: str) -> list[list[tuple[str, str]]]:
    """The policies of a type that bind an account, as name and text, level by level from the root down.

    None at all for accounts that nothing binds: without an organization, with its type of policy off, and for the
    management account, which is never restricted. A closed account may do nothing any more, as if a policy said so."""
    if kind == SCP and not accounts.is_open(tx, account):
        return [[_CLOSED]]
    organization = organizations.of(tx, account)
    if organization is None or account == organization.management or kind not in organization.types:
        return []
    line = tree.line(tx, organization, account)
    levels = [attachments.held(tx, organization, entity, kind) for entity in line]
    return [[(policies.arn(organization, policy), policy.content) for policy in level] for level in levels]


def membership(tx: ReadTransaction, account: str) -> Membership | None:
    """Where the account stands, if it belongs to an organization."""
    organization = organizations.of(tx, account)
    if organization is None:
        return None
    member = tree.member(tx, organization, account)
    assert member is not None, f"{account} points to an organization that does not know it"
    return Membership(
        organization=organization.id,
        path=tree.path(tx, organization, member.parent),
        management_account=organization.management,
    )
