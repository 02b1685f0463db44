"""Tags of what an organization consists of: accounts, units, the root, policies and the resource policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cumulet.kernel import authority
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations.errors import ConstraintViolationException, InvalidInputException
from cumulet.services.organizations.organizations import Organization

Tag = Mapping[str, str]

_MOST = 50
_RESERVED = "aws:"


def check(given: Sequence[Tag]) -> dict[str, str]:
    """Tags as a dict. Raises InvalidInputException for keys that are repeated or reserved."""
    new = {tag["Key"]: tag["Value"] for tag in given}
    if len(new) < len(given):
        raise InvalidInputException("DUPLICATE_TAG_KEY")
    if any(key.lower().startswith(_RESERVED) for key in new):
        raise InvalidInputException("INVALID_SYSTEM_TAGS_PARAMETER")
    if len(new) > _MOST:
        raise ConstraintViolationException("MAX_TAG_LIMIT_EXCEEDED")
    return new


def of(tx: ReadTransaction, organization: Organization, resource: str) -> dict[str, str]:
    return tx.get(organization.key("tags", resource)) or {}


def add(tx: Transaction, organization: Organization, resource: str, given: Sequence[Tag]) -> None:
    """Add tags, over those of the same keys, to something that is there."""
    new = check(given)
    if not new:
        return
    every = of(tx, organization, resource) | new
    if len(every) > _MOST:
        raise ConstraintViolationException("MAX_TAG_LIMIT_EXCEEDED")
    tx.put(organization.key("tags", resource), every)
    authority.changed(tx, organization.management)


def forget(tx: Transaction, organization: Organization, resource: str) -> None:
    tx.delete(organization.key("tags", resource))
