"""The default encryption of a bucket: what it does to new objects, and what may be set."""

from __future__ import annotations

import base64
import json
import os

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.conftest import connect

from cumulet.testing import LocalCloud

KEY = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def key(client) -> str:
    """The ARN of a key of the test's account."""
    return client("kms").create_key()["KeyMetadata"]["Arn"]


def configuration(**rule):
    return {"Rules": [rule]}


def default(algorithm, key=None):
    return {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})


def code_of(call, **given):
    with pytest.raises(ClientError) as raised:
        call(**given)
    return raised.value.response["Error"]["Code"]


@pytest.mark.spec("storage:S3-76")
def test_every_bucket_encrypts_from_the_start(s3, bucket):
    told = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert told == configuration(ApplyServerSideEncryptionByDefault=default("AES256"), BucketKeyEnabled=False)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"


@pytest.mark.spec("storage:S3-83")
def test_a_new_default_counts_for_what_is_written_after_it(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key="before", Body=b"1")
    wanted = configuration(ApplyServerSideEncryptionByDefault=default("aws:kms", key), BucketKeyEnabled=True)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)
    s3.put_object(Bucket=bucket, Key="after", Body=b"1")

    assert s3.head_object(Bucket=bucket, Key="before")["ServerSideEncryption"] == "AES256"
    after = s3.head_object(Bucket=bucket, Key="after")
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"], after["BucketKeyEnabled"]) == ("aws:kms", key, True)
    s3.copy_object(Bucket=bucket, Key="before", CopySource=f"{bucket}/before")
    assert s3.head_object(Bucket=bucket, Key="before")["ServerSideEncryption"] == "aws:kms"

    s3.delete_bucket_encryption(Bucket=bucket)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="last", Body=b"1")["ServerSideEncryption"] == "AES256"


def test_what_makes_no_sense_is_refused(s3, bucket):
    def put(**rule):
        return code_of(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=configuration(**rule))

    one = {"ApplyServerSideEncryptionByDefault": default("AES256")}
    assert put(ApplyServerSideEncryptionByDefault=default("AES256", KEY)) == "InvalidArgument"
    assert put(ApplyServerSideEncryptionByDefault=default("ROT13")) == "MalformedXML"
    assert put(**one, BlockedEncryptionTypes={"EncryptionType": ["EVERYTHING"]}) == "MalformedXML"
    for rules in ([], [one, one]):
        given = {"Bucket": bucket, "ServerSideEncryptionConfiguration": {"Rules": rules}}
        assert code_of(s3.put_bucket_encryption, **given) == "MalformedXML"
    assert code_of(s3.get_bucket_encryption, Bucket="nobody-has-this-bucket") == "NoSuchBucket"


def test_a_bucket_can_refuse_keys_of_the_customer(s3, bucket):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    s3.put_object(Bucket=bucket, Key="before", Body=b"1", **key)
    rule = {
        "ApplyServerSideEncryptionByDefault": default("AES256"),
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration(**rule))
    told = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert told["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
    assert code_of(s3.put_object, Bucket=bucket, Key="after", Body=b"1", **key) == "AccessDenied"
    assert code_of(s3.create_multipart_upload, Bucket=bucket, Key="after", **key) == "AccessDenied"
    assert s3.get_object(Bucket=bucket, Key="before", **key)["Body"].read() == b"1"
    s3.put_object(Bucket=bucket, Key="plain", Body=b"1")


def test_a_default_survives_a_restart(tmp_path):
    wanted = configuration(ApplyServerSideEncryptionByDefault=default("aws:kms"), BucketKeyEnabled=False)
    for is_first in (True, False):
        with LocalCloud(tmp_path / "home") as cloud:
            s3 = connect(cloud, "s3", account="111111111111")
            if is_first:
                s3.create_bucket(Bucket="kept")
                s3.put_bucket_encryption(Bucket="kept", ServerSideEncryptionConfiguration=wanted)
            assert s3.get_bucket_encryption(Bucket="kept")["ServerSideEncryptionConfiguration"] == wanted


@pytest.mark.spec("storage:S3-82")
def test_a_policy_can_ask_for_the_header_whatever_the_default_is(s3, bucket):
    """The policy is asked before the default is applied."""
    wanted = configuration(ApplyServerSideEncryptionByDefault=default("aws:kms", KEY))
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"1") == "AccessDenied"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption="AES256") == "AccessDenied"
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption="aws:kms")
    assert made["ServerSideEncryption"] == "aws:kms"


@pytest.mark.spec("storage:S3-80")
def test_what_a_client_encrypted_is_kept_untouched(s3, bucket):
    """The envelope lies in the metadata, as the encryption clients put it there."""
    key, nonce = AESGCM.generate_key(256), os.urandom(12)
    ciphertext = AESGCM(key).encrypt(nonce, b"for my eyes only", None)
    envelope = {"x-amz-key-v2": base64.b64encode(os.urandom(48)).decode(), "x-amz-iv": nonce.hex()}
    s3.put_object(Bucket=bucket, Key="k", Body=ciphertext, Metadata=envelope)
    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["Metadata"] == envelope
    body = found["Body"].read()
    assert body == ciphertext
    assert AESGCM(key).decrypt(bytes.fromhex(found["Metadata"]["x-amz-iv"]), body, None) == b"for my eyes only"


def kms(arn):
    return {"SSEKMS": {"KMSKeyArn": arn, "BucketKeyEnabled": True}}


def test_an_object_gets_another_key_in_its_place(s3, bucket, key):
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"1", Metadata={"a": "b"}, StorageClass="GLACIER")
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=kms(key))
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (after["ServerSideEncryption"], after["BucketKeyEnabled"]) == ("aws:kms", True)
    assert after["SSEKMSKeyId"] == key
    assert after["ETag"] == made["ETag"]
    for name in ("LastModified", "Metadata", "StorageClass"):
        assert after[name] == before[name]


def test_an_object_goes_from_key_to_key_and_its_bytes_stay(s3, client, bucket, key):
    content = os.urandom(6 * 1024 * 1024)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in ((1, content), (2, b"end"))
    ]
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.put_object(Bucket=bucket, Key="small", Body=b"1")
    other = client("kms").create_key()["KeyMetadata"]["Arn"]

    for arn in (key, other):
        for name in ("parts", "small"):
            asked = {"SSEKMS": {"KMSKeyArn": arn, "BucketKeyEnabled": False}}
            s3.update_object_encryption(Bucket=bucket, Key=name, ObjectEncryption=asked)
        assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == content + b"end"
        assert s3.get_object(Bucket=bucket, Key="small")["Body"].read() == b"1"
    client("kms").disable_key(KeyId=other)
    assert code_of(s3.get_object, Bucket=bucket, Key="small") == "KMS.DisabledException"


def test_what_cannot_get_another_key_is_refused(s3, bucket, key):
    def update(name="k", how=None):
        return code_of(s3.update_object_encryption, Bucket=bucket, Key=name, ObjectEncryption=how or kms(key))

    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_object(Bucket=bucket, Key="own", Body=b"1", SSECustomerAlgorithm="AES256", SSECustomerKey=os.urandom(32))
    s3.put_object(Bucket=bucket, Key="double", Body=b"1", ServerSideEncryption="aws:kms:dsse")
    assert update("absent") == "NoSuchKey"
    assert update("own") == update("double") == "InvalidRequest"
    assert update(how={"SSEKMS": {"KMSKeyArn": "alias/mine"}}) == "InvalidRequest"
    foreign = "arn:aws:kms:us-east-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert update(how=kms(foreign)) == "AccessDenied"
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
