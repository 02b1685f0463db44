"""Listings: pages of keys in UTF-8 order, with everything below a delimiter folded into one entry.

Folding skips: below a common prefix nothing is read, so a page costs what it shows, however large the bucket."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from cumulet.kernel.keys import StartsWith
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import multipart, objects, versions
from cumulet.services.s3.errors import InvalidArgument
from cumulet.services.s3.multipart import Upload
from cumulet.services.s3.objects import Object
from cumulet.services.s3.versions import NULL

MOST = 1000
_BATCH = 256

T = TypeVar("T", Object, Upload)
Bounds = dict[str, Any]


class Page(NamedTuple):
    """Entries and common prefixes; `marker` is the last key or prefix of a page that others follow, else None."""

    entries: list[Object]
    prefixes: list[str]
    marker: str | None


def keys(tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """The current objects of a bucket beginning behind `after`."""
    page = Page([], [], None)
    last = None

    def read(bounds: Bounds, count: int) -> Iterator[Object]:
        return tx.range(("s3", "object", bucket), **bounds, limit=count)

    for found in _walk(read, _key_of, prefix, delimiter, _start(prefix, delimiter, after)) if limit else ():
        if len(page.entries) + len(page.prefixes) == limit:
            return page._replace(marker=last)
        if isinstance(found, str):
            page.prefixes.append(found)
            last = found
        else:
            page.entries.append(found)
            last = found.key
    return page


class VersionPage(NamedTuple):
    entries: list[tuple[Object, bool]]
    """With whether it is the latest of its key."""
    prefixes: list[str]
    key_marker: str | None = None
    version_marker: str | None = None


def all_versions(
    tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, after_version: str | None, limit: int
) -> VersionPage:
    """All versions: by key, newest first. `after_version` continues within the key `after`."""
    page = VersionPage([], [])
    last: tuple[str | None, str | None] = (None, None)
    for found in _version_walk(tx, bucket, prefix, delimiter, after, after_version, limit) if limit else ():
        if len(page.entries) + len(page.prefixes) == limit:
            return page._replace(key_marker=last[0], version_marker=last[1])
        if isinstance(found, str):
            page.prefixes.append(found)
            last = (found, None)
        else:
            page.entries.append(found)
            last = (found[0].key, found[0].version)
    return page


class UploadPage(NamedTuple):
    entries: list[Upload]
    prefixes: list[str]
    is_truncated: bool = False
    key_marker: str = ""
    upload_marker: str = ""


def uploads(
    tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, after_upload: str, limit: int
) -> UploadPage:
    """The uploads under way: by key, then by when they began. Without `after_upload`, all of the key `after` are past.

    Raises InvalidArgument for an upload that is not of that key."""
    start = _start(prefix, delimiter, after)
    if after_upload:
        if not multipart.is_id_for(after, after_upload):
            raise InvalidArgument(
                "Invalid uploadId marker", ArgumentName="upload-id-marker", ArgumentValue=after_upload
            )
        start = {"after": (after, after_upload)} if start == {"after": after} else start
    page = UploadPage([], [])

    def read(bounds: Bounds, count: int) -> Iterator[Upload]:
        return tx.range(("s3", "upload", bucket), **bounds, limit=count)

    for found in _walk(read, _upload_place, prefix, delimiter, start) if limit else ():
        if len(page.entries) + len(page.prefixes) == limit:
            return page._replace(is_truncated=True)
        if isinstance(found, str):
            page.prefixes.append(found)
            page = page._replace(key_marker=found, upload_marker="")
        else:
            page.entries.append(found)
            page = page._replace(key_marker=found.key, upload_marker=found.id)
    return page


def _walk(
    read: Callable[[Bounds, int], Iterator[T]], place: Callable[[T], Any], prefix: str, delimiter: str, start: Bounds
) -> Iterator[T | str]:
    """Records under `prefix`, and instead of all that share a common prefix that prefix, once.

    Behind a common prefix there is often another, so little is read ahead there."""
    bounds, count = start, 1 if delimiter else _BATCH
    while True:
        taken, jump, last = 0, None, None
        for found in read({**bounds, "until": StartsWith(prefix)}, count):
            taken += 1
            folded = _folded(found.key, prefix, delimiter)
            if folded is not None:
                yield folded
                jump = StartsWith(folded)
                break
            yield found
            last = place(found)
        if jump is None and taken < count:
            return
        bounds = {"after": jump if jump is not None else last}
        count = 1 if jump is not None else min(8 * count, _BATCH)


def _start(prefix: str, delimiter: str, after: str) -> Bounds:
    """Where to begin. A marker inside a common prefix leaves that prefix behind (recorded from ListObjects)."""
    if not after or after < prefix:
        return {"since": StartsWith(prefix)}
    folded = _folded(after, prefix, delimiter) if after.startswith(prefix) else None
    return {"after": StartsWith(folded) if folded is not None else after}


def _folded(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix that `key` is folded into, if it is."""
    if not delimiter:
        return None
    at = key.find(delimiter, len(prefix))
    return None if at < 0 else key[: at + len(delimiter)]


def _version_walk(
    tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, after_version: str | None, limit: int
) -> Iterator[tuple[Object, bool] | str]:
    start = _start(prefix, delimiter, after)
    if after_version is not None and start == {"after": after}:
        yield from _behind(tx, bucket, after, after_version, limit + 1)
    has_older = next(tx.range(("s3", "version", bucket), limit=1), None) is not None

    def read(bounds: Bounds, count: int) -> Iterator[Object]:
        return itertools.islice(objects.currents(tx, bucket, **bounds, limit=count), count)

    for found in _walk(read, _key_of, prefix, delimiter, start):
        if isinstance(found, str):
            yield found
            continue
        yield found, True
        if has_older:
            yield from ((each, False) for each in objects.older(tx, bucket, found.key, limit=limit + 1))


def _behind(tx: ReadTransaction, bucket: str, key: str, version_id: str, limit: int) -> Iterator[tuple[Object, bool]]:
    """The versions of `key` that are older than the one with this id, which may be gone by now."""
    latest = objects.current(tx, bucket, key)
    if version_id == NULL:
        marked = objects.version(tx, bucket, key, NULL)
        sequence = marked.sequence if marked is not None else None
    else:
        sequence = versions.sequence_of(version_id)
        if sequence is None:
            raise InvalidArgument(
                "Invalid version id specified", ArgumentName="version-id-marker", ArgumentValue=version_id
            )
    if latest is None or sequence is None:
        return
    if latest.sequence < sequence:
        yield latest, True
    for each in objects.older(tx, bucket, key, after=(sequence, version_id), limit=limit):
        yield each, False


def _key_of(found: Object) -> str:
    return found.key


def _upload_place(found: Upload) -> tuple[str, str]:
    return found.key, found.id
