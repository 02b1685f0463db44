"""Clients that put load on a cloud and remember what it acknowledged.

Each works alone on things of its own, one call after the other, until a call fails: so before a kill at most its last
call is open, and may have happened or not. Everything else is certain, and `check` holds the cloud to it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.durability.process import CloudProcess

Client = Callable[[str], Any]

_NOTHING = object()
_SIZES = (0, 10, 1000, 16 * 1024, 16 * 1024 + 1, 40_000, 200_000)


class Worker:
    """`begin` may call anything; `work` is one random step; `check` looks at a cloud that was killed since."""

    def __init__(self, name: str, seed: str) -> None:
        self.name = name
        self.chance = random.Random(f"{seed}.{name}")
        self.steps = 0
        self.failure: Exception | None = None

    def begin(self, client: Client) -> None: ...

    def work(self) -> None: ...

    def check(self, client: Client) -> None: ...

    def body(self) -> bytes:
        """Bytes that no other call sends, of a size on either side of where blobs become files."""
        size = self.chance.choice(_SIZES)
        return f"{self.name} {self.steps} ".encode() + self.chance.randbytes(size)

    def connect(self, client: Client) -> None:
        self.s3, self.sqs = client("s3"), client("sqs")

    def run(self, process: CloudProcess) -> None:
        """Work until the cloud is gone. boto3 takes an answer that was cut off behind its head for an empty one; so
        what fails after the kill only says that the last call is open."""
        try:
            while True:
                self.work()
                self.steps += 1
        except (BotoCoreError, OSError):
            return
        except Exception as error:  # an answer that should never be given is for the main thread to tell
            self.failure = error if process.is_alive else None


def run_until_killed(process: CloudProcess, workers: list[Worker], seconds: float) -> None:
    """Let them all work for a while, kill the cloud under them, and start it again."""
    for worker in workers:
        worker.connect(process.client)
    threads = [threading.Thread(target=worker.run, args=(process,), name=worker.name) for worker in workers]
    for thread in threads:
        thread.start()
    threading.Event().wait(seconds)
    process.kill()
    for thread in threads:
        thread.join(30)
    failures = [worker.failure for worker in workers if worker.failure is not None]
    assert not failures, (failures, process.log[-2000:])
    process.start()


class Cells:
    """Named values of which each change is either acknowledged or, the last one, open."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._open: dict[str, Any] = {}

    def change(self, name: str, value: Any, call: Callable[[], Any]) -> Any:
        self._open[name] = value
        answer = call()
        self._known[name] = self._open.pop(name)
        return answer

    def check(self, found: Callable[[str], Any]) -> None:
        """`found(name)` is what is there. From here on that is known."""
        for name in self._known.keys() | self._open.keys():
            possible = [self._known.get(name), *([self._open[name]] if name in self._open else [])]
            there = found(name)
            assert there in possible, f"{name}: {_short(there)} instead of {[_short(value) for value in possible]}"
            self._known[name] = there
        self._open.clear()


class Objects(Worker):
    """Puts, overwrites and deletes in a bucket without versions. A deleted object is None."""

    def begin(self, client: Client) -> None:
        client("s3").create_bucket(Bucket=self.name)
        self.cells = Cells()

    def work(self) -> None:
        key = f"folder/{self.chance.randrange(12)}"
        if self.chance.random() < 0.25:
            self.cells.change(key, None, lambda: self.s3.delete_object(Bucket=self.name, Key=key))
        else:
            body = self.body()
            self.cells.change(key, body, lambda: self.s3.put_object(Bucket=self.name, Key=key, Body=body))

    def check(self, client: Client) -> None:
        s3 = client("s3")
        listed = {o["Key"] for o in s3.list_objects_v2(Bucket=self.name).get("Contents", [])}
        self.cells.check(lambda key: _body(s3, Bucket=self.name, Key=key) if key in listed else None)
        assert listed == {key for key, value in self.cells._known.items() if value is not None}


class Versions(Worker):
    """Versions of a few keys: each has its own bytes for ever, or is deleted for ever."""

    def begin(self, client: Client) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket=self.name)
        s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.markers: set[tuple[str, str]] = set()
        self.deleted: set[tuple[str, str]] = set()
        self.doubtful: tuple[str, str] | None = None

    def work(self) -> None:
        key, chosen = f"key-{self.chance.randrange(4)}", self.chance.random()
        if chosen < 0.6 or not self.bodies:
            body = self.body()
            made = self.s3.put_object(Bucket=self.name, Key=key, Body=body)
            self.bodies[key, made["VersionId"]] = body
        elif chosen < 0.75:
            self.markers.add((key, self.s3.delete_object(Bucket=self.name, Key=key)["VersionId"]))
        else:
            self.doubtful = self.chance.choice(sorted(self.bodies))
            self.s3.delete_object(Bucket=self.name, Key=self.doubtful[0], VersionId=self.doubtful[1])
            self.deleted.add(self.doubtful)
            del self.bodies[self.doubtful]
            self.doubtful = None

    def check(self, client: Client) -> None:
        s3 = client("s3")
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=self.name))
        there = {(v["Key"], v["VersionId"]) for page in pages for v in page.get("Versions", [])}
        markers = {(v["Key"], v["VersionId"]) for page in pages for v in page.get("DeleteMarkers", [])}
        if self.doubtful is not None and self.doubtful not in there:
            del self.bodies[self.doubtful]
        self.doubtful = None
        assert self.bodies.keys() <= there and self.markers <= markers
        assert not self.deleted & there
        assert len(there - self.bodies.keys()) + len(markers - self.markers) <= 1, "only the last call was open"
        for key, version in there:
            body = _body(s3, Bucket=self.name, Key=key, VersionId=version)
            assert body == self.bodies.setdefault((key, version), body)
        self.markers = markers


class Uploads(Worker):
    """Uploads in parts: acknowledged parts can be completed after the kill, completed ones can be read."""

    def begin(self, client: Client) -> None:
        client("s3").create_bucket(Bucket=self.name)
        self.cells = Cells()
        self.under_way: dict[str, tuple[str, bytes, str]] = {}
        self.unknown: set[str] = set()

    def work(self) -> None:
        key = f"upload-{self.steps % 5}"
        upload = self.s3.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]
        body = self.body()
        part = self.s3.upload_part(Bucket=self.name, Key=key, UploadId=upload, PartNumber=7, Body=body)
        self.under_way[upload] = (key, body, part["ETag"])
        if self.chance.random() < 0.7:
            self._complete(self.s3, upload)

    def _complete(self, s3: Any, upload: str) -> None:
        key, body, etag = self.under_way[upload]
        parts = {"Parts": [{"PartNumber": 7, "ETag": etag}]}
        self.cells.change(
            key, body,
            lambda: s3.complete_multipart_upload(Bucket=self.name, Key=key, UploadId=upload, MultipartUpload=parts),
        )  # fmt: skip
        del self.under_way[upload]

    def check(self, client: Client) -> None:
        s3 = client("s3")
        there = {u["UploadId"] for u in s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])}
        gone = self.under_way.keys() - there
        assert len(gone) <= 1, "only the last completion was open"
        assert len(there - self.under_way.keys() - self.unknown) <= 1, "only the last creation was open"
        self.unknown = there - self.under_way.keys()
        self.cells.check(lambda key: _body(s3, Bucket=self.name, Key=key))
        for upload in gone:
            assert self.cells._known[self.under_way.pop(upload)[0]] is not None
        for upload in list(self.under_way)[:5]:
            self._complete(s3, upload)
        self.cells.check(lambda key: _body(s3, Bucket=self.name, Key=key))


class Configurations(Worker):
    """What is set of a bucket, each thing with a number that only grows."""

    def begin(self, client: Client) -> None:
        client("s3").create_bucket(Bucket=self.name)
        self.cells = Cells()

    def work(self) -> None:
        what, number = self.chance.choice(("tags", "versioning", "cors")), str(self.steps + 1)
        if what == "versioning":
            status = self.chance.choice(("Enabled", "Suspended"))
            wanted = {"Status": status}
            self.cells.change(
                what, status, lambda: self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration=wanted)
            )
        elif what == "tags":
            tags = {"TagSet": [{"Key": "number", "Value": number}]}
            self.cells.change(what, number, lambda: self.s3.put_bucket_tagging(Bucket=self.name, Tagging=tags))
        else:
            rules = {"CORSRules": [{"ID": number, "AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
            self.cells.change(what, number, lambda: self.s3.put_bucket_cors(Bucket=self.name, CORSConfiguration=rules))

    def check(self, client: Client) -> None:
        s3 = client("s3")
        found = {
            "tags": lambda: s3.get_bucket_tagging(Bucket=self.name)["TagSet"][0]["Value"],
            "versioning": lambda: s3.get_bucket_versioning(Bucket=self.name).get("Status"),
            "cors": lambda: s3.get_bucket_cors(Bucket=self.name)["CORSRules"][0]["ID"],
        }
        self.cells.check(lambda what: _or_none(found[what]))


class Messages(Worker):
    """A standard queue: what was sent is there until it is deleted, also while a consumer has it."""

    def begin(self, client: Client) -> None:
        self.url = client("sqs").create_queue(QueueName=self.name)["QueueUrl"].partition("/0")[2]
        self.there: set[str] = set()
        self.doubtful: set[str] = set()

    def work(self) -> None:
        chosen = self.chance.random()
        if chosen < 0.4:
            self._send([f"{self.name} {self.steps}"])
        elif chosen < 0.6:
            self._send([f"{self.name} {self.steps}.{n}" for n in range(self.chance.randint(2, 10))])
        else:
            self._receive_and_delete()

    def _send(self, bodies: list[str]) -> None:
        self.doubtful = set(bodies)
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        sent = self.sqs.send_message_batch(QueueUrl=self._url(self.sqs), Entries=entries)
        assert len(sent.get("Successful", [])) == len(bodies), sent
        self.there |= self.doubtful
        self.doubtful = set()

    def _receive_and_delete(self) -> None:
        url = self._url(self.sqs)
        got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3, VisibilityTimeout=3600).get("Messages", [])
        for message in got:
            assert message["Body"] in self.there
            if self.chance.random() < 0.8:
                self.doubtful = {message["Body"]}
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                self.there -= self.doubtful
                self.doubtful = set()

    def check(self, client: Client) -> None:
        """After an hour by the clock, everything can be received again, and then nothing is left."""
        sqs = client("sqs")
        counted = _counted(sqs, self._url(sqs))
        found = _drained(sqs, self._url(sqs))
        assert len(found) == len(set(found)) == counted, f"{self.name} told {counted} and held {len(found)}"
        assert self.there - self.doubtful <= set(found) <= self.there | self.doubtful, f"{self.name}"
        assert _counted(sqs, self._url(sqs)) == 0
        self.there, self.doubtful = set(), set()

    def _url(self, sqs: Any) -> str:
        """The port of a cloud changes with each start."""
        return f"{sqs.meta.endpoint_url}/0{self.url}"


class Fifo(Worker):
    """A FIFO queue: the order is kept, and what was sent once is not taken again."""

    def begin(self, client: Client) -> None:
        made = client("sqs").create_queue(QueueName=f"{self.name}.fifo", Attributes={"FifoQueue": "true"})
        self.url = made["QueueUrl"].partition("/0")[2]
        self.sent: dict[str, list[str]] = {}
        self.doubtful: tuple[str, str] | None = None

    def work(self) -> None:
        group, body = f"group-{self.chance.randrange(3)}", f"{self.name}.{self.steps}"
        self.doubtful = (group, body)
        self._send(self.sqs, group, body)
        self.sent.setdefault(group, []).append(body)
        self.doubtful = None

    def _send(self, sqs: Any, group: str, body: str) -> None:
        url = f"{sqs.meta.endpoint_url}/0{self.url}"
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)

    def check(self, client: Client) -> None:
        sqs = client("sqs")
        for group, bodies in self.sent.items():
            for body in bodies[-3:]:
                self._send(sqs, group, body)  # a client that did not hear the answer sends again
        if self.doubtful is not None:
            self._send(sqs, *self.doubtful)
            self.sent.setdefault(self.doubtful[0], []).append(self.doubtful[1])
        found = _drained(sqs, f"{sqs.meta.endpoint_url}/0{self.url}")
        for group, bodies in self.sent.items():
            assert [body for body in found if body in set(bodies)] == bodies, f"{self.name} {group}"
        assert len(found) == sum(map(len, self.sent.values()))
        self.sent, self.doubtful = {}, None


def _drained(sqs: Any, url: str) -> list[str]:
    found: list[str] = []
    while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in got]
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(got)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return found


def _counted(sqs: Any, url: str) -> int:
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(int(value) for name, value in told.items() if name.startswith("ApproximateNumberOfMessages"))


def _body(s3: Any, **which: str) -> bytes | None:
    return _or_none(lambda: s3.get_object(**which)["Body"].read())


def _or_none(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None


def _short(value: Any) -> str:
    return repr(value)[:60]
