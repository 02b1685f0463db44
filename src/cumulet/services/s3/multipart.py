"""Multipart uploads: begun, filled part by part in any order, then completed into one object, or aborted.

The parts of a finished upload stay where they are and belong to the object: completing copies nothing."""

from __future__ import annotations

import base64
import hashlib
import itertools
from datetime import datetime
from typing import Any

from cumulet.kernel import checksums
from cumulet.kernel.blobs import Blob, Blobs, Draft
from cumulet.kernel.ids import Ids
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets, conditions, objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import (
    BadDigest,
    EntityTooSmall,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    NoSuchUpload,
)
from cumulet.services.s3.integrity import DEFAULT_ALGORITHM
from cumulet.services.s3.objects import Checksum, Object

SMALLEST_PART = 5 * 1024 * 1024
"""Bytes; the last part may be smaller (S3 quotas)."""
MOST_PARTS = 10_000
ID_LENGTH = 128
COMPOSITE, FULL_OBJECT = "COMPOSITE", "FULL_OBJECT"


class Upload(Record):
    """An upload under way. `draft` is the object to be, without its bytes."""

    id: str
    key: str
    begun: datetime
    draft: Object
    initiator: str = ""
    checksum_algorithm: str = ""
    """As asked for; empty if it was not."""
    checksum_type: str = ""
    found: int = 0
    """The sequence of the object that the key had when the upload began; 0 for none."""


class Part(Record):
    number: int
    size: int
    etag: str
    modified: datetime
    blob: Blob
    wrapped_key: bytes = b""
    checksum: str = ""
    """In base64, by the upload's algorithm (CRC64NVME if none was asked for)."""
    sent: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    """The checksum that the client gave, as the API spells it."""


def new_id(now: datetime, key: str, ids: Ids) -> str:
    """Opaque to clients; to us, ids sort by when the uploads began, and tell whether they are of a key."""
    begun = int(now.timestamp() * 1_000_000).to_bytes(8, "big")
    return _base32(begun) + _mark(key) + ids.alphanumeric(ID_LENGTH - 21)


def is_id_for(key: str, upload_id: str) -> bool:
    return len(upload_id) == ID_LENGTH and upload_id[13:21] == _mark(key)


def begin(tx: Transaction, bucket: Bucket, upload: Upload) -> None:
    """Raises NoSuchBucket if the bucket went meanwhile."""
    buckets.still(tx, bucket)
    latest = objects.current(tx, bucket.name, upload.key)
    tx.put(_upload(bucket.name, upload.key, upload.id), replace(upload, found=_living(latest)))


def find(tx: ReadTransaction, bucket: str, key: str, upload_id: str) -> Upload:
    """Raises NoSuchUpload."""
    upload: Upload | None = tx.get(_upload(bucket, key, upload_id))
    if upload is None:
        raise NoSuchUpload(UploadId=upload_id)
    return upload


def put_part(tx: Transaction, blobs: Blobs, bucket: str, upload: Upload, part: Part, draft: Draft) -> None:
    """Store a part; an earlier one of the same number is replaced. Raises NoSuchUpload."""
    find(tx, bucket, upload.key, upload.id)
    earlier: Part | None = tx.get(_part(upload.id, part.number))
    if earlier is not None:
        blobs.release(tx, earlier.blob)
    draft.adopt(tx)
    tx.put(_part(upload.id, part.number), part)


def parts(tx: ReadTransaction, upload_id: str, *, after: int = 0, limit: int | None = None) -> list[Part]:
    """The parts by number."""
    return list(tx.range(("s3", "part", upload_id), after=after, limit=limit))


def update_part(tx: Transaction, upload_id: str, changed: Part) -> None:
    """Store a part whose members changed, in its place."""
    tx.put(_part(upload_id, changed.number), changed)


def abort(tx: Transaction, blobs: Blobs, bucket: str, upload: Upload) -> None:
    """Raises NoSuchUpload, so that one that was completed meanwhile keeps its parts."""
    find(tx, bucket, upload.key, upload.id)
    for part in parts(tx, upload.id):
        blobs.release(tx, part.blob)
    tx.delete_range(("s3", "part", upload.id))
    _forget(tx, bucket, upload)


def complete(
    tx: Transaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    upload_id: str,
    wanted: list[dict[str, Any]],
    given: dict[str, Any],
) -> Object:
    """Make the object of the parts that the client lists. Raises NoSuchUpload, InvalidPart and others.

    The parts that are not listed are dropped. Completing once more answers the same, for those whom the first answer
    did not reach. Source: S3 API Reference, CompleteMultipartUpload."""
    latest = objects.current(tx, bucket.name, key)
    if latest is not None and latest.upload == upload_id:
        return latest
    upload = find(tx, bucket.name, key, upload_id)
    chosen = _choose(tx, upload, wanted)
    conditions.check_completion(latest, key, given, upload.found)
    size = sum(part.size for part in chosen)
    expected = given.get("MpuObjectSize")
    if expected is not None and int(expected) != size:
        raise InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )
    checksum = _checksum(upload, chosen, given)
    _drop_unlisted(tx, blobs, upload, chosen)
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in chosen)).hexdigest()
    made = replace(
        upload.draft, size=size, etag=f"{digest}-{len(chosen)}", upload=upload.id, parts=len(chosen),
        checksum=checksum, modified=tx.now,
    )  # fmt: skip
    _forget(tx, bucket.name, upload)
    return objects.put(tx, blobs, bucket, made)


def uploads(tx: ReadTransaction, bucket: str) -> list[Upload]:
    """The uploads under way, by key and then by the time they began."""
    return list(tx.range(("s3", "upload", bucket)))


def checksum_of_part(made: Object, part: Part) -> dict[str, str]:
    """What a read of one part tells of checksums: only composite objects keep those of their parts."""
    if made.checksum is None or made.checksum.type != COMPOSITE:
        return {}
    return {f"Checksum{made.checksum.algorithm}": part.checksum, "ChecksumType": COMPOSITE}


def check_checksum_type(algorithm: str | None, kind: str | None) -> tuple[str, str]:
    """The algorithm and type of a new upload's checksum. Raises InvalidRequest for pairs that do not go together."""
    if algorithm is None:
        if kind is not None:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return "", ""
    algorithm = algorithm.upper()
    if algorithm not in checksums.SIZES:
        raise InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    kind = kind or (FULL_OBJECT if algorithm == DEFAULT_ALGORITHM else COMPOSITE)
    if (kind == FULL_OBJECT and algorithm not in checksums.COMBINABLE) or (
        kind == COMPOSITE and algorithm == DEFAULT_ALGORITHM
    ):
        raise InvalidRequest(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return algorithm, kind


def _living(latest: Object | None) -> int:
    return 0 if latest is None or latest.delete_marker else latest.sequence


def _mark(key: str) -> str:
    return _base32(hashlib.sha256(key.encode()).digest()[:5])


def _base32(data: bytes) -> str:
    """In letters that sort as the bytes do."""
    return base64.b32hexencode(data).decode().rstrip("=")


def _choose(tx: ReadTransaction, upload: Upload, wanted: list[dict[str, Any]]) -> list[Part]:
    if not wanted:
        raise InvalidRequest("You must specify at least one part")
    numbers = [entry.get("PartNumber", 0) for entry in wanted]
    if any(a >= b for a, b in itertools.pairwise(numbers)):
        raise InvalidPartOrder(UploadId=upload.id)
    chosen = [_matching(tx, upload, entry) for entry in wanted]
    for part in chosen[:-1]:
        if part.size < SMALLEST_PART:
            raise EntityTooSmall(
                ETag=part.etag, MinSizeAllowed=str(SMALLEST_PART), PartNumber=str(part.number),
                ProposedSize=str(part.size),
            )  # fmt: skip
    return chosen


def _matching(tx: ReadTransaction, upload: Upload, entry: dict[str, Any]) -> Part:
    number, etag = entry.get("PartNumber", 0), str(entry.get("ETag", "")).strip('"')
    part: Part | None = tx.get(_part(upload.id, number))
    given = {name: value for name, value in entry.items() if name.startswith("Checksum")}
    if part is None or part.etag != etag or not _same_checksum(upload, part, given):
        raise InvalidPart(ETag=etag, PartNumber=str(number), UploadId=upload.id)
    if upload.checksum_type == COMPOSITE and not given:
        raise InvalidRequest(
            f"The upload was created using a {upload.checksum_algorithm.lower()} checksum. The complete request must "
            f"include the checksum for each part. It was missing for part {number} in the request."
        )
    return part


def _same_checksum(upload: Upload, part: Part, given: dict[str, str]) -> bool:
    """A part's checksum in the list must be the upload's kind; an upload of no kind takes none."""
    if not upload.checksum_algorithm:
        return not given
    return all(
        name == f"Checksum{upload.checksum_algorithm}" and value == part.checksum for name, value in given.items()
    )


def _checksum(upload: Upload, chosen: list[Part], given: dict[str, Any]) -> Checksum:
    """The object's checksum from its parts', held against what the client says it is."""
    algorithm = upload.checksum_algorithm or DEFAULT_ALGORITHM
    kind = given.get("ChecksumType")
    if kind is not None and kind != upload.checksum_type:
        raise InvalidRequest(
            f"The upload was created using the {upload.checksum_type or 'null'} checksum mode. The complete request "
            "must use the same checksum mode."
        )
    digests = [checksums.decode(algorithm, part.checksum) for part in chosen]
    if upload.checksum_type == COMPOSITE:
        value = checksums.composite(algorithm, digests)
    else:
        whole = digests[0]
        for digest, part in zip(digests[1:], chosen[1:], strict=True):
            whole = checksums.combine(algorithm, whole, digest, part.size)
        value = checksums.encode(whole)
    said = given.get(f"Checksum{algorithm}")
    if said is not None and said.partition("-")[0] != value.partition("-")[0]:
        raise BadDigest(f"The {algorithm.lower()} you specified did not match the calculated checksum.")
    return Checksum(algorithm=algorithm, value=value, type=upload.checksum_type or FULL_OBJECT)


def _drop_unlisted(tx: Transaction, blobs: Blobs, upload: Upload, chosen: list[Part]) -> None:
    kept = {part.number for part in chosen}
    for part in parts(tx, upload.id):
        if part.number not in kept:
            blobs.release(tx, part.blob)
            tx.delete(_part(upload.id, part.number))


def _forget(tx: Transaction, bucket: str, upload: Upload) -> None:
    tx.delete(_upload(bucket, upload.key, upload.id))


def _upload(bucket: str, key: str, upload_id: str) -> Key:
    return ("s3", "upload", bucket, key, upload_id)


def _part(upload_id: str, number: int) -> Key:
    return ("s3", "part", upload_id, number)
