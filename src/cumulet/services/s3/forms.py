"""Browser uploads: what the fields of a form mean as a PutObject, and how the browser is answered.

The gateway has checked signature and policy. Source: S3 API Reference, "POST Object"."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cumulet.services.s3 import attributes
from cumulet.services.s3.errors import InvalidArgument, MalformedXML

_MEMBERS = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-md5": "ContentMD5",
    "content-type": "ContentType",
    "expires": "Expires",
    "x-amz-acl": "ACL",
    "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-context": "SSEKMSEncryptionContext",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-checksum-crc32": "ChecksumCRC32",
    "x-amz-checksum-crc32c": "ChecksumCRC32C",
    "x-amz-checksum-crc64nvme": "ChecksumCRC64NVME",
    "x-amz-checksum-sha1": "ChecksumSHA1",
    "x-amz-checksum-sha256": "ChecksumSHA256",
    "x-amz-object-lock-legal-hold": "ObjectLockLegalHoldStatus",
}
_METADATA = "x-amz-meta-"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_STATUSES = (200, 201, 204)


def as_put(posted: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the PutObject that a PostObject asks for, without its body.

    Values become headers when the object is read, so they are one line each. Raises InvalidArgument or MalformedXML."""
    fields: dict[str, str] = posted["Fields"]
    fields = {name: " ".join(value.splitlines()) if name != "tagging" else value for name, value in fields.items()}
    if not fields.get("key"):
        raise InvalidArgument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
            ArgumentName="key", ArgumentValue="",
        )  # fmt: skip
    parameters: dict[str, Any] = {"Bucket": posted["Bucket"], "Key": fields["key"]}
    parameters |= {member: fields[name] for name, member in _MEMBERS.items() if fields.get(name)}
    parameters["Metadata"] = {_metadata_name(name): v for name, v in fields.items() if name.startswith(_METADATA)}
    if fields.get("tagging"):
        parameters["Tagging"] = _tagging(fields["tagging"])
    return parameters


def answer(
    fields: dict[str, str], bucket: str, key: str, etag: str, endpoint: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body for a browser whose upload succeeded: a redirect, or one of three statuses."""
    location = f"{endpoint}/{bucket}/{quote(key)}"
    headers = {"etag": etag, "location": location}
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    if redirect and _is_web_address(redirect):
        return 303, headers | {"location": _with_query(redirect, bucket, key, etag)}, b""
    status = fields.get("success_action_status", "")
    if status == "201":
        body = _document(location, bucket, key, etag)
        return 201, headers | {"content-type": "application/xml"}, body
    return (int(status) if status.isdecimal() and int(status[:4]) in _STATUSES else 204), headers, b""


def _metadata_name(field: str) -> str:
    """Raises InvalidArgument for a name that cannot be a header's."""
    name = field.removeprefix(_METADATA)
    if not _TOKEN.fullmatch(name):
        raise InvalidArgument("The metadata name you have provided is invalid", ArgumentName=field, ArgumentValue="")
    return name


def _tagging(text: str) -> str:
    """The tags of a form are XML; anywhere else they are a query string. A form without tags in it has none."""
    try:
        root: Element = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError):
        raise MalformedXML from None
    tags = [
        {"Key": tag.findtext("{*}Key") or "", "Value": tag.findtext("{*}Value") or ""}
        for tag in root.iterfind("{*}TagSet/{*}Tag")
    ]
    return urlencode(attributes.tags_from_set(tags))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable()


def _with_query(url: str, bucket: str, key: str, etag: str) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("bucket", bucket), ("key", key), ("etag", etag)]
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def _document(location: str, bucket: str, key: str, etag: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<PostResponse><Location>{escape(location)}</Location><Bucket>{escape(bucket)}</Bucket>"
        f"<Key>{escape(key)}</Key><ETag>{escape(etag)}</ETag></PostResponse>"
    ).encode()
