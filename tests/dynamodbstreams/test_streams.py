"""Streams: on and off, listed and described, their shards, and how they age."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.conftest import connect
from tests.dynamodbstreams.conftest import BOTH, NAME, everything, iterator, put, shards, told, with_stream


def pair(cloud, account):
    return connect(cloud, "dynamodb", account=account), connect(cloud, "dynamodbstreams", account=account)


def switch(dynamodb, view):
    wanted = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
    return dynamodb.update_table(TableName=NAME, StreamSpecification=wanted)["TableDescription"]


@pytest.mark.spec("data:DDBS-01")
def test_a_stream_is_switched_on_and_off_and_read_on(dynamodb, streams, make_table):
    first = make_table()
    put(dynamodb, "a")
    switch(dynamodb, None)
    put(dynamodb, "unseen")
    second = switch(dynamodb, "KEYS_ONLY")["LatestStreamArn"]
    put(dynamodb, "b")

    old = streams.describe_stream(StreamArn=first)["StreamDescription"]

    assert first != second
    assert told(everything(streams, first)) == [("INSERT", "a")]
    assert told(everything(streams, second)) == [("INSERT", "b")]
    assert (old["StreamStatus"], old["StreamViewType"]) == ("DISABLED", BOTH)
    assert "EndingSequenceNumber" in old["Shards"][0]["SequenceNumberRange"]
    assert streams.describe_stream(StreamArn=second)["StreamDescription"]["StreamStatus"] == "ENABLED"


def test_a_stream_that_is_on_cannot_be_switched_on(dynamodb, make_table):
    make_table()
    with pytest.raises(ClientError) as refused:
        switch(dynamodb, "KEYS_ONLY")
    assert refused.value.response["Error"]["Message"] == f"Table already has an enabled stream: TableName: {NAME}"


def test_the_end_of_a_closed_shard_has_no_further_iterator(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "a")
    switch(dynamodb, None)

    page = streams.get_records(ShardIterator=iterator(streams, arn), Limit=1)
    end = streams.get_records(ShardIterator=page["NextShardIterator"])

    assert told(page["Records"]) == [("INSERT", "a")]
    assert end["Records"] == [] and "NextShardIterator" not in end


def test_a_stream_is_described(streams, make_table):
    arn = make_table("KEYS_ONLY")
    shown = streams.describe_stream(StreamArn=arn)["StreamDescription"]

    (shard,) = shown["Shards"]
    assert shown["StreamLabel"] == arn.rpartition("/")[2]
    assert shown["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert (shown["TableName"], shown["StreamStatus"], shown["StreamViewType"]) == (NAME, "ENABLED", "KEYS_ONLY")
    assert 28 <= len(shard["ShardId"]) <= 65 and "ParentShardId" not in shard
    assert shard["SequenceNumberRange"].keys() == {"StartingSequenceNumber"}


def test_streams_are_listed_in_pages(streams, make_table):
    arns = [make_table(name=name) for name in ("aaa", "bbb", "ccc")]

    first = streams.list_streams(Limit=2)
    rest = streams.list_streams(Limit=2, ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])

    assert [each["StreamArn"] for each in first["Streams"] + rest["Streams"]] == arns
    assert "LastEvaluatedStreamArn" not in rest
    assert [each["TableName"] for each in streams.list_streams(TableName="bbb")["Streams"]] == ["bbb"]
    assert streams.list_streams(TableName="nothing")["Streams"] == []


def test_the_stream_of_a_deleted_table_can_be_read(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "a")
    dynamodb.delete_table(TableName=NAME)
    again = make_table()

    assert told(everything(streams, arn)) == [("INSERT", "a")]
    assert everything(streams, again) == []


@pytest.mark.spec("data:DDBS-04")
def test_shards_give_way_to_children_after_four_hours(own_cloud, account):
    dynamodb, streams = pair(own_cloud, account)
    arn = with_stream(dynamodb)
    put(dynamodb, "a")
    own_cloud.advance(hours=4, seconds=1)
    put(dynamodb, "b")
    own_cloud.advance(hours=4, seconds=1)
    put(dynamodb, "c")

    first, second, third = shards(streams, arn)

    assert (second["ParentShardId"], third["ParentShardId"]) == (first["ShardId"], second["ShardId"])
    ends = first["SequenceNumberRange"]["EndingSequenceNumber"]
    assert ends < second["SequenceNumberRange"]["StartingSequenceNumber"]
    assert "EndingSequenceNumber" not in third["SequenceNumberRange"]
    assert told(everything(streams, arn)) == [("INSERT", key) for key in "abc"]
    only = streams.describe_stream(
        StreamArn=arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": first["ShardId"]}
    )["StreamDescription"]["Shards"]  # fmt: skip
    assert [each["ShardId"] for each in only] == [second["ShardId"]]


def test_shards_are_described_in_pages(own_cloud, account):
    dynamodb, streams = pair(own_cloud, account)
    arn = with_stream(dynamodb)
    for _ in range(4):
        own_cloud.advance(hours=4, seconds=1)

    seen, after = [], {}
    while True:
        page = streams.describe_stream(StreamArn=arn, Limit=2, **after)["StreamDescription"]
        seen += [each["ShardId"] for each in page["Shards"]]
        if "LastEvaluatedShardId" not in page:
            break
        after = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    assert seen == [each["ShardId"] for each in shards(streams, arn)] and len(seen) == 5


def test_a_large_table_has_several_open_shards(dynamodb, streams):
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 4000}
    arn = with_stream(dynamodb, ProvisionedThroughput=throughput)
    for number in range(60):
        put(dynamodb, str(number))

    open_shards = shards(streams, arn)
    pages = [streams.get_records(ShardIterator=iterator(streams, arn, shard))["Records"] for shard in open_shards]

    assert len(open_shards) == 5 and all(pages)
    assert sorted(key for page in pages for _, key in told(page)) == sorted(map(str, range(60)))


@pytest.mark.spec("data:DDBS-03")
def test_records_vanish_after_a_day(own_cloud, account):
    dynamodb, streams = pair(own_cloud, account)
    arn = with_stream(dynamodb)
    put(dynamodb, "a")
    old = everything(streams, arn)[0]["dynamodb"]["SequenceNumber"]
    shard = shards(streams, arn)[0]
    own_cloud.advance(hours=2)
    put(dynamodb, "b")
    own_cloud.advance(hours=22, minutes=1)

    assert told(everything(streams, arn)) == [("INSERT", "b")]
    with pytest.raises(streams.exceptions.TrimmedDataAccessException):
        iterator(streams, arn, shard, "AT_SEQUENCE_NUMBER", SequenceNumber=old)
    iterator(streams, arn, shard, "AFTER_SEQUENCE_NUMBER", SequenceNumber=old)
    own_cloud.advance(hours=4)
    assert shard["ShardId"] not in [each["ShardId"] for each in shards(streams, arn)]


def test_an_iterator_whose_records_went_meanwhile_says_so(own_cloud, account):
    dynamodb, streams = pair(own_cloud, account)
    arn = with_stream(dynamodb)
    put(dynamodb, "a")
    first = everything(streams, arn)[0]["dynamodb"]["SequenceNumber"]
    own_cloud.advance(hours=23, minutes=50)
    (shard, *_) = shards(streams, arn)
    held = iterator(streams, arn, shard, "AT_SEQUENCE_NUMBER", SequenceNumber=first)
    own_cloud.advance(minutes=12)

    with pytest.raises(streams.exceptions.TrimmedDataAccessException):
        streams.get_records(ShardIterator=held)


def test_nothing_is_left_of_a_stream_a_day_after_it_was_switched_off(own_cloud, account):
    dynamodb, streams = pair(own_cloud, account)
    arn = with_stream(dynamodb)
    for number in range(1200):
        put(dynamodb, str(number))
    switch(dynamodb, None)
    own_cloud.advance(hours=23)
    assert len(everything(streams, arn)) == 1200
    own_cloud.advance(hours=1, minutes=1)

    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=arn)
    assert streams.list_streams()["Streams"] == []
    with own_cloud.cloud.kernel.store.snapshot() as tx:
        for kind in ("stream", "streams"):
            assert list(tx.items(("dynamodb", account, "us-east-1", kind))) == []


def test_streams_survive_a_restart(tmp_path, account):
    from cumulet.testing import LocalCloud

    with LocalCloud(tmp_path / "cloud") as cloud:
        dynamodb, streams = pair(cloud, account)
        arn = with_stream(dynamodb)
        put(dynamodb, "a")
        held = streams.get_records(ShardIterator=iterator(streams, arn))["NextShardIterator"]
    with LocalCloud(tmp_path / "cloud") as cloud:
        dynamodb, streams = pair(cloud, account)
        put(dynamodb, "b")
        assert told(streams.get_records(ShardIterator=held)["Records"]) == [("INSERT", "b")]


@pytest.mark.spec("data:DDB-24")
def test_shards_split_when_the_table_grows_and_never_merge(own_cloud, account):
    dynamodb, streams = pair(own_cloud, account)
    arn = with_stream(dynamodb, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 10})
    for units in (2500, 10):
        put(dynamodb, "a", text=str(units))
        capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": units}
        dynamodb.update_table(TableName=NAME, ProvisionedThroughput=capacity)
        for _ in range(2):
            own_cloud.advance(hours=4, seconds=1)
    for number in range(40):
        put(dynamodb, str(number))

    found = shards(streams, arn)
    open_shards = [each for each in found if "EndingSequenceNumber" not in each["SequenceNumberRange"]]
    children = [each["ParentShardId"] for each in found if "ParentShardId" in each]

    assert len(open_shards) == 3
    assert len({parent for parent in children if children.count(parent) == 2}) == 2
    records = everything(streams, arn)
    assert sorted(key for _, key in told(records)) == sorted(["a", "a", *map(str, range(40))])
    by_key = [
        each["dynamodb"]["NewImage"]["text"]["S"] for each in records if each["dynamodb"]["Keys"]["pk"]["S"] == "a"
    ]
    assert by_key == ["2500", "10"]
