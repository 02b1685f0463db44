"""Storage classes: which there are, and which of them can be read at once."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from tests.s3.refusals import code

AT_ONCE = ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"]
ARCHIVES = ["GLACIER", "DEEP_ARCHIVE"]


@pytest.mark.spec("storage:S3-61")
@pytest.mark.parametrize("storage_class", AT_ONCE + ARCHIVES)
def test_an_object_can_be_stored_in_any_class_in_every_way(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="put", Body=b"1", StorageClass=storage_class)
    s3.put_object(Bucket=bucket, Key="source", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/source", StorageClass=storage_class)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", StorageClass=storage_class)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"1")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=parts)

    listed = {each["Key"]: each["StorageClass"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    told = {key: s3.head_object(Bucket=bucket, Key=key).get("StorageClass", "STANDARD") for key in listed}

    assert listed == {"put": storage_class, "copy": storage_class, "parts": storage_class, "source": "STANDARD"}
    assert told == listed


@pytest.mark.parametrize("storage_class", ["SNOW", "OUTPOSTS", "EXPRESS_ONEZONE", "FROZEN"])
def test_a_class_that_buckets_do_not_have_is_refused(s3, bucket, storage_class):
    refusal = code(s3.put_object, Bucket=bucket, Key="k", Body=b"1", StorageClass=storage_class)

    assert refusal == "InvalidStorageClass"


@pytest.mark.spec("storage:S3-63")
@pytest.mark.parametrize("storage_class", AT_ONCE)
def test_most_classes_are_read_at_once(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="k", Body=b"at once", StorageClass=storage_class)

    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"at once"


@pytest.mark.parametrize("storage_class", ARCHIVES)
def test_an_archived_object_can_be_described_but_not_read(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", StorageClass=storage_class)
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    copied = code(s3.copy_object, Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")

    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidObjectState", 403)
    assert answer["StorageClass"] == storage_class
    assert copied == "InvalidObjectState"
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1


@pytest.mark.spec("storage:S3-62")
def test_a_copy_onto_itself_changes_the_class(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", StorageClass="STANDARD_IA")

    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"
