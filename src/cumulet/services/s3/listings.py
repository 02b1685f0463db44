"""Listings: pages of keys in UTF-8 order, with everything below a delimiter folded into one entry.

Folding skips: below a common prefix nothing is read, so a page costs what it shows. A page that would show little of
much (delete markers, say) is cut off after a number of steps and says that there is more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cumulet.kernel.keys import StartsWith
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3.multipart import Upload
from cumulet.services.s3.objects import Object

MOST = 1000
_STEPS = 20_000


class Page(NamedTuple):
    """Entries and common prefixes, and where to go on: `marker` is the last key or prefix seen, None at the end."""

    entries: list[Object]
    prefixes: list[str]
    marker: str | None
    version_marker: str | None = None


def keys(tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """The current objects of a bucket beginning behind `after`."""
    entries: list[Object] = []
    prefixes: list[str] = []
    last = after
    for steps, found in enumerate(_walk(tx, ("s3", "object", bucket), prefix, delimiter, after, living=True)):
        if len(entries) + len(prefixes) >= limit or steps >= _STEPS:
            return Page(entries, prefixes, last if limit else None)
        if isinstance(found, str):
            prefixes.append(found)
            last = found
        else:
            if not found.delete_marker:
                entries.append(found)
            last = found.key
    return Page(entries, prefixes, None)


def _walk(
    tx: ReadTransaction, space: tuple[str, ...], prefix: str, delimiter: str, after: str, *, living: bool
) -> Iterator[Object | str]:
    """Objects under `prefix`, and instead of all that share a common prefix that prefix, once.

    With `living`, a common prefix of nothing but delete markers is not there."""
    position: str | StartsWith | None = None
    if after:
        folded = _folded(after, prefix, delimiter) if after.startswith(prefix) else None
        position = StartsWith(after) if folded == after else after
        if after < prefix:
            position = None
    while True:
        bounds = {"after": position} if position is not None else {"since": StartsWith(prefix)}
        jump: StartsWith | None = None
        for key, found in tx.items(space, **bounds, until=StartsWith(prefix)):
            folded = _folded(key[-1], prefix, delimiter)
            if folded is not None:
                if not living or not found.delete_marker or _has_living(tx, space, folded):
                    yield folded
                jump = StartsWith(folded)
                break
            yield found
        if jump is None:
            return
        position = jump


def _has_living(tx: ReadTransaction, space: tuple[str, ...], prefix: str) -> bool:
    """Whether anything under a common prefix is more than a delete marker."""
    found = tx.range(space, since=StartsWith(prefix), until=StartsWith(prefix), limit=_STEPS)
    return any(not each.delete_marker for each in found)


def _folded(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix that `key` is folded into, if it is."""
    if not delimiter:
        return None
    at = key.find(delimiter, len(prefix))
    return None if at < 0 else key[: at + len(delimiter)]


class VersionPage(NamedTuple):
    entries: list[tuple[Object, bool]]
    """With whether it is the latest of its key."""
    prefixes: list[str]
    key_marker: str | None
    version_marker: str | None = None


def versions(
    tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, after_version: str | None, limit: int
) -> VersionPage:
    """All versions: by key, newest first. `after_version` continues within the key `after`."""
    entries: list[tuple[Object, bool]] = []
    prefixes: list[str] = []
    last: tuple[str, str | None] = (after, after_version)

    def is_full() -> bool:
        return len(entries) + len(prefixes) >= limit

    if after and after_version is not None:
        for each in _behind(tx, bucket, after, after_version):
            if is_full():
                return VersionPage(entries, prefixes, *last)
            entries.append(each)
            last = (after, each[0].version)
    for steps, found in enumerate(_walk(tx, ("s3", "object", bucket), prefix, delimiter, after, living=False)):
        if is_full() or steps >= _STEPS:
            return VersionPage(entries, prefixes, *last)
        if isinstance(found, str):
            prefixes.append(found)
            last = (found, None)
            continue
        for each in _of_key(tx, bucket, found):
            if is_full():
                return VersionPage(entries, prefixes, *last)
            entries.append(each)
            last = (found.key, each[0].version)
    return VersionPage(entries, prefixes, None)


def _of_key(tx: ReadTransaction, bucket: str, latest: Object) -> Iterator[tuple[Object, bool]]:
    yield latest, True
    for each in tx.range(("s3", "version", bucket, latest.key)):
        yield each, False


def _behind(tx: ReadTransaction, bucket: str, key: str, version_id: str) -> Iterator[tuple[Object, bool]]:
    """The versions of `key` that follow the one with this id."""
    latest: Object | None = tx.get(("s3", "object", bucket, key))
    if latest is None:
        return
    seen = False
    for each in _of_key(tx, bucket, latest):
        if seen:
            yield each
        seen = seen or each[0].version == version_id


class UploadPage(NamedTuple):
    entries: list[Upload]
    prefixes: list[str]
    key_marker: str | None
    upload_marker: str | None = None


def uploads(
    tx: ReadTransaction, bucket: str, prefix: str, delimiter: str, after: str, after_upload: str, limit: int
) -> UploadPage:
    """The uploads under way: by key, then by when they began."""
    entries: list[Upload] = []
    prefixes: list[str] = []
    found: list[Upload] = sorted(
        tx.range(("s3", "upload", bucket), since=StartsWith(prefix), until=StartsWith(prefix)),
        key=lambda upload: (upload.key, upload.begun, upload.id),
    )
    begun = {upload.id: upload.begun for upload in found}
    position = (after, begun.get(after_upload), after_upload)
    last: tuple[str, str] = ("", "")
    for upload in found:
        folded = _folded(upload.key, prefix, delimiter)
        if after and not _is_behind(upload, folded, position):
            continue
        if folded is not None and folded in prefixes:
            continue
        if len(entries) + len(prefixes) >= limit:
            return UploadPage(entries, prefixes, *last)
        if folded is not None:
            prefixes.append(folded)
            last = (folded, "")
        else:
            entries.append(upload)
            last = (upload.key, upload.id)
    return UploadPage(entries, prefixes, None)


def _is_behind(upload: Upload, folded: str | None, position: tuple[str, object, str]) -> bool:
    """Without an upload marker, uploads of the marker's own key are behind us too (ListMultipartUploads)."""
    after, begun, marker = position
    if folded is not None:
        return folded > after
    if upload.key != after:
        return upload.key > after
    return bool(marker) and begun is not None and (upload.begun, upload.id) > (begun, marker)
