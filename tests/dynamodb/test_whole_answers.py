"""Whole answers, member by member: what AWS gives, no member more and none less."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.dynamodb.shapes import item, refused, words
from tests.dynamodb.tables import index, key, types, units

PROVISIONED = {"ProvisionedThroughput": units(5, 5)}


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


def body(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return answer


def make(dynamodb: Any, name: str = "music", **more: Any) -> dict[str, Any]:
    given = {"KeySchema": key("id"), "AttributeDefinitions": types(id="S"), **PROVISIONED, **more}
    return dynamodb.create_table(TableName=name, **given)["TableDescription"]


def described(account: str, **more: Any) -> dict[str, Any]:
    return {
        "AttributeDefinitions": types(id="S"), "DeletionProtectionEnabled": False, "ItemCount": 0,
        "KeySchema": key("id"), "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **units(5, 5)},
        "TableArn": f"arn:aws:dynamodb:us-east-1:{account}:table/music", "TableName": "music", "TableSizeBytes": 0,
        **more,
    }  # fmt: skip


def without_times(table: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(table.pop("CreationDateTime"), datetime)
    UUID(table.pop("TableId"))
    return table


@pytest.mark.parametrize("is_on_demand", [False, True])
def test_tables_with_an_index(dynamodb, account, is_on_demand):
    given = (
        {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": None} if is_on_demand
        else {"BillingMode": "PROVISIONED", **PROVISIONED}
    )  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    wanted = index("by-record", "record", **({} if is_on_demand else {"ProvisionedThroughput": units(1, 1)}))
    definitions = types(id="S", record="S")
    request = {"KeySchema": key("id"), "AttributeDefinitions": definitions, "GlobalSecondaryIndexes": [wanted]}
    made = dynamodb.create_table(TableName="music", **request, **given)["TableDescription"]
    found = dynamodb.describe_table(TableName="music")["Table"]

    throughput = {"NumberOfDecreasesToday": 0, **(units(0, 0) if is_on_demand else units(1, 1))}
    by_record = {
        "IndexArn": f"arn:aws:dynamodb:us-east-1:{account}:table/music/index/by-record", "IndexName": "by-record",
        "IndexSizeBytes": 0, "ItemCount": 0, "KeySchema": key("record"), "Projection": {"ProjectionType": "ALL"},
        "ProvisionedThroughput": throughput,
    }  # fmt: skip
    whole = described(account, AttributeDefinitions=definitions)
    if is_on_demand:
        whole["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **units(0, 0)}
        whole["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
        assert isinstance(found["BillingModeSummary"].pop("LastUpdateToPayPerRequestDateTime"), datetime)
    warm = warmed(12000, 4000) if is_on_demand else warmed(5, 5)
    index_warm = warmed(12000, 4000) if is_on_demand else warmed(1, 1)
    assert without_times(made) == whole | {
        "TableStatus": "CREATING", "GlobalSecondaryIndexes": [by_record | {"IndexStatus": "CREATING"}],
    }  # fmt: skip
    assert without_times(found) == whole | {
        "TableStatus": "ACTIVE", "WarmThroughput": warm,
        "GlobalSecondaryIndexes": [by_record | {"IndexStatus": "ACTIVE", "WarmThroughput": index_warm}],
    }  # fmt: skip


def warmed(read: int, write: int, status: str = "ACTIVE") -> dict[str, Any]:
    return {"ReadUnitsPerSecond": read, "WriteUnitsPerSecond": write, "Status": status}


def test_a_table_that_is_made_warm(dynamodb, account):
    made = make(dynamodb, WarmThroughput={"ReadUnitsPerSecond": 1000, "WriteUnitsPerSecond": 1200})
    found = dynamodb.describe_table(TableName="music")["Table"]

    assert without_times(made) == described(
        account, TableStatus="CREATING", WarmThroughput=warmed(1000, 1200, "UPDATING")
    )  # fmt: skip
    assert without_times(found) == described(account, TableStatus="ACTIVE", WarmThroughput=warmed(1000, 1200))


def test_puts(dynamodb):
    make(dynamodb)
    first, second = item(id="id1", data="foobar"), item(id="id2", data="foobar")

    assert body(dynamodb.put_item(TableName="music", Item=first)) == {}
    assert body(dynamodb.put_item(TableName="music", Item=first, ReturnValues="ALL_OLD")) == {"Attributes": first}
    assert body(dynamodb.put_item(TableName="music", Item=second, ReturnValues="ALL_OLD")) == {}
    assert body(dynamodb.put_item(TableName="music", Item=second, ReturnValues="NONE")) == {}


def test_a_condition_that_fails_and_shows_the_item(dynamodb):
    make(dynamodb)
    there = item(id="456", product="sporting goods", price=650)
    dynamodb.put_item(TableName="music", Item=there)
    answer = refused(
        dynamodb.delete_item, TableName="music", Key=item(id="456"), ConditionExpression="price > :most",
        ExpressionAttributeValues=item(**{":most": 700}), ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )  # fmt: skip
    assert answer["ResponseMetadata"].pop("HTTPStatusCode") == 400
    del answer["ResponseMetadata"]
    assert answer.pop("Error") == {
        "Code": "ConditionalCheckFailedException", "Message": "The conditional request failed",
    }  # fmt: skip
    assert answer.pop("message", None) is None, "AWS spells it Message in this error"
    assert answer == {"Item": there}


def test_batches(dynamodb):
    make(dynamodb)
    puts = [{"PutRequest": {"Item": item(id=name, raw=b"\x90\xff")}} for name in "ab"]
    assert body(dynamodb.batch_write_item(RequestItems={"music": puts})) == {"UnprocessedItems": {}}
    assert body(dynamodb.batch_get_item(RequestItems={"music": {"Keys": [item(id="c")]}})) == {
        "Responses": {"music": []}, "UnprocessedKeys": {},
    }  # fmt: skip
    wrong = [{"PutRequest": {"Item": item(name="no key")}}]
    assert words(dynamodb.batch_write_item, RequestItems={"music": wrong}) == (
        "The provided key element does not match the schema"
    )


def test_transactions(dynamodb, account):
    make(dynamodb)
    for name in ("music", f"arn:aws:dynamodb:us-east-1:{account}:table/music"):
        put = {"Put": {"TableName": name, "Item": item(id="John", more="x")}}
        for _ in range(2):
            assert body(dynamodb.transact_write_items(TransactItems=[put], ClientRequestToken=name[-30:])) == {}
        get = {"Get": {"TableName": name, "Key": item(id="John"), "ProjectionExpression": "id"}}
        assert body(dynamodb.transact_get_items(TransactItems=[get])) == {"Responses": [{"Item": item(id="John")}]}


def test_statements(dynamodb):
    make(dynamodb)
    inserts = [
        {"Statement": "INSERT INTO music VALUE {'id': 'user01'}"},
        {"Statement": "INSERT INTO music VALUE {'id': ?, 'FirstName': 'Alice'}", "Parameters": [{"S": "user02"}]},
    ]
    assert body(dynamodb.execute_transaction(TransactStatements=inserts)) == {"Responses": []}
    scanned = body(dynamodb.scan(TableName="music"))
    assert sorted(each["id"]["S"] for each in scanned.pop("Items")) == ["user01", "user02"]
    assert scanned == {"Count": 2, "ScannedCount": 2}
    found = dynamodb.execute_statement(Statement="SELECT * FROM music WHERE FirstName IS NOT MISSING")
    assert found["Items"] == [item(id="user02", FirstName="Alice")]


@pytest.mark.spec("data:DDBS-02")
def test_a_stream_of_changes_by_transactions(dynamodb, client):
    made = make(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    make(dynamodb, "plain")
    dynamodb.put_item(TableName="music", Item=item(id="Fred"))
    new = put("NewKey")
    transact(dynamodb, new, {"Put": {"TableName": "plain", "Item": item(id="Fred")}})
    transact(dynamodb, update("NewKey", attr1="value1", attr2="value2"), update("NonExistentKey", attr1="value1"))
    transact(dynamodb, {"Delete": {"TableName": "music", "Key": item(id="NewKey")}}, put("Fred", name="Fred"))

    records = stream(client("dynamodbstreams"), made["LatestStreamArn"])
    grown = item(id="NewKey", attr1="value1", attr2="value2")
    assert told(records, 0) == ("INSERT", 12, item(id="Fred"), None)
    assert told(records, 1) == ("INSERT", 16, item(id="NewKey"), None)
    assert told(records, 2) == ("MODIFY", 46, grown, item(id="NewKey"))
    assert told(records, 3) == ("INSERT", 43, item(id="NonExistentKey", attr1="value1"), None)
    assert told(records, 4) == ("REMOVE", 38, None, grown)
    assert told(records, 5) == ("MODIFY", 26, item(id="Fred", name="Fred"), item(id="Fred"))
    assert len(records) == 6


@pytest.mark.spec("data:DDBS-02")
def test_a_stream_of_keys(dynamodb, client):
    made = make(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    for name in ("Fred", "Alice"):
        dynamodb.put_item(TableName="music", Item=item(id=name))
        dynamodb.update_item(
            TableName="music", Key=item(id=name), UpdateExpression="SET S = :r",
            ExpressionAttributeValues=item(**{":r": "Fred_Modified"}),
        )  # fmt: skip
        dynamodb.delete_item(TableName="music", Key=item(id=name))

    records = stream(client("dynamodbstreams"), made["LatestStreamArn"], "KEYS_ONLY")
    assert [told(records, number) for number in range(6)] == [
        (what, size, None, None) for size in (6, 7) for what in ("INSERT", "MODIFY", "REMOVE")
    ]


@pytest.mark.spec("data:DDBS-02")
def test_bytes_in_a_stream_are_those_of_the_table(dynamodb, client):
    made = make(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    whole = item(id="id1", version=1, data=b"\x90")
    dynamodb.put_item(TableName="music", Item=whole)
    dynamodb.update_item(
        TableName="music", Key=item(id="id1"), UpdateExpression="SET version = :v",
        ExpressionAttributeValues=item(**{":v": 2}),
    )  # fmt: skip
    changed = whole | item(version=2)
    assert dynamodb.get_item(TableName="music", Key=item(id="id1"))["Item"] == changed
    records = stream(client("dynamodbstreams"), made["LatestStreamArn"])
    assert [each["dynamodb"]["NewImage"] for each in records] == [whole, changed]


def test_a_stream_that_is_not_there(client, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/music/stream/2024-11-18T14:36:44.149"
    answer = refused(client("dynamodbstreams").describe_stream, StreamArn=arn)
    said = f"Requested resource not found: Stream: {arn} not found"
    assert answer["Error"] == {"Code": "ResourceNotFoundException", "Message": said}
    assert (answer["message"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (said, 400)


def put(key_text: str, **more: str) -> dict[str, Any]:
    return {"Put": {"TableName": "music", "Item": item(id=key_text, **more)}}


def update(name: str, **texts: str) -> dict[str, Any]:
    expression = "SET " + ", ".join(f"{each} = :{each}" for each in texts)
    values = item(**{f":{each}": text for each, text in texts.items()})
    given = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    return {"Update": {"TableName": "music", "Key": item(id=name), **given}}


def transact(dynamodb: Any, *actions: dict[str, Any]) -> None:
    assert body(dynamodb.transact_write_items(TransactItems=list(actions))) == {}


def stream(streams: Any, arn: str, view: str = "NEW_AND_OLD_IMAGES") -> list[dict[str, Any]]:
    """The records of the one shard, of a stream that is described as it should be."""
    found = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    ((shard),) = found.pop("Shards")
    assert isinstance(found.pop("CreationRequestDateTime"), datetime)
    assert shard.keys() == {"ShardId", "SequenceNumberRange"}
    assert shard["SequenceNumberRange"].keys() == {"StartingSequenceNumber"}
    assert found == {
        "KeySchema": key("id"), "StreamArn": arn, "StreamLabel": arn.rpartition("/")[2], "StreamStatus": "ENABLED",
        "StreamViewType": view, "TableName": "music",
    }  # fmt: skip
    given = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    return streams.get_records(ShardIterator=streams.get_shard_iterator(**given)["ShardIterator"])["Records"]


def told(records: list[dict[str, Any]], number: int) -> tuple[str, int, Any, Any]:
    """What happened, its size, and the images; the rest is the same of all records."""
    record = dict(records[number])
    change = dict(record.pop("dynamodb"))
    new, old = change.pop("NewImage", None), change.pop("OldImage", None)
    assert record.pop("eventID") not in {each["eventID"] for each in records[:number]}
    name, size, keys = record.pop("eventName"), change.pop("SizeBytes"), change.pop("Keys")
    assert record == {"awsRegion": "us-east-1", "eventSource": "aws:dynamodb", "eventVersion": "1.1"}
    assert change.keys() == {"ApproximateCreationDateTime", "SequenceNumber", "StreamViewType"}
    assert keys == {"id": (new or old or keys)["id"]}
    return name, size, new, old
