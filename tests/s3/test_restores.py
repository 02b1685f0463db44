"""Restores from the archives: how long they take, how long they last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.s3.refusals import code, refused


@pytest.fixture
def s3(own_cloud):
    client = own_cloud.client("s3")
    client.create_bucket(Bucket="attic")
    for storage_class in ("GLACIER", "DEEP_ARCHIVE"):
        client.put_object(Bucket="attic", Key=storage_class, Body=b"old", StorageClass=storage_class)
    return client


def restore(s3, key: str, tier: str = "Standard", days: int = 2) -> int:
    """Ask for a restore. Returns the status of the answer."""
    request = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
    return s3.restore_object(Bucket="attic", Key=key, RestoreRequest=request)["ResponseMetadata"]["HTTPStatusCode"]


def is_readable(s3, key: str) -> bool:
    try:
        return s3.get_object(Bucket="attic", Key=key)["Body"].read() == b"old"
    except s3.exceptions.InvalidObjectState:
        return False


@pytest.mark.parametrize(
    ("key", "tier", "not_yet", "by_then"),
    [
        pytest.param("GLACIER", "Expedited", 1 / 60, 5 / 60, marks=pytest.mark.spec("storage:S3-65")),
        pytest.param("GLACIER", "Standard", 3, 5, marks=pytest.mark.spec("storage:S3-65")),
        pytest.param("GLACIER", "Bulk", 5, 12, marks=pytest.mark.spec("storage:S3-65")),
        pytest.param("DEEP_ARCHIVE", "Standard", 11, 12, marks=pytest.mark.spec("storage:S3-66")),
        pytest.param("DEEP_ARCHIVE", "Bulk", 40, 48, marks=pytest.mark.spec("storage:S3-66")),
    ],
)
def test_a_tier_takes_its_time(own_cloud, s3, key, tier, not_yet, by_then):
    accepted = restore(s3, key, tier)
    under_way = s3.head_object(Bucket="attic", Key=key)["Restore"]
    own_cloud.advance(hours=not_yet)
    early = is_readable(s3, key)
    own_cloud.advance(hours=by_then - not_yet)

    assert (accepted, under_way, early) == (202, 'ongoing-request="true"', False)
    assert is_readable(s3, key)


def test_the_copy_lasts_for_whole_days_and_the_archived_object_stays(own_cloud, s3):
    restore(s3, "GLACIER", days=2)
    arrival = own_cloud.now() + timedelta(hours=4)
    own_cloud.advance(hours=5)
    head = s3.head_object(Bucket="attic", Key="GLACIER")
    end = (arrival + timedelta(days=3)).strftime("%a, %d %b %Y 00:00:00 GMT")
    own_cloud.advance(days=1)
    meanwhile = is_readable(s3, "GLACIER")
    own_cloud.advance(days=3)
    after = s3.head_object(Bucket="attic", Key="GLACIER")

    assert head["Restore"] == f'ongoing-request="false", expiry-date="{end}"'
    assert head["StorageClass"] == after["StorageClass"] == "GLACIER"
    assert meanwhile
    assert not is_readable(s3, "GLACIER")
    assert "Restore" not in after


def test_asking_again_while_it_is_under_way_is_refused_unless_for_a_faster_tier(own_cloud, s3):
    restore(s3, "GLACIER", "Standard")
    again = code(s3.restore_object, Bucket="attic", Key="GLACIER", RestoreRequest={"Days": 2})
    bulk = {"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}}
    slower = code(s3.restore_object, Bucket="attic", Key="GLACIER", RestoreRequest=bulk)
    faster = restore(s3, "GLACIER", "Expedited")
    own_cloud.advance(minutes=5)

    assert again == slower == "RestoreAlreadyInProgress"
    assert faster == 202
    assert is_readable(s3, "GLACIER")


def test_asking_again_afterwards_changes_the_days(own_cloud, s3):
    restore(s3, "GLACIER", days=1)
    own_cloud.advance(hours=5)
    changed = restore(s3, "GLACIER", days=10)
    own_cloud.advance(days=9)

    assert changed == 200
    assert is_readable(s3, "GLACIER")


def test_what_is_in_no_archive_cannot_be_restored(s3):
    s3.put_object(Bucket="attic", Key="new", Body=b"1")
    wanted = {"Days": 1}

    assert code(s3.restore_object, Bucket="attic", Key="new", RestoreRequest=wanted) == "InvalidObjectState"
    assert code(s3.restore_object, Bucket="attic", Key="none", RestoreRequest=wanted) == "NoSuchKey"
    assert code(s3.restore_object, Bucket="attic", Key="GLACIER", RestoreRequest={"Days": 0}) == "InvalidArgument"
    assert code(s3.restore_object, Bucket="attic", Key="GLACIER", RestoreRequest={}) == "MalformedXML"
    hasty = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    assert refused(s3.restore_object, Bucket="attic", Key="DEEP_ARCHIVE", RestoreRequest=hasty)[0] == (
        "GlacierExpeditedRetrievalNotAvailable"
    )


def test_a_restored_object_can_be_copied_out_for_good(own_cloud, s3):
    restore(s3, "DEEP_ARCHIVE")
    own_cloud.advance(hours=12)
    s3.copy_object(Bucket="attic", Key="out", CopySource="attic/DEEP_ARCHIVE", StorageClass="STANDARD")
    own_cloud.advance(days=30)

    assert s3.get_object(Bucket="attic", Key="out")["Body"].read() == b"old"
    assert not is_readable(s3, "DEEP_ARCHIVE")


def test_listings_tell_of_restores_if_asked(own_cloud, s3):
    s3.put_object(Bucket="attic", Key="new", Body=b"1")
    restore(s3, "GLACIER")

    def statuses(**asked):
        listed = s3.list_objects_v2(Bucket="attic", **asked)["Contents"]
        return {each["Key"]: each["RestoreStatus"] for each in listed if "RestoreStatus" in each}

    asked = {"OptionalObjectAttributes": ["RestoreStatus"]}
    under_way = statuses(**asked)
    own_cloud.advance(hours=5)
    arrived = statuses(**asked)["GLACIER"]
    version = s3.list_object_versions(Bucket="attic", **asked)["Versions"][1]

    assert under_way == {"GLACIER": {"IsRestoreInProgress": True}}
    assert arrived["IsRestoreInProgress"] is False
    assert arrived["RestoreExpiryDate"] > own_cloud.now() + timedelta(days=2)
    assert version["RestoreStatus"] == arrived
    assert statuses() == {}
