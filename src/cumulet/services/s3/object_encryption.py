"""Changing how an object is encrypted, in its place: nothing of it moves and nothing else of it changes.

Its bytes stay as they are. What protects them changes: their data keys are wrapped by a key that KMS generates.

Source: S3 API Reference, UpdateObjectEncryption."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from cumulet.kernel.blobs import Blob
from cumulet.kernel.ids import Ids
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import multipart, object_lock, objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.encryption import HeldKey
from cumulet.services.s3.errors import AccessDenied, ConditionalRequestConflict, InvalidRequest
from cumulet.services.s3.objects import Encryption, Object

_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:([0-9]{12}):key/[A-Za-z0-9-]{1,128}")
_NEEDS = "Requests that modify an object's encryption type to SSE-KMS require"


def wanted(given: dict[str, Any], bucket: Bucket) -> Encryption:
    """The new encryption: SSE-KMS with a key of the bucket's owner. Raises InvalidRequest or AccessDenied."""
    asked = given.get("SSEKMS")
    if asked is None:
        raise InvalidRequest(
            "Requests that modify an object encryption configuration require a valid new encryption type. Valid "
            "values are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try "
            "again."
        )
    arn = asked.get("KMSKeyArn")
    if not arn:
        raise InvalidRequest(
            f"{_NEEDS} an Amazon Web Services KMS key Amazon Resource Name (ARN). Modify the request to specify a KMS "
            "key ARN, and then try again."
        )
    named = _KEY_ARN.fullmatch(arn)
    if named is None:
        raise InvalidRequest(
            f"{_NEEDS} a valid Amazon Web Services KMS key Amazon Resource Name (ARN). Confirm that you have a "
            "correctly formatted KMS key ARN in your request, and then try again."
        )
    if named[1] != bucket.account:
        raise AccessDenied
    return Encryption(algorithm="aws:kms", kms_key=arn, bucket_key=bool(asked.get("BucketKeyEnabled")))


class Rewrapping(NamedTuple):
    """From what protects an object to what is to protect it. `opens` is None where the cloud's keyring does."""

    keyring: Keyring
    opens: HeldKey | None
    seals: HeldKey

    def wrapped(self, blob: Blob, wrapped: bytes, ids: Ids) -> bytes:
        """The data key of a blob, wrapped anew."""
        if blob.key:
            return self.seals.wrap(self.keyring.unwrap(blob.key), ids)
        assert self.opens is not None, "a blob without a key is held by its owner"
        return self.seals.wrap(self.opens.unwrap(wrapped), ids)


def changeable(tx: ReadTransaction, bucket: Bucket, key: str, version_id: str | None) -> Object:
    """Raises NoSuchKey and others, InvalidRequest for an object that cannot be changed, AccessDenied for a held one."""
    found = objects.find(tx, bucket.name, key, version_id)
    held = found.encryption
    if held is None:
        raise InvalidRequest(
            "The UpdateObjectEncryption operation doesn't supported unencrypted source objects. Only source objects "
            "encrypted with SSE-S3 or SSE-KMS are supported."
        )
    if held.customer_key_md5 or held.algorithm == "aws:kms:dsse":
        raise InvalidRequest(
            "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or "
            "SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
        )
    if object_lock.is_locked(found, tx.now):
        raise AccessDenied
    return found


def update(
    tx: Transaction, bucket: Bucket, seen: Object, version_id: str | None, new: Encryption, rewrapping: Rewrapping
) -> Object:
    """Change the object as it was `seen`. Raises as `changeable`, or ConditionalRequestConflict if another took its
    place."""
    found = changeable(tx, bucket, seen.key, version_id)
    if found.encryption != seen.encryption or found.sequence != seen.sequence:
        raise ConditionalRequestConflict
    blob, wrapped = found.blob, b""
    if blob is not None:
        assert found.encryption is not None, "only encrypted objects are changeable"
        wrapped = rewrapping.wrapped(blob, found.encryption.wrapped_key, tx.ids)
        blob = replace(blob, key=b"")
    for part in multipart.parts(tx, found.upload) if found.upload else ():
        sealed = rewrapping.wrapped(part.blob, part.wrapped_key, tx.ids)
        multipart.update_part(tx, found.upload, replace(part, blob=replace(part.blob, key=b""), wrapped_key=sealed))
    changed = replace(found, blob=blob, encryption=replace(new, wrapped_key=wrapped))
    objects.update(tx, bucket.name, changed)
    return changed
