"""Throughput that callers are held to, by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cumulet.testing import LocalCloud
from tests.dynamodb.shapes import item, make, refused

TABLE_WORDS = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
INDEX_WORDS = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider provisioning your under-provisioned global secondary indexes with the UpdateTable API"
)


@pytest.fixture
def cloud(tmp_path) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path / "cloud", throughput=True) as cloud:
        cloud.cloud.kernel.clock.set_rate(0)
        yield cloud


@pytest.fixture
def dynamodb(cloud) -> Any:
    return cloud.client("dynamodb", config=Config(retries={"max_attempts": 0}))


def provisioned(read: int, write: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


def count_until_refused(call: Any, at_most: int = 5000, **given: Any) -> int:
    for number in range(at_most):
        try:
            call(**given)
        except ClientError:
            return number
    raise AssertionError(f"nothing was refused in {at_most} calls")


@pytest.mark.spec("data:DDB-19")
def test_writes_beyond_what_is_provisioned_are_refused_until_time_passes(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(5, 2))
    write = {"TableName": "music", "Item": item(pk="p")}
    assert count_until_refused(dynamodb.put_item, **write) == 2

    said = refused(dynamodb.put_item, **write)
    assert (said["Error"]["Code"], said["Error"]["Message"]) == ("ProvisionedThroughputExceededException", TABLE_WORDS)
    assert said["ThrottlingReasons"] == [
        {
            "reason": "TableWriteProvisionedThroughputExceeded",
            "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/music",
        }
    ]
    cloud.advance(seconds=1)
    assert count_until_refused(dynamodb.put_item, **write) == 2


@pytest.mark.spec("data:DDB-20")
def test_what_was_not_used_is_kept_for_five_minutes(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(1, 1))
    read = {"TableName": "music", "Key": item(pk="p"), "ConsistentRead": True}
    cloud.advance(seconds=9)
    assert count_until_refused(dynamodb.get_item, **read) == 10
    cloud.advance(hours=1)
    assert count_until_refused(dynamodb.get_item, **read) == 300


def test_reads_cost_by_consistency_and_size_and_leave_a_debt(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(2, 100))
    cloud.advance(seconds=60)
    dynamodb.put_item(TableName="music", Item=item(pk="large", data="x" * 40_000))
    cloud.advance(seconds=1000)
    small = {"TableName": "music", "Key": item(pk="p")}
    assert count_until_refused(dynamodb.get_item, **small) == 1200

    cloud.advance(seconds=1)
    dynamodb.get_item(TableName="music", Key=item(pk="large"), ConsistentRead=True)
    cloud.advance(seconds=3)
    assert refused(dynamodb.get_item, **small)["Error"]["Code"] == "ProvisionedThroughputExceededException"
    cloud.advance(seconds=2)
    dynamodb.get_item(**small)


def test_a_debt_survives_a_restart(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(5, 1))
    write = {"TableName": "music", "Item": item(pk="p")}
    assert count_until_refused(dynamodb.put_item, **write) == 1
    cloud.run(cloud.cloud.kernel.keep_clock())
    cloud.run(cloud.cloud.exchange())
    refused(dynamodb.put_item, **write)


def test_an_index_that_is_full_holds_up_its_table(cloud, dynamodb):
    make(dynamodb, key="pk:S", indexes="by-g:g:S/ALL", **provisioned(5, 1))
    dynamodb.update_table(TableName="music", **provisioned(5, 100))
    cloud.advance(seconds=10)
    write = {"TableName": "music", "Item": item(pk="p", g="a", data="x" * 20_000)}
    dynamodb.put_item(**write)

    said = refused(dynamodb.put_item, TableName="music", Item=item(pk="q"))
    assert said["Error"]["Message"] == INDEX_WORDS
    assert said["ThrottlingReasons"][0]["reason"] == "IndexWriteProvisionedThroughputExceeded"
    query = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": item(**{":g": "a"})}
    assert dynamodb.query(TableName="music", IndexName="by-g", **query)["Count"] == 1


def test_a_batch_does_what_it_can(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(2, 3))
    puts = [{"PutRequest": {"Item": item(pk=f"{number}")}} for number in range(5)]
    answer = dynamodb.batch_write_item(RequestItems={"music": puts})
    assert answer["UnprocessedItems"] == {"music": puts[3:]}
    said = refused(dynamodb.batch_write_item, RequestItems=answer["UnprocessedItems"])
    assert said["Error"]["Code"] == "ProvisionedThroughputExceededException"
    cloud.advance(seconds=1)
    assert dynamodb.batch_write_item(RequestItems=answer["UnprocessedItems"])["UnprocessedItems"] == {}

    keys = [item(pk=f"{number}") for number in range(6)]
    found = dynamodb.batch_get_item(RequestItems={"music": {"Keys": keys, "ConsistentRead": True}})
    assert len(found["Responses"]["music"]) == 4
    assert found["UnprocessedKeys"] == {"music": {"Keys": keys[4:], "ConsistentRead": True}}


@pytest.mark.spec("data:DDB-23")
def test_one_key_gives_no_more_than_its_partition(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(10_000, 4000))
    data = "x" * 390_000
    hot = {"TableName": "music", "Item": item(pk="hot", data=data)}
    assert count_until_refused(dynamodb.put_item, **hot) == 3

    said = refused(dynamodb.put_item, **hot)
    assert said["ThrottlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    assert not all(_is_refused(dynamodb, number) for number in range(20))


@pytest.mark.spec("data:DDB-24")
def test_partitions_do_not_merge_when_less_is_provisioned(cloud, dynamodb):
    make(dynamodb, key="pk:S", **provisioned(10_000, 4000))
    dynamodb.put_item(TableName="music", Item=item(pk="first"))
    dynamodb.update_table(TableName="music", **provisioned(100, 100))
    cloud.advance(seconds=300)

    large = item(pk="hot", data="x" * 390_000)
    assert count_until_refused(dynamodb.put_item, TableName="music", Item=large) == 3
    assert not all(_is_refused(dynamodb, number) for number in range(20))


def _is_refused(dynamodb: Any, number: int) -> bool:
    try:
        dynamodb.put_item(TableName="music", Item=item(pk=f"cold {number}"))
    except ClientError:
        return True
    return False


@pytest.mark.spec("data:DDB-22")
def test_on_demand_has_no_limit_but_its_own(cloud, dynamodb):
    make(dynamodb, key="pk:S")
    for number in range(200):
        dynamodb.put_item(TableName="music", Item=item(pk=f"{number}"))
    make(dynamodb, "limited", key="pk:S", OnDemandThroughput={"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 5})
    write = {"TableName": "limited", "Item": item(pk="p")}
    assert count_until_refused(dynamodb.put_item, **write) == 5
    said = refused(dynamodb.put_item, **write)
    assert said["Error"]["Code"] == "ThrottlingException"
    assert said["throttlingReasons"][0]["reason"] == "TableWriteMaxOnDemandThroughputExceeded"
    cloud.advance(seconds=100)
    assert count_until_refused(dynamodb.put_item, **write) == 5


def test_nobody_is_held_to_anything_unless_it_is_asked_for(client):
    dynamodb = client("dynamodb")
    make(dynamodb, key="pk:S", **provisioned(1, 1))
    for _ in range(50):
        dynamodb.put_item(TableName="music", Item=item(pk="p"))
