"""Encryption at rest. All bytes are encrypted by the kernel's blobs under a key of their own; here is who holds it.

With SSE-S3 the data key is wrapped by the cloud's master key. With a customer's key (SSE-C) it is wrapped by that,
which is never kept: only its MD5 is, to tell customers that they sent another one. With SSE-KMS it is wrapped by a key
that KMS generated for the object (or, with a bucket key, for a while for the bucket), of which only the form encrypted
under the KMS key is kept: so whoever reads needs KMS's leave (kms_keys.py)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from cumulet.kernel import ciphers
from cumulet.kernel.ciphers import NONCE_BYTES
from cumulet.kernel.ids import Ids
from cumulet.kernel.keyring import DATA_KEY_BYTES
from cumulet.kernel.scope import Scope
from cumulet.services.s3 import bucket_encryption
from cumulet.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidEncryptionAlgorithmError,
    InvalidRequest,
)
from cumulet.services.s3.objects import Encryption

_ARGUMENT = "x-amz-server-side-encryption"
_KMS = ("aws:kms", "aws:kms:dsse")


class HeldKey:
    """A key that wraps data keys, for as long as a request lasts."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def wrap(self, data_key: bytes, ids: Ids) -> bytes:
        nonce = ids.bytes(NONCE_BYTES)
        return nonce + ciphers.seal(self._key, nonce, data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises AccessDenied if the data key was wrapped by another key."""
        try:
            return ciphers.unseal(self._key, wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:])
        except ciphers.Tampered:
            raise AccessDenied from None


class CustomerKey(HeldKey):
    """A key that came with a request."""

    __slots__ = ("md5",)

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.md5 = base64.b64encode(hashlib.md5(key).digest()).decode()


class KmsDataKey(HeldKey):
    """A key that KMS generated; `blob` is the same encrypted under the KMS key."""

    __slots__ = ("blob",)

    def __init__(self, key: bytes, blob: bytes) -> None:
        super().__init__(key)
        self.blob = blob


def customer_key(given: dict[str, Any], *, secure: bool, prefix: str = "") -> CustomerKey | None:
    """The customer's key in a request (`prefix` "CopySource" for the source's). Raises InvalidArgument and others.

    Source: S3 User Guide, "Using server-side encryption with customer-provided keys"."""
    algorithm = given.get(f"{prefix}SSECustomerAlgorithm")
    key = given.get(f"{prefix}SSECustomerKey")
    md5 = given.get(f"{prefix}SSECustomerKeyMD5")
    if algorithm is None and key is None and md5 is None:
        return None
    intro = "Requests specifying Server Side Encryption with Customer provided keys must"
    if not secure:
        raise InvalidRequest(f"{intro} be made over a secure connection.")
    if algorithm is None:
        raise InvalidArgument(f"{intro} provide a valid encryption algorithm.", ArgumentName=_ARGUMENT)
    if algorithm != "AES256":
        raise InvalidEncryptionAlgorithmError(ArgumentName=_ARGUMENT, ArgumentValue=algorithm)
    if key is None:
        raise InvalidArgument(f"{intro} provide an appropriate secret key.", ArgumentName=_ARGUMENT)
    held = CustomerKey(_decoded(key))
    if md5 is None:
        raise InvalidArgument("The secret key was invalid for the specified algorithm.", ArgumentName=_ARGUMENT)
    if md5 != held.md5:
        raise InvalidArgument(
            "The calculated MD5 hash of the key did not match the hash that was provided.", ArgumentName=_ARGUMENT
        )
    return held


def requested(
    given: dict[str, Any], customer: CustomerKey | None, default: dict[str, Any] | None, scope: Scope
) -> Encryption:
    """How to encrypt a new object: as the request says, or as the bucket's default says, or SSE-S3."""
    algorithm = given.get("ServerSideEncryption")
    kms_key = given.get("SSEKMSKeyId")
    if customer is not None:
        if algorithm is not None:
            raise InvalidArgument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method "
                "specified",
                ArgumentName=_ARGUMENT,
                ArgumentValue=algorithm,
            )
        if bucket_encryption.blocks_customer_keys(default):
            raise AccessDenied
        return Encryption(customer_key_md5=customer.md5)
    if algorithm is None and default is not None:
        rule = default["Rules"][0]
        applied = rule.get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": "AES256"}
        algorithm, kms_key = applied["SSEAlgorithm"], applied.get("KMSMasterKeyID")
        given = {"BucketKeyEnabled": rule.get("BucketKeyEnabled"), **given}
    algorithm = algorithm or "AES256"
    if algorithm not in ("AES256", *_KMS):
        raise InvalidArgument(
            "The encryption method specified is not supported", ArgumentName=_ARGUMENT, ArgumentValue=algorithm
        )
    if kms_key is not None and algorithm not in _KMS:
        raise InvalidArgument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
            ArgumentName=_ARGUMENT,
            ArgumentValue=algorithm,
        )
    if algorithm == "AES256":
        return Encryption()
    return Encryption(
        algorithm=algorithm,
        kms_key=_key_arn(kms_key, scope),
        # Two layers of encryption know no bucket keys (S3 User Guide, DSSE-KMS).
        bucket_key=bool(given.get("BucketKeyEnabled")) and algorithm == "aws:kms",
    )


def new_data_key(held: HeldKey | None, ids: Ids) -> tuple[bytes | None, bytes]:
    """For SSE-C and SSE-KMS a data key and the same wrapped; else nothing, since the blobs keep theirs themselves."""
    if held is None:
        return None, b""
    key = ids.bytes(DATA_KEY_BYTES)
    return key, held.wrap(key, ids)


def check_key(encryption: Encryption | None, held: HeldKey | None) -> None:
    """Whether a reader brought the key that the object wants, and none if it wants none. Raises InvalidRequest."""
    customer = held if isinstance(held, CustomerKey) else None
    wants = encryption is not None and bool(encryption.customer_key_md5)
    if wants and customer is None:
        raise InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided "
            "to retrieve the object."
        )
    if not wants and customer is not None:
        raise InvalidRequest("The encryption parameters are not applicable to this object.")
    if wants and customer is not None and encryption is not None and encryption.customer_key_md5 != customer.md5:
        raise AccessDenied


def _decoded(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != DATA_KEY_BYTES:
        raise InvalidArgument("The secret key was invalid for the specified algorithm.", ArgumentName=_ARGUMENT)
    return raw


def _key_arn(key: str | None, scope: Scope) -> str:
    if key is None:
        return scope.arn("kms", "alias/aws/s3")
    return key if key.startswith("arn:") else scope.arn("kms", key if key.startswith("alias/") else f"key/{key}")
