"""What every operation that stores bytes does: describe the object, take its body, tell what was made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from cumulet.kernel.blobs import Draft, TooLarge
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.services.s3 import acls, attributes, encryption, multipart, object_lock, public_access, websites
from cumulet.services.s3.api.kms_keys import KmsKeys
from cumulet.services.s3.encryption import CustomerKey
from cumulet.services.s3.errors import EntityTooLarge, InvalidArgument, InvalidRequest, MissingContentLength
from cumulet.services.s3.integrity import Checks
from cumulet.services.s3.multipart import Part, Upload
from cumulet.services.s3.objects import Encryption, Object
from cumulet.services.s3.versions import NULL

LARGEST_PUT = 5 * 1024**3
"""Bytes of one PUT, one part or one copy (S3 quotas)."""
_PART_NUMBER = "Part number must be an integer between 1 and 10000, inclusive"


class Writing(KmsKeys):
    async def take(self, body: bytes | AsyncIterator[bytes], checks: Checks, data_key: bytes | None) -> Draft:
        """Store a body. Raises EntityTooLarge or MissingContentLength."""
        length = self.request.headers.get("x-amz-decoded-content-length") or self.request.headers.get("content-length")
        if length is not None and length.isdigit() and int(length) > LARGEST_PUT:
            raise EntityTooLarge(ProposedSize=length, MaxSizeAllowed=str(LARGEST_PUT))
        if length is None and not isinstance(body, bytes) and self.request.headers:
            raise MissingContentLength
        try:
            return await self.blobs.write(body, *checks.digests, key=data_key, at_most=LARGEST_PUT)
        except TooLarge as error:
            raise EntityTooLarge(MaxSizeAllowed=str(error.limit)) from None

    async def new_object(self, key: str, given: dict[str, Any]) -> Object:
        """An object as a request describes it, without its bytes."""
        attributes.check_key(key)
        websites.check_location(given.get("WebsiteRedirectLocation"))
        acl, owner = await self._acl_and_owner(given)
        default = await self.store.read(self.default_encryption) if self.bucket.has("encryption") else None
        retention = await self.default_retention() if self.bucket.has(object_lock.KIND) else None
        return Object(
            key=key,
            sequence=0,
            modified=self.clock.now(),
            headers=attributes.system_headers(given),
            metadata=attributes.metadata(given),
            tags=attributes.tags_from_header(given.get("Tagging")),
            storage_class=attributes.storage_class(given),
            acl=acl,
            owner=owner,
            encryption=encryption.requested(given, self.customer_key(given), default, self._scope_of_keys()),
            **object_lock.for_new(self.bucket, given, retention, self.clock.now()),
        )

    def _scope_of_keys(self) -> Scope:
        """Where a KMS key is looked for that is named by id or alias: in the caller's account, the bucket's Region."""
        return Scope(account=self.scope.account, region=self.bucket.region)

    async def _acl_and_owner(self, given: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
        if not public_access.has_acls(self.bucket) and not acls.asks(given):
            return None, ""
        return await self.store.read(acls.of_new_object, self.bucket, self.caller, given)

    def filled(self, wanted: Object, draft: Draft, checks: Checks, wrapped: bytes) -> Object:
        """`wanted` with what is known of its bytes, now that they are here."""
        held = wanted.encryption or Encryption()
        return replace(
            wanted, size=draft.blob.size, etag=self._etag(held, checks), checksum=checks.checksum,
            encryption=replace(held, wrapped_key=wrapped),
        )  # fmt: skip

    def _etag(self, held: Encryption, checks: Checks) -> str:
        """The MD5 of the bytes, but not where it would tell of bytes that a key of the client's or KMS's hides."""
        return self.kernel.ids.hex(32) if held.customer_key_md5 or held.kms_key else checks.etag

    def written(self, made: Object) -> dict[str, Any]:
        """What every operation that made an object tells of it."""
        answer = {"ETag": f'"{made.etag}"', **attributes.checksum_of(made), **attributes.encryption_of(made)}
        self.touched = made
        if made.version != NULL:  # with versioning suspended, S3 does not tell that it is "null"
            answer["VersionId"] = made.version
        return answer

    async def add_part(
        self, upload: Upload, number: int, body: bytes | AsyncIterator[bytes], checks: Checks, given: dict[str, Any]
    ) -> Part:
        """Store a part of an upload, hashed and checked."""
        if not 1 <= number <= multipart.MOST_PARTS:
            raise InvalidArgument(_PART_NUMBER, ArgumentName="partNumber", ArgumentValue=str(number))
        customer = self.customer_key(given)
        _check_customer_key(upload, customer)
        made = upload.draft.encryption
        held = await self.unlocked(made) if made is not None and made.kms_blob else customer
        data_key, wrapped = encryption.new_data_key(held, self.kernel.ids)
        with await self.take(body, checks, data_key) as draft:
            checks.verify()
            etag = self._etag(upload.draft.encryption or Encryption(), checks)
            part = _part(number, etag, draft, checks, wrapped, self.clock.now())
            await self.store.write(multipart.put_part, self.blobs, self.bucket.name, upload, part, draft)
        return part


def _part(number: int, etag: str, draft: Draft, checks: Checks, wrapped: bytes, now: datetime) -> Part:
    return Part(
        number=number, size=draft.blob.size, etag=etag, modified=now, blob=draft.blob, wrapped_key=wrapped,
        checksum=checks.checksum.value, sent=checks.sent(),
    )  # fmt: skip


def _check_customer_key(upload: Upload, customer: CustomerKey | None) -> None:
    """A part has to bring the key that the upload was begun with."""
    made = upload.draft.encryption
    wanted = made.customer_key_md5 if made is not None else ""
    if bool(wanted) != (customer is not None):
        raise InvalidRequest(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the "
            "appropriate encryption parameters."
        )
    if customer is not None and customer.md5 != wanted:
        raise InvalidRequest("The provided encryption parameters did not match the ones used originally.")
