"""AWS Organizations as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations import access, resets
from cumulet.services.organizations.api.accounts import Accounts
from cumulet.services.organizations.api.handshakes import Handshakes
from cumulet.services.organizations.api.organization import Organization
from cumulet.services.organizations.api.policies import Policies
from cumulet.services.organizations.api.units import Units


class Organizations(Organization, Accounts, Units, Policies, Handshakes):
    """Every operation, a class for each noun."""

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        return access.needs(tx, self.caller, operation, parameters, super().needs(tx, operation, parameters))

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        if account is not None:
            resets.withdraw(tx, account)
        super().reset(tx, blobs, account)
        resets.settle(tx)
