"""Backups, and tables restored from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import backups, descriptions, restores, tables
from cumulet.services.dynamodb.api.kms_keys import KmsKeys
from cumulet.services.dynamodb.errors import ContinuousBackupsUnavailableException, TableNotFoundException

Answer = dict[str, Any]

_PAGE = 100


class Backups(KmsKeys):
    async def create_backup(self, *, TableName: str, BackupName: str) -> Answer:
        """The answer says CREATING, as AWS's does, though of a small table the backup is there already."""

        def create(tx: Transaction) -> Answer:
            table = tables.find(tx, self.scope, TableName)
            if table is None:
                raise TableNotFoundException.of(tables.locate(self.scope, TableName)[1])
            if table.status == tables.CREATING:
                raise ContinuousBackupsUnavailableException.of(table.name)
            return backups.details(backups.create(tx, table, BackupName), backups.CREATING)

        return {"BackupDetails": await self.store.write(create)}

    async def describe_backup(self, *, BackupArn: str) -> Answer:
        backup = await self.store.read(backups.get, self.scope, BackupArn)
        return {"BackupDescription": backups.description(backup)}

    async def delete_backup(self, *, BackupArn: str) -> Answer:
        def delete(tx: Transaction) -> Answer:
            backup = backups.get(tx, self.scope, BackupArn)
            backups.delete(tx, backup)
            return backups.description(backup, backups.DELETED)

        return {"BackupDescription": await self.store.write(delete)}

    async def list_backups(
        self,
        *,
        TableName: str | None = None,
        Limit: int = _PAGE,
        TimeRangeLowerBound: datetime | None = None,
        TimeRangeUpperBound: datetime | None = None,
        ExclusiveStartBackupArn: str | None = None,
        BackupType: str = backups.USER,
    ) -> Answer:
        def find(tx: ReadTransaction) -> list[backups.Backup]:
            return backups.listed(
                tx, self.scope, table=TableName, kind=BackupType, since=TimeRangeLowerBound,
                before=TimeRangeUpperBound, after=ExclusiveStartBackupArn, limit=Limit + 1,
            )  # fmt: skip

        found = await self.store.read(find)
        more = {"LastEvaluatedBackupArn": found[Limit - 1].arn} if len(found) > Limit else {}
        return {"BackupSummaries": [backups.summary(each) for each in found[:Limit]], **more}

    async def restore_table_from_backup(self, *, TargetTableName: str, BackupArn: str, **given: Any) -> Answer:
        restores.check_known(given)
        kms_key = await self._kms_key(given.get("SSESpecificationOverride"))

        def restore(tx: Transaction) -> Answer:
            backup = backups.in_any_region(tx, self.scope, BackupArn)
            made = restores.from_backup(tx, backup, self.scope, TargetTableName, given, kms_key)
            return descriptions.of_new(tx, made)

        return {"TableDescription": await self.store.write(restore)}

    @job
    async def copy_backup(self, *, id: str) -> None:
        while await self.store.write(backups.go_on, self.scope, id):
            pass

    @job
    async def expire_backup(self, *, id: str) -> None:
        await self.store.write(backups.expire, self.scope, id)

    @job
    async def restore_items(self, *, table: str, id: str) -> None:
        while await self.store.write(restores.go_on, self.scope, table, id):
            pass
