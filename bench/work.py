"""What the load generator asks for: each work makes signed requests, and refuses an answer that is not a success."""

from __future__ import annotations

import base64
import json
import random
import re
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from hashlib import md5
from typing import ClassVar

from bench.signing import Keys, Signer


class Refused(Exception):
    """The server's answer was not the success that the work needs."""


@dataclass
class Answer:
    status: int
    headers: dict[bytes, bytes]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Ask:
    """One request on its way: what to send, and what its answer belongs to."""

    wire: bytes
    what: str  # the name under which its latency is counted


class Work(ABC):
    """`asks[i]` opens the i-th story; an answer may lead to a next request on the same connection."""

    service: ClassVar[str]

    def __init__(self, url: str, keys: Keys, *, lenient: bool = False) -> None:
        self.signer = Signer(url, self.service, keys)
        self.lenient = lenient  # against `hello`, whose answers mean nothing

    @abstractmethod
    def ask(self, index: int) -> Ask:
        """The first request of one story."""

    def check(self, ask: Ask, answer: Answer) -> None:  # noqa: B027 - some work is checked by what follows
        """Raises Refused when the answer is not what a working service would say."""

    def next(self, ask: Ask, answer: Answer) -> Ask | None:
        """The request that this answer leads to on the same connection, if any. Raises Refused."""
        return None

    def settle(self, ask: Ask, answer: Answer) -> Ask | None:
        """Judge an answer, and say what to ask next, if anything. Raises Refused."""
        if answer.status != 200:
            raise Refused(f"{ask.what}: {answer.status} {answer.body[:200].decode(errors='replace')}")
        if self.lenient:
            return None
        self.check(ask, answer)
        return self.next(ask, answer)


class PutObjects(Work):
    """PUT of one small body under ever new keys, with the checksum header that boto3 sends today."""

    service = "s3"

    def __init__(self, url, keys, bucket: str, prefix: str, size: int = 1024, **options) -> None:
        super().__init__(url, keys, **options)
        self.path = f"/{bucket}/{prefix}"
        self.body = content(size)
        self.etag = f'"{md5(self.body).hexdigest()}"'.encode()
        crc = base64.b64encode(zlib.crc32(self.body).to_bytes(4, "big")).decode()
        self.headers = {"x-amz-checksum-crc32": crc, "x-amz-sdk-checksum-algorithm": "CRC32"}

    def ask(self, index: int) -> Ask:
        return Ask(self.signer.request("PUT", f"{self.path}{index:08d}", self.headers, self.body), "PUT")

    def check(self, ask: Ask, answer: Answer) -> None:
        if answer.headers.get(b"etag") != self.etag:
            raise Refused(f"PUT answered the ETag {answer.headers.get(b'etag')!r}, not {self.etag!r}")


class GetObjects(Work):
    """GET of the keys that PutObjects wrote, in random order."""

    service = "s3"

    def __init__(self, url, keys, bucket: str, prefix: str, present: int, size: int = 1024, **options) -> None:
        super().__init__(url, keys, **options)
        self.path = f"/{bucket}/{prefix}"
        self.present = present
        self.body = content(size)
        self.random = random.Random(1)  # the same keys in the same order for every server

    def ask(self, index: int) -> Ask:
        key = f"{self.path}{self.random.randrange(self.present):08d}"
        return Ask(self.signer.request("GET", key, {"x-amz-checksum-mode": "ENABLED"}), "GET")

    def check(self, ask: Ask, answer: Answer) -> None:
        if answer.body != self.body:
            raise Refused(f"GET answered {len(answer.body)} bytes that were never put there")


class ListObjects(Work):
    """One page of ListObjectsV2, from a random place in the bucket."""

    service = "s3"

    def __init__(self, url, keys, bucket: str, prefix: str, present: int, page: int = 100, **options) -> None:
        super().__init__(url, keys, **options)
        self.path, self.prefix, self.present, self.page = f"/{bucket}", prefix, present, page
        self.random = random.Random(2)

    def ask(self, index: int) -> Ask:
        after = f"{self.prefix}{self.random.randrange(self.present - self.page):08d}"
        query = f"list-type=2&max-keys={self.page}&start-after={after}"
        return Ask(self.signer.request("GET", self.path, {}, query=query), "LIST")

    def check(self, ask: Ask, answer: Answer) -> None:
        if (listed := answer.body.count(b"<Key>")) != self.page:
            raise Refused(f"ListObjectsV2 answered {listed} keys, not {self.page}")


class _Queue(Work):
    """Work on one queue in the JSON protocol."""

    service = "sqs"

    def __init__(self, url, keys, queue_url: str, **options) -> None:
        super().__init__(url, keys, **options)
        self.queue_url = queue_url

    def call(self, operation: str, **parameters) -> Ask:
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"AmazonSQS.{operation}"}
        body = json.dumps({"QueueUrl": self.queue_url, **parameters}).encode()
        return Ask(self.signer.request("POST", "/", headers, body), operation)


class SendMessages(_Queue):
    """SendMessage, each with another body."""

    def ask(self, index: int) -> Ask:
        return self.call("SendMessage", MessageBody=f"message {index:08d}")

    def check(self, ask: Ask, answer: Answer) -> None:
        if b'"MD5OfMessageBody"' not in answer.body:
            raise Refused("SendMessage answered without MD5OfMessageBody")


class SendBatches(_Queue):
    """SendMessageBatch of ten, to fill a queue."""

    def ask(self, index: int) -> Ask:
        entries = [{"Id": str(n), "MessageBody": f"message {index:08d} {n}"} for n in range(10)]
        return self.call("SendMessageBatch", Entries=entries)

    def check(self, ask: Ask, answer: Answer) -> None:
        if len(json.loads(answer.body).get("Successful", [])) != 10:
            raise Refused(f"SendMessageBatch did not take ten messages: {answer.body[:200]!r}")


_HANDLE = re.compile(rb'"ReceiptHandle"\s*:\s*("(?:[^"\\]|\\.)*")')


class ReceiveAndDelete(_Queue):
    """ReceiveMessage of one message, then DeleteMessage of it; an empty answer is refused."""

    def ask(self, index: int) -> Ask:
        return self.call("ReceiveMessage", MaxNumberOfMessages=1)

    def next(self, ask: Ask, answer: Answer) -> Ask | None:
        if ask.what != "ReceiveMessage":
            return None
        handle = _HANDLE.search(answer.body)
        if handle is None:
            raise Refused("ReceiveMessage answered no message, though there were some")
        return self.call("DeleteMessage", ReceiptHandle=json.loads(handle[1]))


class KeepLevel(ReceiveAndDelete):
    """SendMessage, ReceiveMessage, DeleteMessage: a queue's depth stays as it is."""

    def ask(self, index: int) -> Ask:
        return self.call("SendMessage", MessageBody=f"one more {index:08d}")

    def next(self, ask: Ask, answer: Answer) -> Ask | None:
        if ask.what == "SendMessage":
            return self.call("ReceiveMessage", MaxNumberOfMessages=1)
        return super().next(ask, answer)


class LongPolls(_Queue):
    """ReceiveMessage that waits as long as SQS allows."""

    def ask(self, index: int) -> Ask:
        return self.call("ReceiveMessage", WaitTimeSeconds=20)


KINDS: dict[str, type[Work]] = {
    kind.__name__: kind
    for kind in (PutObjects, GetObjects, ListObjects, SendMessages, SendBatches, ReceiveAndDelete, KeepLevel)
}


def content(size: int) -> bytes:
    """`size` bytes that do not compress and are the same in every process."""
    return random.Random(size).randbytes(size)
