"""Scan: everything once, page by page, also in segments side by side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.shapes import item, make, words


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    make(made, indexes="by-g:g:S/KEYS_ONLY")
    for start in range(0, 100, 25):
        puts = [
            {"PutRequest": {"Item": item(pk=f"p{n % 10}", sk=f"{n:03}", g=f"g{n % 3}", n=n)}}
            for n in range(start, start + 25)
        ]
        made.batch_write_item(RequestItems={"music": puts})
    return made


def everything(dynamodb: Any, **given: Any) -> list[str]:
    found: list[str] = []
    while True:
        page = dynamodb.scan(TableName="music", **given)
        found += [each["sk"]["S"] for each in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        given["ExclusiveStartKey"] = page["LastEvaluatedKey"]


ALL = [f"{n:03}" for n in range(100)]


@pytest.mark.spec("data:DDB-16")
def test_a_scan_finds_everything_once(dynamodb):
    assert sorted(everything(dynamodb)) == ALL
    assert sorted(everything(dynamodb, Limit=7)) == ALL
    assert sorted(everything(dynamodb, IndexName="by-g", Limit=9)) == ALL


@pytest.mark.parametrize("index", [{}, {"IndexName": "by-g"}])
def test_segments_come_together_to_all_items_once(dynamodb, index):
    segments = [everything(dynamodb, Segment=n, TotalSegments=4, Limit=6, **index) for n in range(4)]
    assert sorted(each for segment in segments for each in segment) == ALL
    if not index:
        assert all(segments)


def test_the_filter_comes_after_the_page(dynamodb):
    found = dynamodb.scan(
        TableName="music", FilterExpression="n < :n", ExpressionAttributeValues=item(**{":n": 5}), Limit=100
    )
    assert (found["Count"], found["ScannedCount"]) == (5, 100)
    older = dynamodb.scan(
        TableName="music", ScanFilter={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "5"}]}}
    )
    assert older["Items"] == found["Items"]


def test_a_scan_may_filter_by_keys(dynamodb):
    found = dynamodb.scan(
        TableName="music", FilterExpression="pk = :p", ExpressionAttributeValues=item(**{":p": "p3"}), Select="COUNT"
    )
    assert (found["Count"], found["ScannedCount"], "Items" in found) == (10, 100, False)


def test_segments_that_cannot_be(dynamodb):
    assert words(dynamodb.scan, TableName="music", Segment=0) == (
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"
    )
    assert words(dynamodb.scan, TableName="music", TotalSegments=2) == (
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"
    )
    assert words(dynamodb.scan, TableName="music", Segment=2, TotalSegments=2) == (
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
        "Segment: 2 is not less than TotalSegments: 2"
    )
    assert words(dynamodb.scan, TableName="music", Segment=0, TotalSegments=1_000_001) == (
        "1 validation error detected: Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must "
        "have value less than or equal to 1000000"
    )


def test_starting_keys_that_cannot_be(dynamodb):
    invalid = "The provided starting key is invalid: "
    for key in (item(pk="p"), item(pk="p", sk=1), item(pk="p", sk="s", x="x")):
        assert words(dynamodb.scan, TableName="music", ExclusiveStartKey=key) == (
            f"{invalid}The provided key element does not match the schema"
        )
    elsewhere = []
    for segment in range(2):
        page = dynamodb.scan(TableName="music", Segment=segment, TotalSegments=2, Limit=1)
        elsewhere.append(page["LastEvaluatedKey"])
    said = words(dynamodb.scan, TableName="music", Segment=0, TotalSegments=2, ExclusiveStartKey=elsewhere[1])
    assert said == (
        f"{invalid}Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
        "TotalSegments: 2 Segment: 0"
    )


def test_a_scan_goes_on_behind_an_item_that_is_gone(dynamodb):
    page = dynamodb.scan(TableName="music", Limit=10)
    dynamodb.delete_item(TableName="music", Key=page["LastEvaluatedKey"])
    rest = everything(dynamodb, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert sorted([each["sk"]["S"] for each in page["Items"]] + rest) == ALL


def test_an_empty_table(client):
    dynamodb = client("dynamodb")
    make(dynamodb, "empty")
    found = dynamodb.scan(TableName="empty", ReturnConsumedCapacity="TOTAL")
    assert (found["Items"], found["Count"], "LastEvaluatedKey" in found) == ([], 0, False)
