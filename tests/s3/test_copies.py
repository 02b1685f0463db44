"""Copies inside S3."""

from __future__ import annotations

import os

import pytest
from tests.s3.answers import plain, refusal

ILLEGAL = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)


def test_a_copy_brings_bytes_metadata_and_tags(s3, bucket):
    body = os.urandom(50_000)
    put = s3.put_object(
        Bucket=bucket, Key="a b+c", Body=body, Metadata={"k": "v"}, ContentType="text/x", Tagging="t=1",
        ContentLanguage="en",
    )  # fmt: skip

    copied = plain(s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b+c"}))

    found = s3.get_object(Bucket=bucket, Key="copy")
    assert found["Body"].read() == body
    assert (found["Metadata"], found["ContentType"], found["ContentLanguage"]) == ({"k": "v"}, "text/x", "en")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "t", "Value": "1"}]
    result = copied.pop("CopyObjectResult")
    assert copied == {"ServerSideEncryption": "AES256"}
    assert result.pop("LastModified") == found["LastModified"]
    assert result == {
        "ETag": put["ETag"], "ChecksumCRC32": put["ChecksumCRC32"], "ChecksumType": "FULL_OBJECT",
    }  # fmt: skip


def test_a_copy_may_bring_its_own_metadata_and_tags(s3, bucket):
    s3.put_object(
        Bucket=bucket, Key="k", Metadata={"k": "v"}, ContentType="text/x", ContentLanguage="en", Tagging="t=1"
    )

    s3.copy_object(
        Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", MetadataDirective="REPLACE", Metadata={"another": "one"},
        ContentType="image/jpg", TaggingDirective="REPLACE", Tagging="u=2",
    )  # fmt: skip

    found = s3.head_object(Bucket=bucket, Key="copy")
    assert (found["Metadata"], found["ContentType"]) == ({"another": "one"}, "image/jpg")
    assert "ContentLanguage" not in found
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "u", "Value": "2"}]


def test_metadata_of_a_copy_that_does_not_replace_is_ignored(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"k": "v"})

    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", Metadata={"another": "one"})

    assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"k": "v"}


def test_a_copy_onto_itself_has_to_change_something(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"b", Metadata={"a": "1"})
    itself = {"Bucket": bucket, "Key": "k", "CopySource": f"{bucket}/k"}

    for given in ({}, {"Metadata": {"a": "2"}}):
        refused = refusal(s3.copy_object, **itself, **given)
        assert (refused["Code"], refused["Message"], refused["status"]) == ("InvalidRequest", ILLEGAL, 400)
    for given in (
        {"StorageClass": "STANDARD"}, {"ServerSideEncryption": "AES256"}, {"ChecksumAlgorithm": "SHA256"},
        {"WebsiteRedirectLocation": "/x"}, {"MetadataDirective": "REPLACE"},
    ):  # fmt: skip
        s3.copy_object(**itself, **given)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"b"


def test_a_copy_takes_the_checksum_that_is_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b'{"key": "value"}')

    result = s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ChecksumAlgorithm="SHA256")

    assert result["CopyObjectResult"]["ChecksumSHA256"] == "lyTB4g5uPk1/V+0l+dTvsAblCFkNUoyQ2ll/andcE+U="


def test_copies_of_versions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")

    back = s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": first})
    null = s3.copy_object(Bucket=bucket, Key="n", CopySource={"Bucket": bucket, "Key": "k", "VersionId": "null"})

    assert back["CopySourceVersionId"] == first
    assert "CopySourceVersionId" not in null
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=back["VersionId"])["Body"].read() == b"1"
    assert s3.get_object(Bucket=bucket, Key="n")["Body"].read() == b"0"


def test_sources_that_are_not_there(s3, bucket, account):
    for source, code in (
        (f"{bucket}/none", "NoSuchKey"),
        (f"none-{account}/k", "NoSuchBucket"),
        ("x", "InvalidArgument"),
    ):
        assert refusal(s3.copy_object, Bucket=bucket, Key="k", CopySource=source)["Code"] == code
    s3.put_object(Bucket=bucket, Key="k")
    refused = refusal(
        s3.copy_object, Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ExpectedSourceBucketOwner="111122223333"
    )
    assert refused["Code"] == "AccessDenied"


def test_a_deleted_source_is_gone(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")

    assert refusal(s3.copy_object, Bucket=bucket, Key="c", CopySource=f"{bucket}/k")["Code"] == "NoSuchKey"


@pytest.mark.spec("storage:S3-20")
def test_large_objects_are_copied_in_parts(s3, bucket):
    body = os.urandom(11 * 1024 * 1024)
    s3.put_object(Bucket=bucket, Key="big", Body=body)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    half = 6 * 1024 * 1024
    parts = []
    for number, span in enumerate((f"bytes=0-{half - 1}", f"bytes={half}-{len(body) - 1}"), 1):
        result = s3.upload_part_copy(
            Bucket=bucket, Key="copy", UploadId=upload, PartNumber=number, CopySource=f"{bucket}/big",
            CopySourceRange=span,
        )["CopyPartResult"]  # fmt: skip
        parts.append({"PartNumber": number, "ETag": result["ETag"]})
        assert set(result) == {"ETag", "LastModified"}

    s3.complete_multipart_upload(Bucket=bucket, Key="copy", UploadId=upload, MultipartUpload={"Parts": parts})

    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ("bytes=0-10", "Range specified is not valid for source object of size: 10"),
        ("0-1", "The x-amz-copy-source-range value must be of the form bytes=first-last"),
        ("bytes=1-", "The x-amz-copy-source-range value must be of the form bytes=first-last"),
    ],
)
def test_the_range_of_a_part_has_to_be_exact(s3, bucket, span, message):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]

    refused = refusal(
        s3.upload_part_copy, Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/k",
        CopySourceRange=span,
    )  # fmt: skip

    assert refused["Code"] == "InvalidArgument" and refused["Message"].startswith(message)


def test_a_copy_of_parts_is_of_one_piece(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"this is a test 1")
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )

    result = s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")["CopyObjectResult"]

    assert result["ETag"] == part["ETag"] != done["ETag"]
    assert result["ChecksumCRC64NVME"] == done["ChecksumCRC64NVME"]
