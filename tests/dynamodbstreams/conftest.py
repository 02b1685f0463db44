"""Tables with streams, and how tests read a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

NAME = "orders"
BOTH = "NEW_AND_OLD_IMAGES"


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


@pytest.fixture
def streams(client) -> Any:
    return client("dynamodbstreams")


@pytest.fixture
def make_table(dynamodb) -> Callable[..., str]:
    """Makes a table with a stream; returns the stream's ARN."""
    return lambda view=BOTH, name=NAME: with_stream(dynamodb, view, name)


def with_stream(dynamodb: Any, view: str = BOTH, name: str = NAME, **more: Any) -> str:
    made = dynamodb.create_table(
        TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        **(more or {"BillingMode": "PAY_PER_REQUEST"}),
    )["TableDescription"]  # fmt: skip
    return made["LatestStreamArn"]


def put(dynamodb: Any, key: str, name: str = NAME, **attributes: str) -> None:
    item = {"pk": {"S": key}} | {each: {"S": value} for each, value in attributes.items()}
    dynamodb.put_item(TableName=name, Item=item)


def delete(dynamodb: Any, key: str, name: str = NAME) -> None:
    dynamodb.delete_item(TableName=name, Key={"pk": {"S": key}})


def shards(streams: Any, arn: str) -> list[dict[str, Any]]:
    return streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]


def iterator(
    streams: Any, arn: str, shard: dict[str, Any] | None = None, kind: str = "TRIM_HORIZON", **more: Any
) -> str:
    shard_id = (shard or shards(streams, arn)[0])["ShardId"]
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType=kind, **more)["ShardIterator"]


def everything(streams: Any, arn: str) -> list[dict[str, Any]]:
    """All records of all shards, in the order of the shards."""
    found: list[dict[str, Any]] = []
    for shard in shards(streams, arn):
        at: str | None = iterator(streams, arn, shard)
        while at is not None:
            page = streams.get_records(ShardIterator=at)
            found += page["Records"]
            at = page.get("NextShardIterator") if page["Records"] else None
    return found


def told(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What happened to which key."""
    return [(each["eventName"], each["dynamodb"]["Keys"]["pk"]["S"]) for each in records]
