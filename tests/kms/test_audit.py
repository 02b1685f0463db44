"""What CloudTrail tells of the use of keys."""

from __future__ import annotations

import json
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.kms.refusals import refused
from tests.sts.people import Account, acting, allow


@pytest.fixture
def root(own_cloud):
    return Account(own_cloud, "111122223333")


def events(root, name):
    """The records of calls of this name, newest first."""
    root.cloud.settle()
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    found = root.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in found]


@pytest.mark.spec("security:KMS-15", "security:KMS-29")
def test_a_use_tells_the_key_and_the_context_and_no_secret(root):
    kms = root.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.encrypt(KeyId=key["KeyId"], Plaintext=b"top secret", EncryptionContext={"file": "a"})

    (event,) = events(root, "Encrypt")

    assert event["requestParameters"]["encryptionContext"] == {"file": "a"}
    assert [resource["ARN"] for resource in event["resources"]] == [key["Arn"]]
    assert "dG9wIHNlY3JldA" not in json.dumps(event)
    assert event["responseElements"] is None


@pytest.mark.spec("security:KMS-29", "storage:S3-78")
def test_services_uses_are_told_refused_ones_too(root):
    kms, s3 = root.client("kms"), root.client("s3")
    key = kms.create_key()["KeyMetadata"]
    s3.create_bucket(Bucket="sealed")
    s3.put_object(Bucket="sealed", Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"])
    ana = acting(root.cloud, root.user("ana", allow("s3:*")), "s3")
    with refused("AccessDenied"):
        ana.get_object(Bucket="sealed", Key="k")

    (made,), (denied,) = events(root, "GenerateDataKey"), events(root, "Decrypt")

    assert made["userIdentity"]["invokedBy"] == denied["userIdentity"]["invokedBy"] == "s3.amazonaws.com"
    assert made["requestParameters"]["encryptionContext"] == {"aws:s3:arn": "arn:aws:s3:::sealed/k"}
    assert denied["userIdentity"]["arn"] == root.user_arn("ana")
    assert denied["errorCode"].startswith("AccessDenied")


@pytest.mark.spec("security:X-39", "security:KMS-12")
def test_a_large_file_in_an_envelope(root):
    kms = root.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    file, context = os.urandom(8 * 1024 * 1024), {"file": "film"}
    given = kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context)
    sealed = AESGCM(given["Plaintext"]).encrypt(bytes(12), file, None)

    opened = kms.decrypt(CiphertextBlob=given["CiphertextBlob"], EncryptionContext=context)["Plaintext"]
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=given["CiphertextBlob"], EncryptionContext={"file": "other"})

    assert AESGCM(opened).decrypt(bytes(12), sealed, None) == file
    told = [event["requestParameters"]["encryptionContext"] for event in events(root, "Decrypt")]
    assert sorted(each["file"] for each in told) == ["film", "other"]
