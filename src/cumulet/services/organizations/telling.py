"""Telling what became of accounts: events, which stand in the management account's CloudTrail as service events."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.events import Event
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Transaction
from cumulet.services.organizations.organizations import Organization


def tell(tx: Transaction, organization: Organization, what: str, number: str, detail: dict[str, Any]) -> None:
    """`what` is the name that CloudTrail has for it."""
    told = {"accountId": number, "organizationId": organization.id, **detail}
    arn = organization.arn(f"account/{organization.id}/{number}")
    scope = Scope(account=organization.management)
    tx.emit(Event(id=tx.uuid(), type=f"organizations.{what}", time=tx.now, scope=scope, resource=arn, detail=told))
