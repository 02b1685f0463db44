"""Website configurations as clients set them, and the websites themselves. The rules are in ../websites.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import ANONYMOUS
from cumulet.kernel.service import RawAnswer
from cumulet.kernel.store import ReadTransaction
from cumulet.services.s3 import (
    access,
    buckets,
    conditions,
    contents,
    encryption,
    objects,
    ranges,
    request_payment,
    websites,
)
from cumulet.services.s3.api.cors import Cors
from cumulet.services.s3.errors import MethodNotAllowed, NoSuchBucket, NoSuchWebsiteConfiguration
from cumulet.services.s3.objects import Object, http_date
from cumulet.services.s3.ranges import Span
from cumulet.services.s3.websites import Redirect, Visit

_HEADERS = {
    "ContentType": "content-type",
    "CacheControl": "cache-control",
    "ContentDisposition": "content-disposition",
    "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language",
    "Expires": "expires",
}


class Websites(Cors):
    async def put_bucket_website(
        self,
        *,
        Bucket: str,
        WebsiteConfiguration: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> dict[str, Any]:
        websites.check(WebsiteConfiguration)
        await self.store.write(buckets.configure, Bucket, websites.KIND, WebsiteConfiguration)
        return {}

    async def get_bucket_website(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        found = await self.store.read(buckets.configuration, Bucket, websites.KIND)
        if found is None:
            raise NoSuchWebsiteConfiguration(BucketName=Bucket)
        return found

    async def delete_bucket_website(self, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        await self.store.write(buckets.unconfigure, Bucket, websites.KIND)
        return {}

    async def website(self, *, Bucket: str, Key: str = "") -> RawAnswer:
        """A browser's request to the website. Whoever signs it is a stranger all the same: a website is public."""
        if self.request.method == "OPTIONS":
            return await self.preflight(Bucket=Bucket, Key=Key or None)
        configuration: websites.Configuration = {}
        visit = Visit(Key, *self.request.endpoint.split("://", 1))
        try:
            if self.request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(Method=self.request.method, ResourceType="OBJECT")
            configuration = await self.store.read(self._find_site, Bucket)
            redirect = websites.redirect_of_everything(configuration, visit)
            redirect = redirect or websites.redirect_by_rule(configuration, visit)
            return _sent_elsewhere(redirect) if redirect else await self._show_page(configuration, Key)
        except ServiceError as error:
            return await self._show_error(configuration, visit, error)

    def _find_site(self, tx: ReadTransaction, name: str) -> websites.Configuration:
        bucket = buckets.find(tx, name)
        if bucket is None:
            raise NoSuchBucket(BucketName=name)
        self.admit(tx, bucket)
        configuration = buckets.configuration(tx, name, websites.KIND) if bucket.has(websites.KIND) else None
        if configuration is None:
            raise NoSuchWebsiteConfiguration(BucketName=name)
        return configuration

    async def _show_page(self, configuration: websites.Configuration, path: str) -> RawAnswer:
        key, index = websites.keys_meant(configuration, path)
        if index and await self.store.read(self._is_site_folder, key, index):
            return _sent_elsewhere(websites.folder(key))
        found, span, body = await self.store.read(self._open_page, key, self._site_conditions())
        self.touched = found
        location = found.headers.get("WebsiteRedirectLocation")
        if location is not None:
            return _sent_elsewhere(Redirect(301, location))
        return self._show_object(200 if span is None else 206, found, span, body)

    async def _show_error(self, configuration: websites.Configuration, visit: Visit, error: ServiceError) -> RawAnswer:
        status = error.status or 400
        if status == 304:
            return RawAnswer(status=304, headers=dict(error.headers))
        self.told = error.code
        self.needs_asked = [error.asked] if error.asked is not None else self.needs_asked
        redirect = websites.redirect_by_rule(configuration, visit, status)
        if redirect is not None:
            return _sent_elsewhere(redirect)
        custom: ServiceError | None = None
        document = (configuration.get("ErrorDocument") or {}).get("Key")
        if document and 400 <= status < 500:
            try:
                return self._show_object(status, *await self.store.read(self._open_page, document, {}))
            except ServiceError as second:
                custom = second
        body = websites.error_page(error, status, self.request.id, custom)
        headers = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body))}
        headers |= {"x-amz-error-code": error.code, "x-amz-error-message": error.message}
        return RawAnswer(status=status, headers=headers, body=self._unless_head(body))

    def _is_site_folder(self, tx: ReadTransaction, key: str, index: str) -> bool:
        """Whether there is no object, but an index document below it."""
        missing, below = (objects.current(tx, self.bucket.name, name) for name in (key, index))
        return (missing is None or missing.delete_marker) and below is not None and not below.delete_marker

    def _open_page(
        self, tx: ReadTransaction, key: str, given: dict[str, Any]
    ) -> tuple[Object, Span | None, bytes | AsyncIterator[bytes]]:
        asked = {"Bucket": self.bucket.name, "Key": key}
        request_payment.is_charged(self.bucket, ANONYMOUS, asked, self.request.headers)  # nobody here can pay
        visitor = self.visitor._replace(caller=ANONYMOUS)
        self.needs_asked = access.check(tx, self.bucket, visitor, "get_object", asked)
        found = objects.find(tx, self.bucket.name, key)
        conditions.check_read(found, given)
        encryption.check_key(found.encryption, None)
        span = ranges.parse(given.get("Range"), found.size)
        if self.request.method == "HEAD":
            return found, span, b""
        whole = Span(0, found.size, found.size)
        return found, span, contents.open_span(tx, self.blobs, found, span or whole, None)

    def _show_object(
        self, status: int, found: Object, span: Span | None, body: bytes | AsyncIterator[bytes]
    ) -> RawAnswer:
        headers = {_HEADERS[name]: value for name, value in found.headers.items() if name in _HEADERS}
        headers |= {f"x-amz-meta-{name}": value for name, value in found.metadata.items()}
        headers["etag"] = f'"{found.etag}"'
        headers["last-modified"] = http_date(found.modified)
        headers["content-length"] = str(span.length if span is not None else found.size)
        if span is not None:
            headers["content-range"] = span.content_range
        return RawAnswer(status=status, headers=headers, body=body)

    def _site_conditions(self) -> dict[str, Any]:
        headers = self.request.headers
        given: dict[str, Any] = {
            "IfMatch": headers.get("if-match"),
            "IfNoneMatch": headers.get("if-none-match"),
            "IfModifiedSince": _date(headers.get("if-modified-since")),
            "IfUnmodifiedSince": _date(headers.get("if-unmodified-since")),
            "Range": headers.get("range"),
        }
        return given

    def _unless_head(self, body: bytes) -> bytes:
        return b"" if self.request.method == "HEAD" else body


def _sent_elsewhere(redirect: Redirect) -> RawAnswer:
    return RawAnswer(status=redirect.status, headers={"location": redirect.location, "content-length": "0"})


def _date(text: str | None) -> datetime | None:
    """An HTTP date; one that cannot be read is as if it were not there (RFC 9110, 13.1.3)."""
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
