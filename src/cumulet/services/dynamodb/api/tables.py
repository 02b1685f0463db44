"""Tables: made, described, changed, listed and deleted."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import definitions, descriptions, removal, tables
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ResourceInUseException
from cumulet.services.dynamodb.tables import CREATING, Table

Answer = dict[str, Any]


class Tables(DynamoBase):
    async def create_table(self, *, TableName: str, **given: Any) -> Answer:
        """The answer says CREATING, as AWS's does, though the table can be used from then on."""

        def create(tx: Transaction) -> Answer:
            if tables.find(tx, self.scope, TableName) is not None:
                raise ResourceInUseException.exists(TableName)
            made = definitions.table(tx, self.scope, TableName, given)
            tables.put(tx, made)
            return descriptions.description(tx, made) | {"TableStatus": CREATING}

        return {"TableDescription": await self.store.write(create)}

    async def describe_table(self, *, TableName: str) -> Answer:
        return {"Table": await self.read_table(TableName, descriptions.description)}

    async def delete_table(self, *, TableName: str) -> Answer:
        def delete(tx: Transaction, table: Table) -> Answer:
            shown = descriptions.description(tx, table)
            tables.delete(tx, table)
            return shown | {"TableStatus": tables.DELETING}

        return {"TableDescription": await self.write_table(TableName, delete)}

    async def list_tables(self, *, ExclusiveStartTableName: str | None = None, Limit: int = 100) -> Answer:
        def names(tx: ReadTransaction) -> list[str]:
            prefix = self.scope.key("dynamodb", "tables")
            return [key[-1] for key, _ in tx.items(prefix, after=ExclusiveStartTableName, limit=Limit + 1)]

        found = await self.store.read(names)
        more = {"LastEvaluatedTableName": found[Limit - 1]} if len(found) > Limit else {}
        return {"TableNames": found[:Limit], **more}

    @job
    async def remove_remains(self, *, prefix: list[Any]) -> None:
        await self.store.write(removal.go_on, tuple(prefix))
