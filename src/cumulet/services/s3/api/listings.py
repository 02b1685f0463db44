"""Listings as clients page through them. The rules are in ../listings.py."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote_plus

from cumulet.services.s3 import listings, storage_classes
from cumulet.services.s3.api.base import S3Base, shown
from cumulet.services.s3.errors import InvalidArgument
from cumulet.services.s3.multipart import Upload
from cumulet.services.s3.objects import Object
from cumulet.services.s3.owners import owner


class Listings(S3Base):
    async def list_objects_v2(
        self,
        *,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        ContinuationToken: str | None = None,
        FetchOwner: bool | None = None,
        StartAfter: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        OptionalObjectAttributes: list[str] | None = None,
    ) -> dict[str, Any]:
        limit = listing_limit(MaxKeys, "maxKeys")
        after = _decode_token(ContinuationToken) if ContinuationToken is not None else StartAfter or ""
        page = await self.store.read(listings.keys, Bucket, Prefix or "", Delimiter or "", after, limit)
        encode = _encoder(EncodingType)
        answer: dict[str, Any] = {
            "Name": Bucket,
            "Prefix": encode(Prefix or ""),
            "MaxKeys": limit,
            "KeyCount": len(page.entries) + len(page.prefixes),
            "IsTruncated": page.marker is not None,
            **_contents(page.entries, page.prefixes, encode, self.bucket.account if FetchOwner else None),
        }
        self._tell_restores(answer.get("Contents", []), page.entries, OptionalObjectAttributes)
        _echo(answer, encode, Delimiter=Delimiter, StartAfter=StartAfter if ContinuationToken is None else None)
        _echo(answer, str, EncodingType=EncodingType, ContinuationToken=ContinuationToken)
        if page.marker is not None:
            answer["NextContinuationToken"] = _encode_token(page.marker)
        return answer

    async def list_objects(
        self,
        *,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        Marker: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        RequestPayer: str | None = None,
        ExpectedBucketOwner: str | None = None,
        OptionalObjectAttributes: list[str] | None = None,
    ) -> dict[str, Any]:
        limit = listing_limit(MaxKeys, "max-keys")
        page = await self.store.read(listings.keys, Bucket, Prefix or "", Delimiter or "", Marker or "", limit)
        encode = _encoder(EncodingType)
        answer: dict[str, Any] = {
            "Name": Bucket,
            "Prefix": encode(Prefix or ""),
            "Marker": encode(Marker or ""),
            "MaxKeys": limit,
            "IsTruncated": page.marker is not None,
            **_contents(page.entries, page.prefixes, encode, self.bucket.account),
        }
        self._tell_restores(answer.get("Contents", []), page.entries, OptionalObjectAttributes)
        _echo(answer, encode, Delimiter=Delimiter)
        _echo(answer, str, EncodingType=EncodingType)
        if page.marker is not None and Delimiter:
            answer["NextMarker"] = encode(page.marker)
        return answer

    async def list_object_versions(
        self,
        *,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        KeyMarker: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        VersionIdMarker: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
        OptionalObjectAttributes: list[str] | None = None,
    ) -> dict[str, Any]:
        if VersionIdMarker and not KeyMarker:
            raise InvalidArgument(
                "A version-id marker cannot be specified without a key marker.",
                ArgumentName="version-id-marker",
                ArgumentValue=VersionIdMarker,
            )
        limit = listing_limit(MaxKeys, "max-keys")
        where = (Prefix or "", Delimiter or "", KeyMarker or "", VersionIdMarker or None)
        page = await self.store.read(listings.all_versions, Bucket, *where, limit)
        encode = _encoder(EncodingType)
        answer: dict[str, Any] = {
            "Name": Bucket,
            "Prefix": encode(Prefix or ""),
            "KeyMarker": encode(KeyMarker or ""),
            "VersionIdMarker": VersionIdMarker or "",
            "MaxKeys": limit,
            "IsTruncated": page.key_marker is not None,
        }
        versions = [
            _version(v, latest, encode, self.bucket.account) for v, latest in page.entries if not v.delete_marker
        ]
        living = [v for v, _ in page.entries if not v.delete_marker]
        self._tell_restores(versions, living, OptionalObjectAttributes)
        markers = [_marker(v, latest, encode, self.bucket.account) for v, latest in page.entries if v.delete_marker]
        _echo(answer, list, Versions=versions or None, DeleteMarkers=markers or None)
        _echo(answer, list, CommonPrefixes=[{"Prefix": encode(p)} for p in page.prefixes] or None)
        _echo(answer, encode, Delimiter=Delimiter)
        _echo(answer, str, EncodingType=EncodingType)
        if page.key_marker is not None:
            answer["NextKeyMarker"] = encode(page.key_marker)
            _echo(answer, str, NextVersionIdMarker=page.version_marker)
        return answer

    async def list_multipart_uploads(
        self,
        *,
        Bucket: str,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        KeyMarker: str | None = None,
        MaxUploads: int | None = None,
        Prefix: str | None = None,
        UploadIdMarker: str | None = None,
        ExpectedBucketOwner: str | None = None,
        RequestPayer: str | None = None,
    ) -> dict[str, Any]:
        limit = listing_limit(MaxUploads, "max-uploads")
        marker = UploadIdMarker or "" if KeyMarker else ""  # alone it says nothing (ListMultipartUploads)
        page = await self.store.read(
            listings.uploads, Bucket, Prefix or "", Delimiter or "", KeyMarker or "", marker, limit
        )
        encode = _encoder(EncodingType)
        answer: dict[str, Any] = {
            "Bucket": Bucket,
            "KeyMarker": encode(KeyMarker or ""),
            "UploadIdMarker": marker,
            "MaxUploads": limit,
            "IsTruncated": page.is_truncated,
            "NextKeyMarker": encode(page.key_marker),
            "NextUploadIdMarker": page.upload_marker,
        }
        _echo(answer, list, Uploads=[_upload(u, encode, self.bucket.account) for u in page.entries] or None)
        _echo(answer, list, CommonPrefixes=[{"Prefix": encode(p)} for p in page.prefixes] or None)
        _echo(answer, encode, Prefix=Prefix or None, Delimiter=Delimiter)
        _echo(answer, str, EncodingType=EncodingType)
        return answer

    def _tell_restores(self, listed: list[dict[str, Any]], found: list[Object], asked: list[str] | None) -> None:
        """Add to the entries of objects that are or were restored how it stands, if that was asked for."""
        if "RestoreStatus" not in (asked or []):
            return
        now = self.clock.now()
        for entry, each in zip(listed, found, strict=True):
            status = storage_classes.restore_status(each, now)
            if status is not None:
                entry["RestoreStatus"] = status


def listing_limit(wanted: int | None, argument: str) -> int:
    if wanted is None:
        return listings.MOST
    if wanted < 0:
        raise InvalidArgument(
            f"Argument {argument} must be an integer between 0 and 2147483647",
            ArgumentName=argument,
            ArgumentValue=str(wanted),
        )
    return min(wanted, listings.MOST)


def _encoder(kind: str | None) -> Any:
    """How keys are written: as they are, or percent-encoded, for those that XML cannot hold."""
    if kind is None:
        return str
    if kind != "url":
        raise InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=kind
        )
    return lambda text: quote_plus(text, safe="/-_.*")


def _echo(answer: dict[str, Any], shape: Any, **members: Any) -> None:
    """Add the members that there are."""
    answer |= {name: shape(value) for name, value in members.items() if value is not None}


def _contents(entries: list[Object], prefixes: list[str], encode: Any, account: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if entries:
        answer["Contents"] = [_entry(found, encode, account) for found in entries]
    if prefixes:
        answer["CommonPrefixes"] = [{"Prefix": encode(prefix)} for prefix in prefixes]
    return answer


def _entry(found: Object, encode: Any, account: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Key": encode(found.key),
        "LastModified": shown(found.modified),
        "ETag": f'"{found.etag}"',
        "Size": found.size,
        "StorageClass": found.storage_class,
    }
    if found.checksum is not None:
        entry |= {"ChecksumAlgorithm": [found.checksum.algorithm], "ChecksumType": found.checksum.type}
    if account is not None:
        entry["Owner"] = owner(found.owner or account)
    return entry


def _version(found: Object, latest: bool, encode: Any, account: str) -> dict[str, Any]:
    return {**_entry(found, encode, account), "VersionId": found.version, "IsLatest": latest}


def _marker(found: Object, latest: bool, encode: Any, account: str) -> dict[str, Any]:
    return {
        "Key": encode(found.key),
        "VersionId": found.version,
        "IsLatest": latest,
        "LastModified": shown(found.modified),
        "Owner": owner(found.owner or account),
    }


def _upload(found: Upload, encode: Any, account: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "UploadId": found.id,
        "Key": encode(found.key),
        "Initiated": shown(found.begun),
        "StorageClass": found.draft.storage_class,
        "Owner": owner(account),
        "Initiator": initiator(found),
    }
    if found.checksum_algorithm:
        entry |= {"ChecksumAlgorithm": found.checksum_algorithm, "ChecksumType": found.checksum_type}
    return entry


def initiator(upload: Upload) -> dict[str, str]:
    return {**owner(upload.initiator), "DisplayName": upload.initiator}


def _encode_token(marker: str) -> str:
    """A token is opaque: clients must not build one from a key."""
    return base64.urlsafe_b64encode(b"1" + marker.encode()).decode()


def _decode_token(token: str) -> str:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        if raw[:1] == b"1":
            return raw[1:].decode()
    except (binascii.Error, ValueError):
        pass
    raise InvalidArgument(
        "The continuation token provided is incorrect", ArgumentName="continuation-token", ArgumentValue=token
    )
