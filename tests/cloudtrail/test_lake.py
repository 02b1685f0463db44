"""What event data stores hold: what they collect, from when, until when, for how long."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cumulet.testing import LocalCloud
from tests.cloudtrail.conftest import lake, query, selector
from tests.conftest import connect

ACCOUNT = "111122223333"


def names(cloudtrail, store: str) -> list[str]:
    return [row["eventName"] for row in query(cloudtrail, f"SELECT eventName FROM {store} ORDER BY eventTime, eventID")]


def test_a_store_takes_what_is_done_from_now_on(cloudtrail, s3):
    s3.create_bucket(Bucket="before-the-lake")
    store = lake(cloudtrail)
    s3.create_bucket(Bucket="into-the-lake")

    found = query(
        cloudtrail,
        f"SELECT eventName, element_at(requestParameters, 'bucketName') AS bucket FROM {store} "
        "WHERE eventName = 'CreateBucket'",
    )

    assert found == [{"eventName": "CreateBucket", "bucket": "into-the-lake"}]


def test_data_events_by_selectors(cloudtrail, s3):
    store = lake(cloudtrail, AdvancedEventSelectors=selector("Data", resources_type="AWS::S3::Object"))
    s3.create_bucket(Bucket="data-of-the-lake")
    s3.put_object(Bucket="data-of-the-lake", Key="a.txt", Body=b"a")
    s3.get_object(Bucket="data-of-the-lake", Key="a.txt")

    assert sorted(names(cloudtrail, store)) == ["GetObject", "PutObject"]


def test_nothing_is_taken_while_ingestion_is_stopped(cloudtrail, client):
    sqs = client("sqs")
    store = lake(cloudtrail)
    sqs.create_queue(QueueName="first")
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=store)
    sqs.create_queue(QueueName="second")
    cloudtrail.start_event_data_store_ingestion(EventDataStore=store)
    sqs.create_queue(QueueName="third")

    found = query(
        cloudtrail,
        f"SELECT element_at(requestParameters, 'queueName') AS q FROM {store} WHERE eventName = 'CreateQueue' "
        "ORDER BY eventTime",
    )
    assert sorted(row["q"] for row in found) == ["first", "third"]


def test_a_store_of_one_region_takes_no_others(client):
    here, there = client("cloudtrail", region="eu-west-1"), client("sqs", region="us-west-2")
    one, every = lake(here, MultiRegionEnabled=False), lake(here)
    there.create_queue(QueueName="elsewhere")

    assert "CreateQueue" not in names(here, one)
    assert "CreateQueue" in names(here, every)


def test_events_are_forgotten_after_the_retention_period(own_cloud):
    cloudtrail, sqs = (connect(own_cloud, service, account=ACCOUNT) for service in ("cloudtrail", "sqs"))
    store = lake(cloudtrail, RetentionPeriod=7)
    sqs.create_queue(QueueName="old")
    early = query(cloudtrail, f"SELECT count(*) AS n FROM {store} WHERE eventName = 'CreateQueue'")
    own_cloud.advance(days=8)
    sqs.create_queue(QueueName="new")

    late = query(cloudtrail, f"SELECT requestParameters['queueName'] AS q FROM {store} WHERE eventName = 'CreateQueue'")

    assert early == [{"n": "1"}]
    assert late == [{"q": "new"}]


def test_a_deleted_store_is_gone_after_seven_days(own_cloud):
    cloudtrail = connect(own_cloud, "cloudtrail", account=ACCOUNT)
    store = lake(cloudtrail)
    cloudtrail.delete_event_data_store(EventDataStore=store)
    own_cloud.advance(days=6)
    pending = cloudtrail.get_event_data_store(EventDataStore=store)["Status"]
    own_cloud.advance(days=2)

    with pytest.raises(ClientError, match="EventDataStoreNotFound"):
        cloudtrail.get_event_data_store(EventDataStore=store)
    assert pending == "PENDING_DELETION"


def test_a_restored_store_collects_again(cloudtrail, client):
    store = lake(cloudtrail)
    cloudtrail.delete_event_data_store(EventDataStore=store)
    client("sqs").create_queue(QueueName="unseen")
    cloudtrail.restore_event_data_store(EventDataStore=store)
    client("sqs").create_queue(QueueName="seen")

    assert names(cloudtrail, store).count("CreateQueue") == 1


def test_what_was_collected_survives_a_restart_once(tmp_path):
    with LocalCloud(tmp_path) as cloud:
        cloudtrail = connect(cloud, "cloudtrail", account=ACCOUNT)
        store = lake(cloudtrail)
        connect(cloud, "sqs", account=ACCOUNT).create_queue(QueueName="kept")
        first = names(cloudtrail, store).count("CreateQueue")
    with LocalCloud(tmp_path) as cloud:
        again = names(connect(cloud, "cloudtrail", account=ACCOUNT), store).count("CreateQueue")

    assert first == again == 1
