"""GetObjectAttributes: as much of an object as was asked for."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest
from botocore.exceptions import ClientError

MB = 1024 * 1024
EVERYTHING = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_only_what_was_asked_for_is_told(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"something", ChecksumAlgorithm="SHA256")
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize", "ETag"])
    assert (told["ObjectSize"], told["ETag"]) == (9, put["ETag"].strip('"'))
    assert told["LastModified"] and not {"Checksum", "StorageClass", "ObjectParts", "VersionId"} & set(told)
    every = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=EVERYTHING)
    assert every["Checksum"] == {"ChecksumSHA256": put["ChecksumSHA256"], "ChecksumType": "FULL_OBJECT"}
    assert every["StorageClass"] == "STANDARD" and "ObjectParts" not in every


def test_each_version_has_its_own(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"22")
    told = s3.get_object_attributes(Bucket=bucket, Key="k", VersionId=first, ObjectAttributes=["ObjectSize"])
    assert (told["ObjectSize"], told["VersionId"]) == (1, first)
    s3.delete_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError) as raised:
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
    assert raised.value.response["Error"]["Code"] == "NoSuchKey"


def test_parts_with_checksums_are_told_page_by_page(s3, bucket):
    sizes, parts = [5 * MB, 5 * MB, 1], []
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    for number, size in zip((2, 5, 9), sizes, strict=True):
        made = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=b"x" * size, ChecksumAlgorithm="SHA256"
        )
        parts.append({"PartNumber": number, "ETag": made["ETag"], "ChecksumSHA256": made["ChecksumSHA256"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})

    page = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=2)["ObjectParts"]
    assert page["TotalPartsCount"] == 3 and page["IsTruncated"] and page["NextPartNumberMarker"] == 5
    assert [(p["PartNumber"], p["Size"], p["ChecksumSHA256"]) for p in page["Parts"]] == [
        (p["PartNumber"], size, p["ChecksumSHA256"]) for p, size in zip(parts[:2], sizes, strict=False)
    ]
    rest = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], PartNumberMarker=5)
    assert [p["PartNumber"] for p in rest["ObjectParts"]["Parts"]] == [9] and not rest["ObjectParts"]["IsTruncated"]


def test_parts_without_checksums_are_only_counted(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])
    assert told["ObjectParts"] == {"TotalPartsCount": 1}


def test_an_encrypted_object_wants_its_key(s3, bucket):
    raw = os.urandom(32)  # boto3 encodes keys for some operations only, and not for this one
    encoded, md5 = (base64.b64encode(each).decode() for each in (raw, hashlib.md5(raw).digest()))
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": encoded, "SSECustomerKeyMD5": md5}
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", SSECustomerAlgorithm="AES256", SSECustomerKey=raw)
    assert s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"], **key)["ObjectSize"] == 9
    with pytest.raises(ClientError) as raised:
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert raised.value.response["Error"]["Code"] == "InvalidRequest"


def test_an_attribute_that_there_is_not_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with pytest.raises(ClientError) as raised:
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Colour"])
    assert raised.value.response["Error"]["Code"] == "InvalidArgument"
