"""Objects: what is written is read, whole and byte for byte, at once."""

from __future__ import annotations

import gzip
import os

import pytest
from tests.s3.answers import plain, refusal


@pytest.mark.spec("storage:S3-07", "storage:S3-76")
def test_a_put_and_a_get_tell_what_aws_tells(s3, bucket):
    put = plain(s3.put_object(Bucket=bucket, Key="k", Body=b"something"))
    got = plain(s3.get_object(Bucket=bucket, Key="k"))
    body, modified = got.pop("Body").read(), got.pop("LastModified")
    checksum = {"ChecksumCRC32": "Cdox+w==", "ChecksumType": "FULL_OBJECT"}

    assert put == {"ETag": '"437b930db84b8079c2dd804a71936b5f"', "ServerSideEncryption": "AES256", **checksum}
    assert body == b"something"
    assert got == {
        "AcceptRanges": "bytes", "ContentLength": 9, "ContentType": "binary/octet-stream", "ETag": put["ETag"],
        "Metadata": {}, "ServerSideEncryption": "AES256", **checksum,
    }  # fmt: skip
    head = plain(s3.head_object(Bucket=bucket, Key="k"))
    assert head.pop("LastModified") == modified
    assert head == {name: value for name, value in got.items() if name not in checksum}


@pytest.mark.spec("storage:S3-13", "storage:S3-14")
@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024 + 1, 3_000_001])
def test_every_size_comes_back_byte_for_byte(s3, bucket, size):
    body = os.urandom(size)

    s3.put_object(Bucket=bucket, Key="k", Body=body, ContentType="application/x-anything")

    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["Body"].read() == body
    assert (found["ContentLength"], found["ContentType"]) == (size, "application/x-anything")


@pytest.mark.spec("storage:S3-14")
def test_every_client_reads_a_write_at_once(client, bucket):
    writer, reader = client("s3"), client("s3")
    for n in range(20):
        writer.put_object(Bucket=bucket, Key="k", Body=b"%d" % n)
        assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"%d" % n
        assert (
            reader.list_objects_v2(Bucket=bucket)["Contents"][0]["ETag"]
            == reader.head_object(Bucket=bucket, Key="k")["ETag"]
        )


@pytest.mark.spec("storage:S3-12")
def test_nothing_changes_a_part_of_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    refused = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", WriteOffsetBytes=3)

    assert refused["Code"] == "NotImplemented"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"0123456789"


def test_what_is_compressed_stays_so(s3, bucket):
    packed = gzip.compress(b"words " * 100)

    s3.put_object(Bucket=bucket, Key="k", Body=packed, ContentEncoding="gzip")

    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["ContentEncoding"], found["Body"].read()) == ("gzip", packed)


def test_an_object_that_is_not_there(s3, bucket):
    refused = refusal(s3.get_object, Bucket=bucket, Key="none")

    assert refused == {
        "Code": "NoSuchKey", "Key": "none", "Message": "The specified key does not exist.", "status": 404,
    }  # fmt: skip
    assert refusal(s3.head_object, Bucket=bucket, Key="none") == {
        "Code": "404", "Message": "Not Found", "status": 404,
    }  # fmt: skip


def test_deleting_what_is_not_there_succeeds(s3, bucket):
    assert plain(s3.delete_object(Bucket=bucket, Key="none")) == {}
    wanted = {"Objects": [{"Key": "none"}, {"Key": "neither"}]}
    assert s3.delete_objects(Bucket=bucket, Delete=wanted)["Deleted"] == wanted["Objects"]


def test_many_objects_are_deleted_at_once(s3, bucket):
    for n in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{n}")

    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k0"}, {"Key": "k1"}], "Quiet": True})

    assert plain(quiet) == {}
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k2", "k3", "k4"]


def test_one_object_that_cannot_be_deleted_stops_no_other(s3, bucket):
    kept = s3.put_object(Bucket=bucket, Key="kept")["ETag"]
    gone = s3.put_object(Bucket=bucket, Key="gone")["ETag"]
    s3.put_object(Bucket=bucket, Key="kept", Body=b"changed")
    wanted = [
        {"Key": "kept", "ETag": kept},
        {"Key": "gone", "ETag": gone},
        {"Key": "kept", "VersionId": "no-such-version"},
    ]

    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted, "Quiet": True})

    assert "Deleted" not in answer
    assert [(e["Key"], e.get("VersionId"), e["Code"]) for e in answer["Errors"]] == [
        ("kept", None, "PreconditionFailed"),
        ("kept", "no-such-version", "InvalidArgument"),
    ]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept"]


@pytest.mark.parametrize("count", [0, 1001])
def test_no_more_than_1000_objects_are_deleted_at_once(s3, bucket, count):
    s3.put_object(Bucket=bucket, Key="0")

    refused = refusal(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": str(n)} for n in range(count)]})

    assert (refused["Code"], refused["status"]) == ("MalformedXML", 400)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_1000_objects_are_deleted_at_once(s3, bucket):
    keys = [{"Key": f"{n:04}"} for n in range(1000)]

    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})

    assert answer["Deleted"] == keys


def test_attributes_of_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", StorageClass="STANDARD_IA")

    asked = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    told = plain(s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=asked))
    few = plain(s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"]))

    assert few == {"LastModified": told.pop("LastModified"), "ObjectSize": 9}
    assert told == {
        "ETag": "437b930db84b8079c2dd804a71936b5f", "ObjectSize": 9, "StorageClass": "STANDARD_IA",
        "Checksum": {"ChecksumCRC32": "Cdox+w==", "ChecksumType": "FULL_OBJECT"},
    }  # fmt: skip
    assert refusal(s3.get_object_attributes, Bucket=bucket, Key="none", ObjectAttributes=["ETag"])["status"] == 404
    odd = refusal(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["Colour"])
    assert (odd["Code"], odd["ArgumentName"]) == ("InvalidArgument", "x-amz-object-attributes")


@pytest.mark.spec("storage:S3-61")
@pytest.mark.parametrize(
    "storage_class",
    [
        "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
        "REDUCED_REDUNDANCY",
    ],
)  # fmt: skip
def test_every_storage_class_is_kept_and_told(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="put", StorageClass=storage_class)
    s3.put_object(Bucket=bucket, Key="plain")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/plain", StorageClass=storage_class)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", StorageClass=storage_class)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=bucket, Key="parts", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )  # fmt: skip

    listed = {o["Key"]: o["StorageClass"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]}

    assert listed == {"put": storage_class, "copy": storage_class, "parts": storage_class, "plain": "STANDARD"}
    for key in ("put", "copy", "parts"):
        assert s3.head_object(Bucket=bucket, Key=key)["StorageClass"] == storage_class
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="plain")


@pytest.mark.spec("storage:S3-62")
def test_a_copy_onto_itself_changes_the_storage_class(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"b", StorageClass="STANDARD_IA", Metadata={"a": "1"})

    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", StorageClass="STANDARD")

    found = s3.get_object(Bucket=bucket, Key="k")
    assert "StorageClass" not in found
    assert (found["Body"].read(), found["Metadata"]) == (b"b", {"a": "1"})


def test_an_unknown_storage_class_is_refused(s3, bucket):
    refused = refusal(s3.put_object, Bucket=bucket, Key="k", StorageClass="BASALT")

    assert (refused["Code"], refused["status"]) == ("InvalidStorageClass", 400)
