"""A bucket's default encryption, and the kinds of encryption that it does not take.

Every bucket encrypts with SSE-S3 unless told otherwise; a default counts for what is written from then on.
Source: S3 API Reference, PutBucketEncryption."""

from __future__ import annotations

from typing import Any

from cumulet.services.s3.errors import InvalidArgument, MalformedXML

KIND = "encryption"
DEFAULT: dict[str, Any] = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}
"""What a bucket tells to which nothing was set."""
_KMS = ("aws:kms", "aws:kms:dsse")
_BLOCKABLE = ("NONE", "SSE-C")


def checked(configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration as it is kept. Raises MalformedXML or InvalidArgument."""
    rules = configuration.get("Rules") or []
    if len(rules) != 1:
        raise MalformedXML
    rule = rules[0]
    kept: dict[str, Any] = {}
    if rule.get("ApplyServerSideEncryptionByDefault") is not None:
        kept["ApplyServerSideEncryptionByDefault"] = _default(rule["ApplyServerSideEncryptionByDefault"])
    else:
        kept["ApplyServerSideEncryptionByDefault"] = {"SSEAlgorithm": "AES256"}
    kept["BucketKeyEnabled"] = bool(rule.get("BucketKeyEnabled"))
    if rule.get("BlockedEncryptionTypes") is not None:
        kept["BlockedEncryptionTypes"] = _blocked(rule["BlockedEncryptionTypes"])
    return {"Rules": [kept]}


def blocks_customer_keys(configuration: dict[str, Any] | None) -> bool:
    """Whether objects may not be written with keys of the customer's (SSE-C)."""
    rules = (configuration or {}).get("Rules") or [{}]
    return "SSE-C" in rules[0].get("BlockedEncryptionTypes", {}).get("EncryptionType", [])


def _default(applied: dict[str, Any]) -> dict[str, Any]:
    algorithm, key = applied.get("SSEAlgorithm"), applied.get("KMSMasterKeyID")
    if algorithm not in ("AES256", *_KMS):
        raise MalformedXML
    if key is not None and algorithm not in _KMS:
        raise InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    return {"SSEAlgorithm": algorithm} | ({} if key is None else {"KMSMasterKeyID": key})


def _blocked(given: dict[str, Any]) -> dict[str, Any]:
    kinds = given.get("EncryptionType") or []
    if not kinds or any(kind not in _BLOCKABLE for kind in kinds) or len(set(kinds)) != len(kinds) or len(kinds) > 1:
        raise MalformedXML
    return {"EncryptionType": kinds}
