"""What an object carries beside its bytes: headers, metadata, tags, storage class; from requests, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from cumulet.services.s3 import encoded_words, storage_classes
from cumulet.services.s3.errors import (
    BadRequest,
    InvalidArgument,
    InvalidTag,
    KeyTooLongError,
    MetadataTooLarge,
)
from cumulet.services.s3.objects import Object, http_date

SYSTEM_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
DEFAULT_CONTENT_TYPE = "binary/octet-stream"
LONGEST_KEY_BYTES = 1024
LARGEST_METADATA_BYTES = 2048
MOST_TAGS = 10


def check_key(key: str) -> None:
    """Raises KeyTooLongError; the limit counts UTF-8 bytes."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > LONGEST_KEY_BYTES:
        raise KeyTooLongError(MaxSizeAllowed=str(LONGEST_KEY_BYTES), Size=str(size))


def system_headers(given: dict[str, Any]) -> dict[str, str]:
    """The system metadata in a request, as text. The framing of a chunked upload is no encoding of the object."""
    headers = {name: _text(given[name]) for name in SYSTEM_HEADERS if given.get(name) is not None}
    if "ContentEncoding" in headers:
        encodings = [part.strip() for part in headers["ContentEncoding"].split(",")]
        headers["ContentEncoding"] = ",".join(part for part in encodings if part != "aws-chunked")
        if not headers["ContentEncoding"]:
            del headers["ContentEncoding"]
    headers.setdefault("ContentType", DEFAULT_CONTENT_TYPE)
    return headers


def _text(value: Any) -> str:
    return http_date(value) if isinstance(value, datetime) else str(value)


def metadata(given: dict[str, Any]) -> dict[str, str]:
    """The user metadata. Raises MetadataTooLarge beyond 2 KB of names and values."""
    entries = {name.lower(): encoded_words.decode(value) for name, value in (given.get("Metadata") or {}).items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in entries.items())
    if size > LARGEST_METADATA_BYTES:
        raise MetadataTooLarge(Size=str(size), MaxSizeAllowed=str(LARGEST_METADATA_BYTES))
    return entries


def storage_class(given: dict[str, Any]) -> str:
    """Raises InvalidStorageClass."""
    return storage_classes.check(given.get("StorageClass") or "STANDARD")


def tags_from_header(text: str | None) -> dict[str, str]:
    """Tags in the form of a query string. Raises InvalidTag or InvalidArgument."""
    if not text:
        return {}
    pairs = parse_qsl(text, keep_blank_values=True)
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidArgument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates.",
            ArgumentName="x-amz-tagging",
            ArgumentValue=text,
        )
    return check_tags(dict(pairs))


def tags_from_set(tag_set: list[dict[str, str]], *, at_most: int = MOST_TAGS) -> dict[str, str]:
    """Tags in the API's list. Raises InvalidTag, or BadRequest's equivalent for too many."""
    tags = {tag["Key"]: tag["Value"] for tag in tag_set}
    if len(tags) != len(tag_set):
        repeated = next(t["Key"] for i, t in enumerate(tag_set) if t["Key"] in {x["Key"] for x in tag_set[:i]})
        raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=repeated)
    return check_tags(tags, at_most=at_most)


def check_tags(tags: dict[str, str], *, at_most: int = MOST_TAGS) -> dict[str, str]:
    """Raises BadRequest for too many, InvalidTag for a key or value that S3 does not take."""
    if len(tags) > at_most:
        raise BadRequest(f"{'Object' if at_most == MOST_TAGS else 'Bucket'} tags cannot be greater than {at_most}")
    for name, value in tags.items():
        if name.startswith("aws:"):
            raise InvalidTag("System tags cannot be added/updated by requester", TagKey=name)
        if not 1 <= len(name) <= 128:
            raise InvalidTag("The TagKey you have provided is invalid", TagKey=name)
        if len(value) > 256:
            raise InvalidTag("The TagValue you have provided is invalid", TagKey=name, TagValue=value)
    return tags


def tag_set(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def described(made: Object, *, versioned: bool, with_checksum: bool = False) -> dict[str, Any]:
    """What GetObject and HeadObject tell of an object, but for what depends on the request."""
    answer: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": made.modified,
        "ETag": f'"{made.etag}"',
        "Metadata": {name: encoded_words.encode(value) for name, value in made.metadata.items()},
        **made.headers,
        **encryption_of(made),
    }
    if versioned:
        answer["VersionId"] = made.version
    if made.storage_class != "STANDARD":
        answer["StorageClass"] = made.storage_class
    if made.tags:
        answer["TagCount"] = len(made.tags)
    if made.lock_mode:
        answer |= {"ObjectLockMode": made.lock_mode, "ObjectLockRetainUntilDate": made.lock_until}
    if made.legal_hold:
        answer["ObjectLockLegalHoldStatus"] = made.legal_hold
    if made.archive_tier:
        answer["ArchiveStatus"] = made.archive_tier
    if made.replication:
        answer["ReplicationStatus"] = made.replication
    if with_checksum:
        answer |= checksum_of(made)
    return answer


def checksum_of(made: Object) -> dict[str, Any]:
    """The checksum's members, as PutObject and GetObject spell them."""
    if made.checksum is None:
        return {}
    return {f"Checksum{made.checksum.algorithm}": made.checksum.value, "ChecksumType": made.checksum.type}


def encryption_of(made: Object) -> dict[str, Any]:
    """How it is encrypted, as every answer about an object tells it."""
    encryption = made.encryption
    if encryption is None:
        return {}
    if encryption.customer_key_md5:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": encryption.customer_key_md5}
    answer: dict[str, Any] = {"ServerSideEncryption": encryption.algorithm}
    if encryption.kms_key:
        answer["SSEKMSKeyId"] = encryption.kms_key
    if encryption.bucket_key:
        answer["BucketKeyEnabled"] = True
    return answer
