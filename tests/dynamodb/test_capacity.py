"""What requests consume, as their answers tell it."""

from __future__ import annotations

from typing import Any

import pytest

from cumulet.services.dynamodb import item_collections
from tests.dynamodb.shapes import item, make, refusal, value

INDEXES = "by-g:g:S/INCLUDE=shown local-n:pk,n:N/KEYS_ONLY"


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    make(made, indexes=INDEXES)
    return made


KEY = item(pk="p", sk="s")


def put(dynamodb: Any, wanted: str = "TOTAL", **attributes: Any) -> dict[str, Any]:
    return dynamodb.put_item(TableName="music", Item=KEY | item(**attributes), ReturnConsumedCapacity=wanted)[
        "ConsumedCapacity"
    ]


def units(answer: dict[str, Any]) -> float:
    return answer["ConsumedCapacity"]["CapacityUnits"]


def told(table: float, *, local: float = 0, globally: float = 0) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "TableName": "music",
        "CapacityUnits": table + local + globally,
        "Table": {"CapacityUnits": table},
    }
    if local:
        shown["LocalSecondaryIndexes"] = {"local-n": {"CapacityUnits": local}}
    if globally:
        shown["GlobalSecondaryIndexes"] = {"by-g": {"CapacityUnits": globally}}
    return shown


@pytest.mark.spec("data:DDB-18")
@pytest.mark.parametrize(("size", "writes", "reads"), [(10, 1, 1), (1024, 1, 1), (1025, 2, 1), (4097, 5, 2)])
def test_units_go_by_size(dynamodb, size, writes, reads):
    data = "x" * (size - len("pkpskss" + "data"[:4]) + 1)
    assert put(dynamodb, data=data) == {"TableName": "music", "CapacityUnits": float(writes)}

    read = {"TableName": "music", "Key": KEY, "ReturnConsumedCapacity": "TOTAL"}
    assert units(dynamodb.get_item(ConsistentRead=True, **read)) == reads
    assert units(dynamodb.get_item(**read)) == reads / 2


def test_nothing_is_told_unless_it_is_asked_for(dynamodb):
    assert "ConsumedCapacity" not in dynamodb.put_item(TableName="music", Item=KEY)
    assert "ConsumedCapacity" not in dynamodb.get_item(TableName="music", Key=KEY)
    assert "ConsumedCapacity" not in dynamodb.scan(TableName="music", ReturnConsumedCapacity="NONE")


def test_what_is_not_there_costs_as_little_as_can_be(dynamodb):
    read = {"TableName": "music", "Key": KEY, "ReturnConsumedCapacity": "TOTAL"}
    assert units(dynamodb.get_item(**read)) == 0.5
    assert units(dynamodb.delete_item(**read)) == 1
    found = dynamodb.query(
        TableName="music", KeyConditionExpression="pk = :p", ExpressionAttributeValues=item(**{":p": "nothing"}),
        ReturnConsumedCapacity="TOTAL",
    )  # fmt: skip
    assert units(found) == 0.5


def test_a_write_costs_what_is_larger_before_or_after(dynamodb):
    put(dynamodb, data="x" * 3000)
    assert put(dynamodb)["CapacityUnits"] == 3
    assert put(dynamodb)["CapacityUnits"] == 1


def test_indexes_cost_when_what_they_show_changes(dynamodb):
    assert put(dynamodb, "INDEXES", g="a", n=1) == told(1, local=1, globally=1)
    assert put(dynamodb, "INDEXES", g="a", n=1, unseen="x") == told(1)
    assert put(dynamodb, "INDEXES", g="a", n=1, shown="x") == told(1, globally=1)
    assert put(dynamodb, "INDEXES", g="b", n=2, shown="x") == told(1, local=2, globally=2)
    assert put(dynamodb, "INDEXES", n=2) == told(1, globally=1)
    deleted = dynamodb.delete_item(TableName="music", Key=KEY, ReturnConsumedCapacity="INDEXES")
    assert deleted["ConsumedCapacity"] == told(1, local=1)


def test_a_query_costs_by_the_sum_of_sizes(dynamodb):
    for number in range(20):
        dynamodb.put_item(TableName="music", Item=item(pk="p", sk=f"{number:02}", g="a", n=number, data="x" * 1000))
    asked = {"TableName": "music", "ReturnConsumedCapacity": "INDEXES"}
    by_pk = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": item(**{":p": "p"})}
    by_g = {"KeyConditionExpression": "g = :p", "ExpressionAttributeValues": item(**{":p": "a"})}

    assert dynamodb.query(**asked, **by_pk, ConsistentRead=True)["ConsumedCapacity"] == told(5)
    assert dynamodb.query(**asked, **by_pk)["ConsumedCapacity"] == told(2.5)
    assert dynamodb.query(**asked, **by_pk, Limit=1)["ConsumedCapacity"] == told(0.5)
    assert dynamodb.scan(**asked)["ConsumedCapacity"] == told(2.5)
    assert dynamodb.query(**asked, **by_g, IndexName="by-g")["ConsumedCapacity"] == told(0, globally=0.5)
    assert dynamodb.query(**asked, **by_pk, IndexName="local-n")["ConsumedCapacity"] == told(0, local=0.5)
    fetched = dynamodb.query(**asked, **by_pk, IndexName="local-n", Select="ALL_ATTRIBUTES", Limit=8)
    assert fetched["ConsumedCapacity"] == told(4, local=0.5)


def test_a_filter_saves_nothing(dynamodb):
    for number in range(10):
        dynamodb.put_item(TableName="music", Item=item(pk="p", sk=f"{number}", data="x" * 1000))
    found = dynamodb.scan(
        TableName="music", FilterExpression="attribute_exists(nothing)", ReturnConsumedCapacity="TOTAL",
        ProjectionExpression="pk",
    )  # fmt: skip
    assert (found["Count"], units(found)) == (0, 1.5)


def test_batches_are_told_table_by_table(dynamodb):
    make(dynamodb, "books", key="pk:S")
    writes = {
        "music": [{"PutRequest": {"Item": item(pk=f"{n}", sk="s", g="a")}} for n in range(3)],
        "books": [{"PutRequest": {"Item": item(pk="b", data="x" * 2000)}}],
    }
    written = dynamodb.batch_write_item(RequestItems=writes, ReturnConsumedCapacity="INDEXES")
    assert written["ConsumedCapacity"] == [
        told(3, globally=3),
        {"TableName": "books", "CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}},
    ]
    reads = {"music": {"Keys": [item(pk=f"{n}", sk="s") for n in range(5)]}}
    read = dynamodb.batch_get_item(RequestItems=reads, ReturnConsumedCapacity="TOTAL")
    assert read["ConsumedCapacity"] == [{"TableName": "music", "CapacityUnits": 2.5}]


def test_item_collections_are_measured_where_there_are_local_indexes(dynamodb):
    make(dynamodb, "plain", key="pk:S")
    wanted = {"ReturnItemCollectionMetrics": "SIZE"}
    expected = {"ItemCollectionKey": {"pk": value("p")}, "SizeEstimateRangeGB": [0.0, 1.0]}

    assert dynamodb.put_item(TableName="music", Item=KEY, **wanted)["ItemCollectionMetrics"] == expected
    assert "ItemCollectionMetrics" not in dynamodb.put_item(TableName="plain", Item=item(pk="p"), **wanted)
    batch = {"music": [{"PutRequest": {"Item": item(pk="p", sk=f"{n}")}} for n in range(3)]}
    assert dynamodb.batch_write_item(RequestItems=batch, **wanted)["ItemCollectionMetrics"] == {"music": [expected]}


def test_an_item_collection_may_not_grow_beyond_its_limit(dynamodb, monkeypatch):
    monkeypatch.setattr(item_collections, "MOST_BYTES", 1000)
    put(dynamodb, data="x" * 700)
    more = item(pk="p", sk="t", data="x" * 300)
    full = ("ItemCollectionSizeLimitExceededException", "Item collection size limit of 10 GB exceeded")

    assert refusal(dynamodb.put_item, TableName="music", Item=more) == full
    dynamodb.put_item(TableName="music", Item=more | item(pk="q"))
    dynamodb.delete_item(TableName="music", Key=KEY)
    dynamodb.put_item(TableName="music", Item=more)


def test_a_table_tells_how_many_items_it_has_and_how_large_they_are(dynamodb):
    def totals() -> tuple[int, int]:
        described = dynamodb.describe_table(TableName="music")["Table"]
        return described["ItemCount"], described["TableSizeBytes"]

    put(dynamodb, n=12345, text="é", flag={"BOOL": True}, list={"L": [{"S": "a"}]})
    size = len("pkpskss") - 1 + (1 + 4) + (4 + 2) + (4 + 1) + (4 + 3 + 1 + 1)
    assert totals() == (1, size)
    put(dynamodb)
    assert totals() == (1, 6)
    dynamodb.delete_item(TableName="music", Key=KEY)
    assert totals() == (0, 0)


def test_an_index_tells_how_many_items_it_shows_and_how_large_they_are_there(dynamodb):
    def totals() -> dict[str, tuple[int, int]]:
        described = dynamodb.describe_table(TableName="music")["Table"]
        found = described["GlobalSecondaryIndexes"] + described["LocalSecondaryIndexes"]
        return {each["IndexName"]: (each["ItemCount"], each["IndexSizeBytes"]) for each in found}

    put(dynamodb, g="a", unseen="x" * 100)
    assert totals() == {"by-g": (1, 6 + 2), "local-n": (0, 0)}
    put(dynamodb, g="a", n=12, shown="xyz")
    assert totals() == {"by-g": (1, 6 + 2 + 8), "local-n": (1, 6 + 3)}
    put(dynamodb, n=12)
    assert totals() == {"by-g": (0, 0), "local-n": (1, 6 + 3)}
