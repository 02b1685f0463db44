"""MFA Delete: versions go only with a code from the root's device."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel import identity, totp

ENABLED = {"Status": "Enabled", "MFADelete": "Enabled"}


@pytest.fixture
def device(own_cloud):
    return own_cloud.run(own_cloud.cloud.kernel.store.write(identity.enable_root_mfa, "000000000000"))


@pytest.fixture
def s3(own_cloud):
    client = own_cloud.client("s3")
    client.create_bucket(Bucket="ledger")
    return client


def mfa(cloud, device) -> str:
    return f"{device.serial} {totp.code(device.seed, cloud.now())}"


def refusal(call, **given) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"]


@pytest.mark.spec("storage:S3-48")
def test_it_is_switched_on_only_with_a_code_of_the_roots_device(own_cloud, s3, device):
    without = refusal(s3.put_bucket_versioning, Bucket="ledger", VersioningConfiguration=ENABLED)
    strange = f"arn:aws:iam::000000000000:mfa/other {totp.code(device.seed, own_cloud.now())}"
    foreign = refusal(s3.put_bucket_versioning, Bucket="ledger", VersioningConfiguration=ENABLED, MFA=strange)
    stale = f"{device.serial} {totp.code(device.seed, own_cloud.now() - timedelta(minutes=5))}"
    late = refusal(s3.put_bucket_versioning, Bucket="ledger", VersioningConfiguration=ENABLED, MFA=stale)
    before = s3.get_bucket_versioning(Bucket="ledger")
    s3.put_bucket_versioning(Bucket="ledger", VersioningConfiguration=ENABLED, MFA=mfa(own_cloud, device))
    after = s3.get_bucket_versioning(Bucket="ledger")

    assert (without, foreign, late) == ("AccessDenied", "NotDeviceOwnerError", "AccessDenied")
    assert "Status" not in before
    assert (after["Status"], after["MFADelete"]) == ("Enabled", "Enabled")


def test_a_root_without_a_device_cannot_switch_it_on(own_cloud, s3):
    code = "arn:aws:iam::000000000000:mfa/root-account-mfa-device 123456"

    refused = refusal(s3.put_bucket_versioning, Bucket="ledger", VersioningConfiguration=ENABLED, MFA=code)

    assert refused == "NotDeviceOwnerError"
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket="ledger")


@pytest.mark.spec("storage:S3-49")
def test_versions_and_the_versioning_state_need_a_code(own_cloud, s3, device):
    s3.put_bucket_versioning(Bucket="ledger", VersioningConfiguration=ENABLED, MFA=mfa(own_cloud, device))
    version = s3.put_object(Bucket="ledger", Key="page", Body=b"1")["VersionId"]

    one = refusal(s3.delete_object, Bucket="ledger", Key="page", VersionId=version)
    doomed = {"Objects": [{"Key": "page", "VersionId": version}]}
    many = refusal(s3.delete_objects, Bucket="ledger", Delete=doomed)
    suspended = {"Status": "Suspended"}
    state = refusal(s3.put_bucket_versioning, Bucket="ledger", VersioningConfiguration=suspended)
    assert (one, many, state) == ("AccessDenied",) * 3
    assert s3.get_object(Bucket="ledger", Key="page")["Body"].read() == b"1"

    marker = s3.delete_object(Bucket="ledger", Key="page")
    own_cloud.advance(minutes=10)
    s3.delete_object(Bucket="ledger", Key="page", VersionId=version, MFA=mfa(own_cloud, device))
    s3.put_bucket_versioning(Bucket="ledger", VersioningConfiguration=suspended, MFA=mfa(own_cloud, device))

    assert marker["DeleteMarker"]
    assert "Versions" not in s3.list_object_versions(Bucket="ledger")
    assert s3.get_bucket_versioning(Bucket="ledger")["Status"] == "Suspended"


def test_codes_are_those_of_rfc_6238():
    """The vectors of the RFC's appendix B for SHA-1, cut to six digits."""
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the ASCII text 12345678901234567890
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}

    assert {at: totp.code(seed, datetime.fromtimestamp(at, UTC)) for at in vectors} == vectors


def test_rules_that_delete_have_no_device(own_cloud, s3, device):
    s3.put_bucket_versioning(Bucket="ledger", VersioningConfiguration=ENABLED, MFA=mfa(own_cloud, device))
    expire = {"ID": "r", "Filter": {}, "Status": "Enabled", "Expiration": {"Days": 1}}
    given = {"Bucket": "ledger", "LifecycleConfiguration": {"Rules": [expire]}}

    assert refusal(s3.put_bucket_lifecycle_configuration, **given) == "InvalidRequest"
