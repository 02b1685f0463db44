"""MFA devices: their codes prove who has them, once each, by the cloud's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cumulet.kernel import identity, totp
from tests.iam.policies import refused

INVALID = "InvalidAuthenticationCode: Authentication code for device is not valid."


@pytest.fixture
def iam(client):
    iam = client("iam")
    iam.create_user(UserName="bob")
    return iam


@pytest.fixture
def phone(iam):
    return iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]


def codes(cloud, seed, **ago) -> dict[str, str]:
    """The two codes that end with the one shown now."""
    now, text = cloud.now() - timedelta(**ago), seed if isinstance(seed, str) else seed.decode()
    return {
        "AuthenticationCode1": totp.code(text, now - timedelta(seconds=30)), "AuthenticationCode2": totp.code(text, now)
    }  # fmt: skip


@pytest.mark.spec("security:IAM-54")
def test_a_virtual_device_comes_with_a_seed_and_a_picture_of_it(phone, account):
    assert phone["SerialNumber"] == f"arn:aws:iam::{account}:mfa/phone"
    assert totp.is_seed(phone["Base32StringSeed"].decode())
    assert len(phone["Base32StringSeed"]) == 64
    assert phone["QRCodePNG"].startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.spec("security:IAM-54", "security:IAM-56")
def test_two_codes_in_a_row_enable_a_device(iam, phone, shared_cloud):
    serial, seed = phone["SerialNumber"], phone["Base32StringSeed"]
    device = {"UserName": "bob", "SerialNumber": serial}
    right = codes(shared_cloud, seed)
    swapped = {"AuthenticationCode1": right["AuthenticationCode2"], "AuthenticationCode2": right["AuthenticationCode1"]}
    same = {"AuthenticationCode1": right["AuthenticationCode2"], "AuthenticationCode2": right["AuthenticationCode2"]}
    for wrong in (swapped, same, codes(shared_cloud, seed, minutes=10)):
        assert refused(iam.enable_mfa_device, **device, **wrong) == INVALID
    assert iam.list_mfa_devices(UserName="bob")["MFADevices"] == []

    iam.enable_mfa_device(**device, **codes(shared_cloud, seed))

    enabled = iam.list_mfa_devices(UserName="bob")["MFADevices"]
    assert [(each["UserName"], each["SerialNumber"]) for each in enabled] == [("bob", serial)]
    assert iam.get_mfa_device(SerialNumber=serial)["EnableDate"] == enabled[0]["EnableDate"]
    listed = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert listed[0]["User"]["UserName"] == "bob"
    assert "Base32StringSeed" not in listed[0]
    assert refused(iam.enable_mfa_device, **device, **codes(shared_cloud, seed)).startswith("EntityAlreadyExists")


def test_a_device_in_use_keeps_its_user_and_itself_from_being_deleted(iam, phone, shared_cloud):
    serial = phone["SerialNumber"]
    iam.enable_mfa_device(UserName="bob", SerialNumber=serial, **codes(shared_cloud, phone["Base32StringSeed"]))
    in_use = "DeleteConflict: MFA VirtualDevice in use. Must deactivate first."
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial) == in_use
    assert (
        refused(iam.delete_user, UserName="bob")
        == "DeleteConflict: Cannot delete entity, must delete MFA device first."
    )

    iam.deactivate_mfa_device(UserName="bob", SerialNumber=serial)
    assert refused(iam.deactivate_mfa_device, UserName="bob", SerialNumber=serial).startswith("NoSuchEntity")
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    gone = f"NoSuchEntity: VirtualMFADevice with serial number {serial} does not exist."
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial) == gone
    iam.delete_user(UserName="bob")


def test_names_are_taken_and_the_roots_is_kept(iam, phone):
    taken = "EntityAlreadyExists: MFADevice entity at the same path and name already exists."
    assert refused(iam.create_virtual_mfa_device, VirtualMFADeviceName="phone") == taken
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/other/")
    name = "root-account-mfa-device"
    assert refused(iam.create_virtual_mfa_device, VirtualMFADeviceName=name).startswith("InvalidInput")


def test_a_user_has_eight_devices_at_most(iam, shared_cloud):
    for number in range(9):
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"d{number}")["VirtualMFADevice"]
        device = {"UserName": "bob", "SerialNumber": made["SerialNumber"]}
        if number < 8:
            iam.enable_mfa_device(**device, **codes(shared_cloud, made["Base32StringSeed"]))
    limit = "LimitExceeded: Cannot exceed quota for MFADevicesPerUser: 8"
    assert refused(iam.enable_mfa_device, **device, **codes(shared_cloud, made["Base32StringSeed"])) == limit
    first = iam.list_mfa_devices(UserName="bob", MaxItems=5)
    rest = iam.list_mfa_devices(UserName="bob", MaxItems=5, Marker=first["Marker"])
    assert len(first["MFADevices"]) + len(rest["MFADevices"]) == 8


def test_a_device_whose_clock_went_wrong_is_resynchronised(iam, phone, shared_cloud):
    device, seed = {"UserName": "bob", "SerialNumber": phone["SerialNumber"]}, phone["Base32StringSeed"]
    iam.enable_mfa_device(**device, **codes(shared_cloud, seed))
    assert refused(iam.resync_mfa_device, **device, **codes(shared_cloud, seed, days=-2)) == INVALID
    iam.resync_mfa_device(**device, **codes(shared_cloud, seed, hours=-3))


@pytest.mark.spec("security:IAM-55")
def test_a_hardware_token_is_taken_once_its_seed_is_registered(iam, account, shared_cloud):
    device = {"UserName": "bob", "SerialNumber": "GAHT12345678"}
    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    unknown = "NoSuchEntity: MFADevice with serial number GAHT12345678 does not exist."
    assert refused(iam.enable_mfa_device, **device, **codes(shared_cloud, seed)) == unknown

    kernel = shared_cloud.cloud.kernel
    door = kernel.client(identity.service_principal("signin", account), "iam", "us-east-1")
    shared_cloud.run(door.register_mfa_token(SerialNumber="GAHT12345678", Seed=seed))
    iam.enable_mfa_device(**device, **codes(shared_cloud, seed))

    assert iam.list_mfa_devices(UserName="bob")["MFADevices"][0]["SerialNumber"] == "GAHT12345678"
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


@pytest.mark.spec("security:IAM-56")
def test_the_roots_device_is_listed_and_can_be_taken_away(iam, account, shared_cloud):
    kernel = shared_cloud.cloud.kernel
    device = shared_cloud.run(kernel.store.write(identity.enable_root_mfa, account))
    assert [each["SerialNumber"] for each in iam.list_mfa_devices()["MFADevices"]] == [device.serial]
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"][0]["User"]["Arn"] == f"arn:aws:iam::{account}:root"
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1

    iam.deactivate_mfa_device(SerialNumber=device.serial)
    assert iam.list_mfa_devices()["MFADevices"] == []


def test_tags_of_a_device(iam, phone):
    serial = {"SerialNumber": phone["SerialNumber"]}
    iam.tag_mfa_device(**serial, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_mfa_device(**serial, TagKeys=["a"])
    assert iam.list_mfa_device_tags(**serial)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"][0]["Tags"] == [{"Key": "b", "Value": "2"}]
