"""kill -9 in the middle of writes: a stream and a replica have what the table has, no more and no less."""

from __future__ import annotations

import functools
import threading
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.durability.process import CloudProcess
from tests.dynamodbstreams.conftest import NAME, everything, with_stream

AWAY = "us-west-2"
WRITERS, ROUNDS = 3, 2


def away(process: CloudProcess) -> Any:
    return boto3.client(
        "dynamodb", endpoint_url=process.url, region_name=AWAY, aws_access_key_id="000000000000",
        aws_secret_access_key="test",
    )  # fmt: skip


def write(dynamodb: Any, name: str, acknowledged: dict[str, str]) -> None:
    """Count up in an item, until the cloud is gone."""
    number = int(acknowledged.get(name, "0"))
    while True:
        number += 1
        try:
            dynamodb.put_item(TableName=NAME, Item={"pk": {"S": name}, "n": {"N": str(number)}})
        except (BotoCoreError, OSError):
            return
        acknowledged[name] = str(number)


def contents(dynamodb: Any) -> dict[str, int]:
    return {item["pk"]["S"]: int(item["n"]["N"]) for item in dynamodb.scan(TableName=NAME)["Items"]}


def is_in(dynamodb: Any, wanted: dict[str, int]) -> bool:
    return contents(dynamodb) == wanted


@pytest.mark.spec("data:DDBS-02")
def test_streams_and_replicas_survive_a_kill(tmp_path):
    acknowledged: dict[str, str] = {}
    with CloudProcess(tmp_path / "data") as process:
        home = process.client("dynamodb")
        arn = with_stream(home)
        home.update_table(TableName=NAME, ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
        for _ in range(ROUNDS):
            home = process.client("dynamodb")
            writers = [threading.Thread(target=write, args=(home, f"w{n}", acknowledged)) for n in range(WRITERS)]
            for writer in writers:
                writer.start()
            threading.Event().wait(0.5)
            process.kill()
            for writer in writers:
                writer.join(20)
            process.start()

            there = contents(process.client("dynamodb"))
            for name, number in acknowledged.items():
                assert there[name] - int(number) in (0, 1), "the last write of each may be there unacknowledged"
            told: dict[str, int] = {}
            for record in everything(process.client("dynamodbstreams"), arn):
                image = record["dynamodb"]["NewImage"]
                assert int(image["n"]["N"]) == told.get(image["pk"]["S"], 0) + 1, "no change is missing, none is twice"
                told[image["pk"]["S"]] = int(image["n"]["N"])
            assert told == there
            process.wait_for(functools.partial(is_in, away(process), there))
            acknowledged |= {name: str(number) for name, number in there.items()}
    assert len(acknowledged) == WRITERS
