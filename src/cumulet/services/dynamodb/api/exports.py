"""Exports of tables to Amazon S3."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.kernel import Client
from cumulet.kernel.records import replace
from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import export_files, exports, tables
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import TableNotFoundException
from cumulet.services.dynamodb.exports import Export, File

Answer = dict[str, Any]

_PAGE = 25
_FILE_BYTES = 16 * 1024 * 1024
"""Uncompressed; a file is made in memory."""


class Exports(DynamoBase):
    async def export_table_to_point_in_time(self, *, TableArn: str, S3Bucket: str, **given: Any) -> Answer:
        """The bucket is written with the caller's permissions, by a job; what S3 refuses makes the export fail."""
        caller = replace(self.caller, via=(*self.caller.via, f"{self.principal}.amazonaws.com"))
        request = {"TableArn": TableArn, "S3Bucket": S3Bucket, **given}

        def begin(tx: Transaction) -> Answer:
            table = tables.find(tx, self.scope, TableArn)
            if table is None:
                raise TableNotFoundException.of(TableArn)
            return exports.description(exports.begin(tx, table, caller, request))

        return {"ExportDescription": await self.store.write(begin)}

    async def describe_export(self, *, ExportArn: str) -> Answer:
        return {"ExportDescription": exports.description(await self.store.read(exports.get, self.scope, ExportArn))}

    async def list_exports(
        self, *, TableArn: str | None = None, MaxResults: int = _PAGE, NextToken: str | None = None
    ) -> Answer:
        found = await self.store.read(exports.listed, self.scope, TableArn, NextToken, MaxResults + 1)
        more = {"NextToken": found[MaxResults - 1].id} if len(found) > MaxResults else {}
        return {"ExportSummaries": [exports.summary(each) for each in found[:MaxResults]], **more}

    @job
    async def run_export(self, *, id: str) -> None:
        export = await self.store.read(exports.find, self.scope, id)
        if export is None or export.finished is not None:
            return
        try:
            await self._export(export, self.kernel.client(export.caller, "s3", self.scope.region))
        except ServiceError as refused:
            export = await self.store.read(exports.find, self.scope, id) or export
            await self.store.write(exports.finish, export, (f"S3{refused.code}", refused.message))

    async def _export(self, export: Export, s3: Client) -> None:
        target = _target(export)
        if not export.files:
            await s3.put_object(Key=f"{export.folder}_started", Body=b"", **target)
        while not export.is_written:
            export = await self._write_file(export, s3, target)
        files = await self.store.read(exports.files, export)
        for key, content in export_files.manifests(export, files, self.clock.now()):
            await s3.put_object(Key=key, Body=content, **target)
        await self.store.write(exports.finish, export)

    async def _write_file(self, export: Export, s3: Client, target: Answer) -> Export:
        """One data file, and the note that it is there."""
        lines: list[bytes] = []
        room, size, after = _FILE_BYTES, 0, export.after
        while room > 0:
            portion = await self.store.read(export_files.lines, export, after)
            lines += portion.lines
            room -= sum(map(len, portion.lines))
            size, after = size + portion.size, portion.next
            if after is None:
                break
        content = export_files.compressed(lines)
        # Named after its place: a file that is written again after a restart is the same one.
        key = f"{export_files.data_folder(export)}{export.id}-{export.files:06}.{export_files.extension(export)}"
        put = await s3.put_object(Key=key, Body=content, **target)
        file = File(key=key, count=len(lines), md5=export_files.md5(content), etag=put["ETag"].strip('"'))
        return await self.store.write(exports.wrote, export, file, size, after)

    @job
    async def forget_export(self, *, id: str) -> None:
        await self.store.write(exports.forget, self.scope, id)


def _target(export: Export) -> Answer:
    """How S3 is asked to keep the files."""
    given = export.given
    target = {"Bucket": given["S3Bucket"], "ServerSideEncryption": "AES256"}
    if given.get("S3SseAlgorithm") == "KMS":
        target["ServerSideEncryption"] = "aws:kms"
        if given.get("S3SseKmsKeyId"):
            target["SSEKMSKeyId"] = given["S3SseKmsKeyId"]
    owner = given.get("S3BucketOwner")
    if owner:
        target["ExpectedBucketOwner"] = owner
        if owner != export.scope.account:
            target["ACL"] = "bucket-owner-full-control"
    return target
