"""Rotation, by the calendar and on demand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.kms.refusals import refused


@pytest.mark.spec("security:KMS-17", "security:KMS-18")
def test_a_key_rotates_by_the_calendar_and_old_texts_decrypt(own_cloud, own_kms):
    key = own_kms.create_key()["KeyMetadata"]
    key_id = key["KeyId"]
    assert own_kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    old = own_kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]

    own_kms.enable_key_rotation(KeyId=key_id)
    status = own_kms.get_key_rotation_status(KeyId=key_id)
    own_cloud.advance(days=366)
    own_cloud.settle()

    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    assert status["NextRotationDate"] - key["CreationDate"] >= timedelta(days=365)
    after = own_kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert after["CurrentKeyMaterialId"] != key["CurrentKeyMaterialId"]
    assert after["Arn"] == key["Arn"]
    assert own_kms.decrypt(CiphertextBlob=old)["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    new = own_kms.encrypt(KeyId=key_id, Plaintext=b"new")["CiphertextBlob"]
    assert own_kms.decrypt(CiphertextBlob=new)["KeyMaterialId"] == after["CurrentKeyMaterialId"]
    (rotation,) = own_kms.list_key_rotations(KeyId=key_id)["Rotations"]
    assert rotation["RotationType"] == "AUTOMATIC"
    assert own_kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"] == status["NextRotationDate"] + timedelta(
        days=365
    )


def test_rotations_go_on_until_they_are_disabled(own_cloud, own_kms):
    key_id = own_kms.create_key()["KeyMetadata"]["KeyId"]
    own_kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)

    own_cloud.advance(days=3 * 90 + 1)
    own_cloud.settle()
    own_kms.disable_key_rotation(KeyId=key_id)
    own_cloud.advance(days=365)
    own_cloud.settle()

    assert len(own_kms.list_key_rotations(KeyId=key_id)["Rotations"]) == 3
    assert own_kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False


def test_a_disabled_key_makes_up_for_its_rotation_when_it_is_enabled(own_cloud, own_kms):
    key_id = own_kms.create_key()["KeyMetadata"]["KeyId"]
    own_kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    own_kms.disable_key(KeyId=key_id)

    own_cloud.advance(days=100)
    own_cloud.settle()
    while_disabled = own_kms.list_key_rotations(KeyId=key_id)["Rotations"]
    own_kms.enable_key(KeyId=key_id)
    own_cloud.settle()

    assert while_disabled == []
    assert len(own_kms.list_key_rotations(KeyId=key_id)["Rotations"]) == 1


@pytest.mark.spec("security:KMS-16")
def test_the_keys_of_services_rotate_every_year(own_cloud, own_kms):
    key_id = own_kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"]

    own_cloud.advance(days=366)
    own_cloud.settle()

    assert own_kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is True
    rotations = own_kms.list_key_rotations(KeyId=key_id)["Rotations"]
    assert [rotation["RotationType"] for rotation in rotations] == ["AUTOMATIC"]


@pytest.mark.spec("security:KMS-18")
def test_a_key_rotates_on_demand_25_times(kms, key):
    old = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    for _ in range(25):
        assert kms.rotate_key_on_demand(KeyId=key["KeyId"])["KeyId"] == key["Arn"]

    with refused("LimitExceededException"):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    first = kms.list_key_rotations(KeyId=key["KeyId"], Limit=20)
    rest = kms.list_key_rotations(KeyId=key["KeyId"], Limit=20, Marker=first["NextMarker"])
    assert [len(first["Rotations"]), len(rest["Rotations"])] == [20, 5]
    assert [r["KeyMaterialState"] for r in rest["Rotations"]] == ["NON_CURRENT"] * 4 + ["CURRENT"]
    every = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert every[0]["KeyMaterialId"] == key["CurrentKeyMaterialId"]


def test_only_symmetric_keys_rotate(kms):
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]

    for call in (
        kms.enable_key_rotation,
        kms.rotate_key_on_demand,
        kms.get_key_rotation_status,
        kms.list_key_rotations,
    ):
        with refused("UnsupportedOperationException"):
            call(KeyId=signing)


@pytest.mark.parametrize("days", [89, 2561])
def test_a_rotation_period_is_90_to_2560_days(kms, key, days):
    with refused("ValidationException"):
        kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=days)
