"""Ranges and parts of objects."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.s3.answers import refusal

SIZES = (2048, 300_000)
"""One that lies in the store, one that is a file."""


@pytest.mark.spec("storage:S3-22")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-1023", 0, 1024), ("bytes=1024-", 1024, None), ("bytes=-7", -7, None), ("bytes=5-5", 5, 6),
        ("bytes=17-99999999999", 17, None), ("bytes=-99999999999", 0, None), ("BYTES=1-2", 1, 3),
    ],
)  # fmt: skip
def test_a_range_brings_those_bytes_only(s3, bucket, size, asked, start, stop):
    body = os.urandom(size)
    s3.put_object(Bucket=bucket, Key="k", Body=body)

    found = s3.get_object(Bucket=bucket, Key="k", Range=asked)

    wanted = body[start:stop]
    first = body.index(wanted)
    assert found["Body"].read() == wanted
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert found["ContentLength"] == len(wanted)
    assert found["ContentRange"] == f"bytes {first}-{first + len(wanted) - 1}/{size}"
    head = s3.head_object(Bucket=bucket, Key="k", Range=asked)
    assert (head["ContentLength"], head["ContentRange"]) == (len(wanted), found["ContentRange"])


@pytest.mark.parametrize("asked", ["bytes=a-b", "bytes=", "items=1-2", "bytes=5-1", "bytes=0-1,3-4", "bytes=-", "x"])
def test_a_range_that_is_not_understood_is_ignored(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    found = s3.get_object(Bucket=bucket, Key="k", Range=asked)

    assert (found["Body"].read(), found["ResponseMetadata"]["HTTPStatusCode"]) == (b"0123456789", 200)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    refused = refusal(s3.get_object, Bucket=bucket, Key="k", Range=asked)

    assert refused == {
        "Code": "InvalidRange", "Message": "The requested range is not satisfiable", "ActualObjectSize": "10",
        "RangeRequested": asked, "status": 416,
    }  # fmt: skip


def test_an_empty_object_has_no_ranges(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")

    assert refusal(s3.get_object, Bucket=bucket, Key="k", Range="bytes=0-0")["status"] == 416


def test_a_part_of_an_object_has_no_checksum_of_the_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-3")
    all_of_it = s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-9")

    assert "ChecksumCRC32" not in part
    assert "ChecksumCRC32" in all_of_it


@pytest.mark.spec("storage:S3-22")
def test_parallel_ranges_make_the_object_again(client, s3, bucket):
    body = os.urandom(1_000_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]

    def fetch(start: int) -> bytes:
        span = f"bytes={start}-{start + 99_999}"
        return s3.get_object(Bucket=bucket, Key="k", Range=span, IfMatch=etag)["Body"].read()

    with ThreadPoolExecutor(4) as pool:
        assert b"".join(pool.map(fetch, range(0, len(body), 100_000))) == body


@pytest.fixture
def in_parts(s3, bucket):
    """An object of three parts: its parts' bytes."""
    bodies = [os.urandom(5 * 1024 * 1024), os.urandom(5 * 1024 * 1024 + 7), b"tail"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = [
        {
            "PartNumber": n,
            "ETag": s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=n, Body=body)["ETag"],
        }
        for n, body in zip((2, 3, 7), bodies, strict=True)
    ]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts}
    )  # fmt: skip
    return bodies


def test_parts_are_read_by_their_place(s3, bucket, in_parts):
    whole = b"".join(in_parts)
    start = 0
    for number, body in enumerate(in_parts, 1):
        found = s3.get_object(Bucket=bucket, Key="parts", PartNumber=number)
        assert found["Body"].read() == body
        assert found["ContentRange"] == f"bytes {start}-{start + len(body) - 1}/{len(whole)}"
        assert (found["PartsCount"], found["ResponseMetadata"]["HTTPStatusCode"]) == (3, 206)
        assert not [name for name in found if name.startswith("Checksum")]
        start += len(body)
    assert s3.head_object(Bucket=bucket, Key="parts", PartNumber=3)["ContentLength"] == 4
    refused = refusal(s3.get_object, Bucket=bucket, Key="parts", PartNumber=4)
    assert (refused["Code"], refused["ActualPartCount"], refused["PartNumberRequested"]) == (
        "InvalidPartNumber", "3", "4",
    )  # fmt: skip
    both = refusal(s3.get_object, Bucket=bucket, Key="parts", PartNumber=1, Range="bytes=0-1")
    assert both["Message"] == "Cannot specify both Range header and partNumber query parameter"


@pytest.mark.spec("storage:S3-22")
def test_ranges_cross_the_borders_of_parts(s3, bucket, in_parts):
    whole = b"".join(in_parts)
    for start, stop in ((0, 10), (5242870, 5242890), (5242870, len(whole) - 1), (len(whole) - 5, len(whole))):
        found = s3.get_object(Bucket=bucket, Key="parts", Range=f"bytes={start}-{stop - 1}")
        assert found["Body"].read() == whole[start:stop]


def test_an_object_of_one_piece_has_one_part(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"test-123")

    found = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)

    assert (found["Body"].read(), found["ContentRange"]) == (b"test-123", "bytes 0-7/8")
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert "PartsCount" not in found and found["ChecksumCRC32"] == "MAPXAg=="
    refused = refusal(s3.get_object, Bucket=bucket, Key="k", PartNumber=2)
    assert (refused["ActualPartCount"], refused["status"]) == ("1", 416)
