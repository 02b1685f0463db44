"""Conditional requests, on reads, writes, copies, completed uploads and deletes."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from tests.s3.answers import refusal

EARLIER, LATER = datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
FAILED = "At least one of the pre-conditions you specified did not hold"


def failed(condition: str) -> dict:
    return {"Code": "PreconditionFailed", "Condition": condition, "Message": FAILED, "status": 412}


def test_reads_with_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    key = {"Bucket": bucket, "Key": "k"}

    for holds in (
        {"IfMatch": etag}, {"IfMatch": etag.strip('"')}, {"IfMatch": "*"}, {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": EARLIER}, {"IfUnmodifiedSince": LATER}, {"IfMatch": etag, "IfUnmodifiedSince": EARLIER},
        {"IfNoneMatch": '"other"', "IfModifiedSince": LATER},
    ):  # fmt: skip
        assert s3.get_object(**key, **holds)["Body"].read() == b"x"
    assert refusal(s3.get_object, **key, IfMatch='"other"') == failed("If-Match")
    assert refusal(s3.get_object, **key, IfUnmodifiedSince=EARLIER) == failed("If-Unmodified-Since")
    for unchanged in ({"IfNoneMatch": etag}, {"IfNoneMatch": "*"}, {"IfModifiedSince": LATER}):
        assert refusal(s3.get_object, **key, **unchanged)["status"] == 304
        assert refusal(s3.head_object, **key, **unchanged)["status"] == 304
    assert refusal(s3.head_object, **key, IfMatch='"other"')["status"] == 412


def test_an_object_has_not_changed_since_it_was_written(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    written = s3.head_object(Bucket=bucket, Key="k")["LastModified"]

    assert refusal(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=written)["status"] == 304
    s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=written - timedelta(seconds=1))
    s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=written)


def test_a_304_tells_what_the_cache_has(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k")["ETag"]
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["etag"] == etag and "last-modified" in headers


def test_writes_only_where_nothing_is(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")

    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*") == failed("If-None-Match")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", IfNoneMatch="*")


def test_a_delete_marker_is_nothing(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    etag = s3.put_object(Bucket=bucket, Key="k")["ETag"]
    s3.delete_object(Bucket=bucket, Key="k")

    assert refusal(s3.put_object, Bucket=bucket, Key="k", IfMatch=etag)["Code"] == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="k", IfNoneMatch="*")


def test_writes_only_over_what_is_expected(s3, bucket):
    assert refusal(s3.put_object, Bucket=bucket, Key="k", IfMatch='"x"')["Code"] == "NoSuchKey"
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=old)

    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"3", IfMatch=old) == failed("If-Match")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


@pytest.mark.parametrize(
    ("given", "header", "more"),
    [
        ({"IfMatch": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API"),
        (
            {"IfNoneMatch": "e"}, "If-None-Match",
            "We don't accept the provided value of If-None-Match header for this API",
        ),
        (
            {"IfMatch": "e", "IfNoneMatch": "*"}, "If-Match,If-None-Match",
            "Multiple conditional request headers present in the request",
        ),
    ],
)  # fmt: skip
def test_conditions_of_writes_that_s3_does_not_know(s3, bucket, given, header, more):
    s3.put_object(Bucket=bucket, Key="src")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]

    for call, arguments in (
        (s3.put_object, {}),
        (s3.copy_object, {"CopySource": f"{bucket}/src"}),
        (s3.complete_multipart_upload, {"UploadId": upload, "MultipartUpload": {"Parts": []}}),
    ):
        refused = refusal(call, Bucket=bucket, Key="k", **arguments, **given)
        assert (refused["Code"], refused["status"]) == ("NotImplemented", 501)
        assert (refused["Header"], refused["additionalMessage"]) == (header, more)


def test_copies_with_conditions_on_the_target(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"data")["ETag"]
    copy = {"Bucket": bucket, "CopySource": f"{bucket}/k"}

    s3.copy_object(**copy, Key="c", IfNoneMatch="*")
    s3.copy_object(**copy, Key="c", IfMatch=etag)

    assert refusal(s3.copy_object, **copy, Key="c", IfNoneMatch="*") == failed("If-None-Match")
    assert refusal(s3.copy_object, **copy, Key="c", IfMatch='"other"') == failed("If-Match")
    none = refusal(s3.copy_object, **copy, Key="none", IfMatch=etag)
    assert (none["Code"], none["Key"], none["status"]) == ("NoSuchKey", "none", 404)


def test_copies_with_conditions_on_the_source(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"data")["ETag"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    whole = (s3.copy_object, {"Bucket": bucket, "Key": "c", "CopySource": f"{bucket}/k"})
    part = (s3.upload_part_copy, {**whole[1], "UploadId": upload, "PartNumber": 1})
    met = ({"IfMatch": etag}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": EARLIER}, {"IfUnmodifiedSince": LATER})
    unmet = (
        ({"IfMatch": '"other"'}, "If-Match"), ({"IfNoneMatch": etag}, "If-None-Match"),
        ({"IfModifiedSince": LATER}, "If-Modified-Since"), ({"IfUnmodifiedSince": EARLIER}, "If-Unmodified-Since"),
    )  # fmt: skip

    for call, arguments in (whole, part):
        for given in met:
            call(**arguments, **{f"CopySource{name}": value for name, value in given.items()})
        for given, condition in unmet:
            refused = refusal(call, **arguments, **{f"CopySource{name}": value for name, value in given.items()})
            assert refused == failed(f"x-amz-copy-source-{condition}")


@pytest.fixture
def upload(s3, bucket):
    """Begins an upload of one part to `k`; call the result with conditions to complete it."""

    def begin():
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=1, Body=b"new")
        listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        return {"Bucket": bucket, "Key": "k", "UploadId": upload_id, "MultipartUpload": listed}

    return begin


def test_uploads_complete_only_where_nothing_is(s3, bucket, upload):
    first, second = upload(), upload()

    s3.complete_multipart_upload(**first, IfNoneMatch="*")

    assert refusal(s3.complete_multipart_upload, **second, IfNoneMatch="*") == failed("If-None-Match")


def test_a_write_during_an_upload_is_a_conflict_even_if_it_brings_the_same(s3, bucket, upload):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"test")["ETag"]
    begun = upload()
    s3.delete_object(Bucket=bucket, Key="k")
    assert refusal(s3.complete_multipart_upload, **begun, IfMatch=etag)["Code"] == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="k", Body=b"test")

    conflict = refusal(s3.complete_multipart_upload, **begun, IfMatch=etag)

    assert conflict == {
        "Code": "ConditionalRequestConflict", "Condition": "If-Match", "Key": "k", "status": 409,
        "Message": "The conditional request cannot succeed due to a conflicting operation against this resource.",
    }  # fmt: skip
    s3.complete_multipart_upload(**begun)


def test_an_undisturbed_upload_replaces_what_is_expected(s3, bucket, upload):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"test")["ETag"]
    begun = upload()

    assert refusal(s3.complete_multipart_upload, **begun, IfMatch='"other"') == failed("If-Match")
    s3.complete_multipart_upload(**begun, IfMatch=etag)

    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_a_delete_during_an_upload_is_a_conflict_too(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="k")
    begun = upload()
    s3.delete_object(Bucket=bucket, Key="k")

    assert refusal(s3.complete_multipart_upload, **begun, IfNoneMatch="*")["Code"] == "ConditionalRequestConflict"


def test_deletes_with_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]

    assert refusal(s3.delete_object, Bucket=bucket, Key="k", IfMatch='"other"') == failed("If-Match")
    assert refusal(s3.delete_object, Bucket=bucket, Key="k", IfMatchSize=1)["Code"] == "NotImplemented"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    assert refusal(s3.delete_object, Bucket=bucket, Key="k", IfMatch="*")["Code"] == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")


def test_a_connection_goes_on_after_an_answer_that_nothing_changed(s3, bucket):
    """A 304 has no body, so the next answer on the same connection is read as what it is."""
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"meow")["ETag"]
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    connection = http.client.HTTPConnection(url.netloc, timeout=20)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        for headers, status, body in (({"If-None-Match": etag}, 304, b""), ({}, 200, b"meow")):
            connection.request("GET", f"{url.path}?{url.query}", headers=headers)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (status, body)
            assert connection.sock is first, "the connection was closed"
    connection.close()
