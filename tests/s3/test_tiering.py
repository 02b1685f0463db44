"""Intelligent-Tiering: what nobody reads moves to cheaper tiers, and back."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from tests.s3.refusals import code

from cumulet.services.s3 import objects, tiering

LARGE = b"x" * (128 * 1024)
ARCHIVE = {"AccessTier": "ARCHIVE_ACCESS", "Days": 90}
DEEP = {"AccessTier": "DEEP_ARCHIVE_ACCESS", "Days": 180}


def configured(name: str = "all", *tiers: dict, **parts) -> dict:
    return {"Id": name, "Status": "Enabled", "Tierings": list(tiers) or [ARCHIVE, DEEP], **parts}


def put(s3, bucket: str, configuration: dict, name: str | None = None):
    return s3.put_bucket_intelligent_tiering_configuration(
        Bucket=bucket, Id=name or configuration["Id"], IntelligentTieringConfiguration=configuration
    )


def test_configurations_are_kept_listed_and_taken_away(s3, bucket):
    first, second = configured("a", ARCHIVE, Filter={"Prefix": "x"}), configured("b")
    status = put(s3, bucket, first)["ResponseMetadata"]["HTTPStatusCode"]
    put(s3, bucket, second)
    named = {"Bucket": bucket, "Id": "a"}
    got = s3.get_bucket_intelligent_tiering_configuration(**named)["IntelligentTieringConfiguration"]
    listed = s3.list_bucket_intelligent_tiering_configurations(Bucket=bucket)
    s3.delete_bucket_intelligent_tiering_configuration(**named)

    assert status == 204
    assert got == first
    assert listed["IntelligentTieringConfigurationList"] == [first, second]
    assert listed["IsTruncated"] is False
    assert code(s3.get_bucket_intelligent_tiering_configuration, **named) == "NoSuchConfiguration"
    assert code(s3.delete_bucket_intelligent_tiering_configuration, **named) == "NoSuchConfiguration"


@pytest.mark.spec("storage:S3-68")
@pytest.mark.parametrize(
    ("tiers", "wanted"),
    [
        ([{**ARCHIVE, "Days": 89}], "InvalidArgument"),
        ([{**ARCHIVE, "Days": 731}], "InvalidArgument"),
        ([{**DEEP, "Days": 179}], "InvalidArgument"),
        ([{**ARCHIVE, "Days": 200}, {**DEEP, "Days": 200}], "InvalidArgument"),
        ([ARCHIVE, ARCHIVE], "MalformedXML"),
        ([{"AccessTier": "COLD", "Days": 90}], "MalformedXML"),
    ],
)
def test_days_of_the_archive_tiers_have_bounds(s3, bucket, tiers, wanted):
    assert code(put, s3=s3, bucket=bucket, configuration=configured("a", *tiers)) == wanted


def test_the_id_in_the_body_is_that_of_the_request(s3, bucket):
    assert code(put, s3=s3, bucket=bucket, configuration=configured("a"), name="b") == "MalformedXML"


# What becomes of objects


@pytest.fixture
def store(own_cloud):
    client = own_cloud.client("s3")
    client.create_bucket(Bucket="store")
    for key, body in (("k", LARGE), ("small", b"small")):
        client.put_object(Bucket="store", Key=key, Body=body, StorageClass="INTELLIGENT_TIERING")
    return client


def tier(cloud, key: str = "k") -> str:
    """The tier as inventories tell it."""
    found = cloud.run(cloud.cloud.kernel.store.read(objects.current, "store", key))
    return tiering.access_tier(found, cloud.now())


@pytest.mark.spec("storage:S3-67")
def test_what_is_not_read_moves_down_and_what_is_read_moves_up(own_cloud, store):
    seen = [tier(own_cloud)]
    for days in (31, 60):
        own_cloud.advance(days=days)
        seen.append(tier(own_cloud))
    body = store.get_object(Bucket="store", Key="k")["Body"].read()
    seen.append(tier(own_cloud))

    assert seen == ["FREQUENT", "INFREQUENT", "ARCHIVE_INSTANT", "FREQUENT"]
    assert body == LARGE
    assert tier(own_cloud, "small") == "FREQUENT"


def test_looking_at_an_object_is_not_reading_it(own_cloud, store):
    own_cloud.advance(days=40)
    store.head_object(Bucket="store", Key="k")

    assert tier(own_cloud) == "INFREQUENT"


def test_the_archive_tiers_are_for_those_who_ask(own_cloud, store):
    own_cloud.advance(days=400)

    assert "ArchiveStatus" not in store.head_object(Bucket="store", Key="k")


@pytest.mark.spec("storage:S3-68")
def test_unread_objects_are_archived_and_then_archived_deeper(own_cloud, store):
    put(store, "store", configured())
    seen = []
    for days in (89, 3, 90):
        own_cloud.advance(days=days)
        seen.append(store.head_object(Bucket="store", Key="k").get("ArchiveStatus"))
    with pytest.raises(ClientError) as caught:
        store.get_object(Bucket="store", Key="k")

    assert seen == [None, "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]
    assert caught.value.response["Error"]["Code"] == "InvalidObjectState"
    assert caught.value.response["AccessTier"] == "DEEP_ARCHIVE_ACCESS"
    assert "ArchiveStatus" not in store.head_object(Bucket="store", Key="small")


def test_reading_keeps_an_object_out_of_the_archive(own_cloud, store):
    put(store, "store", configured())
    for _ in range(5):
        own_cloud.advance(days=60)
        assert store.get_object(Bucket="store", Key="k")["Body"].read() == LARGE


def test_a_restored_object_is_back_for_good(own_cloud, store):
    put(store, "store", configured())
    own_cloud.advance(days=95)
    with_days = code(store.restore_object, Bucket="store", Key="k", RestoreRequest={"Days": 1})
    store.restore_object(Bucket="store", Key="k", RestoreRequest={})
    under_way = store.head_object(Bucket="store", Key="k")["Restore"]
    own_cloud.advance(hours=5)
    head = store.head_object(Bucket="store", Key="k")
    own_cloud.advance(days=60)

    assert with_days == "MalformedXML"
    assert under_way == 'ongoing-request="true"'
    assert "ArchiveStatus" not in head
    assert "Restore" not in head
    assert store.get_object(Bucket="store", Key="k")["Body"].read() == LARGE
