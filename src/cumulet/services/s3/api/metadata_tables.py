"""Configurations of S3 Metadata as clients set them. The rules are in ../metadata_tables.py."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import stored
from cumulet.services.s3 import metadata_tables
from cumulet.services.s3.api.base import S3Base


class MetadataTables(S3Base):
    @stored
    async def create_bucket_metadata_configuration(
        self,
        *,
        Bucket: str,
        MetadataConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(metadata_tables.create, self.bucket, MetadataConfiguration)
        return {}

    @stored
    async def get_bucket_metadata_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"GetBucketMetadataConfigurationResult": await self.store.read(metadata_tables.told, self.bucket)}

    @stored
    async def delete_bucket_metadata_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(metadata_tables.delete, self.bucket, metadata_tables.KIND)
        return {}

    @stored
    async def update_bucket_metadata_journal_table_configuration(
        self,
        *,
        Bucket: str,
        JournalTableConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        return await self._update(metadata_tables.JOURNAL, JournalTableConfiguration)

    @stored
    async def update_bucket_metadata_inventory_table_configuration(
        self,
        *,
        Bucket: str,
        InventoryTableConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        return await self._update(metadata_tables.INVENTORY, InventoryTableConfiguration)

    @stored
    async def update_bucket_metadata_annotation_table_configuration(
        self,
        *,
        Bucket: str,
        AnnotationTableConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        return await self._update(metadata_tables.ANNOTATION, AnnotationTableConfiguration)

    @stored
    async def create_bucket_metadata_table_configuration(
        self,
        *,
        Bucket: str,
        MetadataTableConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        await self.store.write(metadata_tables.create_older, self.bucket, MetadataTableConfiguration)
        return {}

    @stored
    async def get_bucket_metadata_table_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        found = await self.store.read(metadata_tables.told_older, self.bucket)
        return {"GetBucketMetadataTableConfigurationResult": found}

    @stored
    async def delete_bucket_metadata_table_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(metadata_tables.delete, self.bucket, metadata_tables.OLDER_KIND)
        return {}

    async def _update(self, table: str, changes: dict[str, Any]) -> dict[str, Any]:
        await self.store.write(metadata_tables.update, self.bucket, table, changes)
        return {}
