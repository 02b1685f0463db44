"""Keys: making, describing, listing, disabling and deleting them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cumulet.testing import LocalCloud
from tests.conftest import connect
from tests.kms.refusals import refused


@pytest.mark.spec("security:KMS-01")
def test_a_key_tells_of_itself_as_in_aws(kms, account):
    made = kms.create_key(Description="for orders", Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]

    told = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert told == made
    assert told.pop("CreationDate") is not None
    assert len(told.pop("CurrentKeyMaterialId")) == 64
    key_id = told.pop("KeyId")
    assert told == {
        "AWSAccountId": account,
        "Arn": f"arn:aws:kms:us-east-1:{account}:key/{key_id}",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "for orders",
        "Enabled": True,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }


def test_keys_are_listed_in_pages(kms):
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}

    first = kms.list_keys(Limit=3)
    rest = kms.list_keys(Limit=3, Marker=first["NextMarker"])

    assert first["Truncated"] is True
    assert rest["Truncated"] is False
    assert {entry["KeyId"] for entry in first["Keys"] + rest["Keys"]} == made
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="no marker")


@pytest.mark.spec("security:KMS-01")
def test_a_disabled_key_refuses_cryptography_until_it_is_enabled(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]

    kms.disable_key(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    for call in (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key["Arn"], KeySpec="AES_256"),
        lambda: kms.enable_key_rotation(KeyId=key["KeyId"]),
    ):
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            call()

    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.spec("security:KMS-01")
def test_a_key_is_deleted_when_its_days_are_over(own_cloud, own_kms):
    key = own_kms.create_key()["KeyMetadata"]
    own_kms.create_alias(AliasName="alias/doomed", TargetKeyId=key["KeyId"])
    blob = own_kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]

    told = own_kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    waiting = own_kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (told["KeyId"], told["KeyState"], told["PendingWindowInDays"]) == (key["Arn"], "PendingDeletion", 7)
    assert waiting["DeletionDate"] == told["DeletionDate"]
    assert waiting["Enabled"] is False
    for call in (
        lambda: own_kms.decrypt(CiphertextBlob=blob),
        lambda: own_kms.schedule_key_deletion(KeyId=key["KeyId"]),
        lambda: own_kms.enable_key(KeyId=key["KeyId"]),
        lambda: own_kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "b"}]),
        lambda: own_kms.update_key_description(KeyId=key["KeyId"], Description="y"),
        lambda: own_kms.create_alias(AliasName="alias/more", TargetKeyId=key["KeyId"]),
    ):
        with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            call()

    own_cloud.advance(days=7)
    own_cloud.settle()
    with refused("NotFoundException", f"Key '{key['Arn']}' does not exist"):
        own_kms.describe_key(KeyId=key["KeyId"])
    with refused("AccessDeniedException", "does not exist"):
        own_kms.decrypt(CiphertextBlob=blob)
    assert own_kms.list_keys()["Keys"] == []
    assert own_kms.list_aliases()["Aliases"] == []


def test_a_deletion_that_is_cancelled_leaves_a_disabled_key(own_cloud, own_kms):
    key_id = own_kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("KMSInvalidStateException", "is not pending deletion."):
        own_kms.cancel_key_deletion(KeyId=key_id)

    own_kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    own_kms.cancel_key_deletion(KeyId=key_id)
    own_cloud.advance(days=8)
    own_cloud.settle()

    assert own_kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"


@pytest.mark.parametrize("days", [6, 31])
def test_a_key_waits_for_its_deletion_between_7_and_30_days(kms, key, days):
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=days)


def test_a_key_waits_30_days_unless_told_otherwise(kms, key):
    told = kms.schedule_key_deletion(KeyId=key["KeyId"])

    assert told["DeletionDate"] - key["CreationDate"] >= timedelta(days=30)
    assert told["PendingWindowInDays"] == 30


def test_names_that_cannot_be_keys_are_told_so(kms, shared_cloud, account):
    there = connect(shared_cloud, "kms", account=account, region="eu-west-1")
    key = there.create_key()["KeyMetadata"]

    for wrong in ("fake-key-id", "134f2428cec14b25a1ae9048164dba47", "mrk-fake-key-id"):
        with refused("NotFoundException", f"Invalid keyId '{wrong}'"):
            kms.describe_key(KeyId=wrong)
    with refused("NotFoundException", "Invalid arn eu-west-1"):
        kms.describe_key(KeyId=key["Arn"])
    with refused("NotFoundException", f"Key 'arn:aws:kms:us-east-1:{account}:key/{key['KeyId']}' does not exist"):
        kms.describe_key(KeyId=key["KeyId"])
    with refused("InvalidArnException"):
        kms.describe_key(KeyId="arn:aws:s3:::bucket")
    with refused("NotFoundException", f"Alias arn:aws:kms:us-east-1:{account}:alias/none is not found."):
        kms.describe_key(KeyId="alias/none")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"KeySpec": "RSA_2048"}, "You must specify a KeyUsage value"),
        ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, "You cannot specify"),
        ({"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"}, "is not compatible with KeySpec ECC_NIST_P256"),
        ({"KeyUsage": "SIGN_VERIFY"}, "is not compatible with KeySpec SYMMETRIC_DEFAULT"),
        ({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}, "is not compatible"),
        ({"Origin": "AWS_CLOUDHSM"}, "CustomKeyStoreId is required"),
        ({"XksKeyId": "k"}, "XksKeyId"),
    ],
)
def test_a_key_that_cannot_be_is_refused(kms, asked, words):
    with refused("ValidationException", words):
        kms.create_key(**asked)


def test_kinds_of_keys_that_are_missing_say_so(kms):
    with refused("NotImplemented", "SM2"):
        kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")


@pytest.mark.spec("security:KMS-05")
def test_the_key_of_a_service_is_made_when_it_is_first_asked_for(kms):
    assert kms.list_aliases()["Aliases"] == []

    made = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]

    assert made["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"] == made["KeyId"]
    assert [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]] == ["alias/aws/ebs"]
    assert "kms:ViaService" in kms.get_key_policy(KeyId=made["KeyId"])["Policy"]


@pytest.mark.spec("security:KMS-05")
def test_customers_cannot_change_a_key_that_aws_manages(kms):
    key_id = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"]
    policy = kms.get_key_policy(KeyId=key_id)["Policy"]

    for call in (
        lambda: kms.disable_key(KeyId=key_id),
        lambda: kms.schedule_key_deletion(KeyId=key_id),
        lambda: kms.put_key_policy(KeyId=key_id, Policy=policy),
        lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
    ):
        with refused("AccessDeniedException"):
            call()


def test_the_last_use_of_a_key_is_told(own_cloud, own_kms):
    key_id = own_kms.create_key()["KeyMetadata"]["KeyId"]
    assert own_kms.get_key_last_usage(KeyId=key_id)["KeyLastUsage"] == {}

    own_kms.encrypt(KeyId=key_id, Plaintext=b"x")
    first = own_kms.get_key_last_usage(KeyId=key_id)["KeyLastUsage"]
    own_cloud.advance(hours=1)
    own_kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")
    last = own_kms.get_key_last_usage(KeyId=key_id)["KeyLastUsage"]

    assert (first["Operation"], last["Operation"]) == ("Encrypt", "GenerateDataKey")
    assert last["Timestamp"] - first["Timestamp"] >= timedelta(hours=1)


def test_tags_are_set_replaced_and_taken_away(kms, key):
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}])
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "b", "TagValue": "3"}])
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["a"])

    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "b", "TagValue": "3"}]
    with refused("TagException"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "aws:a", "TagValue": "1"}])
    with refused("LimitExceededException"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": f"t{n}", "TagValue": ""} for n in range(50)])


def test_there_are_no_custom_key_stores(kms):
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []
    with refused("CloudHsmClusterNotFoundException"):
        kms.create_custom_key_store(CustomKeyStoreName="a", CloudHsmClusterId="cluster-2a34b5cdefg")
    with refused("NotImplemented", "external key stores"):
        kms.create_custom_key_store(CustomKeyStoreName="a", CustomKeyStoreType="EXTERNAL_KEY_STORE")
    with refused("CustomKeyStoreNotFoundException"):
        kms.connect_custom_key_store(CustomKeyStoreId="cks-1")
    with refused("CustomKeyStoreNotFoundException"):
        kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1")


def test_too_many_calls_in_a_second_are_throttled(tmp_path):
    with LocalCloud(tmp_path, quotas=True) as cloud:
        cloud.run(_freeze(cloud))
        kms = connect(cloud, "kms", account="111122223333")
        for _ in range(5):
            kms.create_key()
        with refused("ThrottlingException", "You have exceeded the rate at which you may call KMS."):
            kms.create_key()
        cloud.advance(seconds=1)
        kms.create_key()


async def _freeze(cloud) -> None:
    cloud.cloud.kernel.clock.set_rate(0)


@pytest.mark.spec("security:KMS-02")
def test_a_key_outlives_the_process_and_lies_encrypted(tmp_path):
    with LocalCloud(tmp_path) as cloud:
        kms = cloud.client("kms", account="111122223333")
        secret = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"kept")["CiphertextBlob"]
    with LocalCloud(tmp_path) as cloud:
        kms = cloud.client("kms", account="111122223333")
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"
        assert kms.sign(KeyId=secret, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
        public = kms.get_public_key(KeyId=secret)["PublicKey"]

    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert public in stored
    # A private key in PKCS #8 begins so (RFC 5958), and would lie near its public half.
    assert b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" not in stored
