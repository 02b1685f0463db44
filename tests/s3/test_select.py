"""SelectObjectContent through a client: SQL over one object, only the answer crosses the network."""

from __future__ import annotations

import contextlib
import gzip
import os

import pytest
from botocore.exceptions import ClientError, EventStreamError

PEOPLE = b"name,city,age\nAnn,Bonn,31\nBob,Ulm,7\nEve,Bonn,55\n"
CSV = {"InputSerialization": {"CSV": {"FileHeaderInfo": "USE"}}, "OutputSerialization": {"CSV": {}}}


def select(s3, bucket, sql, key="k", **given):
    """The records' text and all events."""
    answer = s3.select_object_content(Bucket=bucket, Key=key, Expression=sql, ExpressionType="SQL", **{**CSV, **given})
    with contextlib.closing(answer["Payload"]) as stream:
        events = list(stream)
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event).decode(), events


@pytest.mark.spec("storage:S3SEL-01")
def test_rows_and_columns_are_chosen_on_the_server(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=PEOPLE)
    text, events = select(s3, bucket, "SELECT s.name FROM S3Object s WHERE s.city = 'Bonn'")
    assert text == "Ann\nEve\n"
    stats = next(event["Stats"]["Details"] for event in events if "Stats" in event)
    assert stats == {"BytesScanned": len(PEOPLE), "BytesProcessed": len(PEOPLE), "BytesReturned": 8}
    assert list(events[-1]) == ["End"]


def test_a_compressed_object_answers_json(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=gzip.compress(PEOPLE))
    text, _ = select(
        s3, bucket, "SELECT COUNT(*) AS n FROM S3Object",
        InputSerialization={"CSV": {"FileHeaderInfo": "USE"}, "CompressionType": "GZIP"},
        OutputSerialization={"JSON": {}},
    )  # fmt: skip
    assert text == '{"n":3}\n'


def test_a_large_object_in_parts_is_streamed(s3, bucket):
    rows = b"".join(b"%07d,%s\n" % (number, b"x" * 40) for number in range(130_000))
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    cut = 5 * 1024 * 1024 + 17
    parts = []
    for number, piece in enumerate((rows[:cut], rows[cut:]), 1):
        etag = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=piece)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    plain = {"InputSerialization": {"CSV": {}}}
    text, _ = select(s3, bucket, "SELECT _1 FROM S3Object WHERE CAST(_1 AS INT) >= 129998", **plain)
    assert text == "0129998\n0129999\n"
    text, events = select(s3, bucket, "SELECT * FROM S3Object", **plain, RequestProgress={"Enabled": True})
    assert text.encode() == rows
    assert sum("Records" in event for event in events) > 1 and any("Progress" in event for event in events)


def test_a_scan_range_reads_the_records_that_begin_in_it(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"a\nb\nc\nd\n")
    plain = {"InputSerialization": {"CSV": {}}}
    assert select(s3, bucket, "SELECT * FROM S3Object", **plain, ScanRange={"Start": 2, "End": 5})[0] == "b\nc\n"
    assert select(s3, bucket, "SELECT * FROM S3Object", **plain, ScanRange={"End": 4})[0] == "c\nd\n"


def test_a_key_of_the_customer_has_to_come_along(s3, bucket):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    s3.put_object(Bucket=bucket, Key="k", Body=PEOPLE, **key)
    assert select(s3, bucket, "SELECT COUNT(*) FROM S3Object", **key)[0] == "3\n"
    with pytest.raises(ClientError) as raised:
        select(s3, bucket, "SELECT COUNT(*) FROM S3Object")
    assert raised.value.response["Error"]["Code"] == "InvalidRequest"


@pytest.mark.parametrize(("sql", "code"), [("SELECT FROM", None), ("SELECT s.x y z FROM S3Object s", None), ("", None)])
def test_what_is_wrong_with_the_query_is_a_plain_error(s3, bucket, sql, code):
    s3.put_object(Bucket=bucket, Key="k", Body=PEOPLE)
    with pytest.raises(ClientError) as raised:
        select(s3, bucket, sql)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert not isinstance(raised.value, EventStreamError)


def test_what_is_wrong_deep_in_the_data_ends_the_stream(s3, bucket):
    rows = b"1\n" * 400_000 + b"none\n"
    s3.put_object(Bucket=bucket, Key="k", Body=rows)
    with pytest.raises(EventStreamError) as raised:
        select(s3, bucket, "SELECT CAST(_1 AS INT) FROM S3Object", InputSerialization={"CSV": {}})
    assert raised.value.response["Error"]["Code"] == "CastFailed"


def test_an_object_that_is_not_there(s3, bucket):
    with pytest.raises(ClientError) as raised:
        select(s3, bucket, "SELECT * FROM S3Object", key="absent")
    assert raised.value.response["Error"]["Code"] == "NoSuchKey"


def test_parquet_is_told_to_be_missing(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"PAR1")
    with pytest.raises(ClientError) as raised:
        select(s3, bucket, "SELECT * FROM S3Object", InputSerialization={"Parquet": {}})
    assert raised.value.response["Error"]["Code"] == "NotImplemented"


def test_a_client_that_leaves_in_the_middle_does_no_harm(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"abcdefgh\n" * 500_000)
    for _ in range(3):
        answer = s3.select_object_content(
            Bucket=bucket, Key="k", Expression="SELECT * FROM S3Object", ExpressionType="SQL", **CSV
        )
        next(iter(answer["Payload"]))
        answer["Payload"].close()
    assert select(s3, bucket, "SELECT COUNT(*) FROM S3Object")[0] == "499999\n"
