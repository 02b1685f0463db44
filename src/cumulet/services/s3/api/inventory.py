"""Inventories as clients configure them, and their reports. The rules are in ../inventory.py."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import buckets, destinations, inventory, named_configurations
from cumulet.services.s3.api.reports import Reports
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.inventory import KIND

_GZIP = 16 + zlib.MAX_WBITS


class Inventory(Reports):
    async def put_bucket_inventory_configuration(
        self, *, Bucket: str, Id: str, InventoryConfiguration: dict[str, Any], ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        named_configurations.check_id(Id, InventoryConfiguration)
        await self.store.write(inventory.put, Bucket, inventory.checked(InventoryConfiguration))
        self.reply.status = 204
        return {}

    async def get_bucket_inventory_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return {"InventoryConfiguration": await self.store.read(named_configurations.get, Bucket, KIND, Id)}

    async def list_bucket_inventory_configurations(
        self, *, Bucket: str, ContinuationToken: str | None = None, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return await self.store.read(
            named_configurations.listed, Bucket, KIND, "InventoryConfigurationList", ContinuationToken
        )

    async def delete_bucket_inventory_configuration(
        self, *, Bucket: str, Id: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        await self.store.write(inventory.remove, Bucket, Id)
        return {}

    @job
    async def write_inventory(self, bucket: str, config_id: str) -> None:
        """Write one report and have the next one written. Repeated, it writes the same files again."""
        source = await self.store.read(buckets.find, bucket)
        wanted = await self.store.read(buckets.configuration, bucket, KIND, config_id)
        if source is None or wanted is None or not wanted["IsEnabled"]:
            return
        destination = destinations.name_of(wanted["Destination"]["S3BucketDestination"]["Bucket"])
        await self._reported(source, destination, lambda: self._write_report(source, destination, wanted))
        await self.store.write(_schedule_next, bucket, config_id)

    async def _write_report(self, source: Bucket, destination: str, wanted: dict[str, Any]) -> None:
        began = self.clock.now()
        due = began.replace(hour=0, minute=0, second=0, microsecond=0)
        how = inventory.encryption(wanted)
        data = _Compressed(self, source, wanted)
        data_key = inventory.data_key(source, wanted, due)
        await self._put_report(source, destination, {"Key": data_key, **how}, aiter(data))
        files = [{"key": data_key, "size": data.size, "MD5checksum": data.digest.hexdigest()}]
        manifest = json.dumps(inventory.manifest(source, wanted, began, files), indent=2).encode()
        checksum = hashlib.md5(manifest).hexdigest().encode()
        symlink = f"s3://{destination}/{data_key}\n".encode()
        symlink_key = inventory.symlink_key(source, wanted, due)
        await self._put_report(source, destination, {"Key": symlink_key, **how}, symlink)
        for name, body in (("manifest.json", manifest), ("manifest.checksum", checksum)):
            # The checksum comes last: it tells that the report is complete.
            key = inventory.manifest_key(source, wanted, due, name)
            await self._put_report(source, destination, {"Key": key, **how}, body)


class _Compressed:
    """The rows of a report as gzip, read page by page. `size` and `digest` are known at the end."""

    def __init__(self, service: Inventory, source: Bucket, wanted: dict[str, Any]) -> None:
        self._service, self._source, self._wanted = service, source, wanted
        self.size = 0
        self.digest = hashlib.md5()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        names = inventory.columns(self._wanted)
        packer = zlib.compressobj(wbits=_GZIP)
        after: tuple[str, str | None] | None = ("", None)
        while after is not None:
            rows, after = await self._service.store.read(inventory.page, self._source, self._wanted, after)
            if piece := packer.compress(inventory.written(rows, names)):
                yield self._counted(piece)
        yield self._counted(packer.flush())

    def _counted(self, piece: bytes) -> bytes:
        self.size += len(piece)
        self.digest.update(piece)
        return piece


def _schedule_next(tx: Transaction, bucket: str, config_id: str) -> datetime | None:
    source, wanted = buckets.find(tx, bucket), buckets.configuration(tx, bucket, KIND, config_id)
    if source is not None and wanted is not None:
        inventory.schedule(tx, source, wanted)
    return None
