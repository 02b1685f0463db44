"""Multi-Region keys."""

from __future__ import annotations

import pytest

from tests.conftest import connect
from tests.kms.refusals import refused


@pytest.fixture
def europe(shared_cloud, account):
    return connect(shared_cloud, "kms", account=account, region="eu-west-1")


@pytest.fixture
def primary(kms):
    return kms.create_key(MultiRegion=True, Description="everywhere")["KeyMetadata"]


@pytest.mark.spec("security:KMS-25", "security:KMS-26")
def test_what_one_region_encrypts_another_decrypts(kms, europe, primary):
    blob = kms.encrypt(KeyId=primary["KeyId"], Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    with refused("AccessDeniedException"):
        europe.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})

    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    opened = europe.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})

    assert opened["Plaintext"] == b"x"
    assert opened["KeyId"] == primary["Arn"].replace("us-east-1", "eu-west-1")


@pytest.mark.spec("security:KMS-25")
def test_related_keys_tell_of_each_other(kms, europe, primary, account):
    told = kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1", Tags=[{"TagKey": "a", "TagValue": "b"}])

    key_id = primary["KeyId"]
    assert key_id.startswith("mrk-")
    assert (told["ReplicaKeyMetadata"]["KeyState"], told["ReplicaTags"]) == (
        "Creating",
        [{"TagKey": "a", "TagValue": "b"}],
    )
    here, there = (client.describe_key(KeyId=key_id)["KeyMetadata"] for client in (kms, europe))
    arns = [f"arn:aws:kms:{region}:{account}:key/{key_id}" for region in ("us-east-1", "eu-west-1")]
    assert here["CurrentKeyMaterialId"] == there["CurrentKeyMaterialId"]
    assert there["Description"] == ""
    for metadata, kind in ((here, "PRIMARY"), (there, "REPLICA")):
        assert metadata["MultiRegionConfiguration"] == {
            "MultiRegionKeyType": kind,
            "PrimaryKey": {"Arn": arns[0], "Region": "us-east-1"},
            "ReplicaKeys": [{"Arn": arns[1], "Region": "eu-west-1"}],
        }


@pytest.mark.spec("security:KMS-27")
def test_related_keys_live_lives_of_their_own(kms, europe, primary):
    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")

    kms.disable_key(KeyId=primary["KeyId"])

    blob = europe.encrypt(KeyId=primary["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert europe.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("DisabledException"):
        kms.decrypt(CiphertextBlob=blob)


def test_only_a_primary_key_is_replicated_and_once_to_a_region(kms, europe, primary, key):
    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")

    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    with refused("UnsupportedOperationException", "is not a multi-region primary key."):
        europe.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="ap-southeast-1")
    with refused("UnsupportedOperationException", "is not a multi-region primary key."):
        kms.replicate_key(KeyId=key["KeyId"], ReplicaRegion="eu-west-1")
    with refused("ValidationException"):
        kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="xx-nowhere-1")


def test_the_primary_region_moves(kms, europe, primary):
    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    kms.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion="eu-west-1")

    told = europe.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert told["PrimaryKey"]["Region"] == "eu-west-1"
    assert [replica["Region"] for replica in told["ReplicaKeys"]] == ["us-east-1"]
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=primary["KeyId"])
    europe.enable_key_rotation(KeyId=primary["KeyId"])
    assert kms.get_key_rotation_status(KeyId=primary["KeyId"])["KeyRotationEnabled"] is True


def test_a_rotation_reaches_all_related_keys(kms, europe, primary):
    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    kms.rotate_key_on_demand(KeyId=primary["KeyId"])

    here, there = (client.describe_key(KeyId=primary["KeyId"])["KeyMetadata"] for client in (kms, europe))
    assert here["CurrentKeyMaterialId"] == there["CurrentKeyMaterialId"] != primary["CurrentKeyMaterialId"]


def test_a_primary_waits_for_its_replicas_to_go(own_cloud, own_kms):
    account = "111122223333"
    europe = own_cloud.client("kms", account=account, region="eu-west-1")
    key_id = own_kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    own_kms.replicate_key(KeyId=key_id, ReplicaRegion="eu-west-1")

    told = own_kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=9)
    waiting = own_kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (told["KeyState"], "DeletionDate" in told) == ("PendingReplicaDeletion", False)
    assert (waiting["KeyState"], waiting["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", 9)
    own_cloud.advance(days=30)
    own_cloud.settle()
    assert own_kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"

    europe.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    own_cloud.advance(days=7)
    own_cloud.settle()
    assert own_kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    own_cloud.advance(days=9)
    own_cloud.settle()
    with refused("NotFoundException"):
        own_kms.describe_key(KeyId=key_id)
