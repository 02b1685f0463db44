"""Whether the records of S3 agree with each other. What each finding says would be a bug of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.multipart import Upload
from cumulet.services.s3.objects import Object
from cumulet.services.s3.versions import NULL


def check(tx: ReadTransaction, blobs: Blobs) -> Iterator[str]:
    """A sentence for each thing that is wrong; blobs themselves are checked by the kernel."""
    buckets: list[Bucket] = list(tx.range(("s3", "bucket")))
    yield from _check_buckets(tx, buckets)
    yield from _check_strays(tx, {bucket.name for bucket in buckets})
    uploads, shelves = Counter[str](), Counter[str]()
    for bucket in buckets:
        begun: list[Upload] = list(tx.range(("s3", "upload", bucket.name)))
        uploads.update(upload.id for upload in begun)
        for latest in objects.currents(tx, bucket.name):
            versions = [latest, *objects.older(tx, bucket.name, latest.key)]
            yield from _check_key(tx, bucket, versions)
            yield from _check_parts(tx, versions)
            uploads.update(version.upload for version in versions if version.upload)
            shelves.update(version.annotations for version in versions if version.annotations)
    for key, _ in tx.items(("s3", "part")):
        if uploads[key[2]] != 1:
            yield f"part {key[3]} belongs to {uploads[key[2]]} uploads or objects called {key[2]}"
    filled = {key[2] for key, _ in tx.items(("s3", "annotation"))}
    for shelf in filled | set(shelves):
        if shelf not in filled or shelves[shelf] != 1:
            yield f"{shelves[shelf]} versions have the annotations {shelf}, of which there are {shelf in filled}"


def _check_buckets(tx: ReadTransaction, buckets: list[Bucket]) -> Iterator[str]:
    """What a configuration KIND notes for itself lies under KIND-..., which the bucket does not tell of."""
    owned = {(key[2], key[3]) for key, _ in tx.items(("s3", "owned"))}
    if owned != {(bucket.account, bucket.name) for bucket in buckets}:
        yield "the index of buckets by owner is not that of the buckets"
    counted = {key[-1]: count for key, count in tx.items(("s3", "quota")) if count}
    if counted != dict(Counter(bucket.account for bucket in buckets)):
        yield f"the buckets are not as many as are counted: {counted}"
    for bucket in buckets:
        kinds = {key[3] for key, _ in tx.items(("s3", "config", bucket.name))}
        notes = {kind for kind in kinds if kind.startswith(tuple(f"{told}-" for told in bucket.configured))}
        if kinds - notes != set(bucket.configured) - notes:
            yield f"bucket {bucket.name} has the configurations {sorted(kinds)} and tells of {bucket.configured}"


def _check_strays(tx: ReadTransaction, names: set[str]) -> Iterator[str]:
    """What is left of buckets and keys that are not there."""
    for space in ("object", "hidden", "version", "null", "upload", "config"):
        strays = {key[2] for key, _ in tx.items(("s3", space))} - names
        yield from (f"there is no bucket {name} for its {space}" for name in strays)
    for space in ("version", "null"):
        for key, _ in tx.items(("s3", space)):
            if objects.current(tx, key[2], key[3]) is None:
                yield f"{key[2]}/{key[3]} has a {space} and no current version"


def _check_key(tx: ReadTransaction, bucket: Bucket, versions: list[Object]) -> Iterator[str]:
    """One key's versions, the current one first."""
    latest, name = versions[0], f"{bucket.name}/{versions[0].key}"
    living, hidden = (tx.get(("s3", space, bucket.name, latest.key)) for space in ("object", "hidden"))
    if (living is not None) == (hidden is not None) or latest.delete_marker != (hidden is not None):
        yield f"{name} is both listed and hidden, or not as its kind is"
    sequences = [version.sequence for version in versions]
    if sequences != sorted(sequences, reverse=True):
        yield f"the versions of {name} are out of order: {sequences}"
    ids = Counter(version.version for version in versions)
    if max(ids.values()) > 1:
        yield f"{name} has versions of the same id: {ids.most_common(1)}"
    null = [version.sequence for version in versions[1:] if version.version == NULL]
    if tx.get(("s3", "null", bucket.name, latest.key)) != (null[0] if null else None):
        yield f"{name} notes another version null than it has"
    if not bucket.versioning and len(versions) > 1:
        yield f"{name} has versions in a bucket that never had versioning"


def _check_parts(tx: ReadTransaction, versions: list[Object]) -> Iterator[str]:
    for version in versions:
        if version.delete_marker and (version.blob is not None or version.upload):
            yield f"a delete marker of {version.key} has bytes"
        if version.upload:
            sizes = [part.size for part in tx.range(("s3", "part", version.upload))]
            if (len(sizes), sum(sizes)) != (version.parts, version.size):
                yield f"{version.key} has {len(sizes)} parts of {sum(sizes)} bytes and tells of {version.parts}"
        elif not version.delete_marker and (version.blob is None or version.blob.size != version.size):
            yield f"{version.key} has not the bytes that it tells of"
