"""Tables: made, described, changed, listed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import (
    backups,
    definitions,
    descriptions,
    filling,
    legacy_global_tables,
    policies,
    removal,
    streams,
    tables,
    tags,
    updates,
)
from cumulet.services.dynamodb.api.kms_keys import KmsKeys
from cumulet.services.dynamodb.errors import ResourceInUseException, ValidationException
from cumulet.services.dynamodb.tables import Table

Answer = dict[str, Any]

_LATER = {
    "GlobalTableSourceArn": "global tables of several accounts",
    "VectorIndexes": "vector indexes",
    "VectorIndexUpdates": "vector indexes",
}
_PAGE = 100


class Tables(KmsKeys):
    async def create_table(self, *, TableName: str, **given: Any) -> Answer:
        """The answer says CREATING, as AWS's does, though the table can be used from then on."""
        _refuse_missing(given)
        kms_key = await self._kms_key(given.get("SSESpecification")) or ""

        def create(tx: Transaction) -> Answer:
            scope, name = tables.locate(self.scope, TableName)
            tables.check_name(name)
            made = definitions.table(tx, scope, name, given, kms_key)
            if tables.find(tx, scope, name) is not None:
                raise ResourceInUseException.exists(name)
            if given.get("ResourcePolicy"):
                made = policies.attached(tx, made, given["ResourcePolicy"])
            if given.get("Tags"):
                tags.add(tx, made, given["Tags"])
            tables.put(tx, made)
            return descriptions.of_new(tx, made)

        return {"TableDescription": await self.store.write(create)}

    async def update_table(self, *, TableName: str, **given: Any) -> Answer:
        """The answer says UPDATING, as AWS's does, and what was changed is so at once, but for large new indexes."""
        _refuse_missing(given)
        kms_key = await self._kms_key(given.get("SSESpecification"))

        def update(tx: Transaction, table: Table) -> Answer:
            changed = updates.update(tx, table, given, kms_key)
            return descriptions.of_changed(tx, table, changed)

        return {"TableDescription": await self.write_table(TableName, update)}

    async def describe_table(self, *, TableName: str) -> Answer:
        return {"Table": await self.read_table(TableName, descriptions.description)}

    async def delete_table(self, *, TableName: str) -> Answer:
        def delete(tx: Transaction, table: Table) -> Answer:
            if table.is_protected:
                raise ValidationException(
                    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                    "protection first."
                )
            if table.status == tables.CREATING:
                raise ResourceInUseException.changing(table.name)
            legacy_global_tables.leave(tx, table)
            backups.keep_deleted(tx, table)
            if table.stream:
                table = streams.disable(tx, table)
            tables.delete(tx, table)
            return descriptions.of_deleted(tx, table)

        return {"TableDescription": await self.write_table(TableName, delete)}

    async def list_tables(self, *, ExclusiveStartTableName: str | None = None, Limit: int = _PAGE) -> Answer:
        def names(tx: ReadTransaction) -> list[str]:
            prefix = self.scope.key("dynamodb", "tables")
            return [key[-1] for key, _ in tx.items(prefix, after=ExclusiveStartTableName, limit=Limit + 1)]

        found = await self.store.read(names)
        more = {"LastEvaluatedTableName": found[Limit - 1]} if len(found) > Limit else {}
        return {"TableNames": found[:Limit], **more}

    @job
    async def remove_remains(self, *, prefix: list[Any]) -> None:
        await self.store.write(removal.go_on, tuple(prefix))

    @job
    async def fill_index(self, *, table: str, index: str, after: list[Any]) -> None:
        await self.store.write(filling.go_on, self.scope, table, index, tuple(after))


def _refuse_missing(given: Mapping[str, Any]) -> None:
    for name, what in _LATER.items():
        if given.get(name):
            raise NotImplementedYet(f"Cumulet has no {what} yet.")
