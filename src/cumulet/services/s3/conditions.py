"""Conditional requests: reads that say what they already have, writes that say what they expect.

Source: RFC 9110, 13; S3 User Guide, "Conditional requests"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.services.s3.errors import ConditionalRequestConflict, NoSuchKey, NotModified, PreconditionFailed
from cumulet.services.s3.objects import Object, http_date, with_headers

_DELETE_HEADERS = {
    "IfMatchLastModifiedTime": "x-amz-if-match-last-modified-time",
    "IfMatchSize": "x-amz-if-match-size",
}


class NotImplementedHeader(ServiceError):
    code = "NotImplemented"
    message = "A header you provided implies functionality that is not implemented"
    status = 501


def check_read(found: Object, given: dict[str, Any]) -> None:
    """Raises PreconditionFailed (412), or NotModified (304) with the headers that tell a cache what it has."""
    if_match, if_none = given.get("IfMatch"), given.get("IfNoneMatch")
    unmodified, modified = given.get("IfUnmodifiedSince"), given.get("IfModifiedSince")
    if if_match is not None:
        if not _matches(if_match, found):
            raise PreconditionFailed(Condition="If-Match")
    elif unmodified is not None and _changed_since(found, unmodified):
        raise PreconditionFailed(Condition="If-Unmodified-Since")
    unchanged = (
        _matches(if_none, found)
        if if_none is not None
        else (modified is not None and not _changed_since(found, modified))
    )
    if unchanged:
        headers = {"etag": f'"{found.etag}"', "last-modified": http_date(found.modified)}
        raise with_headers(NotModified(), headers)


def check_copy_source(found: Object, given: dict[str, Any]) -> None:
    """Raises PreconditionFailed for a copy's conditions on its source."""
    if_match, if_none = given.get("CopySourceIfMatch"), given.get("CopySourceIfNoneMatch")
    unmodified, modified = given.get("CopySourceIfUnmodifiedSince"), given.get("CopySourceIfModifiedSince")
    if if_match is not None:
        if not _matches(if_match, found):
            raise PreconditionFailed(Condition="x-amz-copy-source-If-Match")
    elif unmodified is not None and _changed_since(found, unmodified):
        raise PreconditionFailed(Condition="x-amz-copy-source-If-Unmodified-Since")
    if if_none is not None:
        if _matches(if_none, found):
            raise PreconditionFailed(Condition="x-amz-copy-source-If-None-Match")
    elif modified is not None and not _changed_since(found, modified):
        raise PreconditionFailed(Condition="x-amz-copy-source-If-Modified-Since")


def check_write_headers(given: dict[str, Any]) -> None:
    """Writes know two forms: If-None-Match with `*`, If-Match with an ETag. Raises NotImplemented for others."""
    if given.get("WriteOffsetBytes") is not None:  # appending is for directory buckets (PutObject)
        raise NotImplementedHeader(Header="x-amz-write-offset-bytes")
    if_match, if_none = given.get("IfMatch"), given.get("IfNoneMatch")
    if if_match is not None and if_none is not None:
        raise NotImplementedHeader(
            Header="If-Match,If-None-Match",
            additionalMessage="Multiple conditional request headers present in the request",
        )
    if if_none is not None and if_none != "*":
        raise _not_accepted("If-None-Match")
    if if_match == "*":
        raise _not_accepted("If-Match")


def check_write(latest: Object | None, key: str, given: dict[str, Any]) -> None:
    """Whether the key is as the writer expects. Raises PreconditionFailed or NoSuchKey."""
    exists = latest is not None and not latest.delete_marker
    if given.get("IfNoneMatch") is not None and exists:
        raise PreconditionFailed(Condition="If-None-Match")
    expected = given.get("IfMatch")
    if expected is not None:
        if not exists or latest is None:
            raise NoSuchKey(Key=key)
        if not _matches(expected, latest):
            raise PreconditionFailed(Condition="If-Match")


def check_completion(latest: Object | None, key: str, given: dict[str, Any], found: int) -> None:
    """As `check_write`, for an upload that took a while: `found` is the sequence of the object when it began, or 0.

    Raises ConditionalRequestConflict too, if the key is as expected but was written or deleted in between."""
    check_write(latest, key, given)
    if given.get("IfMatch") is not None and latest is not None and latest.sequence != found:
        raise ConditionalRequestConflict(Condition="If-Match", Key=key)
    if given.get("IfNoneMatch") is not None and found:
        raise ConditionalRequestConflict(Condition="If-None-Match", Key=key)


def check_delete(latest: Object | None, key: str, given: dict[str, Any]) -> None:
    """Whether the current version is as the one who deletes it expects. Raises PreconditionFailed or NoSuchKey."""
    for name in ("IfMatchLastModifiedTime", "IfMatchSize"):
        if given.get(name) is not None:  # directory buckets know these (DeleteObject)
            raise NotImplementedHeader(Header=_DELETE_HEADERS[name])
    check_write(latest, key, {"IfMatch": given.get("IfMatch")})


def _matches(etags: str, found: Object) -> bool:
    wanted = [tag.strip().removeprefix("W/").strip('"') for tag in etags.split(",")]
    return "*" in wanted or found.etag in wanted


def _changed_since(found: Object, instant: datetime) -> bool:
    """HTTP dates have no fractions of a second."""
    return found.modified.replace(microsecond=0) > instant


def _not_accepted(header: str) -> NotImplementedHeader:
    return NotImplementedHeader(
        Header=header, additionalMessage=f"We don't accept the provided value of {header} header for this API"
    )
