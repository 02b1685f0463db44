"""What all operations of DynamoDB share: they find their table, and run a rule on it in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import tables
from cumulet.services.dynamodb.tables import Table

P = ParamSpec("P")
T = TypeVar("T")


class DynamoBase(Service):
    def _table(self, tx: ReadTransaction, name: str) -> Table:
        """The table of this name or ARN, for work with its items. Raises ResourceNotFoundException."""
        return tables.usable(tx, self.scope, name)

    async def read_table(
        self, name: str, rule: Callable[Concatenate[ReadTransaction, Table, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading rule on the table of this name or ARN, in the words of operations on tables."""
        return await self.store.read(lambda tx: rule(tx, tables.get(tx, self.scope, name), *args, **kwargs))

    async def write_table(
        self, name: str, rule: Callable[Concatenate[Transaction, Table, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a rule on the table of this name or ARN, in the words of operations on tables."""
        return await self.store.write(lambda tx: rule(tx, tables.get(tx, self.scope, name), *args, **kwargs))
