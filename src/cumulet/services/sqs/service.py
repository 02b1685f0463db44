"""Amazon SQS as its clients see it. The rules are in the modules named by nouns beside this one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from cumulet.kernel.access import Need
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Kind
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs import (
    access,
    attributes,
    batches,
    deadletters,
    inbound,
    lifecycle,
    messages,
    movetasks,
    payload,
    permissions,
    queues,
    throughput,
)
from cumulet.services.sqs.errors import AccessDenied, InvalidParameterValue
from cumulet.services.sqs.messages import Sent
from cumulet.services.sqs.outbound import Draft
from cumulet.services.sqs.protection import Protection
from cumulet.services.sqs.queues import Queue

T = TypeVar("T")

_MOST_LISTED = 1000
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class SQS(Protection):
    data_operations = frozenset(
        ("send_message", "send_message_batch", "receive_message", "delete_message", "delete_message_batch",
         "change_message_visibility", "change_message_visibility_batch")
    )  # fmt: skip

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
        return access.needs(tx, self.scope, self.caller, operation, parameters)

    def denial(self, message: str) -> ServiceError:
        return AccessDenied(access.as_told(message))

    async def create_queue(
        self, *, QueueName: str, Attributes: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        queue = Queue(scope=self.scope, name=QueueName)
        await self.store.write(self._create, queue, Attributes or {}, tags or {})
        return {"QueueUrl": self._url(queue)}

    async def delete_queue(self, *, QueueUrl: str) -> dict[str, Any]:
        await self.store.write(lifecycle.delete, self._queue(QueueUrl))
        return {}

    async def purge_queue(self, *, QueueUrl: str) -> dict[str, Any]:
        await self.store.write(lifecycle.purge, self._queue(QueueUrl))
        return {}

    async def get_queue_url(self, *, QueueName: str, QueueOwnerAWSAccountId: str | None = None) -> dict[str, Any]:
        owner = self.scope if QueueOwnerAWSAccountId is None else queues.owned_by(self.scope, QueueOwnerAWSAccountId)
        queue = Queue(scope=owner, name=QueueName)
        await self.store.read(queues.settings, queue)
        return {"QueueUrl": self._url(queue)}

    async def list_queues(
        self, *, QueueNamePrefix: str = "", NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        page = _page(MaxResults)
        names = await self.store.read(queues.names, self.scope, QueueNamePrefix, _after(NextToken), page + 1)
        return self._listed("QueueUrls", names, page, is_paged=MaxResults is not None)

    async def list_dead_letter_source_queues(
        self, *, QueueUrl: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        queue, page = self._queue(QueueUrl), _page(MaxResults)
        await self.store.read(queues.settings, queue)
        names = await self.store.read(deadletters.sources, queue, _after(NextToken), page + 1)
        return {"queueUrls": []} | self._listed("queueUrls", names, page, is_paged=MaxResults is not None)

    async def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str] = ()) -> dict[str, Any]:
        queue = self._queue(QueueUrl)
        settings = await self.store.read(self._settings_as_shown, queue)
        attributes.check_names(AttributeNames)
        every = {"QueueArn": queue.arn} | attributes.render(settings)
        if "All" in AttributeNames or not set(_COUNTS).isdisjoint(AttributeNames):
            every |= await self._counts(queue)
        shown = {name: text for name, text in every.items() if "All" in AttributeNames or name in AttributeNames}
        return {"Attributes": shown} if shown else {}

    async def set_queue_attributes(self, *, QueueUrl: str, Attributes: Mapping[str, str]) -> dict[str, Any]:
        await self.store.write(self._change, self._queue(QueueUrl), Attributes)
        return {}

    async def add_permission(
        self, *, QueueUrl: str, Label: str, AWSAccountIds: Sequence[str], Actions: Sequence[str]
    ) -> dict[str, Any]:
        await self.store.write(permissions.add, self._queue(QueueUrl), Label, AWSAccountIds, Actions)
        return {}

    async def remove_permission(self, *, QueueUrl: str, Label: str) -> dict[str, Any]:
        await self.store.write(permissions.remove, self._queue(QueueUrl), Label)
        return {}

    async def tag_queue(self, *, QueueUrl: str, Tags: Mapping[str, str]) -> dict[str, Any]:
        await self.store.write(queues.tag, self._queue(QueueUrl), Tags)
        return {}

    async def untag_queue(self, *, QueueUrl: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        await self.store.write(queues.untag, self._queue(QueueUrl), TagKeys)
        return {}

    async def list_queue_tags(self, *, QueueUrl: str) -> dict[str, Any]:
        tags = await self.store.read(queues.tags, self._queue(QueueUrl))
        return {"Tags": tags} if tags else {}

    async def send_message(
        self,
        *,
        QueueUrl: str,
        MessageBody: str,
        DelaySeconds: int | None = None,
        MessageAttributes: payload.Attributes | None = None,
        MessageSystemAttributes: payload.Attributes | None = None,
        MessageDeduplicationId: str | None = None,
        MessageGroupId: str | None = None,
    ) -> dict[str, Any]:
        draft = Draft(
            MessageBody, MessageAttributes or {}, MessageSystemAttributes or {}, DelaySeconds, MessageGroupId,
            MessageDeduplicationId,
        )  # fmt: skip
        sent = await self._exchange("send", messages.send, self._queue(QueueUrl), draft, self._sender())
        return _sent(draft, sent)

    async def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[batches.Entry]) -> dict[str, Any]:
        batches.check(Entries, "SendMessageBatchRequestEntry")
        drafts = [_draft(entry) for entry in Entries]
        outcomes = await self._exchange("send", messages.send_all, self._queue(QueueUrl), drafts, self._sender())
        told = [_sent(draft, o) if isinstance(o, Sent) else o for draft, o in zip(drafts, outcomes, strict=True)]
        return batches.answer(Entries, told)

    async def receive_message(
        self,
        *,
        QueueUrl: str,
        AttributeNames: Sequence[str] = (),
        MessageSystemAttributeNames: Sequence[str] = (),
        MessageAttributeNames: Sequence[str] = (),
        MaxNumberOfMessages: int = 1,
        VisibilityTimeout: int | None = None,
        WaitTimeSeconds: int | None = None,
        ReceiveRequestAttemptId: str = "",
    ) -> dict[str, Any]:
        """Long polling is the one part of SQS that waits, so it is here and not among the rules."""
        queue = self._queue(QueueUrl)
        system_names = [*AttributeNames, *MessageSystemAttributeNames]
        inbound.check(MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds, system_names)
        wanted = (queue, MaxNumberOfMessages, VisibilityTimeout, ReceiveRequestAttemptId)
        found = await self._exchange("receive", messages.receive, *wanted, wait_seconds=WaitTimeSeconds)
        if not found and (seconds := await self._patience(queue, WaitTimeSeconds)):
            found = await self._poll(seconds, *wanted)
        shown = [inbound.as_wire(each, system_names, MessageAttributeNames) for each in found]
        return {"Messages": shown} if shown else {}

    async def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:
        await self._spend_and_write("delete", messages.delete, self._queue(QueueUrl), ReceiptHandle)
        return {}

    async def delete_message_batch(self, *, QueueUrl: str, Entries: Sequence[batches.Entry]) -> dict[str, Any]:
        batches.check(Entries, "DeleteMessageBatchRequestEntry")
        handles = [(entry["ReceiptHandle"],) for entry in Entries]
        queue = self._queue(QueueUrl)
        outcomes = await self._spend_and_write("delete", messages.each, queue, messages.delete, handles)
        return batches.answer(Entries, outcomes)

    async def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> dict[str, Any]:
        await self.store.write(messages.change_visibility, self._queue(QueueUrl), ReceiptHandle, VisibilityTimeout)
        return {}

    async def change_message_visibility_batch(
        self, *, QueueUrl: str, Entries: Sequence[batches.Entry]
    ) -> dict[str, Any]:
        batches.check(Entries, "ChangeMessageVisibilityBatchRequestEntry")
        changes = [(entry["ReceiptHandle"], entry.get("VisibilityTimeout", 0)) for entry in Entries]
        outcomes = await self.store.write(messages.each, self._queue(QueueUrl), messages.change_visibility, changes)
        return batches.answer(Entries, outcomes)

    async def start_message_move_task(
        self, *, SourceArn: str, DestinationArn: str | None = None, MaxNumberOfMessagesPerSecond: int | None = None
    ) -> dict[str, Any]:
        source = self._own(SourceArn, "SourceArn")
        destination = None if DestinationArn is None else self._own(DestinationArn, "DestinationArn")
        task = await self.store.write(movetasks.start, source, destination, MaxNumberOfMessagesPerSecond)
        return {"TaskHandle": movetasks.handle(task)}

    async def cancel_message_move_task(self, *, TaskHandle: str) -> dict[str, Any]:
        queue, task_id = movetasks.parse_handle(TaskHandle)
        task = await self.store.write(movetasks.cancel, self._own(queue.arn, "TaskHandle"), task_id)
        return {"ApproximateNumberOfMessagesMoved": task.moved}

    async def list_message_move_tasks(self, *, SourceArn: str, MaxResults: int = 1) -> dict[str, Any]:
        if not 1 <= MaxResults <= 10:
            raise InvalidParameterValue.of("MaxResults", MaxResults, "Must be between 1 and 10, if provided.")
        tasks = await self.store.read(movetasks.listed, self._own(SourceArn, "SourceArn"), MaxResults)
        return {"Results": [movetasks.as_wire(task) for task in tasks]}

    @job
    async def expire(self, *, name: str) -> None:
        """Drop what is too old, and stand ready for the next."""
        queue = Queue(scope=self.scope, name=name)
        while await self.store.write(messages.expire, queue):
            pass
        await self.store.write(messages.schedule_expiry, queue)

    @job
    async def discard(self, *, prefix: list[Any]) -> None:
        await self.store.write(lifecycle.discard, tuple(prefix))

    @job
    async def move(self, *, key: list[Any]) -> None:
        await self.store.write(movetasks.step, tuple(key))

    async def _spend_and_write(self, kind: str, rule: Callable[..., T], queue: Queue, *rest: Any, **more: Any) -> T:
        """Run a rule, after counting the call where the cloud holds its callers to quotas."""
        if self.kernel.quotas:
            await self.store.write(throughput.spend, queue, kind)
        return await self.store.write(rule, queue, *rest, **more)

    async def _exchange(self, kind: str, rule: Callable[..., T], queue: Queue, *rest: Any, **more: Any) -> T:
        """The same of a rule that seals or opens messages."""
        if self.kernel.quotas:
            await self.store.write(throughput.spend, queue, kind)
        return await self.with_keys(rule, queue, *rest, **more)

    def _create(self, tx: Transaction, queue: Queue, given: Mapping[str, str], tags: Mapping[str, str]) -> None:
        if lifecycle.create(tx, queue, given, tags) and given.get("Policy"):
            permissions.bind(tx, self.kernel.authority, queue)

    def _change(self, tx: Transaction, queue: Queue, given: Mapping[str, str]) -> None:
        lifecycle.change(tx, queue, given)
        if "Policy" in given:
            permissions.bind(tx, self.kernel.authority, queue)

    def _settings_as_shown(self, tx: ReadTransaction, queue: Queue) -> attributes.Settings:
        return permissions.as_shown(tx, self.kernel.authority, queues.settings(tx, queue))

    async def _poll(self, seconds: int, queue: Queue, *wanted: Any) -> list[messages.Received]:
        """Look whenever there may be something, until there is."""
        give_up = self.clock.now() + timedelta(seconds=seconds)
        with self.store.waiter(queue.arrivals) as waiter:
            while not (found := await self.with_keys(messages.receive, queue, *wanted, wait_seconds=seconds)):
                alarm = await self.store.read(messages.next_visible, queue)
                if not await waiter.wait(until=give_up, alarm=alarm, departure=self.request.departure):
                    break
        return found

    async def _patience(self, queue: Queue, asked: int | None) -> int:
        """How long to wait, in seconds: as asked for, or as the queue says."""
        if asked is not None:
            return asked
        return (await self.store.read(queues.settings, queue)).receive_message_wait_time_seconds

    async def _counts(self, queue: Queue) -> dict[str, str]:
        while (numbers := await self.store.write(messages.count, queue)) is None:
            pass
        return dict(zip(_COUNTS, map(str, numbers), strict=True))

    def _queue(self, url: str) -> Queue:
        return queues.locate(url, self.scope.region)

    def _own(self, arn: str, parameter: str) -> Queue:
        """The caller's own queue of this ARN, in this Region."""
        queue = queues.of_arn(arn)
        if queue is None or queue.scope != self.scope:
            reason = "You must use this format: arn:<partition>:sqs:<region>:<account-id>:<queue-name>"
            raise InvalidParameterValue.of(parameter, arn[:200], reason)
        return queue

    def _url(self, queue: Queue) -> str:
        return f"{self.request.endpoint}/{queue.scope.account}/{queue.name}"

    def _listed(self, member: str, names: Sequence[str], page: int, *, is_paged: bool) -> dict[str, Any]:
        urls = [self._url(Queue(scope=self.scope, name=name)) for name in names[:page]]
        following = {"NextToken": _token(names[page - 1])} if is_paged and len(names) > page else {}
        return ({member: urls} if urls else {}) | following

    def _sender(self) -> str:
        return self.caller.account if self.caller.kind is Kind.ROOT else self.caller.arn


def _draft(entry: batches.Entry) -> Draft:
    return Draft(
        entry["MessageBody"], entry.get("MessageAttributes", {}), entry.get("MessageSystemAttributes", {}),
        entry.get("DelaySeconds"), entry.get("MessageGroupId"), entry.get("MessageDeduplicationId"), batched=True,
    )  # fmt: skip


def _sent(draft: Draft, sent: Sent) -> dict[str, Any]:
    told = {"MessageId": sent.id, "MD5OfMessageBody": payload.digest(draft.body)}
    if draft.attributes:
        told["MD5OfMessageAttributes"] = payload.attributes_digest(draft.attributes)
    if draft.system_attributes:
        told["MD5OfMessageSystemAttributes"] = payload.attributes_digest(draft.system_attributes)
    if sent.sequence_number is not None:
        told["SequenceNumber"] = sent.sequence_number
    return told


def _page(asked: int | None) -> int:
    if asked is not None and not 1 <= asked <= _MOST_LISTED:
        raise InvalidParameterValue.of("MaxResults", asked, f"Must be an integer value between 1 and {_MOST_LISTED}.")
    return asked or _MOST_LISTED


def _token(name: str) -> str:
    return base64.b64encode(name.encode()).decode()


def _after(token: str | None) -> str | None:
    try:
        return None if token is None else base64.b64decode(token[:200], validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidParameterValue("Invalid or expired next token.") from None
