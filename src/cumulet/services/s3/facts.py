"""What policies may ask about a call to S3: the condition keys of S3, worked out when a policy asks for one.

Source: Service Authorization Reference, condition keys of Amazon S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from cumulet.kernel.access import Value
from cumulet.kernel.service import RequestInfo
from cumulet.services.s3.access_points import AccessPoint
from cumulet.services.s3.objects import Object

_EXISTING_TAG, _REQUEST_TAG = "s3:existingobjecttag/", "s3:requestobjecttag/"
_LONGEST_TAGGING = 8192
_LISTS = frozenset({"list_objects", "list_objects_v2", "list_object_versions", "list_multipart_uploads"})
_BY_PARAMETER = {
    "s3:prefix": "Prefix",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:versionid": "VersionId",
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-grant-full-control": "GrantFullControl",
    "s3:x-amz-grant-read": "GrantRead",
    "s3:x-amz-grant-read-acp": "GrantReadACP",
    "s3:x-amz-grant-write": "GrantWrite",
    "s3:x-amz-grant-write-acp": "GrantWriteACP",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-object-ownership": "ObjectOwnership",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "s3:object-lock-mode": "ObjectLockMode",
    "s3:object-lock-legal-hold": "ObjectLockLegalHoldStatus",
    "s3:if-match": "IfMatch",
    "s3:if-none-match": "IfNoneMatch",
}


class Facts(Mapping[str, Value]):
    """Of one call. `found` tells the object that it is about, if there is one; `via` is the access point it came by."""

    def __init__(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        request: RequestInfo,
        now: datetime,
        account: str,
        via: AccessPoint | None = None,
        found: Callable[[], Object | None] = lambda: None,
    ) -> None:
        self.operation = operation
        self.parameters = parameters
        self.request = request
        self.now = now
        self.account = account
        self.via = via
        self._found = found

    def get(self, key: str, default: Any = None) -> Any:
        member = _BY_PARAMETER.get(key)
        if member is not None:
            return self._parameter(key, member)
        tell = _KEYS.get(key)
        if tell is not None:
            return tell(self)
        if key.startswith(_REQUEST_TAG):
            return _tag(self.request_tags(), key[len(_REQUEST_TAG) :])
        if key.startswith(_EXISTING_TAG):
            found = self._found()
            return _tag(found.tags, key[len(_EXISTING_TAG) :]) if found is not None else None
        return default

    def __getitem__(self, key: str) -> Value:
        value: Value | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key for key in (*_BY_PARAMETER, *_KEYS) if self.get(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def request_tags(self) -> dict[str, str]:
        """The tags that the call would give to an object."""
        tagging = self.parameters.get("Tagging")
        if isinstance(tagging, str):
            return dict(parse_qsl(tagging[:_LONGEST_TAGGING], keep_blank_values=True))
        if isinstance(tagging, dict) and "object" in self.operation:
            return {tag.get("Key", ""): tag.get("Value", "") for tag in tagging.get("TagSet") or []}
        return {}

    def _parameter(self, key: str, member: str) -> Value | None:
        value = self.parameters.get(member)
        if value is None:
            # To list without a prefix is to list below "".
            return "" if key == "s3:prefix" and self.operation in _LISTS else None
        if isinstance(value, datetime):
            return _written(value)
        return None if isinstance(value, dict | list) else str(value)


def _tag(tags: Mapping[str, str], wanted: str) -> str | None:
    return next((value for name, value in tags.items() if name.lower() == wanted), None)


def _signature_version(call: Facts) -> Value | None:
    if _header(call).startswith("AWS4-"):
        return _header(call).partition(" ")[0]
    return "AWS4-HMAC-SHA256" if _is_presigned(call) else "AWS" if "Signature=" in call.request.query else None


def _auth_type(call: Facts) -> Value | None:
    if call.operation == "post_object":
        return "POST"
    if _is_presigned(call) or "Signature=" in call.request.query:
        return "REST-QUERY-STRING"
    return "REST-HEADER" if _header(call) else None


def _signature_age(call: Facts) -> Value | None:
    """Milliseconds since the signing of a presigned URL."""
    _, mark, rest = call.request.query.partition("X-Amz-Date=")
    try:
        signed = datetime.strptime(rest[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return str(int((call.now - signed).total_seconds() * 1000)) if mark else None


def _remaining_days(call: Facts) -> Value | None:
    until = call.parameters.get("ObjectLockRetainUntilDate")
    if until is None and isinstance(call.parameters.get("Retention"), dict):
        until = call.parameters["Retention"].get("RetainUntilDate")
    return str((until - call.now).days) if isinstance(until, datetime) else None


def _retain_until(call: Facts) -> Value | None:
    until = call.parameters.get("ObjectLockRetainUntilDate")
    return _written(until) if isinstance(until, datetime) else None


def _location(call: Facts) -> Value | None:
    return (call.parameters.get("CreateBucketConfiguration") or {}).get("LocationConstraint")


def _header(call: Facts) -> str:
    return call.request.headers.get("authorization", "")


def _is_presigned(call: Facts) -> bool:
    return "X-Amz-Signature=" in call.request.query


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


_KEYS: Mapping[str, Callable[[Facts], Value | None]] = {
    "s3:accesspointnetworkorigin": lambda call: call.via.origin if call.via else None,
    "s3:authtype": _auth_type,
    "s3:dataaccesspointaccount": lambda call: call.via.account if call.via else None,
    "s3:dataaccesspointarn": lambda call: call.via.arn if call.via else None,
    "s3:locationconstraint": _location,
    "s3:object-lock-remaining-retention-days": _remaining_days,
    "s3:object-lock-retain-until-date": _retain_until,
    "s3:requestobjecttagkeys": lambda call: list(call.request_tags()) or None,
    "s3:resourceaccount": lambda call: call.account or None,
    "s3:signatureage": _signature_age,
    "s3:signatureversion": _signature_version,
    "s3:x-amz-content-sha256": lambda call: call.request.headers.get("x-amz-content-sha256"),
}
