"""Whoever replays a stream has the table."""

from __future__ import annotations

import random

import pytest

from tests.conftest import connect
from tests.dynamodbstreams.conftest import NAME, everything, shards, with_stream

STEPS = 300


@pytest.mark.spec("data:DDBS-02")
@pytest.mark.parametrize("seed", range(3))
def test_a_replayed_stream_is_the_table(own_cloud, account, seed):
    chance = random.Random(seed)
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    streams = connect(own_cloud, "dynamodbstreams", account=account)
    arn = with_stream(dynamodb, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1500})
    hours = 0
    for _ in range(STEPS):
        key = {"pk": {"S": chance.choice("abcdefghij")}}
        action = chance.choice(["put", "update", "update", "delete", "wait"])
        if action == "put":
            dynamodb.put_item(TableName=NAME, Item=key | {"n": {"N": str(chance.randint(0, 3))}})
        elif action == "update":
            change = {":one": {"N": "1"}}
            dynamodb.update_item(
                TableName=NAME, Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues=change
            )
        elif action == "delete":
            dynamodb.delete_item(TableName=NAME, Key=key)
        elif hours < 20 and chance.random() < 0.2:
            hours += 2
            own_cloud.advance(hours=2)
    now = {item["pk"]["S"]: item for item in dynamodb.scan(TableName=NAME)["Items"]}

    replayed: dict[str, object] = {}
    for record in everything(streams, arn):
        told = record["dynamodb"]
        name = told["Keys"]["pk"]["S"]
        assert replayed.get(name) == told.get("OldImage"), f"seed {seed}, {told['SequenceNumber']}"
        assert (record["eventName"] == "INSERT") == (name not in replayed), f"seed {seed}"
        replayed[name] = told.get("NewImage")
        if record["eventName"] == "REMOVE":
            del replayed[name]

    assert replayed == now, f"seed {seed}"
    assert len(shards(streams, arn)) >= 2
