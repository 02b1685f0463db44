"""Where reading begins, and how long an iterator holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.conftest import connect
from tests.dynamodbstreams.conftest import NAME, everything, iterator, put, shards, told, with_stream


def refusal(call, **given):
    with pytest.raises(ClientError) as refused:
        call(**given)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def test_latest_begins_after_what_is_there(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "before")
    latest = iterator(streams, arn, kind="LATEST")
    put(dynamodb, "after")

    assert told(streams.get_records(ShardIterator=latest)["Records"]) == [("INSERT", "after")]


def test_a_sequence_number_is_where_to_begin(dynamodb, streams, make_table):
    arn = make_table()
    for key in "abc":
        put(dynamodb, key)
    number = everything(streams, arn)[1]["dynamodb"]["SequenceNumber"]

    at = iterator(streams, arn, kind="AT_SEQUENCE_NUMBER", SequenceNumber=number)
    after = iterator(streams, arn, kind="AFTER_SEQUENCE_NUMBER", SequenceNumber=number)

    assert [key for _, key in told(streams.get_records(ShardIterator=at)["Records"])] == ["b", "c"]
    assert [key for _, key in told(streams.get_records(ShardIterator=after)["Records"])] == ["c"]


def test_an_iterator_can_be_used_again_and_at_the_end_waits_for_more(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "a")
    begin = iterator(streams, arn)
    page = streams.get_records(ShardIterator=begin)
    empty = streams.get_records(ShardIterator=page["NextShardIterator"])
    put(dynamodb, "b")

    assert streams.get_records(ShardIterator=begin)["Records"][0] == page["Records"][0]
    assert empty["Records"] == []
    assert told(streams.get_records(ShardIterator=empty["NextShardIterator"])["Records"]) == [("INSERT", "b")]


def test_a_time_is_where_to_begin(own_cloud, account):
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    streams = connect(own_cloud, "dynamodbstreams", account=account)
    arn = with_stream(dynamodb)
    for key in "abcdef":
        put(dynamodb, key)
        own_cloud.advance(minutes=1)

    since = iterator(streams, arn, kind="AT_TIMESTAMP", Timestamp=own_cloud.now() - timedelta(minutes=2, seconds=30))

    assert [key for _, key in told(streams.get_records(ShardIterator=since)["Records"])] == ["e", "f"]


def test_an_iterator_expires_after_fifteen_minutes(own_cloud, account):
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    streams = connect(own_cloud, "dynamodbstreams", account=account)
    held = iterator(streams, with_stream(dynamodb))
    own_cloud.advance(minutes=14)
    streams.get_records(ShardIterator=held)
    own_cloud.advance(minutes=2)

    assert refusal(streams.get_records, ShardIterator=held)[0] == "ExpiredIteratorException"


@pytest.mark.parametrize("text", ["x", "|1|", "arn|1|AAAA", "arn|1|kwEC", "é|1|é", "a" * 2000])
def test_nonsense_is_no_iterator(streams, text):
    assert refusal(streams.get_records, ShardIterator=text)[0] == "ValidationException"


def test_what_is_not_there_is_named(dynamodb, streams, make_table):
    arn = make_table()
    missing = arn[:-1] + ("1" if arn[-1] != "1" else "2")

    assert refusal(streams.describe_stream, StreamArn=missing) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Stream: {missing} not found",
    )
    code, _ = refusal(
        streams.get_shard_iterator, StreamArn=arn, ShardId="shardId-" + "0" * 20 + "-12345678",
        ShardIteratorType="LATEST",
    )  # fmt: skip
    assert code == "ResourceNotFoundException"


@pytest.mark.parametrize("number", ["1" * 21, "9" * 40, "x" * 21])
def test_a_sequence_number_of_another_shard_is_refused(streams, make_table, number):
    arn = make_table()
    shard = shards(streams, arn)[0]["ShardId"]
    code, _ = refusal(
        streams.get_shard_iterator, StreamArn=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=number,
    )  # fmt: skip
    assert code == "ValidationException"


def test_pages_have_their_largest_sizes(streams, make_table):
    arn = make_table()
    too_many = (
        "1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: Member must have value "
    )
    assert refusal(streams.get_records, ShardIterator=iterator(streams, arn), Limit=1001)[1].startswith(
        too_many.format(1001)
    )
    assert refusal(streams.list_streams, Limit=101)[1].startswith(too_many.format(101))
    assert refusal(streams.describe_stream, StreamArn=arn, Limit=101)[1].startswith(too_many.format(101))
    assert NAME in arn
