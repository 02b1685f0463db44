"""Amazon SQS as its clients see it. The rules are in queues.py and messages.py."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from cumulet.kernel.service import Service
from cumulet.services.sqs import messages, queues
from cumulet.services.sqs.messages import Received
from cumulet.services.sqs.queues import Queue


class SQS(Service):
    async def create_queue(self, *, QueueName: str) -> dict[str, Any]:
        queue = Queue(scope=self.scope, name=QueueName)
        await self.store.write(queues.create, queue)
        return {"QueueUrl": f"{self.request.endpoint}/{self.scope.account}/{QueueName}"}

    async def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int | None = None) -> dict[str, Any]:
        queue = queues.locate(self.scope, QueueUrl)
        sent = await self.store.write(messages.send, queue, MessageBody, delay_seconds=DelaySeconds)
        return {"MessageId": sent.id, "MD5OfMessageBody": hashlib.md5(sent.body.encode()).hexdigest()}

    async def receive_message(
        self,
        *,
        QueueUrl: str,
        MaxNumberOfMessages: int = 1,
        VisibilityTimeout: int | None = None,
        WaitTimeSeconds: int = 0,
    ) -> dict[str, Any]:
        """Long polling is the one part of SQS that waits, so it is here and not among the rules."""
        queue = queues.locate(self.scope, QueueUrl)
        give_up = self.clock.now() + timedelta(seconds=WaitTimeSeconds)
        with self.store.waiter(messages.arrivals(queue)) as waiter:
            while True:
                found = await self.store.write(messages.receive, queue, MaxNumberOfMessages, VisibilityTimeout)
                if found or self.clock.now() >= give_up:
                    return {"Messages": [_as_wire(m) for m in found]} if found else {}
                following = await self.store.read(messages.next_visible, queue)
                await waiter.wait(until=min(give_up, following or give_up))

    async def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:
        await self.store.write(messages.delete, queues.locate(self.scope, QueueUrl), ReceiptHandle)
        return {}


def _as_wire(received: Received) -> dict[str, Any]:
    message = received.message
    return {
        "MessageId": message.id,
        "ReceiptHandle": received.receipt,
        "MD5OfBody": hashlib.md5(message.body.encode()).hexdigest(),
        "Body": message.body,
    }
