"""The server that is fuzzed: what lies on it, and how to see that it is unhurt."""

from __future__ import annotations

import json
import os
from typing import Any

from tests.durability.process import CloudProcess
from tests.fuzz.raw import Heard, Raw
from tests.fuzz.seeds import Things

ATTACKER, OWNER = "000000000666", "000000000111"
SECONDS = float(os.environ.get("CUMULET_FUZZ_SECONDS", "4"))
"""How long each run of random requests takes; longer ones find more."""
SEED = int(os.environ.get("CUMULET_FUZZ_SEED", "1"))


class Target:
    """One cloud with two accounts: one is attacked from, the other must notice nothing."""

    def __init__(self, process: CloudProcess) -> None:
        self.process = process
        self._rooms = 0
        self.things = Things({})
        self.refurnish()
        self._furnish(OWNER, "owners")
        self.resident_bytes = process.resident_bytes

    @property
    def bucket(self) -> str:
        """One that the attacker owns."""
        return f"attackers{self._rooms}-plain"

    @property
    def queue(self) -> str:
        """The URL of one that the attacker owns."""
        return f"{self.process.url}/{ATTACKER}/attackers{self._rooms}-standard"

    def refurnish(self) -> None:
        """New things to attack: random requests delete and close what there is."""
        self._rooms += 1
        self.things = Things(self._furnish(ATTACKER, f"attackers{self._rooms}"))

    def check(self, request: Raw, heard: Heard) -> None:
        """Raises AssertionError for an answer that no request may get, with what the server logged."""
        if heard.status >= 500 and heard.status not in (501, 503):
            raise AssertionError(
                f"{heard.status} to {request.name}: {request.encode(b'x')[:3000]!r}\n{self.process.log[-3000:]}"
            )
        if not heard.status:  # a connection may be closed without an answer, but not because of an error of ours
            self.check_log()
        lines = heard.head.split(b"\r\n")[1:]
        assert all(b":" in line and b"\n" not in line and b"\r" not in line for line in lines), heard.head
        assert not any(line.lower().startswith(b"set-cookie") for line in lines), (request, heard.head)

    def check_log(self) -> None:
        """Raises AssertionError for what the server wrote down as an error."""
        log = self.process.log
        assert "Exception in ASGI application" not in log and "Traceback" not in log, log[-3000:]

    def state(self, account: str) -> dict[str, Any]:
        """What an account has, as its clients see it."""
        s3, sqs = self.process.client("s3", account=account), self.process.client("sqs", account=account)
        buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        return {
            "buckets": {name: _objects(s3, name) for name in buckets},
            "queues": sorted(sqs.list_queues().get("QueueUrls", [])),
        }

    def _furnish(self, account: str, name: str) -> dict[str, list[str]]:
        s3, sqs = self.process.client("s3", account=account), self.process.client("sqs", account=account)
        buckets = [f"{name}-plain", f"{name}-versioned"]
        for bucket in buckets:
            s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=bucket.endswith("versioned"))
            for key, body in (("a.txt", b"small"), ("dir/b.bin", b"B" * 40_000), ("sn\u00f6 \u2603", b"{}")):
                s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"m": "v"})
        versions = s3.list_object_versions(Bucket=buckets[1]).get("Versions", [])
        uploads = [s3.create_multipart_upload(Bucket=b, Key="a.txt")["UploadId"] for b in buckets]
        for bucket, upload in zip(buckets, uploads, strict=True):
            s3.upload_part(Bucket=bucket, Key="a.txt", UploadId=upload, PartNumber=1, Body=b"part")
        urls = [sqs.create_queue(QueueName=f"{name}-standard")["QueueUrl"]]
        urls.append(sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"])
        sqs.send_message(QueueUrl=urls[0], MessageBody="hello")
        handle = sqs.receive_message(QueueUrl=urls[0])["Messages"][0]["ReceiptHandle"]
        return {
            "Bucket": buckets, "Key": ["a.txt", "a.txt", "dir/b.bin", "sn\u00f6 \u2603", "new"], "UploadId": uploads,
            "VersionId": [version["VersionId"] for version in versions], "QueueUrl": urls, "ReceiptHandle": [handle],
            "CopySource": [f"{buckets[0]}/a.txt", f"{buckets[1]}/dir/b.bin"], "QueueName": [f"{name}-standard",
            "other"],
            "Policy": [json.dumps(_policy(buckets[0]))], "PartNumber": [1, 2], "ExpectedBucketOwner": [account],
        }  # fmt: skip


def _objects(s3: Any, bucket: str) -> list[tuple[str, str, int]]:
    return [(o["Key"], o["ETag"], o["Size"]) for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def _policy(bucket: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "1", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["s3:GetObject"],
                "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {"StringLike": {"aws:Referer": "x*"}},
            }
        ],
    }  # fmt: skip
