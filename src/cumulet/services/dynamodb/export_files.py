"""What an export writes: data files, a line for each item, and the manifests that tell of them.

Source: DynamoDB Developer Guide, "DynamoDB table export output format"."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import exports, ion, items, recovery, values
from cumulet.services.dynamodb.exports import INCREMENTAL, ION, NEW_AND_OLD, Chosen, Export, File
from cumulet.services.dynamodb.recovery import Difference
from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.values import Value

_COMPRESSION = 6

_json = msgspec.json.Encoder().encode


class Lines(NamedTuple):
    """Some lines of a data file; `size` counts the items' bytes as AWS does. Where to go on, None at the end."""

    lines: list[bytes]
    size: int
    next: Place | None


def lines(tx: ReadTransaction, export: Export, after: Place | None) -> Lines:
    """A portion of the export, behind `after`."""
    choose = exports.chosen(export)
    if export.kind == INCREMENTAL:
        changed, following = recovery.differences(tx, export.table, export.since, export.until, after)
        records = [(_changed(export, each, choose), len(each.new) + len(each.old)) for each in changed]
    else:
        portion = recovery.portion(tx, export.table, export.until, after)
        records = [_item(data, choose) for _, data in portion.found]
        following = portion.next
    written = [_line(export, record) for record, _ in records if record]
    return Lines(written, sum(size for record, size in records if record), following)


def _item(data: bytes, choose: Chosen) -> tuple[dict[str, Value], int]:
    item = choose(items.decode(data))
    return ({}, 0) if item is None else ({"Item": {"M": item}}, values.item_size(item))


def _changed(export: Export, difference: Difference, choose: Chosen) -> dict[str, Value]:
    """What became of an item; nothing where the filter wants neither image."""
    old = items.decode(difference.old) if difference.old else None
    new = items.decode(difference.new) if difference.new else None
    there = new if new is not None else old
    assert there is not None, "an item that was never there has not changed"
    old, new = (choose(image) if image is not None else None for image in (old, new))
    if old is None and new is None:
        return {}
    record: dict[str, Value] = {
        "Metadata": {"M": {"WriteTimestampMicros": {"N": str(difference.at)}}},
        "Keys": {"M": export.table.schema.key_of(there)},
    }
    if new is not None:
        record["NewImage"] = {"M": new}
    if old is not None and export.view == NEW_AND_OLD:
        record["OldImage"] = {"M": old}
    return record


def _line(export: Export, record: dict[str, Value]) -> bytes:
    if export.format == ION:
        shown: dict[str, Value] = {"Record": {"M": record}} if export.kind == INCREMENTAL else record
        return ion.line(shown).encode() + b"\n"
    return _json({name: value["M"] for name, value in record.items()}) + b"\n"


def extension(export: Export) -> str:
    return "ion.gz" if export.format == ION else "json.gz"


def data_folder(export: Export) -> str:
    """Full exports have a folder of their own, incremental ones share theirs."""
    return f"{export.base}data/" if export.kind == INCREMENTAL else f"{export.folder}data/"


def compressed(lines: list[bytes]) -> bytes:
    return gzip.compress(b"".join(lines), _COMPRESSION, mtime=0)


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def manifests(export: Export, files: list[File], finished: datetime) -> Iterator[tuple[str, bytes]]:
    """The manifests and their checksums, as keys and contents, the summary last."""
    listed = b"".join(_json(_told(file)) + b"\n" for file in files)
    for name, content in (("files", listed), ("summary", _json(_summary(export, finished)))):
        yield f"{export.folder}manifest-{name}.checksum", md5(content).encode()
        yield f"{export.folder}manifest-{name}.json", content


def _told(file: File) -> dict[str, Any]:
    return {"itemCount": file.count, "md5Checksum": file.md5, "etag": file.etag, "dataFileS3Key": file.key}


def _summary(export: Export, finished: datetime) -> dict[str, Any]:
    given = export.given
    summary: dict[str, Any] = {
        "version": "2020-06-30",
        "exportArn": export.arn,
        "startTime": _written(export.started),
        "endTime": _written(finished),
        "tableArn": export.table.arn,
        "tableId": export.table.id,
    }
    if export.kind == INCREMENTAL:
        summary["version"] = "2023-08-01"
        summary["exportFromTime"] = _written(recovery.instant(export.since))
        summary["exportToTime"] = _written(recovery.instant(export.until))
    else:
        summary["exportTime"] = _written(recovery.instant(export.until))
    summary |= {
        "s3Bucket": given["S3Bucket"],
        "s3Prefix": given.get("S3Prefix"),
        "s3SseAlgorithm": given.get("S3SseAlgorithm") or "AES256",
        "s3SseKmsKeyId": given.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{export.folder}manifest-files.json",
        "billedSizeBytes": export.size,
        "itemCount": export.count,
        "outputFormat": export.format,
    }
    if export.kind == INCREMENTAL:
        summary |= {"outputView": export.view, "exportType": export.kind}
    return summary


def _written(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"
