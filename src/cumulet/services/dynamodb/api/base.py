"""What all operations of DynamoDB share: they find their table, and run a rule on it in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from cumulet.kernel.access import Need
from cumulet.kernel.identity import Kind
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import access, tables
from cumulet.services.dynamodb.meter import Meter
from cumulet.services.dynamodb.tables import Table

P = ParamSpec("P")
T = TypeVar("T")


class DynamoBase(Service):
    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        await self.store.read(self._admit, operation, parameters)

    def _admit(self, tx: ReadTransaction, operation: str, parameters: dict[str, Any]) -> None:
        """Most calls are an account's root's own, on tables without policies: they are asked nothing."""
        authority = self.kernel.authority
        is_root = self.caller.kind is Kind.ROOT and authority.standing(tx, self.caller).is_unbound
        if not (is_root and access.is_plain(tx, self.scope, parameters)):
            authority.admit(tx, self, operation, parameters)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        return access.needs(tx, self.scope, operation, parameters)

    def _table(self, tx: ReadTransaction, name: str) -> Table:
        """The table of this name or ARN, for work with its items. Raises ResourceNotFoundException."""
        return tables.usable(tx, self.scope, name)

    def meter(self, wanted: str, kind: str) -> Meter:
        """Counts what the call consumes, if it wants to know (ReturnConsumedCapacity) or has to keep to limits."""
        return Meter(wanted, kind, is_limiting=self.kernel.throughput)

    async def look(self, rule: Callable[Concatenate[ReadTransaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a rule that reads items. Where throughput is limited, what it consumes is written down."""
        if self.kernel.throughput:
            return await self.store.write(rule, *args, **kwargs)
        return await self.store.read(rule, *args, **kwargs)

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
