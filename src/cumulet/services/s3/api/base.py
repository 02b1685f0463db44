"""What the operations of S3 share: the bucket a call is about, and who may touch it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from cumulet.kernel import identity
from cumulet.kernel.access import Need
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Kind
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import Answered, Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import (
    acceleration,
    access,
    access_logs,
    access_points,
    actions,
    ageing,
    buckets,
    cors,
    encryption,
    forms,
    lifecycle,
    notifications,
    object_lock,
    replication,
    replication_rules,
    request_payment,
)
from cumulet.services.s3.access import Visitor
from cumulet.services.s3.access_points import AccessPoint
from cumulet.services.s3.buckets import Bucket
from cumulet.services.s3.encryption import CustomerKey
from cumulet.services.s3.errors import AccessDenied, NoSuchKey
from cumulet.services.s3.facts import Facts
from cumulet.services.s3.notifications import Cause
from cumulet.services.s3.objects import Object

T = TypeVar("T")


class S3Base(Service):
    bucket: Bucket
    """The bucket that the call names; found and permitted before the operation runs."""

    via: AccessPoint | None = None
    """The access point by which the call came, if it came by one."""

    is_believed = False
    """Whether the caller is taken for whom a web page says he is, because the bucket's CORS rules let the page in."""

    touched: Object | None = None
    """The object that the call read or wrote, for the access log."""

    told = ""
    """The code of an error that the answer tells as a page of its own, for the access log."""

    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """Find the bucket, then ask access.py. Raises NoSuchBucket, AccessDenied or InvalidRequest."""
        names_one = operation != "create_bucket" and access_points.is_name(parameters.get("Bucket") or "", self.request)
        if names_one or "CopySource" in parameters:
            await self.store.read(self._resolve, operation, parameters)
        self._operation = operation
        self._parameters = forms.as_put(parameters) if operation == "post_object" else parameters
        if "Bucket" not in parameters or operation == "create_bucket":
            await super().authorise(operation, parameters)
        elif operation not in actions.UNGUARDED:
            await self.store.read(self._enter)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        """Of what is about no bucket that is there."""
        facts = Facts(operation, parameters, self.request, tx.now, self.scope.account)
        for need in super().needs(tx, operation, parameters):
            yield msgspec.structs.replace(need, context=facts)

    def denial(self, message: str) -> ServiceError:
        return AccessDenied(message) if self.caller.kind is not Kind.ANONYMOUS else AccessDenied()

    @property
    def visitor(self) -> Visitor:
        """The caller, as access.py knows callers."""
        return Visitor(self.kernel.authority, self.caller, self.scope.region, self.request)

    def _resolve(self, tx: ReadTransaction, operation: str, parameters: dict[str, Any]) -> None:
        """Put buckets in the place of access points, so that operations need not know of them."""
        if access_points.is_name(parameters.get("Bucket") or "", self.request):
            self.via = access_points.find(tx, parameters["Bucket"], self.scope.region)
        if self.via is not None:
            access_points.check_use(self.via, operation)
            parameters["Bucket"] = self.via.bucket
        if isinstance(parameters.get("CopySource"), str):
            parameters["CopySource"] = access_points.resolve_copy_source(tx, parameters["CopySource"])

    def admit(self, tx: ReadTransaction, bucket: Bucket) -> None:
        """Let a call come to a bucket: what is told of it to pages of other origins and to the access log, even if
        it is refused. A page that the bucket's own rules let in is believed whom it says it signs for."""
        self.bucket = bucket
        if bucket.has(access_logs.KIND):
            self._began = self.clock.now()
            self._notes: list[str] = []
            self.reply.witness = self._log
        origin = self.request.headers.get("origin")
        if origin is None:
            return
        self.reply.cors = {}
        if bucket.has(cors.KIND):
            rules = (buckets.configuration(tx, bucket.name, cors.KIND) or {})["CORSRules"]
            self.reply.cors = cors.headers_for(rules, cors.Asked(origin, self.request.method)) or {}
        if self.reply.cors and self.caller.claimed_key and actions.is_for_pages(self._operation):
            self.is_believed = True
            self.caller = identity.trusted_caller(self.caller.claimed_key)
            self.scope = Scope(account=self.caller.account, region=self.scope.region)

    def _enter(self, tx: ReadTransaction) -> None:
        operation, parameters = self._operation, self._parameters
        self.admit(tx, buckets.get(tx, parameters["Bucket"]))
        try:
            self.needs_asked = access.check(tx, self.bucket, self.visitor, operation, parameters, self.via)
            access.check_owner(self.bucket, parameters.get("ExpectedBucketOwner"))
            charged = request_payment.is_charged(self.bucket, self.caller, parameters, self.request.headers)
        except AccessDenied as error:
            if operation == "head_bucket":  # clients look for the Region even in a refusal
                error.headers = {"x-amz-bucket-region": self.bucket.region}
            raise
        acceleration.check_address(tx, self.bucket, self.request.headers.get("host", ""))
        if charged:
            self.reply.headers["x-amz-request-charged"] = "requester"

    async def noting_absence(self, reading: Awaitable[T]) -> T:
        """What is read of an object. To learn that it is not there takes the right to list, which goes on record."""
        try:
            return await reading
        except NoSuchKey:
            self.needs_asked = [*self.needs_asked, access.listing(self.bucket)]
            raise

    def note(self, operation: str, named: dict[str, Any], status: int, code: str = "") -> None:
        """Have the access log tell of one of several things that the call does, named by Key and VersionId."""
        if self.reply.witness is not None:
            self._notes.append(self._line(operation, named, None, Answered(status, code, None)))

    def _line(self, operation: str, named: dict[str, Any], touched: Object | None, answered: Answered) -> str:
        call = access_logs.Call(self.bucket, operation, named, self.caller, self.request, self._began, touched)
        return access_logs.line(call, answered, self.clock.now())

    async def _log(self, answered: Answered) -> None:
        answered = answered._replace(code=answered.code or self.told)
        line = self._line(self._operation, self._parameters, self.touched, answered)
        await self.store.write(access_logs.record, self.bucket.name, [*self._notes, line])

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
        """Whether the caller asks to pass GOVERNANCE retention by; whether he may was asked with the other permissions.

        Raises InvalidArgument where the bucket has no Object Lock."""
        object_lock.check_bypass(self.bucket, asked)
        return bool(asked)

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
        """`rule`, which returns the object it changed, followed in the same transaction by the notification of it (and
        by replication, which marks the object)."""
        rule = self.replicating(rule, is_new=event.startswith("ObjectCreated:"))
        if not self.bucket.has(notifications.KIND):
            return rule
        cause = self.cause()

        def told(tx: Transaction, *args: Any, **keywords: Any) -> Object:
            changed = rule(tx, *args, **keywords)
            notifications.emit(tx, self.bucket, event, changed, cause)
            return changed

        return told

    def replicating(self, rule: Callable[..., Object], *, is_new: bool = False) -> Callable[..., Object]:
        """`rule`, which returns the object it wrote or changed, followed by replication where a rule is for it."""
        if not self.bucket.has(replication_rules.KIND):
            return rule
        follow = replication.wrote if is_new else replication.changed
        return lambda tx, *args, **keywords: follow(tx, self.bucket, rule(tx, *args, **keywords))


def shown(instant: datetime) -> datetime:
    """An instant as S3 shows it in lists, to the second, so that it equals the header of a read."""
    return instant.replace(microsecond=0)
