"""What the operations about credentials share: whose they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import owners
from cumulet.services.iam.owners import Owner

P = ParamSpec("P")
T = TypeVar("T")


class Own(Service):
    async def _owned(
        self, user_name: str | None, rule: Callable[Concatenate[Transaction, Owner, P], T], *rest: Any, **more: Any
    ) -> T:
        """Run a rule on the credentials of the user of that name; without a name, of who calls."""
        return (await self._told(user_name, rule, *rest, **more))[1]

    async def _told(
        self, user_name: str | None, rule: Callable[Concatenate[Transaction, Owner, P], T], *rest: Any, **more: Any
    ) -> tuple[Owner, T]:
        """As `_owned`, with the owner."""

        def run(tx: Transaction) -> tuple[Owner, T]:
            owner = owners.find(tx, self.caller, self.scope.account, user_name)
            return owner, rule(tx, owner, *rest, **more)

        return await self.store.write(run)

    async def _seen(
        self, user_name: str | None, rule: Callable[Concatenate[ReadTransaction, Owner, P], T], *rest: Any, **more: Any
    ) -> tuple[Owner, T]:
        """As `_told`, of a rule that changes nothing."""

        def run(tx: ReadTransaction) -> tuple[Owner, T]:
            owner = owners.find(tx, self.caller, self.scope.account, user_name)
            return owner, rule(tx, owner, *rest, **more)

        return await self.store.read(run)
