"""Changing how an object is encrypted, in its place: nothing of it moves and nothing else of it changes.

Source: S3 API Reference, UpdateObjectEncryption."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.records import replace
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import object_lock, objects
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.errors import AccessDenied, InvalidRequest
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


def update(tx: Transaction, bucket: Bucket, key: str, version_id: str | None, new: Encryption) -> Object:
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
    changed = replace(found, encryption=replace(new, wrapped_key=held.wrapped_key))
    objects.update(tx, bucket.name, changed)
    return changed
