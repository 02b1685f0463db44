"""Manifests: which objects a job is about. A CSV list, an inventory, or what a search in a bucket finds.

Source: S3 User Guide, "Specifying a manifest"."""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.kernel import Client
from cumulet.services.s3control.jobs import PAGE, Task

CSV, INVENTORY = "S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20161130"
FIELDS = ("Ignore", "Bucket", "Key", "VersionId")
_OBJECT = re.compile(r"arn:aws[a-z-]*:s3:::([^/]{3,63})/(.{1,1024})", re.DOTALL)
_LARGEST_MANIFEST = 16 * 1024 * 1024
"""Bytes of the JSON that lists an inventory's files."""
_LONGEST_LINE = 16 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class ManifestInvalid(ServiceError):
    code = "ManifestInvalid"


Head = Callable[[dict[str, Any]], bool]


async def tasks(client: Client, manifest: dict[str, Any]) -> AsyncIterator[list[Task]]:
    """The tasks, a page at a time. Raises ManifestInvalid, or what S3 says where the manifest cannot be read."""
    bucket, key = locate(manifest["Location"]["ObjectArn"])
    version = {"VersionId": manifest["Location"]["ObjectVersionId"]} if _version(manifest) else {}
    answer = await client.get_object(Bucket=bucket, Key=key, **version)
    if answer["ETag"].strip('"') != manifest["Location"]["ETag"].strip('"'):
        raise ManifestInvalid("The manifest's ETag is not the one given when the job was created.")
    if manifest["Spec"]["Format"] == CSV:
        fields = manifest["Spec"].get("Fields") or []
        rows = _lines(_pieces(answer["Body"]))
    else:
        if answer["ContentLength"] > _LARGEST_MANIFEST:
            raise ManifestInvalid("The manifest is too large.")
        listed = _inventory(b"".join([piece async for piece in _pieces(answer["Body"])]))
        fields = [name if name in FIELDS else "Ignore" for name in listed["fileSchema"].split(", ")]
        rows = _inventory_lines(client, listed)
    async for page in _paged(rows, fields):
        yield page


def locate(arn: str) -> tuple[str, str]:
    """Bucket and key of an object's ARN. Raises ManifestInvalid."""
    found = _OBJECT.fullmatch(arn)
    if found is None:
        raise ManifestInvalid("The ARN of the manifest is not that of an object.")
    return found[1], found[2]


async def generated(client: Client, generator: dict[str, Any], *, all_versions: bool) -> AsyncIterator[list[Task]]:
    """The tasks for what a search in a bucket finds: of each key the current version, or all of them."""
    bucket = generator["SourceBucket"].rpartition(":")[2]
    wanted = generator.get("Filter") or {}
    where: dict[str, Any] = {}
    while True:
        answer = await client.list_object_versions(Bucket=bucket, MaxKeys=PAGE, **where)
        page = [
            each for each in answer.get("Versions", []) if (all_versions or each["IsLatest"]) and _fits(each, wanted)
        ]
        if _needs_head(wanted):
            page = [each for each in page if await _head_fits(client, bucket, each, wanted)]
        if page:
            yield [Task(bucket, each["Key"], _named(each["VersionId"], all_versions)) for each in page]
        if not answer["IsTruncated"]:
            return
        where = {"KeyMarker": answer["NextKeyMarker"]}
        if answer.get("NextVersionIdMarker"):
            where["VersionIdMarker"] = answer["NextVersionIdMarker"]


def _named(version_id: str, all_versions: bool) -> str:
    return version_id if all_versions else ""


def _fits(each: dict[str, Any], wanted: dict[str, Any]) -> bool:
    names = wanted.get("KeyNameConstraint") or {}
    key, size, made = each["Key"], each["Size"], each["LastModified"]
    return (
        _any_of(names.get("MatchAnyPrefix"), key.startswith)
        and _any_of(names.get("MatchAnySuffix"), key.endswith)
        and _any_of(names.get("MatchAnySubstring"), lambda text: text in key)
        and _any_of(wanted.get("MatchAnyStorageClass"), lambda name: name == each["StorageClass"])
        and size > wanted.get("ObjectSizeGreaterThanBytes", -1)
        and size < wanted.get("ObjectSizeLessThanBytes", 1 << 62)
        and _is_between(made, wanted.get("CreatedAfter"), wanted.get("CreatedBefore"))
    )


def _any_of(choices: list[str] | None, test: Callable[[str], bool]) -> bool:
    return not choices or any(test(choice) for choice in choices)


def _is_between(made: datetime, after: datetime | None, before: datetime | None) -> bool:
    return (after is None or made > after) and (before is None or made < before)


def _needs_head(wanted: dict[str, Any]) -> bool:
    return any(wanted.get(name) for name in ("EligibleForReplication", "ObjectReplicationStatuses"))


async def _head_fits(client: Client, bucket: str, each: dict[str, Any], wanted: dict[str, Any]) -> bool:
    head = await client.head_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    status = head.get("ReplicationStatus") or "NONE"
    statuses = wanted.get("ObjectReplicationStatuses")
    if wanted.get("EligibleForReplication") and status == "REPLICA":
        return False
    return not statuses or status in statuses


def _version(manifest: dict[str, Any]) -> str | None:
    version: str | None = manifest["Location"].get("ObjectVersionId")
    return version


def _inventory(raw: bytes) -> dict[str, Any]:
    try:
        listed = json.loads(raw)
        if listed["fileFormat"] != "CSV":
            raise ManifestInvalid("Only inventories in CSV can be manifests.")
        if not isinstance(listed["fileSchema"], str):
            raise TypeError
        listed = {**listed, "files": [str(each["key"]) for each in listed["files"]]}
        listed["bucket"] = str(listed["destinationBucket"]).rpartition(":")[2]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ManifestInvalid("The manifest is not that of an inventory.") from None
    return listed


async def _inventory_lines(client: Client, listed: dict[str, Any]) -> AsyncIterator[str]:
    for key in listed["files"]:
        answer = await client.get_object(Bucket=listed["bucket"], Key=key)
        async for line in _lines(_unpacked(_pieces(answer["Body"]))):
            yield line


async def _pieces(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body:
        yield piece


async def _unpacked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packed = zlib.decompressobj(_GZIP)
    try:
        async for piece in pieces:
            rest = piece
            while rest:  # a little at a time: a small file can unpack to an enormous one
                yield packed.decompress(rest, 1 << 20)
                rest = packed.unconsumed_tail
    except zlib.error:
        raise ManifestInvalid("A file of the inventory is not gzip.") from None


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The lines of a text. Keys are percent-encoded in manifests, so that no line has breaks within."""
    rest = b""
    try:
        async for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise ManifestInvalid("A line of the manifest is too long.")
            for line in whole:
                yield line.decode()
        yield rest.decode()
    except UnicodeDecodeError:
        raise ManifestInvalid("The manifest is not UTF-8.") from None


async def _paged(lines: AsyncIterator[str], fields: list[str]) -> AsyncIterator[list[Task]]:
    page: list[Task] = []
    async for line in lines:
        if line.strip():
            page.append(_task(line, fields))
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _task(line: str, fields: list[str]) -> Task:
    try:
        cells = next(csv.reader([line.rstrip("\r")], strict=True))
    except (csv.Error, StopIteration):
        raise ManifestInvalid("A line of the manifest is no CSV.") from None
    named = dict(zip(fields, (cell.strip() for cell in cells), strict=False))
    if "Bucket" not in named or "Key" not in named or not named["Bucket"] or not named["Key"]:
        raise ManifestInvalid("A line of the manifest lacks a bucket or a key.")
    return Task(named["Bucket"], unquote_plus(named["Key"]), named.get("VersionId", ""))
