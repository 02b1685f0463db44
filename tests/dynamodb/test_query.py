"""Query: ranges of sort keys in order, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.shapes import item, make, value, words

INVALID_START = "The provided starting key is invalid"


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


def query(
    dynamodb: Any, condition: str = "pk = :p", names: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Keywords of one letter are values of the condition."""
    values = {f":{name}": value(more.pop(name)) for name in list(more) if len(name) == 1}
    named = {"ExpressionAttributeNames": names} if names else {}
    return dynamodb.query(
        TableName="music", KeyConditionExpression=condition, ExpressionAttributeValues={":p": value("p")} | values,
        **named, **more,
    )  # fmt: skip


def plain(answer: dict[str, Any]) -> list[Any]:
    return [next(iter(each["sk"].values())) for each in answer["Items"]]


def fill(dynamodb: Any, sort_keys: list[Any], **attributes: Any) -> None:
    make(dynamodb, key=f"pk:S sk:{next(iter(value(sort_keys[0])))}")
    for each in sort_keys:
        for partition in ("p", "q"):
            dynamodb.put_item(TableName="music", Item=item(pk=partition, sk=each, **attributes))


@pytest.mark.spec("data:DDB-15")
def test_numbers_are_in_the_order_of_numbers(dynamodb):
    numbers = ["-1E+100", "-250.5", "-250", "-1", "-0.001", "0", "1E-120", "0.5", "2", "10", "10.01", "9E+125"]
    fill(dynamodb, [{"N": each} for each in reversed(numbers)])

    found = plain(query(dynamodb))
    assert [float(each) for each in found] == [float(each) for each in numbers]
    assert plain(query(dynamodb, ScanIndexForward=False)) == found[::-1]
    assert plain(query(dynamodb, "pk = :p AND sk BETWEEN :a AND :b", a=-250, b=2)) == found[2:9]
    assert plain(query(dynamodb, "pk = :p AND sk < :a", a=-1)) == found[:3]
    assert plain(query(dynamodb, "pk = :p AND sk <= :a", a=-1)) == found[:4]
    assert plain(query(dynamodb, "pk = :p AND sk > :a", a=10)) == found[10:]
    assert plain(query(dynamodb, "pk = :p AND sk >= :a", a=10)) == found[9:]
    assert plain(query(dynamodb, "sk = :a AND pk = :p", a={"N": "2.0"})) == ["2"]


def test_texts_are_in_the_order_of_their_bytes(dynamodb):
    texts = ["A", "B", "a", "a\0", "a\0b", "aa", "ab", "b", "é", "\uffff", "😀"]
    fill(dynamodb, texts[::-1])

    assert plain(query(dynamodb)) == texts
    assert plain(query(dynamodb, "pk = :p AND begins_with(sk, :a)", a="a")) == ["a", "a\0", "a\0b", "aa", "ab"]
    assert plain(query(dynamodb, "pk = :p AND begins_with(sk, :a)", a="é")) == ["é"]
    assert plain(query(dynamodb, "pk = :p AND sk > :a", a="a")) == texts[3:]
    assert plain(query(dynamodb, "pk = :p AND sk <= :a", a="a")) == texts[:3]


def test_binaries_are_in_the_order_of_their_bytes(dynamodb):
    binaries = [b"\0", b"\0\0", b"\x01", b"\x7f", b"\x80", b"\xff", b"\xff\0", b"\xff\xff", b"\xff\xff\x01"]
    fill(dynamodb, binaries[::-1])

    assert plain(query(dynamodb)) == binaries
    assert plain(query(dynamodb, "pk = :p AND begins_with(sk, :a)", a=b"\xff\xff")) == binaries[7:]
    assert plain(query(dynamodb, "pk = :p AND begins_with(sk, :a)", a=b"\0", ScanIndexForward=False)) == (
        [b"\0\0", b"\0"]
    )


@pytest.mark.spec("data:DDB-17")
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7, 10, 11])
def test_pages_come_together_to_all_items_once(dynamodb, forward, limit):
    fill(dynamodb, list(range(10)))
    found, more = [], {}
    while True:
        page = query(dynamodb, Limit=limit, ScanIndexForward=forward, **more)
        found += plain(page)
        assert page["Count"] == page["ScannedCount"] == len(page["Items"]) <= limit
        if "LastEvaluatedKey" not in page:
            break
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    expected = [str(number) for number in range(10)]
    assert found == (expected if forward else expected[::-1])


def test_a_page_that_is_full_names_a_last_key_even_at_the_end(dynamodb):
    fill(dynamodb, [1, 2])
    assert query(dynamodb, Limit=2)["LastEvaluatedKey"] == item(pk="p", sk=2)
    assert "LastEvaluatedKey" not in query(dynamodb, Limit=3)
    assert query(dynamodb, Limit=2, ExclusiveStartKey=item(pk="p", sk=2))["Items"] == []


def test_a_page_holds_a_megabyte_before_the_filter(dynamodb):
    make(dynamodb, key="pk:S sk:N")
    for number in range(6):
        dynamodb.put_item(TableName="music", Item=item(pk="p", sk=number, data="x" * 300_000))

    first = query(dynamodb)
    assert plain(first) == ["0", "1", "2"]
    rest = query(dynamodb, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert plain(rest) == ["3", "4", "5"]
    assert "LastEvaluatedKey" not in rest

    names = {"names": {"#d": "data"}, "FilterExpression": "attribute_not_exists(#d)"}
    nothing = query(dynamodb, **names)
    assert (nothing["Count"], nothing["ScannedCount"], nothing["LastEvaluatedKey"]) == (0, 3, item(pk="p", sk=2))


def test_many_small_items_make_one_page(dynamodb):
    make(dynamodb, key="pk:S sk:N")
    for start in range(0, 600, 25):
        puts = [{"PutRequest": {"Item": item(pk="p", sk=number)}} for number in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={"music": puts})
    page = query(dynamodb)
    assert plain(page) == [str(number) for number in range(600)]
    assert "LastEvaluatedKey" not in page


def test_a_filter_counts_what_it_saw(dynamodb):
    fill(dynamodb, list(range(5)), colour="red")
    dynamodb.put_item(TableName="music", Item=item(pk="p", sk=2, colour="blue"))

    found = query(dynamodb, FilterExpression="colour = :c", c="blue")
    assert (plain(found), found["Count"], found["ScannedCount"]) == (["2"], 1, 5)
    limited = query(dynamodb, FilterExpression="colour = :c", c="blue", Limit=2)
    assert (limited["Count"], limited["ScannedCount"], limited["LastEvaluatedKey"]) == (0, 2, item(pk="p", sk=1))


def test_a_filter_is_not_for_keys(dynamodb):
    fill(dynamodb, [1])
    for name in ("pk", "sk"):
        message = words(
            dynamodb.query, TableName="music", KeyConditionExpression="pk = :p", FilterExpression=f"{name} <> :x",
            ExpressionAttributeValues=item(**{":p": "p", ":x": "x"}),
        )  # fmt: skip
        assert message == (
            f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
        )


def test_counting_and_projecting(dynamodb):
    fill(dynamodb, [1, 2, 3], colour="red", size=5)

    counted = query(dynamodb, Select="COUNT")
    assert (counted["Count"], counted["ScannedCount"], "Items" in counted) == (3, 3, False)
    shown = query(dynamodb, ProjectionExpression="colour, absent")["Items"]
    assert shown == [item(colour="red")] * 3
    assert query(dynamodb, Select="SPECIFIC_ATTRIBUTES", ProjectionExpression="colour")["Items"] == shown
    assert len(query(dynamodb, Select="ALL_ATTRIBUTES")["Items"][0]) == 4


def test_selections_that_cannot_be(dynamodb):
    fill(dynamodb, [1])
    given = {
        "TableName": "music",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": item(**{":p": "p"}),
    }
    assert words(dynamodb.query, Select="ALL_PROJECTED_ATTRIBUTES", **given) == (
        "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    )
    assert words(dynamodb.query, Select="SPECIFIC_ATTRIBUTES", **given) == (
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
    )
    assert words(dynamodb.query, Select="COUNT", ProjectionExpression="a", **given) == (
        "Cannot specify the ProjectionExpression when choosing to get COUNT"
    )


def test_starting_keys_that_cannot_be(dynamodb):
    fill(dynamodb, [1, 2, 3])
    given = {"TableName": "music", "KeyConditionExpression": "pk = :p AND sk < :s"}
    given["ExpressionAttributeValues"] = item(**{":p": "p", ":s": 3})

    def said(key: dict[str, Any]) -> str:
        return words(dynamodb.query, ExclusiveStartKey=key, **given)

    assert said(item(pk="p")) == INVALID_START
    assert said(item(pk="p", sk="text")) == INVALID_START
    assert said(item(pk="p", sk=1, more=1)) == INVALID_START
    assert said(item(pk="q", sk=1)) == "The query can return at most one row and cannot be restarted"
    assert said(item(pk="p", sk=3)) == "The provided starting key does not match the range key predicate"
    assert plain(dynamodb.query(ExclusiveStartKey=item(pk="p", sk=1.5), **given)) == ["2"]


def test_a_starting_key_of_another_partition(dynamodb):
    fill(dynamodb, [1])
    message = words(
        dynamodb.query, TableName="music", KeyConditionExpression="pk = :p",
        ExpressionAttributeValues=item(**{":p": "p"}), ExclusiveStartKey=item(pk="q", sk=1),
    )  # fmt: skip
    assert message == "The provided starting key is outside query boundaries based on provided conditions"


@pytest.mark.parametrize("key", ["pk:S sk:S", "pk:S"])
def test_one_row_by_its_whole_key_is_paged_like_many(dynamodb, key):
    make(dynamodb, key=key)
    whole = item(pk="p", sk="s")
    dynamodb.put_item(TableName="music", Item=whole)
    condition = "pk = :p AND sk = :s" if "sk" in key else "pk = :p"
    values = {name: each for name, each in item(**{":p": "p", ":s": "s"}).items() if name in condition}
    pages = dynamodb.get_paginator("query").paginate(
        TableName="music", KeyConditionExpression=condition, ExpressionAttributeValues=values,
        PaginationConfig={"PageSize": 1},
    )  # fmt: skip
    assert [page["Items"] for page in pages] == [[whole], []]


def test_a_query_needs_a_condition_on_its_keys(dynamodb):
    make(dynamodb)
    assert words(dynamodb.query, TableName="music") == (
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    )
    given = {"KeyConditionExpression": "sk = :s", "ExpressionAttributeValues": item(**{":s": "x"})}
    assert words(dynamodb.query, TableName="music", **given) == "Query condition missed key schema element: pk"


def test_older_parameters(dynamodb):
    fill(dynamodb, list(range(5)), colour="red")
    found = dynamodb.query(
        TableName="music", AttributesToGet=["sk"],
        KeyConditions={
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p"}]},
            "sk": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"N": "3"}]},
        },
        QueryFilter={"colour": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "blue"}]}},
    )  # fmt: skip
    assert plain(found) == ["1", "2", "3"]
    message = words(
        dynamodb.query, TableName="music",
        KeyConditions={"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p"}]}},
        QueryFilter={"sk": {"ComparisonOperator": "NOT_NULL"}},
    )  # fmt: skip
    assert message == "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"


@pytest.mark.spec("data:DDB-13")
def test_a_read_sees_what_was_written(dynamodb):
    make(dynamodb)
    for number in range(20):
        dynamodb.put_item(TableName="music", Item=item(pk="p", sk=f"{number:02}"))
        assert query(dynamodb, ConsistentRead=True)["Count"] == number + 1
