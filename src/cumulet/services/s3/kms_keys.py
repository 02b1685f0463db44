"""Keys of KMS that protect objects (SSE-KMS, DSSE-KMS), and the bucket keys that spare KMS most of the calls.

KMS generates a key for each object, for the ARN of the object as its encryption context; with a bucket key it generates
one for the ARN of the bucket, which then serves a while for whoever asked for it. What is kept for that while lies
under the cloud's master key.

Sources: S3 User Guide, "Using server-side encryption with AWS KMS keys", "Reducing the cost of SSE-KMS with S3 Bucket
Keys"."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import json
from datetime import datetime, timedelta

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3.encryption import HeldKey, KmsDataKey
from cumulet.services.s3.errors import AccessDenied, InvalidArgument
from cumulet.services.s3.objects import Encryption, Object

BUCKET_KEY_TERM = timedelta(minutes=5)
_ARN = "aws:s3:arn"
_LONGEST_CONTEXT = 8192


class BucketKey(Record):
    """A key that KMS generated for a bucket. `sealed` is wrapped by the cloud's keyring."""

    kms_key: str
    blob: bytes
    context: dict[str, str]
    sealed: bytes
    until: datetime


class KeyWanted(InvalidArgument):
    """An object that only KMS can open was to be read without it. Whoever may ask KMS does so and reads again; to
    those who cannot, since they signed nothing, this is the answer."""

    code = "InvalidArgument"

    def __init__(self, found: Object) -> None:
        super().__init__(
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
            ArgumentName="Authorization",
            ArgumentValue="null",
        )
        self.found = found


def opens(held: HeldKey | None, encryption: Encryption | None) -> bool:
    """Whether nothing of KMS's is needed besides `held`."""
    if encryption is None or not encryption.kms_blob:
        return True
    return isinstance(held, KmsDataKey) and held.blob == encryption.kms_blob


def context(partition: str, bucket: str, key: str, given: str | None, *, bucket_key: bool) -> dict[str, str]:
    """The encryption context of a new object's key; `given` is what the client adds, JSON in base64.

    Raises InvalidArgument."""
    arn = f"arn:{partition}:s3:::{bucket}"
    if bucket_key:
        return {_ARN: arn}
    return {_ARN: f"{arn}/{key}", **(_decoded(given) if given is not None else {})}


def region_of(kms_key: str) -> str:
    """The Region in the ARN of a key that was used."""
    return kms_key.split(":", 5)[3]


def refusal(error: ServiceError) -> ServiceError:
    """What S3 answers when KMS refuses."""
    if error.code in ("AccessDenied", "AccessDeniedException"):
        return AccessDenied(error.message)
    return _kms_error(error.code)(error.message)


@functools.cache
def _kms_error(code: str) -> type[ServiceError]:
    """ "DisabledException" as S3 calls it: "KMS.DisabledException"."""
    return type(f"Kms{code}", (ServiceError,), {"code": f"KMS.{code}", "status": 400})


def keep(tx: Transaction, bucket: str, caller: str, asked: str, made: BucketKey) -> None:
    """Let a bucket key serve its caller until its time is over: for new objects that ask for the same KMS key, and for
    reading those it protects."""
    for place in (_writing(bucket, caller, asked), _reading(bucket, caller, made.blob)):
        tx.put(place, made)
        tx.schedule(made.until, "s3.forget_bucket_key", {"place": list(place)})


def keep_for_reading(tx: Transaction, bucket: str, caller: str, opened: BucketKey) -> None:
    place = _reading(bucket, caller, opened.blob)
    tx.put(place, opened)
    tx.schedule(opened.until, "s3.forget_bucket_key", {"place": list(place)})


def for_writing(tx: ReadTransaction, bucket: str, caller: str, asked: str) -> BucketKey | None:
    return _valid(tx, tx.get(_writing(bucket, caller, asked)))


def for_reading(tx: ReadTransaction, bucket: str, caller: str, blob: bytes) -> BucketKey | None:
    return _valid(tx, tx.get(_reading(bucket, caller, blob)))


def forget(tx: Transaction, place: Key) -> None:
    """A bucket key whose time is over. One that came in its place meanwhile stays."""
    found: BucketKey | None = tx.get(place)
    if found is not None and tx.now >= found.until:
        tx.delete(place)


def held(kept: BucketKey, keyring: Keyring) -> KmsDataKey:
    return KmsDataKey(keyring.unwrap(kept.sealed), kept.blob)


def _valid(tx: ReadTransaction, kept: BucketKey | None) -> BucketKey | None:
    return kept if kept is not None and tx.now < kept.until else None


def _writing(bucket: str, caller: str, asked: str) -> Key:
    return ("s3", "bucket-key", bucket, "write", caller, asked)


def _reading(bucket: str, caller: str, blob: bytes) -> Key:
    return ("s3", "bucket-key", bucket, "read", caller, hashlib.blake2b(blob, digest_size=16).hexdigest())


def _decoded(given: str) -> dict[str, str]:
    try:
        if len(given) > _LONGEST_CONTEXT:
            raise ValueError("too long")
        found = json.loads(base64.b64decode(given, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(part, str) for item in found.items() for part in item):
        raise InvalidArgument(
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which "
            "represents a string-string map",
            ArgumentName="x-amz-server-side-encryption-context",
            ArgumentValue=given[:1024],
        )
    return {name: value for name, value in found.items() if name != _ARN}
