"""Which permission an operation needs, and on what: s3:GetObject on an object, s3:ListBucket on a bucket.

Most are named as the operation. Source: Service Authorization Reference, "Actions defined by Amazon S3"; S3 User
Guide, "Required permissions for Amazon S3 API operations"."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

BUCKET, OBJECT = "bucket", "object"

UNGUARDED = frozenset({"preflight", "website"})
"""Operations that look after their bucket and its visitors themselves."""


class Right(NamedTuple):
    """One permission: `level` says whether it is on the bucket or the object that the call names."""

    action: str
    level: str


_OBJECT_ACTIONS = {
    "get_object": "GetObject",
    "head_object": "GetObject",
    "select_object_content": "GetObject",
    "get_object_attributes": "GetObject",
    "get_object_torrent": "GetObjectTorrent",
    "put_object": "PutObject",
    "post_object": "PutObject",
    "copy_object": "PutObject",
    "create_multipart_upload": "PutObject",
    "upload_part": "PutObject",
    "upload_part_copy": "PutObject",
    "complete_multipart_upload": "PutObject",
    "rename_object": "PutObject",
    "abort_multipart_upload": "AbortMultipartUpload",
    "list_parts": "ListMultipartUploadParts",
    "delete_object": "DeleteObject",
    "restore_object": "RestoreObject",
    "get_object_tagging": "GetObjectTagging",
    "put_object_tagging": "PutObjectTagging",
    "delete_object_tagging": "DeleteObjectTagging",
    "get_object_acl": "GetObjectAcl",
    "put_object_acl": "PutObjectAcl",
    "get_object_legal_hold": "GetObjectLegalHold",
    "put_object_legal_hold": "PutObjectLegalHold",
    "get_object_retention": "GetObjectRetention",
    "put_object_retention": "PutObjectRetention",
    "update_object_encryption": "UpdateObjectEncryption",
    "get_object_annotation": "GetObjectAnnotation",
    "list_object_annotations": "ListObjectAnnotations",
    "put_object_annotation": "PutObjectAnnotation",
    "delete_object_annotation": "DeleteObjectAnnotation",
}
_BUCKET_ACTIONS = {
    "list_buckets": "ListAllMyBuckets",
    "head_bucket": "ListBucket",
    "list_objects": "ListBucket",
    "list_objects_v2": "ListBucket",
    "list_object_versions": "ListBucketVersions",
    "list_multipart_uploads": "ListBucketMultipartUploads",
    "get_bucket_cors": "GetBucketCORS",
    "put_bucket_cors": "PutBucketCORS",
    "delete_bucket_cors": "PutBucketCORS",
    "get_public_access_block": "GetBucketPublicAccessBlock",
    "put_public_access_block": "PutBucketPublicAccessBlock",
    "delete_public_access_block": "PutBucketPublicAccessBlock",
    "get_object_lock_configuration": "GetBucketObjectLockConfiguration",
    "put_object_lock_configuration": "PutBucketObjectLockConfiguration",
    "delete_bucket_tagging": "PutBucketTagging",
    "delete_bucket_ownership_controls": "PutBucketOwnershipControls",
    "get_bucket_notification_configuration": "GetBucketNotification",
    "put_bucket_notification_configuration": "PutBucketNotification",
    "get_bucket_lifecycle": "GetLifecycleConfiguration",
    "put_bucket_lifecycle": "PutLifecycleConfiguration",
    "delete_bucket_lifecycle": "PutLifecycleConfiguration",
    "get_bucket_lifecycle_configuration": "GetLifecycleConfiguration",
    "put_bucket_lifecycle_configuration": "PutLifecycleConfiguration",
    "create_bucket_metadata_configuration": "CreateBucketMetadataTableConfiguration",
    "get_bucket_metadata_configuration": "GetBucketMetadataTableConfiguration",
    "delete_bucket_metadata_configuration": "DeleteBucketMetadataTableConfiguration",
    "get_bucket_accelerate_configuration": "GetAccelerateConfiguration",
    "put_bucket_accelerate_configuration": "PutAccelerateConfiguration",
}
_CONFIGURATIONS = {
    "encryption": "EncryptionConfiguration",
    "replication": "ReplicationConfiguration",
    "analytics_configuration": "AnalyticsConfiguration",
    "inventory_configuration": "InventoryConfiguration",
    "metrics_configuration": "MetricsConfiguration",
    "intelligent_tiering_configuration": "IntelligentTieringConfiguration",
}
"""Kinds of configuration whose permissions leave out "Bucket"; to delete one is to put none."""

_VERSIONED = frozenset(
    [
        "GetObject",
        "DeleteObject",
        "GetObjectTagging",
        "PutObjectTagging",
        "DeleteObjectTagging",
        "GetObjectAcl",
        "PutObjectAcl",
        "GetObjectTorrent",
    ]
)
_ALSO = {
    "ACL": "PutObjectAcl",
    "GrantRead": "PutObjectAcl",
    "GrantReadACP": "PutObjectAcl",
    "GrantWriteACP": "PutObjectAcl",
    "GrantFullControl": "PutObjectAcl",
    "Tagging": "PutObjectTagging",
    "ObjectLockMode": "PutObjectRetention",
    "ObjectLockRetainUntilDate": "PutObjectRetention",
    "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
}
_GIFT = "bucket-owner-full-control"
"""A canned ACL that takes no permission of its own: policies that ask writers for it allow s3:PutObject alone."""

WRITES = frozenset({"put_object", "post_object", "copy_object", "create_multipart_upload"})
"""Operations that make an object, or begin to, and say in one request what it is like."""


def needed(operation: str, parameters: dict[str, Any]) -> list[Right]:
    """All permissions that a call needs. DeleteObjects needs one for each object, asked when it is its turn."""
    first = _first(operation)
    versioned = parameters.get("VersionId") is not None
    rights = [] if operation == "delete_objects" else [_of_version(first) if versioned else first]
    if operation == "get_object_attributes":
        attributes = Right("s3:GetObjectAttributes", OBJECT)
        rights.append(Right("s3:GetObjectVersionAttributes", OBJECT) if versioned else attributes)
    if operation in WRITES:
        also = {action for member, action in _ALSO.items() if parameters.get(member) not in (None, _GIFT)}
        rights += [Right("s3:" + action, OBJECT) for action in sorted(also)]
    if parameters.get("BypassGovernanceRetention"):
        rights.append(Right("s3:BypassGovernanceRetention", OBJECT))
    return rights


def is_for_pages(operation: str) -> bool:
    """Whether an operation is one that a web page may be trusted with, where a bucket's CORS rules let the page in:
    to list, read, write and delete objects, not to change what is configured on the bucket."""
    if operation in ("delete_objects", "preflight", "website"):
        return True
    right = _first(operation)
    return right.level == OBJECT or right.action.startswith("s3:ListBucket")


def level_of(action: str) -> set[str]:
    """Where an action of a policy can apply: to buckets, objects, or (with wildcards, or one not known) both."""
    name = action.removeprefix("s3:").lower()
    if "*" in name or "?" in name:
        return {BUCKET, OBJECT}
    if name in _object_names():
        return {OBJECT}
    return {BUCKET} if name in _bucket_names() else {BUCKET, OBJECT}


@lru_cache(maxsize=512)
def _first(operation: str) -> Right:
    if operation in _OBJECT_ACTIONS:
        return Right("s3:" + _OBJECT_ACTIONS[operation], OBJECT)
    if operation in _BUCKET_ACTIONS:
        return Right("s3:" + _BUCKET_ACTIONS[operation], BUCKET)
    verb, _, noun = operation.partition("_")
    kind = noun.removeprefix("bucket_").removesuffix("s" if verb == "list" else "")
    if kind in _CONFIGURATIONS:
        return Right(f"s3:{'Get' if verb in ('get', 'list') else 'Put'}{_CONFIGURATIONS[kind]}", BUCKET)
    return Right("s3:" + "".join(word.capitalize() for word in operation.split("_")), BUCKET)


def _of_version(right: Right) -> Right:
    """s3:GetObjectVersion, s3:PutObjectVersionAcl ...: a version asked for by its id has permissions of its own."""
    name = right.action.removeprefix("s3:")
    if name not in _VERSIONED:
        return right
    verb, _, rest = name.partition("Object")
    return Right(f"s3:{verb}ObjectVersion{rest}", OBJECT)


@lru_cache(maxsize=1)
def _object_names() -> frozenset[str]:
    rights = [Right("s3:" + name, OBJECT) for name in _OBJECT_ACTIONS.values()]
    extra = "GetObjectAttributes GetObjectVersionAttributes BypassGovernanceRetention ReplicateObject ReplicateDelete"
    names = [right.action for right in rights] + [_of_version(right).action for right in rights]
    return frozenset(name.removeprefix("s3:").lower() for name in names) | frozenset(extra.lower().split())


@lru_cache(maxsize=1)
def _bucket_names() -> frozenset[str]:
    kinds = [verb + name for name in _CONFIGURATIONS.values() for verb in ("Get", "Put")]
    plain = [
        "CreateBucket",
        "DeleteBucket",
        "GetBucketAcl",
        "PutBucketAcl",
        "GetBucketLocation",
        "GetBucketLogging",
        "PutBucketLogging",
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "GetBucketPolicy",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "GetBucketPolicyStatus",
        "GetBucketRequestPayment",
        "PutBucketRequestPayment",
        "GetBucketTagging",
        "PutBucketTagging",
        "GetBucketVersioning",
        "PutBucketVersioning",
        "GetBucketWebsite",
        "PutBucketWebsite",
        "DeleteBucketWebsite",
        "GetBucketAbac",
        "PutBucketAbac",
        "UpdateBucketMetadataJournalTableConfiguration",
        "UpdateBucketMetadataInventoryTableConfiguration",
        "UpdateBucketMetadataAnnotationTableConfiguration",
    ]
    return frozenset(name.lower() for name in [*_BUCKET_ACTIONS.values(), *kinds, *plain])
