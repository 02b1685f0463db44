"""Items go when their time is over."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from cumulet.testing import LocalCloud
from tests.conftest import connect

NAME = "sessions"


def at(cloud: LocalCloud, **later: float) -> str:
    """Seconds since 1970, as items tell time."""
    return str(int((cloud.now() + timedelta(**later)).timestamp()))


def make(dynamodb: Any, **more: Any) -> Any:
    return dynamodb.create_table(
        TableName=NAME, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], **more,
    )["TableDescription"]  # fmt: skip


def turn_on(dynamodb: Any, enabled: bool = True) -> None:
    wanted = {"AttributeName": "until", "Enabled": enabled}
    dynamodb.update_time_to_live(TableName=NAME, TimeToLiveSpecification=wanted)


def put(dynamodb: Any, key: str, until: str | None = None, **attributes: Any) -> None:
    item = {"pk": {"S": key}, **attributes} | ({} if until is None else {"until": {"N": until}})
    dynamodb.put_item(TableName=NAME, Item=item)


def keys(dynamodb: Any) -> list[str]:
    return sorted(item["pk"]["S"] for item in dynamodb.scan(TableName=NAME)["Items"])


@pytest.fixture
def cloud(own_cloud):
    return own_cloud


@pytest.fixture
def dynamodb(own_cloud, account):
    return connect(own_cloud, "dynamodb", account=account)


@pytest.mark.spec("data:DDB-29")
def test_an_item_goes_at_its_second_and_no_other(cloud, dynamodb):
    make(dynamodb)
    turn_on(dynamodb)
    put(dynamodb, "soon", at(cloud, hours=1))
    put(dynamodb, "later", at(cloud, hours=2))
    put(dynamodb, "never")

    cloud.advance(minutes=59)
    before = keys(dynamodb)
    cloud.advance(minutes=1, seconds=1)
    after = keys(dynamodb)
    cloud.advance(hours=1)

    assert before == ["later", "never", "soon"]
    assert after == ["later", "never"]
    assert keys(dynamodb) == ["never"]


def test_an_item_that_was_prolonged_stays(cloud, dynamodb):
    make(dynamodb)
    turn_on(dynamodb)
    put(dynamodb, "a", at(cloud, hours=1))
    put(dynamodb, "b", at(cloud, hours=1))
    put(dynamodb, "a", at(cloud, hours=3))
    put(dynamodb, "b")
    cloud.advance(hours=2)

    assert keys(dynamodb) == ["a", "b"]
    put(dynamodb, "b", at(cloud, seconds=-1))
    cloud.settle()
    assert keys(dynamodb) == ["a"]


def test_what_is_no_time_or_too_long_ago_never_expires(cloud, dynamodb):
    make(dynamodb)
    turn_on(dynamodb)
    put(dynamodb, "milliseconds", at(cloud, hours=1) + "000")
    put(dynamodb, "negative", "-5")
    put(dynamodb, "six-years-ago", at(cloud, days=-6 * 365))
    put(dynamodb, "huge", "1" + "0" * 37)
    dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "text"}, "until": {"S": at(cloud, hours=1)}})
    put(dynamodb, "four-years-ago", at(cloud, days=-4 * 365))
    cloud.advance(days=30)

    assert keys(dynamodb) == ["huge", "milliseconds", "negative", "six-years-ago", "text"]


def test_items_that_were_there_before_expire_too(cloud, dynamodb):
    make(dynamodb)
    for number in range(1100):
        put(dynamodb, f"old-{number}", at(cloud, hours=1))
    put(dynamodb, "other", at(cloud, hours=9))
    turn_on(dynamodb)
    cloud.settle()
    cloud.advance(hours=2)

    assert keys(dynamodb) == ["other"]
    assert dynamodb.describe_table(TableName=NAME)["Table"]["ItemCount"] == 1


def test_after_it_is_turned_off_nothing_expires(cloud, dynamodb):
    make(dynamodb)
    turn_on(dynamodb)
    put(dynamodb, "a", at(cloud, hours=4))
    cloud.advance(hours=2)
    turn_on(dynamodb, False)
    cloud.advance(hours=4)
    assert keys(dynamodb) == ["a"]
    turn_on(dynamodb)
    cloud.settle()
    assert keys(dynamodb) == []


def test_indexes_and_streams_hear_of_it(cloud, dynamodb, account):
    index = {
        "IndexName": "by-user", "KeySchema": [{"AttributeName": "user", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }  # fmt: skip
    made = dynamodb.create_table(
        TableName=NAME, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "user")],
        GlobalSecondaryIndexes=[index], StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    )["TableDescription"]  # fmt: skip
    turn_on(dynamodb)
    put(dynamodb, "a", at(cloud, minutes=1), user={"S": "eve"})
    dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "b"}})
    dynamodb.delete_item(TableName=NAME, Key={"pk": {"S": "b"}})
    cloud.advance(minutes=2)

    records = read(connect(cloud, "dynamodbstreams", account=account), made["LatestStreamArn"])

    assert dynamodb.scan(TableName=NAME, IndexName="by-user")["Items"] == []
    assert [each["eventName"] for each in records] == ["INSERT", "INSERT", "REMOVE", "REMOVE"]
    assert [each.get("userIdentity") for each in records] == [
        None, None, None, {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
    ]  # fmt: skip
    assert records[3]["dynamodb"]["OldImage"]["user"] == {"S": "eve"}


def read(streams: Any, arn: str) -> list[dict[str, Any]]:
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    begin = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return streams.get_records(ShardIterator=begin["ShardIterator"])["Records"]


def test_it_goes_on_after_a_restart(tmp_path, account):
    with LocalCloud(tmp_path / "cloud") as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        make(dynamodb)
        turn_on(dynamodb)
        put(dynamodb, "a", at(cloud, seconds=2))
        put(dynamodb, "b", at(cloud, hours=1))
    with LocalCloud(tmp_path / "cloud") as cloud:
        dynamodb = connect(cloud, "dynamodb", account=account)
        for _ in range(60):
            if keys(dynamodb) == ["b"]:
                break
            time.sleep(0.1)
        assert keys(dynamodb) == ["b"]
        cloud.advance(hours=1, seconds=1)
        assert keys(dynamodb) == []


def test_nothing_is_left_in_the_index_of_instants(cloud, dynamodb, account):
    make(dynamodb)
    turn_on(dynamodb)
    for number in range(250):
        put(dynamodb, str(number), at(cloud, minutes=number))
    dynamodb.delete_item(TableName=NAME, Key={"pk": {"S": "200"}})
    cloud.advance(days=1)

    with cloud.cloud.kernel.store.snapshot() as tx:
        left = [key for key, _ in tx.items(("dynamodb", account, "us-east-1", "of-table")) if "expiry" in key]
    assert left == [] and keys(dynamodb) == []
