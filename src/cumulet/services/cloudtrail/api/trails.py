"""Operations on trails, and the jobs that deliver for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cumulet.kernel.errors import NotImplementedYet, ServiceError
from cumulet.kernel.records import replace
from cumulet.kernel.service import job
from cumulet.services.cloudtrail import delivery, digests, records, tags, trails
from cumulet.services.cloudtrail.api.organized import Organized
from cumulet.services.cloudtrail.delivery import Stretch
from cumulet.services.cloudtrail.errors import (
    InsufficientEncryptionPolicyException,
    InsufficientS3BucketPolicyException,
    KmsKeyNotFoundException,
    S3BucketDoesNotExistException,
)
from cumulet.services.cloudtrail.trails import Trail

_OF_UPDATES = {
    "S3BucketName": "bucket", "S3KeyPrefix": "prefix", "SnsTopicName": "topic", "KmsKeyId": "kms_key",
    "IncludeGlobalServiceEvents": "global_events", "IsMultiRegionTrail": "multi_region",
    "EnableLogFileValidation": "validation", "CloudWatchLogsLogGroupArn": "log_group",
    "CloudWatchLogsRoleArn": "log_role", "RecursiveLogging": "recursive",
}  # fmt: skip


class Trails(Organized):
    async def create_trail(
        self, *, Name: str, S3BucketName: str, S3KeyPrefix: str | None = None, SnsTopicName: str | None = None,
        IncludeGlobalServiceEvents: bool | None = None, IsMultiRegionTrail: bool | None = None,
        EnableLogFileValidation: bool | None = None, CloudWatchLogsLogGroupArn: str | None = None,
        CloudWatchLogsRoleArn: str | None = None, KmsKeyId: str | None = None,
        IsOrganizationTrail: bool | None = None, TagsList: Sequence[Mapping[str, str]] = (),
        RecursiveLogging: bool | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        trails.check_name(Name)
        trail = Trail(
            scope=self.scope, name=Name, bucket=S3BucketName, created=self.clock.now(), prefix=S3KeyPrefix or "",
            topic=SnsTopicName or "", global_events=IncludeGlobalServiceEvents is not False,
            multi_region=bool(IsMultiRegionTrail), validation=bool(EnableLogFileValidation),
            log_group=CloudWatchLogsLogGroupArn or "", log_role=CloudWatchLogsRoleArn or "",
            kms_key=KmsKeyId or "", recursive=bool(RecursiveLogging),
            organization=await self._organization() if IsOrganizationTrail else "",
        )  # fmt: skip
        trails.check(trail)
        await self.store.read(trails.check_absent, trail)
        trail = await self._checked(trail)
        await self.store.write(trails.create, trail)
        if TagsList:
            await self.store.write(tags.put, trail.arn, TagsList)
        return dict(trails.as_wire(trail))

    async def update_trail(
        self, *, Name: str, S3BucketName: str | None = None, S3KeyPrefix: str | None = None,
        SnsTopicName: str | None = None, IncludeGlobalServiceEvents: bool | None = None,
        IsMultiRegionTrail: bool | None = None, EnableLogFileValidation: bool | None = None,
        CloudWatchLogsLogGroupArn: str | None = None, CloudWatchLogsRoleArn: str | None = None,
        KmsKeyId: str | None = None, IsOrganizationTrail: bool | None = None, RecursiveLogging: bool | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        given = {name: value for name, value in locals().items() if name in _OF_UPDATES and value is not None}
        changes = {_OF_UPDATES[name]: value for name, value in given.items()}
        if IsOrganizationTrail is not None:
            changes["organization"] = await self._organization() if IsOrganizationTrail else ""
        old = await self.store.read(trails.at_home, self.scope, Name)
        new = replace(old, **changes)
        trails.check(new)
        new = await self._checked(new)
        await self._change(Name, {**changes, "kms_key": new.kms_key})
        if new.validation and not old.validation:
            await self._begin_digests(new)
        return dict(trails.as_wire(new))

    async def delete_trail(self, *, Name: str) -> dict[str, Any]:
        trail = await self.store.read(trails.at_home, self.scope, Name)
        await self.store.write(trails.delete, trail)
        await self.store.write(tags.forget, trail.arn)
        self.kernel.audit.readers_changed()
        return {}

    async def get_trail(self, *, Name: str) -> dict[str, Any]:
        return {"Trail": dict(trails.described(await self.store.read(trails.find, self.scope, Name)))}

    async def describe_trails(
        self, *, trailNameList: Sequence[str] = (), includeShadowTrails: bool | None = None
    ) -> dict[str, Any]:
        shown = await self.store.read(trails.seen, self.scope, shadows=includeShadowTrails is not False)
        if trailNameList:
            named = set(trailNameList)
            every = await self.store.read(lambda tx: list(trails.listed(tx, self.scope.account)))
            here = [trail for trail in shown if trail.name in named]
            shown = here + [trail for trail in every if trail.arn in named and trail not in here]
        return {"trailList": [dict(trails.described(trail)) for trail in shown]}

    async def list_trails(self, *, NextToken: str | None = None) -> dict[str, Any]:
        every = await self.store.read(lambda tx: list(trails.listed(tx, self.scope.account)))
        return {"Trails": [{"TrailARN": t.arn, "Name": t.name, "HomeRegion": t.scope.region} for t in every]}

    async def get_trail_status(self, *, Name: str) -> dict[str, Any]:
        trail = await self.store.read(trails.find, self.scope, Name)
        status = await self.store.read(trails.status, trail)
        attempted = status.attempted is not None
        told: dict[str, Any] = {
            "IsLogging": status.logging,
            "LatestDeliveryTime": status.delivered,
            "StartLoggingTime": status.started,
            "StopLoggingTime": status.stopped,
            "LatestDigestDeliveryTime": status.digested,
            "LatestNotificationTime": status.notified,
            "LatestDeliveryError": status.failure or None,
            "LatestDigestDeliveryError": status.digest_failure or None,
            "LatestNotificationError": status.notification_failure or None,
            "LatestDeliveryAttemptTime": _written(status.attempted),
            "LatestDeliveryAttemptSucceeded": _written(status.delivered) if attempted else "",
            "LatestNotificationAttemptTime": _written(status.notification_attempted),
            "LatestNotificationAttemptSucceeded": _written(status.notified),
            "TimeLoggingStarted": _written(status.started),
            "TimeLoggingStopped": _written(status.stopped),
        }
        return {name: value for name, value in told.items() if value is not None}

    async def start_logging(self, *, Name: str) -> dict[str, Any]:
        trail = await self.store.read(trails.at_home, self.scope, Name)
        await self.store.write(trails.start, trail)
        self.kernel.audit.readers_changed()
        if trail.validation:
            await self._begin_digests(trail)
        return {}

    async def stop_logging(self, *, Name: str) -> dict[str, Any]:
        trail = await self.store.read(trails.at_home, self.scope, Name)
        await self.kernel.audit.written()
        await self.store.write(trails.stop, trail)
        self.kernel.audit.readers_changed()
        return {}

    @job
    async def deliver(self, *, Name: str) -> None:
        """Put what was recorded since the last time into the trail's bucket, file by file."""
        await self.kernel.audit.written()
        trail = await self.store.read(trails.kept, self.scope, Name)
        if trail is None:
            return
        accounts = await self.store.read(self._accounts, trail)
        for stretch in await self.store.read(delivery.stretches, trail, accounts):
            while await self.store.read(delivery.is_unread, trail, stretch):
                if not await self._deliver(trail, stretch):
                    await self.store.write(trails.deliver_again, trail)
                    return
        stretches = await self.store.read(delivery.stretches, trail, accounts)
        if any([await self.store.read(delivery.is_unread, trail, each) for each in stretches]):
            await self.store.write(trails.deliver_again, trail)  # recorded while this was running

    @job
    async def digest(self, *, Name: str) -> None:
        """Sign what was delivered in the hour that has ended."""
        trail = await self.store.read(trails.kept, self.scope, Name)
        if trail is None or not trail.validation or not (await self.store.read(trails.status, trail)).logging:
            return
        key = await self._signing_key()
        accounts = await self.store.read(self._accounts, trail)
        for due in await self.store.read(digests.due, trail, accounts):
            put = digests.signed(trail, key, self.kernel.keyring, due)
            metadata = {"signature": put.signature, "signature-algorithm": digests.ALGORITHM}
            try:
                await self._put(trail, put.object, put.body, Metadata=metadata)
            except ServiceError as error:
                await self.store.write(trails.note, trail, digest_failure=error.code)
                continue
            await self.store.write(digests.finish, trail, due, put)
        await self.store.write(trails.schedule_digest, trail, self.clock.now() + digests.EVERY)

    async def _deliver(self, trail: Trail, stretch: Stretch) -> bool:
        """One file. Whether the stretch has moved on."""
        chunks = await self.store.read(delivery.unread, trail, stretch)
        status = await self.store.read(trails.status, trail)
        file = await asyncio.to_thread(delivery.file, trail, status, stretch, chunks)
        if file is not None:
            try:
                await self._put(trail, file.key, file.body)
            except ServiceError as error:
                await self.store.write(trails.note, trail, attempted=self.clock.now(), failure=error.code)
                return False
        await self.store.write(delivery.move_on, trail, stretch, chunks[-1][0], file)
        if file is not None and trail.topic:
            await self._notify(trail, file.key)
        return True

    async def _put(self, trail: Trail, key: str, body: bytes, **more: Any) -> None:
        sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.kms_key} if trail.kms_key else {}
        gzipped = {"ContentType": "application/json", "ContentEncoding": "gzip"} if body else {}
        await self._s3(trail).put_object(
            Bucket=trail.bucket, Key=key, Body=body, ACL="bucket-owner-full-control", **sealed, **gzipped, **more
        )

    async def _notify(self, trail: Trail, key: str) -> None:
        sns = self.kernel.client(trails.delivers_as(trail), "sns", trail.scope.region)
        message = f'{{"s3Bucket":"{trail.bucket}","s3ObjectKey":["{key}"]}}'
        now = self.clock.now()
        try:
            await sns.publish(TopicArn=trails.topic_arn(trail), Message=message)
        except NotImplementedYet:
            return
        except ServiceError as error:
            await self.store.write(trails.note, trail, notification_attempted=now, notification_failure=error.code)
            return
        await self.store.write(trails.note, trail, notification_attempted=now, notified=now, notification_failure="")

    def _s3(self, trail: Trail) -> Any:
        return self.kernel.client(trails.delivers_as(trail), "s3", trail.scope.region)

    async def _checked(self, trail: Trail) -> Trail:
        """The trail with its key's full name. Raises unless CloudTrail may use its bucket and its key."""
        named = await self._key_of(trail)
        await self._check_bucket(named)
        return named

    async def _key_of(self, trail: Trail) -> Trail:
        if not trail.kms_key:
            return trail
        kms = self.kernel.client(trails.delivers_as(trail), "kms", trail.scope.region)
        try:
            found = await kms.describe_key(KeyId=trail.kms_key)
        except ServiceError as error:
            if error.code == "NotFoundException":
                raise KmsKeyNotFoundException(error.message) from None
            raise InsufficientEncryptionPolicyException(
                f"Insufficient permissions to access S3 bucket {trail.bucket} or KMS key {trail.kms_key}."
            ) from None
        return replace(trail, kms_key=found["KeyMetadata"]["Arn"])

    async def _check_bucket(self, trail: Trail) -> None:
        """Raise unless CloudTrail may write where the trail wants it: AWS tries, and leaves an empty folder."""
        try:
            await self._s3(trail).get_bucket_acl(Bucket=trail.bucket)
            await self._put(trail, trail.folder(trail.scope.account, "CloudTrail"), b"")
            if trail.validation:
                await self._put(trail, trail.folder(trail.scope.account, "CloudTrail-Digest"), b"")
        except ServiceError as error:
            if error.code == "NoSuchBucket":
                raise S3BucketDoesNotExistException(f"S3 bucket {trail.bucket} does not exist!") from None
            if error.code.startswith("KMS."):
                raise InsufficientEncryptionPolicyException(
                    f"Insufficient permissions to access S3 bucket {trail.bucket} or KMS key {trail.kms_key}."
                ) from None
            raise InsufficientS3BucketPolicyException(
                f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}"
            ) from None

    async def _begin_digests(self, trail: Trail) -> None:
        status = await self.store.read(trails.status, trail)
        if status.logging:
            await self._signing_key()
            await self.store.write(trails.schedule_digest, trail, self.clock.now() + digests.EVERY)


def _written(instant: datetime | None) -> str:
    return records.stamp(instant) if instant is not None else ""
