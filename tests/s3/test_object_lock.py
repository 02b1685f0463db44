"""Object Lock: retention, legal holds, and what they keep from happening."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.config import Config
from tests.s3.refusals import code, refused

PROTECTED = ("AccessDenied", "Access Denied because object protected by object lock.")


@pytest.fixture
def vault(s3, account) -> str:
    """A bucket with Object Lock."""
    name = f"vault-{account}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


def in_days(days: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def governed(days: float) -> dict:
    return {"Mode": "GOVERNANCE", "RetainUntilDate": in_days(days)}


def compliant(days: float) -> dict:
    return {"Mode": "COMPLIANCE", "RetainUntilDate": in_days(days)}


@pytest.mark.spec("storage:S3-84")
def test_it_needs_versioning(s3, bucket):
    on = {"ObjectLockEnabled": "Enabled"}
    before = refused(s3.get_object_lock_configuration, Bucket=bucket)
    unversioned = refused(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=on)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=on)
    suspended = refused(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

    assert before == (
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
    )
    assert unversioned == (
        "InvalidBucketState",
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    )
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == on
    assert suspended[0] == "InvalidBucketState"


@pytest.mark.parametrize(
    "default",
    [
        {"Mode": "GOVERNANCE"},
        {"Mode": "GOVERNANCE", "Days": 1, "Years": 1},
        {"Days": 1},
        {"Mode": "SOFT", "Days": 1},
    ],
)
def test_a_default_retention_is_a_mode_and_one_period(s3, vault, default):
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}

    assert code(s3.put_object_lock_configuration, Bucket=vault, ObjectLockConfiguration=wanted) == "MalformedXML"


def test_a_default_period_has_bounds(s3, vault):
    def put(**period):
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", **period}}
        wanted = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        return code(s3.put_object_lock_configuration, Bucket=vault, ObjectLockConfiguration=wanted)

    assert {put(Days=0), put(Years=-1), put(Days=36_501), put(Years=101)} == {"InvalidArgument"}


def test_new_objects_take_the_default_unless_they_say_otherwise(s3, vault):
    default = {"Mode": "GOVERNANCE", "Days": 2}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
    s3.put_object_lock_configuration(Bucket=vault, ObjectLockConfiguration=wanted)
    s3.put_object(Bucket=vault, Key="plain", Body=b"1")
    until = in_days(9)
    s3.put_object(Bucket=vault, Key="own", Body=b"1", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    s3.copy_object(Bucket=vault, Key="copy", CopySource={"Bucket": vault, "Key": "own"})
    upload = s3.create_multipart_upload(Bucket=vault, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=vault, Key="parts", UploadId=upload, PartNumber=1, Body=b"1")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=vault, Key="parts", UploadId=upload, MultipartUpload=parts)

    plain, own, copy, parts = (s3.head_object(Bucket=vault, Key=k) for k in ("plain", "own", "copy", "parts"))

    assert s3.get_object_lock_configuration(Bucket=vault)["ObjectLockConfiguration"] == wanted
    assert plain["ObjectLockMode"] == copy["ObjectLockMode"] == parts["ObjectLockMode"] == "GOVERNANCE"
    assert abs(plain["ObjectLockRetainUntilDate"] - in_days(2)) < timedelta(minutes=1)
    assert (own["ObjectLockMode"], own["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)


def test_half_a_retention_is_refused(s3, vault):
    words = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"

    def put(**lock):
        return refused(s3.put_object, Bucket=vault, Key="k", Body=b"", **lock)

    assert put(ObjectLockMode="GOVERNANCE") == ("InvalidArgument", words)
    assert put(ObjectLockRetainUntilDate=in_days(1)) == ("InvalidArgument", words)
    assert put(ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=in_days(-1))[0] == "InvalidArgument"
    assert put(ObjectLockMode="SOFT", ObjectLockRetainUntilDate=in_days(1))[0] == "InvalidArgument"
    assert put(ObjectLockLegalHoldStatus="MAYBE")[0] == "InvalidArgument"


def test_a_bucket_without_object_lock_takes_no_locks(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    missing = ("InvalidRequest", "Bucket is missing Object Lock Configuration")

    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", ObjectLockLegalHoldStatus="ON") == missing
    assert refused(s3.put_object_retention, Bucket=bucket, Key="k", Retention=governed(1)) == missing
    assert refused(s3.get_object_retention, Bucket=bucket, Key="k") == missing
    assert refused(s3.put_object_legal_hold, Bucket=bucket, Key="k", LegalHold={"Status": "ON"}) == missing
    assert code(s3.delete_object, Bucket=bucket, Key="k", BypassGovernanceRetention=True) == "InvalidArgument"
    assert code(s3.delete_object, Bucket=bucket, Key="k", BypassGovernanceRetention=False) == "InvalidArgument"


@pytest.mark.spec("storage:S3-85")
def test_compliance_binds_everybody(s3, vault):
    version = s3.put_object(Bucket=vault, Key="k", Body=b"1")["VersionId"]
    s3.put_object_retention(Bucket=vault, Key="k", Retention=compliant(3))

    def retain(retention):
        return refused(
            s3.put_object_retention, Bucket=vault, Key="k", Retention=retention, BypassGovernanceRetention=True
        )

    bypassed = refused(s3.delete_object, Bucket=vault, Key="k", VersionId=version, BypassGovernanceRetention=True)
    assert bypassed == retain(compliant(1)) == retain(governed(9)) == retain({}) == PROTECTED

    s3.put_object_retention(Bucket=vault, Key="k", Retention=compliant(5))
    kept = s3.get_object_retention(Bucket=vault, Key="k")["Retention"]

    assert kept["RetainUntilDate"] > in_days(4)


@pytest.mark.spec("storage:S3-86")
def test_governance_can_be_bypassed_by_those_who_may(s3, client, vault):
    version = s3.put_object(Bucket=vault, Key="k", Body=b"1")["VersionId"]
    s3.put_object_retention(Bucket=vault, Key="k", Retention=governed(3))

    shorter = refused(s3.put_object_retention, Bucket=vault, Key="k", Retention=governed(1))
    plain = refused(s3.delete_object, Bucket=vault, Key="k", VersionId=version)
    stranger = client("s3", account="999000000001")
    policy = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "999000000001"},
        "Action": ["s3:DeleteObjectVersion"], "Resource": "arn:aws:s3:::%s/*"}]}"""
    s3.put_bucket_policy(Bucket=vault, Policy=policy % vault)
    without = code(stranger.delete_object, Bucket=vault, Key="k", VersionId=version, BypassGovernanceRetention=True)
    doomed = {"Objects": [{"Key": "k", "VersionId": version}]}
    among_many = code(stranger.delete_objects, Bucket=vault, Delete=doomed, BypassGovernanceRetention=True)
    allowed = policy.replace('"s3:DeleteObjectVersion"', '"s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"')
    s3.put_bucket_policy(Bucket=vault, Policy=allowed % vault)
    stranger.delete_object(Bucket=vault, Key="k", VersionId=version, BypassGovernanceRetention=True)

    assert shorter == plain == PROTECTED
    assert without == among_many == "AccessDenied"
    assert "Versions" not in s3.list_object_versions(Bucket=vault)


def test_the_owner_may_bypass_governance_to_shorten_or_end_it(s3, vault):
    version = s3.put_object(Bucket=vault, Key="k", Body=b"1")["VersionId"]
    s3.put_object_retention(Bucket=vault, Key="k", Retention=governed(3))
    s3.put_object_retention(Bucket=vault, Key="k", Retention=governed(1), BypassGovernanceRetention=True)
    shortened = s3.get_object_retention(Bucket=vault, Key="k")["Retention"]["RetainUntilDate"]
    s3.put_object_retention(Bucket=vault, Key="k", Retention={}, BypassGovernanceRetention=True)

    assert shortened < in_days(2)
    assert code(s3.get_object_retention, Bucket=vault, Key="k") == "NoSuchObjectLockConfiguration"
    s3.delete_object(Bucket=vault, Key="k", VersionId=version)


def test_a_delete_marker_can_always_be_put_before_a_locked_version(s3, vault):
    version = s3.put_object(Bucket=vault, Key="k", Body=b"1")["VersionId"]
    s3.put_object_retention(Bucket=vault, Key="k", Retention=compliant(3))
    marker = s3.delete_object(Bucket=vault, Key="k")
    s3.delete_object(Bucket=vault, Key="k", VersionId=marker["VersionId"])

    assert marker["DeleteMarker"]
    assert s3.get_object(Bucket=vault, Key="k")["VersionId"] == version


def test_among_many_deletions_the_locked_one_is_told(s3, vault):
    locked = s3.put_object(Bucket=vault, Key="locked", Body=b"1", ObjectLockLegalHoldStatus="ON")["VersionId"]
    free = s3.put_object(Bucket=vault, Key="free", Body=b"1")["VersionId"]
    doomed = [{"Key": "locked", "VersionId": locked}, {"Key": "free", "VersionId": free}]
    answer = s3.delete_objects(Bucket=vault, Delete={"Objects": doomed})

    assert [each["Key"] for each in answer["Deleted"]] == ["free"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("locked", "AccessDenied")]


@pytest.mark.spec("storage:S3-88")
def test_a_legal_hold_lasts_until_it_is_lifted(s3, vault):
    version = s3.put_object(Bucket=vault, Key="k", Body=b"1")["VersionId"]
    unset = code(s3.get_object_legal_hold, Bucket=vault, Key="k")
    s3.put_object_legal_hold(Bucket=vault, Key="k", LegalHold={"Status": "ON"})
    held = s3.get_object_legal_hold(Bucket=vault, Key="k")["LegalHold"]
    kept = refused(s3.delete_object, Bucket=vault, Key="k", VersionId=version, BypassGovernanceRetention=True)
    shown = s3.head_object(Bucket=vault, Key="k")["ObjectLockLegalHoldStatus"]
    s3.put_object_legal_hold(Bucket=vault, Key="k", LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=vault, Key="k", VersionId=version)

    assert unset == "NoSuchObjectLockConfiguration"
    assert (held, shown) == ({"Status": "ON"}, "ON")
    assert kept == PROTECTED


def test_a_hold_is_on_or_off(s3, vault):
    s3.put_object(Bucket=vault, Key="k", Body=b"1")

    assert code(s3.put_object_legal_hold, Bucket=vault, Key="k", LegalHold={}) == "MalformedXML"
    assert code(s3.put_object_legal_hold, Bucket=vault, Key="gone", LegalHold={"Status": "ON"}) == "NoSuchKey"


@pytest.mark.spec("storage:S3-87")
def test_a_version_can_be_deleted_once_its_retention_has_ended(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    version = s3.put_object(Bucket="vault", Key="k", Body=b"1")["VersionId"]
    retention = {"Mode": "COMPLIANCE", "RetainUntilDate": own_cloud.now() + timedelta(days=30)}
    s3.put_object_retention(Bucket="vault", Key="k", Retention=retention)
    own_cloud.advance(days=29)
    early = refused(s3.delete_object, Bucket="vault", Key="k", VersionId=version)
    own_cloud.advance(days=2)
    s3.delete_object(Bucket="vault", Key="k", VersionId=version)

    assert early == PROTECTED
    assert "Versions" not in s3.list_object_versions(Bucket="vault")


def test_lifecycle_leaves_locked_versions_until_their_lock_ends(own_cloud):
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    rule = {"ID": "r", "Filter": {}, "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="vault", LifecycleConfiguration={"Rules": [rule]})
    until = own_cloud.now() + timedelta(days=30)
    s3.put_object(Bucket="vault", Key="k", Body=b"1", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    s3.put_object(Bucket="vault", Key="k", Body=b"2", ObjectLockLegalHoldStatus="ON")
    s3.put_object(Bucket="vault", Key="k", Body=b"3")

    own_cloud.advance(days=20)
    in_between = len(s3.list_object_versions(Bucket="vault")["Versions"])
    own_cloud.advance(days=400)
    at_the_end = len(s3.list_object_versions(Bucket="vault")["Versions"])

    assert (in_between, at_the_end) == (3, 2)


def test_a_retention_is_bounded(s3, vault):
    s3.put_object(Bucket=vault, Key="k", Body=b"1")
    forever = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime(9999, 12, 31, tzinfo=UTC)}

    assert code(s3.put_object_retention, Bucket=vault, Key="k", Retention=forever) == "InvalidArgument"


def test_event_holds_are_told_to_be_missing(s3, vault):
    s3.put_object(Bucket=vault, Key="k", Body=b"1")
    hold = {"EventHold": "ON", "EventHoldDuration": {"Days": 1}}
    default = {"DefaultRetention": {"DefaultEventHold": {"Days": 1}}}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": default}

    assert code(s3.put_object, Bucket=vault, Key="k", Body=b"", ObjectLockEventHold="ON") == "NotImplemented"
    assert code(s3.put_object_retention, Bucket=vault, Key="k", Retention=hold) == "NotImplemented"
    assert code(s3.put_object_lock_configuration, Bucket=vault, ObjectLockConfiguration=wanted) == "NotImplemented"


def test_what_is_locked_comes_with_a_checksum(client, s3, vault):
    bare = client("s3", config=Config(request_checksum_calculation="when_required"))
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": in_days(1)}
    unverified = refused(bare.put_object, Bucket=vault, Key="k", Body=b"1", **lock)
    unlocked = bare.put_object(Bucket=vault, Key="k", Body=b"1")
    md5 = "xMpCOKC5I4INzFCab3WEmw=="  # of b"1"
    bare.put_object(Bucket=vault, Key="k", Body=b"1", ContentMD5=md5, **lock)

    assert unverified[0] == "InvalidRequest"
    assert "Content-MD5" in unverified[1]
    assert unlocked["VersionId"]
