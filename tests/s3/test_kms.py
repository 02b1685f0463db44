"""Objects that a KMS key protects: who may write and read them, under which key, and what the key's state does."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request

import pytest
from tests.conftest import connect
from tests.kms.refusals import refused
from tests.sts.people import Account, acting, allow

from cumulet.testing import LocalCloud

LARGE = os.urandom(6 * 1024 * 1024)


@pytest.fixture
def kms(client):
    return client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def here(shared_cloud, account):
    return Account(shared_cloud, account)


def sealed(key, **more):
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["KeyId"], **more}


def body(s3, bucket, name="k", **asked):
    return s3.get_object(Bucket=bucket, Key=name, **asked)["Body"].read()


@pytest.mark.spec("storage:S3-78", "security:SINT-27")
@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_an_object_is_written_and_read_under_its_key(s3, bucket, key, content, algorithm):
    asked = sealed(key) | {"ServerSideEncryption": algorithm}
    made = s3.put_object(Bucket=bucket, Key="k", Body=content, **asked)
    found = s3.get_object(Bucket=bucket, Key="k")

    for told in (made, found, s3.head_object(Bucket=bucket, Key="k")):
        assert (told["ServerSideEncryption"], told["SSEKMSKeyId"]) == (algorithm, key["Arn"])
    assert found["Body"].read() == content
    assert body(s3, bucket, Range="bytes=2-3") == content[2:4]


@pytest.mark.spec("storage:S3-78", "security:KMS-05")
def test_without_a_key_the_account_uses_that_of_s3(s3, bucket, kms):
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")

    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert made["SSEKMSKeyId"] == managed["Arn"]
    assert managed["KeyManager"] == "AWS"
    assert managed["Description"] == "Default key that protects my S3 objects when no other key is defined"
    assert body(s3, bucket) == b"x"


def test_a_key_may_be_named_by_its_alias(s3, bucket, kms, key):
    kms.create_alias(AliasName="alias/bucket", TargetKeyId=key["KeyId"])
    asked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/bucket"}

    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x", **asked)["SSEKMSKeyId"] == key["Arn"]


@pytest.mark.spec("storage:S3-78", "security:KMS-24", "security:SINT-27")
def test_reading_needs_leave_of_the_key_besides_the_object(s3, bucket, key, here, shared_cloud):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **sealed(key))
    without = acting(shared_cloud, here.user("without", allow("s3:*")), "s3")
    reader = acting(shared_cloud, here.user("reader", allow("s3:*"), allow("kms:Decrypt", key["Arn"])), "s3")

    assert body(reader, bucket) == b"x"
    with refused("AccessDenied", f"is not authorized to perform: kms:Decrypt on resource: {key['Arn']}"):
        without.get_object(Bucket=bucket, Key="k")
    with refused("AccessDenied", "kms:GenerateDataKey"):
        reader.put_object(Bucket=bucket, Key="k2", Body=b"x", **sealed(key))
    assert without.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key["Arn"]


def test_a_key_can_be_kept_for_one_object_and_for_s3(s3, bucket, key, here, shared_cloud):
    condition = {
        "StringEquals": {
            "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}/mine",
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
        }
    }
    user = here.user("ana", allow("s3:*"), allow("kms:*", key["Arn"], Condition=condition))
    ana = acting(shared_cloud, user, "s3")

    ana.put_object(Bucket=bucket, Key="mine", Body=b"x", **sealed(key))
    assert body(ana, bucket, "mine") == b"x"
    with refused("AccessDenied"):
        ana.put_object(Bucket=bucket, Key="other", Body=b"x", **sealed(key))
    with refused("AccessDeniedException"):
        acting(shared_cloud, user, "kms").generate_data_key(
            KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext={"aws:s3:arn": f"arn:aws:s3:::{bucket}/mine"}
        )


@pytest.mark.spec("storage:S3-78")
def test_the_state_of_the_key_decides(s3, bucket, kms, key):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **sealed(key))

    kms.disable_key(KeyId=key["KeyId"])
    for call in (
        lambda: s3.get_object(Bucket=bucket, Key="k"),
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"y", **sealed(key)),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="k", **sealed(key)),
        lambda: s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k"),
    ):
        with refused("KMS.DisabledException", f"{key['Arn']} is disabled."):
            call()
    kms.enable_key(KeyId=key["KeyId"])
    assert body(s3, bucket) == b"x"
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    with refused("KMS.KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
        s3.get_object(Bucket=bucket, Key="k")


def test_keys_that_are_not_there_are_told(s3, bucket, shared_cloud, account):
    far = connect(shared_cloud, "kms", account=account, region="eu-west-1").create_key()["KeyMetadata"]
    missing = "00000000-0000-4000-8000-000000000000"

    with refused("KMS.NotFoundException", f"key/{missing}' does not exist"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=missing)
    with refused("KMS.NotFoundException", "Invalid arn eu-west-1"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=far["Arn"])


def test_an_upload_in_parts_has_one_key(s3, bucket, kms, key, here, shared_cloud):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", **sealed(key))
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(
            Bucket=bucket, Key="k", UploadId=begun["UploadId"], PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate((LARGE, b"end"), 1)
    ]  # fmt: skip
    upload = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    assert begun["SSEKMSKeyId"] == done["SSEKMSKeyId"] == key["Arn"]
    assert body(s3, bucket) == LARGE + b"end"
    assert body(s3, bucket, Range=f"bytes={len(LARGE) - 1}-{len(LARGE)}") == LARGE[-1:] + b"e"
    without = acting(shared_cloud, here.user("without", allow("s3:*")), "s3")
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k2", **sealed(key))
    with refused("AccessDenied", "kms:Decrypt"):
        without.upload_part(Bucket=bucket, Key="k2", UploadId=begun["UploadId"], PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="k2", UploadId=begun["UploadId"])


def test_copies_go_from_key_to_key(s3, bucket, kms, key):
    other = kms.create_key()["KeyMetadata"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **sealed(key))

    plain = s3.copy_object(Bucket=bucket, Key="plain", CopySource=f"{bucket}/k")
    moved = s3.copy_object(Bucket=bucket, Key="moved", CopySource=f"{bucket}/k", **sealed(other))
    kms.disable_key(KeyId=key["KeyId"])

    assert plain["ServerSideEncryption"] == "AES256"
    assert moved["SSEKMSKeyId"] == other["Arn"]
    assert body(s3, bucket, "plain") == body(s3, bucket, "moved") == b"x"


@pytest.mark.spec("storage:S3-83")
def test_a_default_key_counts_for_requests_that_name_none(s3, bucket, key):
    applied = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}
    rule = {"ApplyServerSideEncryptionByDefault": applied, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    made = s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    assert (made["SSEKMSKeyId"], made["BucketKeyEnabled"]) == (key["Arn"], True)
    assert body(s3, bucket) == b"x"


def test_a_bucket_key_serves_for_minutes_and_one_caller(own_cloud):
    root = Account(own_cloud, "111122223333")
    s3, kms = root.client("s3"), root.client("kms")
    key = kms.create_key()["KeyMetadata"]
    s3.create_bucket(Bucket="sealed")
    asked = sealed(key, BucketKeyEnabled=True)
    first = s3.put_object(Bucket="sealed", Key="k", Body=b"x", **asked)
    without = acting(own_cloud, root.user("without", allow("s3:*")), "s3")

    kms.disable_key(KeyId=key["KeyId"])
    s3.put_object(Bucket="sealed", Key="k2", Body=b"y", **asked)
    assert first["BucketKeyEnabled"] is True
    assert (body(s3, "sealed"), body(s3, "sealed", "k2")) == (b"x", b"y")
    with refused("KMS.DisabledException"):
        acting(own_cloud, root.user("other", allow("*")), "s3").get_object(Bucket="sealed", Key="k")
    with refused("AccessDenied"):
        without.get_object(Bucket="sealed", Key="k")

    own_cloud.advance(minutes=6)
    own_cloud.settle()
    with refused("KMS.DisabledException"):
        s3.get_object(Bucket="sealed", Key="k")
    kms.enable_key(KeyId=key["KeyId"])
    assert (body(s3, "sealed"), body(s3, "sealed", "k2")) == (b"x", b"y")


def test_the_clients_encryption_context_is_joined_to_the_objects(s3, bucket, key, here, shared_cloud):
    given = base64.b64encode(json.dumps({"project": "blue"}).encode()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", SSEKMSEncryptionContext=given, **sealed(key))
    condition = {"StringEquals": {"kms:EncryptionContext:project": "blue"}}
    user = here.user("ana", allow("s3:*"), allow("kms:Decrypt", "*", Condition=condition))

    assert body(acting(shared_cloud, user, "s3"), bucket) == b"x"
    for wrong in ("rubbish", base64.b64encode(b"[1]").decode()):
        with refused("InvalidArgument", "x-amz-server-side-encryption-context"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", SSEKMSEncryptionContext=wrong, **sealed(key))


def test_who_signs_nothing_cannot_read_what_kms_protects(s3, bucket, key, shared_cloud):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **sealed(key))
    s3.delete_public_access_block(Bucket=bucket)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{shared_cloud.url}/{bucket}/k")
    assert raised.value.code == 400
    assert b"require AWS Signature Version 4" in raised.value.read()


@pytest.mark.spec("security:SINT-27")
def test_neither_bytes_nor_keys_lie_open_on_the_disk(tmp_path):
    secret = b"do not read this " * 20_000
    with LocalCloud(tmp_path) as cloud:
        s3, kms = (connect(cloud, name, account="111122223333") for name in ("s3", "kms"))
        key = kms.create_key()["KeyMetadata"]
        s3.create_bucket(Bucket="sealed")
        s3.put_object(Bucket="sealed", Key="large", Body=secret, **sealed(key))
        s3.put_object(Bucket="sealed", Key="small", Body=secret[:100], **sealed(key))
    stored = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret[:17] in content for content in stored)
    with LocalCloud(tmp_path) as cloud:
        s3 = connect(cloud, "s3", account="111122223333")
        assert body(s3, "sealed", "large") == secret
        assert body(s3, "sealed", "small") == secret[:100]
