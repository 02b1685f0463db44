"""The report of a job: CSV files of what succeeded and what failed, and a manifest that names them.

Source: S3 User Guide, "Examples: S3 Batch Operations completion reports". As there, the HTTP status stands before the
error's code, whatever the manifest's schema says."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from cumulet.kernel.kernel import Client
from cumulet.services.s3control.jobs import PAGE, BatchJob, Outcome, Task

FORMAT = "Report_CSV_20180820"
_SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"

Rows = list[tuple[Task, Outcome]]
Results = Callable[[int], Awaitable[Rows]]
"""The results from a number on, a page at a time."""


async def write(client: Client, job: BatchJob, results: Results, now: datetime) -> None:
    """Raises what S3 says where the report cannot be written."""
    bucket = job.report["Bucket"].rpartition(":::")[2]
    prefix = (job.report.get("Prefix") or "").strip("/")
    home = "/".join(filter(None, (prefix, f"job-{job.id}")))
    files = []
    for status, count in (("succeeded", job.succeeded), ("failed", job.failed)):
        if not count or (status == "succeeded" and job.report.get("ReportScope") == "FailedTasksOnly"):
            continue
        name = hashlib.sha1(f"{job.id} {status}".encode(), usedforsecurity=False).hexdigest()
        text = _Text(results, status)
        key = f"{home}/results/{name}.csv"
        await client.put_object(Bucket=bucket, Key=key, Body=aiter(text))
        files.append(
            {"TaskExecutionStatus": status, "Bucket": bucket, "MD5Checksum": text.digest.hexdigest(), "Key": key}
        )
    manifest = {
        "Format": FORMAT,
        "ReportCreationDate": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z",
        "Results": files,
        "ReportSchema": _SCHEMA,
    }
    body = json.dumps(manifest).encode()
    await client.put_object(Bucket=bucket, Key=f"{home}/manifest.json", Body=body)
    checksum = hashlib.md5(body).hexdigest().encode()
    await client.put_object(Bucket=bucket, Key=f"{home}/manifest.json.md5", Body=checksum)


class _Text:
    """The rows of one file, read page by page. `digest` is that of the whole at the end."""

    def __init__(self, results: Results, status: str) -> None:
        self._results, self._status = results, status
        self.digest = hashlib.md5()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        since = 0
        while rows := await self._results(since):
            since += PAGE
            piece = _written([row for row in rows if row[1].is_success == (self._status == "succeeded")], self._status)
            if piece:
                self.digest.update(piece)
                yield piece


def _written(rows: Rows, status: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for task, outcome in rows:
        told: list[Any] = [task.bucket, quote(task.key, safe="/"), task.version_id, status]
        writer.writerow([*told, outcome.status, outcome.code, outcome.message])
    return text.getvalue().encode()
