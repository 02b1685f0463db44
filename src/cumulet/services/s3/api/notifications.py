"""Event notifications as clients configure them, and their delivery. The rules are in ../notifications.py and
../notification_rules.py."""

from __future__ import annotations

import json
from typing import Any

from cumulet.kernel.errors import NotImplementedYet, ServiceError
from cumulet.kernel.events import Event
from cumulet.kernel.service import job
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import buckets, notification_rules, notifications
from cumulet.services.s3.api.base import S3Base
from cumulet.services.s3.errors import InvalidArgument
from cumulet.services.s3.notifications import ARNS, KIND, QUEUES, TOPICS

UNDELIVERED = "s3.NotificationUndelivered"
"""The event that says that a notification could not be delivered, since its destination's service is not here."""


class Notifications(S3Base):
    async def get_bucket_notification_configuration(
        self, *, Bucket: str, ExpectedBucketOwner: str | None = None
    ) -> dict[str, Any]:
        return await self.store.read(buckets.configuration, Bucket, KIND) or {}

    async def put_bucket_notification_configuration(
        self,
        *,
        Bucket: str,
        NotificationConfiguration: dict[str, Any],
        ExpectedBucketOwner: str | None = None,
        SkipDestinationValidation: bool | None = None,
    ) -> dict[str, Any]:
        configuration = notification_rules.checked(NotificationConfiguration, self.bucket, self.kernel.ids)
        if not SkipDestinationValidation:
            await self._try_destinations(configuration)
        if configuration:
            await self.store.write(buckets.configure, Bucket, KIND, configuration)
        else:
            await self.store.write(buckets.unconfigure, Bucket, KIND)
        return {}

    @job
    async def deliver_notification(self, kind: str, arn: str, bucket: str, message: dict[str, Any]) -> None:
        """Hand a message to its destination; what fails is tried again, as every job is.

        A destination whose service Cumulet does not have cannot get it: the log of events says so."""
        try:
            await self._send(kind, arn, f"arn:aws:s3:::{bucket}", message)
        except NotImplementedYet as missing:
            await self.store.write(_tell_undelivered, self.scope, bucket, arn, message, missing.message)

    async def _try_destinations(self, configuration: dict[str, Any]) -> None:
        """Send each destination a test event. Raises InvalidArgument that names those that did not take it."""
        refused: dict[str, str] = {}
        message = notifications.test_event(self.bucket, self.clock.now(), self.request.id)
        for kind, member in ARNS.items():
            for arn in dict.fromkeys(rule[member] for rule in configuration.get(kind, [])):
                words = await self._refusal(kind, arn, message)
                if words:
                    number = len(refused) // 2 + 1
                    refused |= {f"ArgumentName{number}": arn, f"ArgumentValue{number}": words}
        if refused:
            raise InvalidArgument("Unable to validate the following destination configurations", **refused)

    async def _refusal(self, kind: str, arn: str, message: dict[str, Any]) -> str:
        """Why a destination would not take messages; empty if it does, or if its service is not here to ask."""
        what = {QUEUES: "queue", TOPICS: "topic"}.get(kind, "Lambda function")
        try:
            await self._send(kind, arn, self.bucket.arn, message, is_test=True)
        except NotImplementedYet:
            return ""
        except ServiceError as error:
            if "NonExistent" in (error.query_code or "") or "NotFound" in error.code or "DoesNotExist" in error.code:
                return f"The destination {what} does not exist"
            return f"Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"
        return ""

    async def _send(
        self, kind: str, arn: str, bucket_arn: str, message: dict[str, Any], *, is_test: bool = False
    ) -> None:
        _, _, service, region, account, name = arn.split(":", 5)
        client = self.client(service, account=account, region=region, source_arn=bucket_arn)
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        if kind == QUEUES:
            url = f"{self.request.endpoint}/queue/{region}/{account}/{name}"
            await client.send_message(QueueUrl=url, MessageBody=text)
        elif kind == TOPICS:
            await client.publish(TopicArn=arn, Message=text, Subject="Amazon S3 Notification")
        else:
            how = "DryRun" if is_test else "Event"  # functions get no test event
            await client.invoke(FunctionName=arn, InvocationType=how, Payload=text.encode())


def _tell_undelivered(tx: Transaction, scope: Any, bucket: str, arn: str, message: dict[str, Any], reason: str) -> None:
    detail = {"destination": arn, "reason": reason, "message": message}
    tx.emit(Event(
        id=tx.uuid(), type=UNDELIVERED, time=tx.now, scope=scope, resource=f"arn:aws:s3:::{bucket}", detail=detail
    ))  # fmt: skip
