"""Signature Version 2, for S3's presigned URLs and forms: boto3 makes them with it unless told otherwise.

The signature is HMAC-SHA1, in base64, over method, a few headers and the resource; a form signs its policy.
Source: S3 User Guide, "Signing and authenticating REST requests (AWS signature version 2)"."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import unquote_plus

from cumulet.gateway.http import Headers, Request

ALGORITHM = "AWS2-HMAC-SHA1"
"""Our name for it: the wire has none."""

# Query parameters that are part of the resource; of all others the signature says nothing.
RESOURCE_PARAMETERS = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
        "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip


def sign(secret: str, text: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode("utf-8", "surrogateescape"), "sha1")
    return base64.b64encode(digest).decode()


def string_to_sign(request: Request, date: str, bucket: str | None) -> str:
    """`date` is the Date header, or for a presigned URL its Expires; `bucket` the one that the Host names."""
    given = parameters(request.query)
    headers = {name: value for name, value in given.items() if name in ("content-md5", "content-type")}
    headers |= request.headers
    if "x-amz-date" in request.headers:
        date = ""
    lines = [request.method, headers.get("content-md5", ""), headers.get("content-type", ""), date]
    return "\n".join([*lines, *_amz_headers(given, request.headers), _resource(request, bucket)])


def parameters(query: str) -> Headers:
    """The query's parameters, decoded; of a repeated one the first counts."""
    given: Headers = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        given.setdefault(unquote_plus(name), unquote_plus(value))
    return given


def _amz_headers(given: Headers, headers: Headers) -> list[str]:
    """Sorted by name; clients move them into the query string when they presign."""
    merged = {name.lower(): value for name, value in given.items() if name.lower().startswith("x-amz-")}
    merged |= {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    return [f"{name}:{value.strip()}" for name, value in sorted(merged.items())]


def _resource(request: Request, bucket: str | None) -> str:
    path = request.path if bucket is None else f"/{bucket}{request.path}"
    pairs = [pair.partition("=") for pair in request.query.split("&")]
    parts = sorted(
        (name, f"{name}={unquote_plus(value)}" if equals else name)
        for name, equals, value in pairs
        if name in RESOURCE_PARAMETERS
    )
    return path + ("?" + "&".join(part for _, part in parts) if parts else "")
