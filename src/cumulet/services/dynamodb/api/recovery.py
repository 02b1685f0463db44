"""Point-in-time recovery: turned on and off, and tables restored to what they were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import replace
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import descriptions, recovery, restores, tables
from cumulet.services.dynamodb.api.kms_keys import KmsKeys
from cumulet.services.dynamodb.errors import (
    ContinuousBackupsUnavailableException,
    TableNotFoundException,
    ValidationException,
)
from cumulet.services.dynamodb.tables import Table

Answer = dict[str, Any]


class Recovery(KmsKeys):
    async def update_continuous_backups(
        self, *, TableName: str, PointInTimeRecoverySpecification: dict[str, Any]
    ) -> Answer:
        wanted = PointInTimeRecoverySpecification["PointInTimeRecoveryEnabled"]
        days = PointInTimeRecoverySpecification.get("RecoveryPeriodInDays")
        if days is not None and not wanted:
            raise ValidationException("RecoveryPeriodInDays cannot be specified when disabling point in time recovery")

        def update(tx: Transaction) -> Answer:
            table = self._found(tx, TableName)
            if table.status == tables.CREATING:
                raise ContinuousBackupsUnavailableException.of(table.name)
            if wanted:
                table = recovery.enable(tx, table, days)
                tables.put(tx, table)
            elif table.recovery is not None:
                table = recovery.disable(tx, table)
            return recovery.described(table, tx.now)

        return {"ContinuousBackupsDescription": await self.store.write(update)}

    async def describe_continuous_backups(self, *, TableName: str) -> Answer:
        def describe(tx: ReadTransaction) -> Answer:
            return recovery.described(self._found(tx, TableName), tx.now)

        return {"ContinuousBackupsDescription": await self.store.read(describe)}

    async def restore_table_to_point_in_time(
        self,
        *,
        TargetTableName: str,
        SourceTableArn: str | None = None,
        SourceTableName: str | None = None,
        UseLatestRestorableTime: bool = False,
        RestoreDateTime: datetime | None = None,
        **given: Any,
    ) -> Answer:
        source = SourceTableArn or SourceTableName
        if source is None:
            raise ValidationException("One of SourceTableArn or SourceTableName must be specified")
        if UseLatestRestorableTime is (RestoreDateTime is not None):
            raise ValidationException("Either UseLatestRestorableTime or RestoreDateTime must be specified")
        restores.check_known(given)
        kms_key = await self._kms_key(given.get("SSESpecificationOverride"))

        def restore(tx: Transaction) -> Answer:
            table = self._source(tx, source)
            made = restores.to_point_in_time(tx, table, self.scope, TargetTableName, RestoreDateTime, given, kms_key)
            return descriptions.of_new(tx, made)

        return {"TableDescription": await self.store.write(restore)}

    def _source(self, tx: ReadTransaction, name: str) -> Table:
        """By name, or by the ARN of a table in any Region. Raises TableNotFoundException."""
        parts = name.split(":", 5)
        where = replace(self.scope, region=parts[3]) if len(parts) == 6 else self.scope
        found = tables.find(tx, where, name)
        if found is None or found.scope.account != self.scope.account:
            raise TableNotFoundException.of(name)
        return found

    def _found(self, tx: ReadTransaction, name: str) -> Table:
        """Raises TableNotFoundException."""
        found = tables.find(tx, self.scope, name)
        if found is None:
            raise TableNotFoundException.of(tables.locate(self.scope, name)[1])
        return found

    @job
    async def trim_history(self, *, table: str, id: str) -> None:
        after: Key | None = None
        while (after := await self.store.write(recovery.trim, self.scope, table, id, after)) is not None:
            pass
