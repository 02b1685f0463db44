"""Whoever reads while others write gets one whole body: the old or the new."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.s3.wire import announce, send

from cumulet.testing import LocalCloud

PART = 5 * 1024 * 1024


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[None]:
    """Repeat `work` on a thread until the block ends; what it raises is raised here."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.is_set():
            work()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(repeat)
        try:
            yield
        finally:
            ended.set()
        running.result()


def whole(body: bytes) -> bytes:
    """The letter that a body is made of, if it is of one letter."""
    assert body == body[:1] * len(body), f"a mix of {set(body)}"
    return body[:1]


@pytest.mark.spec("storage:S3-15")
@pytest.mark.parametrize("size", [1000, 100_000, 3_000_000])
def test_a_reader_gets_the_old_or_the_new_body_whole(client, bucket, size):
    writer, reader = client("s3"), client("s3")
    turn = iter(b"ABCDEFGHIJ" * 1000)
    writer.put_object(Bucket=bucket, Key="k", Body=b"z" * size)

    def write() -> None:
        writer.put_object(Bucket=bucket, Key="k", Body=bytes([next(turn)]) * size)

    seen = set()
    with meanwhile(write):
        for _ in range(40):
            found = reader.get_object(Bucket=bucket, Key="k")
            body = found["Body"].read()  # the SDK holds it to its checksum too
            assert len(body) == size
            seen.add(whole(body))
    assert len(seen) > 1, "the reader raced nobody"


@pytest.mark.spec("storage:S3-15")
def test_a_reader_of_many_parts_gets_them_all_though_the_object_goes(client, bucket):
    s3 = client("s3")

    def upload(letter: bytes) -> None:
        begun = {"Bucket": bucket, "Key": "k"}
        begun["UploadId"] = s3.create_multipart_upload(**begun)["UploadId"]
        sizes = {1: PART, 2: PART, 3: 100_000}
        parts = [
            {"PartNumber": n, "ETag": s3.upload_part(**begun, PartNumber=n, Body=letter * size)["ETag"]}
            for n, size in sizes.items()
        ]
        s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": parts})

    upload(b"a")
    deleted = s3.get_object(Bucket=bucket, Key="k")["Body"]
    first = deleted.read(10)
    s3.delete_object(Bucket=bucket, Key="k")
    assert whole(first + deleted.read()) == b"a"

    upload(b"b")
    replaced = s3.get_object(Bucket=bucket, Key="k")["Body"]
    first = replaced.read(10)
    upload(b"c")
    body = first + replaced.read()
    assert (whole(body), len(body)) == (b"b", 2 * PART + 100_000)
    assert whole(s3.get_object(Bucket=bucket, Key="k")["Body"].read()) == b"c"


def test_of_parallel_writers_one_is_the_last(client, bucket):
    s3 = client("s3")

    with ThreadPoolExecutor(8) as pool:
        bodies = [bytes([letter]) * 50_000 for letter in b"ABCDEFGH" * 4]
        list(pool.map(lambda body: s3.put_object(Bucket=bucket, Key="k", Body=body), bodies))

    body = s3.get_object(Bucket=bucket, Key="k")["Body"].read()
    assert (whole(body) in b"ABCDEFGH", len(body)) == (True, 50_000)


def test_of_parallel_creators_one_succeeds(client, bucket):
    s3 = client("s3")

    def create(n: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % n * 20_000, IfNoneMatch="*")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1


def test_parallel_versions_are_all_kept(client, bucket):
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % n)["VersionId"], range(24)))

    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert sorted(each["VersionId"] for each in listed) == sorted(made)
    for n, version in enumerate(made):
        assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == b"%d" % n


@pytest.mark.spec("storage:S3-17")
def test_the_same_part_in_parallel_is_one_of_them(client, bucket):
    s3 = client("s3")
    begun = {"Bucket": bucket, "Key": "k"}
    begun["UploadId"] = s3.create_multipart_upload(**begun)["UploadId"]

    with ThreadPoolExecutor(4) as pool:
        bodies = [bytes([letter]) * 200_000 for letter in b"ABCD"]
        list(pool.map(lambda body: s3.upload_part(**begun, PartNumber=1, Body=body), bodies))
    part = s3.list_parts(**begun)["Parts"][0]
    s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})

    assert whole(s3.get_object(Bucket=bucket, Key="k")["Body"].read()) in b"ABCD"


def test_completing_and_aborting_at_once_leaves_one_of_both(client, bucket):
    s3 = client("s3")
    for _ in range(5):
        begun = {"Bucket": bucket, "Key": "k"}
        begun["UploadId"] = s3.create_multipart_upload(**begun)["UploadId"]
        etag = s3.upload_part(**begun, PartNumber=1, Body=b"x" * 30_000)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}

        def attempt(call, **given) -> bool:
            try:
                call(**given)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "NoSuchUpload"
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            completed = pool.submit(attempt, s3.complete_multipart_upload, **begun, MultipartUpload=parts)
            aborted = pool.submit(attempt, s3.abort_multipart_upload, **begun)
        assert completed.result() != aborted.result()
        if completed.result():
            assert len(s3.get_object(Bucket=bucket, Key="k")["Body"].read()) == 30_000
        s3.delete_object(Bucket=bucket, Key="k")


def test_a_slow_write_does_not_outlive_its_bucket(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="short")
    gate, sent = threading.Event(), threading.Event()

    class Slow:
        """A body that waits in the middle."""

        def __init__(self) -> None:
            self.left = [b"x" * 100_000, b"y" * 100_000]

        def __len__(self) -> int:
            return 200_000

        def read(self, _size: int = -1) -> bytes:
            if len(self.left) == 1:
                sent.set()
                gate.wait(20)
            return self.left.pop(0) if self.left else b""

    url = s3.generate_presigned_url("put_object", Params={"Bucket": "short", "Key": "k"})

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send, "PUT", url, Slow(), {"Content-Length": "200000"})
        assert sent.wait(20)
        s3.delete_bucket(Bucket="short")
        s3.create_bucket(Bucket="short")
        gate.set()

    assert b"<Code>NoSuchBucket</Code>" in answer.result().body
    assert s3.list_objects_v2(Bucket="short")["KeyCount"] == 0


@pytest.mark.parametrize("sent", [0, 10_000, 100_000, 3_000_000])
def test_a_body_that_is_cut_off_leaves_nothing(tmp_path, sent):
    with LocalCloud(tmp_path / "cloud") as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="whole")
        s3.put_object(Bucket="whole", Key="k", Body=b"before")
        begun = {"Bucket": "whole", "Key": "k"}
        begun["UploadId"] = s3.create_multipart_upload(**begun)["UploadId"]

        for operation, target in (
            ("put_object", {"Bucket": "whole", "Key": "k"}),
            ("upload_part", {**begun, "PartNumber": 1}),
        ):
            announce(s3.generate_presigned_url(operation, Params=target), 5_000_000, b"x" * sent)

        assert s3.get_object(Bucket="whole", Key="k")["Body"].read() == b"before"
        assert "Parts" not in s3.list_parts(**begun)
    with LocalCloud(tmp_path / "cloud"):  # starting sweeps
        assert [path for path in (tmp_path / "cloud" / "blobs").rglob("*") if path.is_file()] == []
