"""What the operations of S3 share: the bucket a call is about, and who may touch it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import access, ageing, buckets, encryption, lifecycle, notifications, object_lock
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.encryption import CustomerKey
from cumulet.services.s3.errors import AccessDenied
from cumulet.services.s3.notifications import Cause
from cumulet.services.s3.objects import Object


class S3Base(Service):
    bucket: Bucket
    """The bucket that the call names; found and permitted before the operation runs."""

    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """Find the bucket, then ask access.py. Raises NoSuchBucket, PermanentRedirect or AccessDenied."""
        name = parameters.get("Bucket")
        if name is None or operation == "create_bucket":
            access.check_account(self.caller)
            return
        self.bucket = await self.store.read(access.permitted, self.caller, operation, parameters, self.request)
        expected = parameters.get("ExpectedBucketOwner")
        if expected is not None and expected != self.bucket.account:
            raise AccessDenied

    def customer_key(self, given: dict[str, Any], prefix: str = "") -> CustomerKey | None:
        """The customer's key in the request. On the loopback, plain HTTP is as secure as a wire that nobody taps."""
        secure = self.request.secure or self.request.source_ip in ("127.0.0.1", "::1")
        return encryption.customer_key(given, secure=secure, prefix=prefix)

    def default_encryption(self, tx: ReadTransaction) -> dict[str, Any] | None:
        """The bucket's own default, if it was configured."""
        return buckets.configuration(tx, self.bucket.name, "encryption") if self.bucket.has("encryption") else None

    async def default_retention(self) -> dict[str, Any] | None:
        """The bucket's Object Lock configuration, if it has one."""
        return await self.store.read(buckets.configuration, self.bucket.name, object_lock.KIND)

    def bypasses_governance(self, asked: bool | None) -> bool:
        """Whether the caller asks to pass GOVERNANCE retention by, and may: the bucket's owner may.

        Raises InvalidArgument where the bucket has no Object Lock."""
        object_lock.check_bypass(self.bucket, asked)
        return bool(asked) and self.caller.account == self.bucket.account

    async def expiration(self, found: Object) -> dict[str, str]:
        """When a lifecycle rule will expire an object, as answers about it tell."""
        if not self.bucket.has(lifecycle.KIND):
            return {}
        header = await self.store.read(ageing.expiration_header, self.bucket.name, found)
        return {} if header is None else {"Expiration": header}

    def cause(self) -> Cause:
        """This call, as the events that it causes name it."""
        return notifications.cause_of(self.caller, self.request)

    def telling(self, event: str, rule: Callable[..., Object]) -> Callable[..., Object]:
        """`rule`, which returns the object it changed, followed in the same transaction by the notification of it."""
        if not self.bucket.has(notifications.KIND):
            return rule
        cause = self.cause()

        def told(tx: Transaction, *args: Any, **keywords: Any) -> Object:
            changed = rule(tx, *args, **keywords)
            notifications.emit(tx, self.bucket, event, changed, cause)
            return changed

        return told


def shown(instant: datetime) -> datetime:
    """An instant as S3 shows it in lists, to the second, so that it equals the header of a read."""
    return instant.replace(microsecond=0)
