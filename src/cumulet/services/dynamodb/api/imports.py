"""Imports of tables from Amazon S3."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.kernel import Client
from cumulet.kernel.records import replace
from cumulet.kernel.service import job
from cumulet.services.dynamodb import import_rows, imports
from cumulet.services.dynamodb.api.kms_keys import KmsKeys
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.import_rows import NotAnItem, Reads
from cumulet.services.dynamodb.imports import Import, Progress
from cumulet.services.dynamodb.values import Item

Answer = dict[str, Any]

_PAGE = 25
_ROWS_AT_ONCE, _BYTES_AT_ONCE = 200, 1024 * 1024
_NO_OBJECTS = ("S3NoSuchKey", "The specified key prefix has no objects.")


class Imports(KmsKeys):
    async def import_table(
        self,
        *,
        S3BucketSource: dict[str, Any],
        InputFormat: str,
        TableCreationParameters: dict[str, Any],
        **given: Any,
    ) -> Answer:
        """The bucket is read with the caller's permissions, by a job; what S3 refuses makes the import fail."""
        caller = replace(self.caller, via=(*self.caller.via, f"{self.principal}.amazonaws.com"))
        kms_key = await self._kms_key(TableCreationParameters.get("SSESpecification")) or ""
        request = {
            "S3BucketSource": S3BucketSource, "InputFormat": InputFormat,
            "TableCreationParameters": TableCreationParameters, **given,
        }  # fmt: skip
        made = await self.store.write(imports.begin, self.scope, caller, request, kms_key)
        return {"ImportTableDescription": imports.description(made)}

    async def describe_import(self, *, ImportArn: str) -> Answer:
        found = await self.store.read(imports.get, self.scope, ImportArn)
        return {"ImportTableDescription": imports.description(found)}

    async def list_imports(
        self, *, TableArn: str | None = None, PageSize: int = _PAGE, NextToken: str | None = None
    ) -> Answer:
        after = imports.from_token(NextToken) if NextToken is not None else None
        found = await self.store.read(imports.listed, self.scope, TableArn, after, PageSize + 1)
        more = {"NextToken": imports.token_of(found[PageSize - 1].id)} if len(found) > PageSize else {}
        return {"ImportSummaryList": [imports.summary(each) for each in found[:PageSize]], **more}

    @job
    async def run_import(self, *, id: str) -> None:
        begun = await self.store.read(imports.find, self.scope, id)
        if begun is None or begun.finished is not None:
            return
        s3 = self.kernel.client(begun.caller, "s3", self.scope.region)
        try:
            failure = None if await self._import(begun, s3) else _NO_OBJECTS
        except ServiceError as refused:
            failure = (f"S3{refused.code}", refused.message)
        await self.store.write(imports.finish, self.scope, id, failure)

    async def _import(self, begun: Import, s3: Client) -> bool:
        """Whether there were objects to read."""
        has_any = bool(begun.last)
        async for key in _keys(begun, s3):
            has_any = True
            await self._read_object(begun, key, s3)
            await self.store.write(imports.close, self.scope, begun.id, key)
        return has_any

    async def _read_object(self, begun: Import, key: str, s3: Client) -> None:
        """All lines of an object, but for those that were read before a restart, in portions."""
        source = _source(begun)
        body = (await s3.get_object(Key=key, **source))["Body"]
        read = import_rows.reader(begun.table, begun.given)
        skipped = begun.lines if begun.key == key else 0
        portion = _Portion(key)
        try:
            async for line in import_rows.lines(body, begun.given.get("InputCompressionType") or import_rows.NONE):
                if skipped:
                    skipped -= 1
                    portion.pass_over(read, line)
                    continue
                portion.take(read, line)
                if portion.is_full:
                    await self.store.write(imports.add, self.scope, begun.id, portion.progress())
                    portion = _Portion(key)
        except NotAnItem:
            portion.errors += 1
        await self.store.write(imports.add, self.scope, begun.id, portion.progress())

    @job
    async def forget_import(self, *, id: str) -> None:
        await self.store.write(imports.forget, self.scope, id)


class _Portion:
    """Lines of an object that are written together."""

    __slots__ = ("_key", "errors", "items", "lines", "processed", "size")

    def __init__(self, key: str) -> None:
        self._key = key
        self.items: list[Item] = []
        self.lines = self.size = self.processed = self.errors = 0

    @property
    def is_full(self) -> bool:
        return self.lines >= _ROWS_AT_ONCE or self.size >= _BYTES_AT_ONCE

    def pass_over(self, read: Reads, line: bytes) -> None:
        """A line that was counted before; but one may be the header."""
        try:
            read(line)
        except (NotAnItem, ValidationException):
            return

    def take(self, read: Reads, line: bytes) -> None:
        self.lines += 1
        self.size += len(line) + 1
        if not line.strip():
            return
        try:
            item = read(line)
        except (NotAnItem, ValidationException):
            self.processed += 1
            self.errors += 1
            return
        if item is not None:
            self.processed += 1
            self.items.append(item)

    def progress(self) -> Progress:
        return Progress(
            key=self._key, items=self.items, lines=self.lines, size=self.size, processed=self.processed,
            errors=self.errors,
        )  # fmt: skip


async def _keys(begun: Import, s3: Client) -> AsyncIterator[str]:
    """The objects that are not read yet, but for the folders that consoles make."""
    place: Answer = {"StartAfter": begun.last} if begun.last else {}
    prefix = begun.given["S3BucketSource"].get("S3KeyPrefix") or ""
    while True:
        page = await s3.list_objects_v2(Prefix=prefix, **place, **_source(begun))
        for found in page.get("Contents", ()):
            if not found["Key"].endswith("/"):
                yield found["Key"]
        if not page.get("IsTruncated"):
            return
        place = {"ContinuationToken": page["NextContinuationToken"]}


def _source(begun: Import) -> Answer:
    given = begun.given["S3BucketSource"]
    owner = {"ExpectedBucketOwner": given["S3BucketOwner"]} if given.get("S3BucketOwner") else {}
    return {"Bucket": given["S3Bucket"], **owner}
