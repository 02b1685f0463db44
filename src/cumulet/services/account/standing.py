"""Whose account a call is about, and whether the caller may touch it.

An account speaks of itself by naming none. The management account of an organization, and a member that looks after
account management for it, may name the members, if the organization trusts account.amazonaws.com.
Source: Account Management API Reference, the parameter AccountId; Reference Guide, Enabling trusted access."""

from __future__ import annotations

from cumulet.kernel.authority import Membership
from cumulet.services.account.errors import AccessDeniedException

PRINCIPAL = "account.amazonaws.com"
ALONE = "The management account can only be managed using the standalone context from the management account."
NO_TRUST = "Your organization must first enable trusted access with AWS Account Management."
NO_ADMINISTRATOR = "Only the management account or a delegated administrator can name another account."


def demand_other(account: str, own: Membership | None, other: Membership | None) -> Membership:
    """The organization by which one account speaks of another. Raises AccessDeniedException."""
    if own is None or other is None or own.organization != other.organization:
        raise refusal("The account is not a member of your organization.")
    if account == own.management_account:
        raise refusal(ALONE)
    return own


def refusal(why: str) -> AccessDeniedException:
    return AccessDeniedException(f"You are not authorized to perform this operation. ({why})")
