"""Multipart uploads: parts in any order, completed, aborted, listed."""

from __future__ import annotations

import http.client
import os
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from tests.s3.answers import plain, refusal

PART = 5 * 1024 * 1024
GONE = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed."
)


@pytest.fixture
def upload(s3, bucket):
    """Begins an upload to `key` and returns it as the arguments of the calls that follow."""

    def begin(key: str = "k", **given) -> dict[str, str]:
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, **given)["UploadId"]
        return {"Bucket": bucket, "Key": key, "UploadId": upload_id}

    return begin


def put(s3, begun, number, body, **given):
    """Uploads a part; returns its entry in the list that completes the upload."""
    return {"PartNumber": number, "ETag": s3.upload_part(**begun, PartNumber=number, Body=body, **given)["ETag"]}


@pytest.mark.spec("storage:S3-17")
def test_parts_come_in_any_order_and_again(s3, bucket, upload):
    begun = upload(Metadata={"a": "1"}, ContentType="text/x")
    assert plain(s3.create_multipart_upload(Bucket=bucket, Key="other")).keys() == {
        "Bucket", "Key", "UploadId", "ServerSideEncryption",
    }  # fmt: skip
    bodies = {n: os.urandom(PART) for n in (1, 3, 5)}
    put(s3, begun, 3, b"a first try of part three")
    with ThreadPoolExecutor(3) as pool:
        parts = list(pool.map(lambda n: put(s3, begun, n, bodies[n]), (5, 3, 1)))
    parts.sort(key=lambda part: part["PartNumber"])

    done = plain(s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": parts}))

    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["Body"].read() == b"".join(bodies.values())
    assert (found["Metadata"], found["ContentType"], found["ETag"]) == ({"a": "1"}, "text/x", done["ETag"])
    assert done["ETag"].endswith('-3"') and done["Location"].endswith(f"/{bucket}/k")
    assert set(done) == {
        "Bucket", "Key", "ETag", "Location", "ChecksumCRC64NVME", "ChecksumType", "ServerSideEncryption",
    }  # fmt: skip


@pytest.mark.spec("storage:S3-17")
def test_an_upload_is_paused_and_goes_on_where_it_was(client, bucket, upload):
    begun = upload()
    body = os.urandom(PART)
    put(client("s3"), begun, 1, body)

    later = client("s3")
    known = later.list_multipart_uploads(Bucket=bucket)["Uploads"][0]
    begun = {"Bucket": bucket, "Key": known["Key"], "UploadId": known["UploadId"]}
    parts = [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in later.list_parts(**begun)["Parts"]]
    parts.append(put(later, begun, 2, b"the rest"))
    later.complete_multipart_upload(**begun, MultipartUpload={"Parts": parts})

    assert later.get_object(Bucket=bucket, Key="k")["Body"].read() == body + b"the rest"
    assert "Uploads" not in later.list_multipart_uploads(Bucket=bucket)


@pytest.mark.spec("storage:S3-17")
def test_nothing_is_there_before_an_upload_is_complete(s3, bucket, upload):
    begun = upload()
    put(s3, begun, 1, b"x")

    assert refusal(s3.get_object, Bucket=bucket, Key="k")["Code"] == "NoSuchKey"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_completing_once_more_answers_the_same(s3, bucket, upload):
    begun = upload()
    parts = {"Parts": [put(s3, begun, 1, b"x")]}

    first = plain(s3.complete_multipart_upload(**begun, MultipartUpload=parts))

    assert plain(s3.complete_multipart_upload(**begun, MultipartUpload=parts)) == first
    assert refusal(s3.abort_multipart_upload, **begun)["Code"] == "NoSuchUpload"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    s3.put_object(Bucket=bucket, Key="k", Body=b"y")
    assert refusal(s3.complete_multipart_upload, **begun, MultipartUpload=parts)["Code"] == "NoSuchUpload"


def test_an_aborted_upload_is_gone(s3, bucket, upload):
    begun = upload()
    part = put(s3, begun, 1, b"x")

    s3.abort_multipart_upload(**begun)

    for call, given in (
        (s3.upload_part, {"PartNumber": 1, "Body": b"x"}), (s3.list_parts, {}), (s3.abort_multipart_upload, {}),
        (s3.complete_multipart_upload, {"MultipartUpload": {"Parts": [part]}}),
    ):  # fmt: skip
        refused = refusal(call, **begun, **given)
        assert refused == {"Code": "NoSuchUpload", "Message": GONE, "UploadId": begun["UploadId"], "status": 404}


def test_an_upload_belongs_to_its_key(s3, bucket, upload):
    begun = upload("k") | {"Key": "other"}

    assert refusal(s3.upload_part, **begun, PartNumber=1, Body=b"x")["Code"] == "NoSuchUpload"


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_parts_have_numbers_from_1_to_10000(s3, upload, number):
    refused = refusal(s3.upload_part, **upload(), PartNumber=number, Body=b"x")

    assert refused == {
        "Code": "InvalidArgument", "ArgumentName": "partNumber", "ArgumentValue": str(number), "status": 400,
        "Message": "Part number must be an integer between 1 and 10000, inclusive",
    }  # fmt: skip


def test_lists_of_parts_that_cannot_be_completed(s3, upload):
    begun = upload()
    one, two = put(s3, begun, 1, b"test"), put(s3, begun, 2, b"test")

    def refused(*parts):
        return refusal(s3.complete_multipart_upload, **begun, MultipartUpload={"Parts": list(parts)})

    assert refused(two, one)["Code"] == "InvalidPartOrder"
    assert refused(one, one)["Code"] == "InvalidPartOrder"
    small = refused(one, two)
    assert small == {
        "Code": "EntityTooSmall", "ETag": one["ETag"].strip('"'), "MinSizeAllowed": "5242880", "PartNumber": "1",
        "ProposedSize": "4", "Message": "Your proposed upload is smaller than the minimum allowed size", "status": 400,
    }  # fmt: skip
    missing = refused({"PartNumber": 3, "ETag": one["ETag"]})
    assert (missing["Code"], missing["PartNumber"], missing["UploadId"]) == ("InvalidPart", "3", begun["UploadId"])
    assert refused({"PartNumber": 1, "ETag": '"d41d8cd98f00b204e9800998ecf8427e"'})["Code"] == "InvalidPart"
    none = refusal(s3.complete_multipart_upload, **begun)
    assert (none["Code"], none["Message"]) == ("InvalidRequest", "You must specify at least one part")
    s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [two]})


def test_parts_that_are_not_listed_are_dropped(s3, bucket, upload):
    begun = upload()
    put(s3, begun, 1, b"dropped" * 10_000)
    kept = put(s3, begun, 2, b"kept")

    s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [kept]})

    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


def test_the_size_that_was_announced_has_to_be_met(s3, bucket, upload):
    begun = upload()
    parts = {"Parts": [put(s3, begun, 1, b"test")]}

    refused = refusal(s3.complete_multipart_upload, **begun, MultipartUpload=parts, MpuObjectSize=5)
    s3.complete_multipart_upload(**begun, MultipartUpload=parts, MpuObjectSize=4)

    assert refused["Code"] == "InvalidRequest"
    assert refused["Message"] == (
        "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4"
    )


def test_an_upload_replaces_what_was_there_when_it_is_complete(s3, bucket, upload):
    begun = upload()
    s3.put_object(Bucket=bucket, Key="k", Body=b"while it went on")
    part = put(s3, begun, 1, b"complete")

    s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [part]})

    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"complete"


def test_the_location_of_an_odd_key(s3, bucket, upload):
    begun = upload("test-unicode_—_file")
    part = put(s3, begun, 1, b"x")

    done = s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": [part]})

    assert done["Key"] == "test-unicode_—_file"
    assert done["Location"].endswith(f"/{bucket}/test-unicode_%E2%80%94_file")


def test_parts_are_listed_in_pages(s3, upload, account):
    begun = upload()
    for number in (4, 2, 9):
        put(s3, begun, number, b"x" * number)

    first = plain(s3.list_parts(**begun, MaxParts=2))
    rest = s3.list_parts(**begun, MaxParts=2, PartNumberMarker=first["NextPartNumberMarker"])

    assert [(p["PartNumber"], p["Size"]) for p in first["Parts"] + rest["Parts"]] == [(2, 2), (4, 4), (9, 9)]
    assert (first["PartNumberMarker"], first["NextPartNumberMarker"], first["IsTruncated"]) == (0, 4, True)
    assert (rest["PartNumberMarker"], rest["NextPartNumberMarker"], rest["IsTruncated"]) == (4, 9, False)
    assert (first["StorageClass"], first["MaxParts"]) == ("STANDARD", 2)
    assert set(first["Owner"]) == {"ID"} and first["Initiator"]["DisplayName"] == account
    assert s3.list_parts(**begun)["MaxParts"] == 1000


def test_empty_limits_are_no_limits(s3, upload):
    begun = upload()
    put(s3, begun, 1, b"x")

    assert s3.list_parts(**begun, PartNumberMarker="", MaxParts="")["Parts"][0]["PartNumber"] == 1


@pytest.mark.spec("storage:S3-18")
@pytest.mark.parametrize("operation", ["put_object", "upload_part"])
def test_the_most_that_one_put_may_bring_is_5_gigabytes(s3, bucket, upload, shared_cloud, operation):
    """The announced length is refused before a byte is read, so none is sent here."""
    target = {"Bucket": bucket, "Key": "k"} if operation == "put_object" else {**upload(), "PartNumber": 1}
    url = s3.generate_presigned_url(operation, Params=target)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

    connection.putrequest("PUT", url.removeprefix(shared_cloud.url))
    connection.putheader("Content-Length", str(5 * 1024**3 + 1))
    connection.endheaders()
    answer = connection.getresponse()

    assert answer.status == 400
    assert b"<Code>EntityTooLarge</Code>" in answer.read()
    connection.close()


@pytest.mark.spec("storage:S3-17")
def test_the_sdk_uploads_in_parallel_parts(s3, bucket, tmp_path):
    path = tmp_path / "big"
    path.write_bytes(os.urandom(2 * PART + 12_345))

    s3.upload_file(str(path), bucket, "k", Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART))
    s3.download_file(bucket, "k", str(tmp_path / "back"), Config=TransferConfig(multipart_threshold=PART))

    found = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    assert found["ChecksumType"] == "COMPOSITE" and found["ChecksumCRC32"].endswith("-3")
