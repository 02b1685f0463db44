"""Batches: many items of many tables in one call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.shapes import item, make, refusal, words

DUPLICATES = "Provided list of item keys contains duplicates"


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    make(made, key="pk:S")
    make(made, "books", key="pk:S sk:N")
    return made


def puts(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": each}} for each in items]


def deletes(*keys: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"DeleteRequest": {"Key": each}} for each in keys]


@pytest.mark.spec("data:DDB-14")
def test_a_batch_writes_and_reads_items_of_several_tables(dynamodb):
    music = [item(pk=f"m{number}", n=number) for number in range(20)]
    books = [item(pk="b", sk=number, title="x") for number in range(5)]
    answer = dynamodb.batch_write_item(RequestItems={"music": puts(*music), "books": puts(*books)})
    assert answer["UnprocessedItems"] == {}

    keys = [item(pk="m3"), item(pk="nothing"), item(pk="m17")]
    asked = {"Keys": [item(pk="b", sk=2)], "ProjectionExpression": "title", "ConsistentRead": True}
    found = dynamodb.batch_get_item(RequestItems={"music": {"Keys": keys}, "books": asked})
    assert found["Responses"] == {"music": [music[3], music[17]], "books": [item(title="x")]}
    assert found["UnprocessedKeys"] == {}

    mixed = [*deletes(item(pk="m3"), item(pk="nothing")), *puts(item(pk="m17"))]
    dynamodb.batch_write_item(RequestItems={"music": mixed})
    found = dynamodb.batch_get_item(RequestItems={"music": {"Keys": keys}})
    assert found["Responses"] == {"music": [item(pk="m17")]}


def test_nothing_found_is_an_empty_list(dynamodb):
    found = dynamodb.batch_get_item(RequestItems={"music": {"Keys": [item(pk="x")]}})
    assert found["Responses"] == {"music": []}


def test_limits_and_duplicates(dynamodb):
    many = puts(*(item(pk=f"{number}") for number in range(20)))
    assert words(dynamodb.batch_write_item, RequestItems={"music": many, "books": puts(*[item(pk="b", sk=1)] * 6)}) == (
        "Too many items requested for the BatchWriteItem call"
    )
    keys = {"Keys": [item(pk=f"{number}") for number in range(60)]}
    both = {"music": keys, "books": {"Keys": [item(pk="b", sk=number) for number in range(41)]}}
    assert words(dynamodb.batch_get_item, RequestItems=both) == "Too many items requested for the BatchGetItem call"
    assert words(dynamodb.batch_get_item, RequestItems={"music": {"Keys": [item(pk="a")] * 2}}) == DUPLICATES
    twice = [*puts(item(pk="a")), *deletes(item(pk="a"))]
    assert words(dynamodb.batch_write_item, RequestItems={"music": twice}) == DUPLICATES
    same = puts(item(pk="a", sk={"N": "1"}), item(pk="a", sk={"N": "1.0"}))
    assert words(dynamodb.batch_write_item, RequestItems={"books": same}) == DUPLICATES


def test_what_one_request_refuses_stops_the_batch(dynamodb):
    mismatch = "The provided key element does not match the schema"
    for bad in (puts(item(other="x")), puts(item(pk=5)), deletes(item(pk="a", sk=1))):
        assert words(dynamodb.batch_write_item, RequestItems={"music": [*puts(item(pk="ok")), *bad]}) == mismatch
    assert words(dynamodb.batch_get_item, RequestItems={"books": {"Keys": [item(pk="a")]}}) == mismatch
    assert words(dynamodb.batch_write_item, RequestItems={"music": puts(item(pk="a", text="x" * 410_000))}) == (
        "Item size has exceeded the maximum allowed size"
    )
    gone = {"music": puts(item(pk="ok")), "nowhere": puts(item(pk="ok"))}
    assert refusal(dynamodb.batch_write_item, RequestItems=gone) == (
        "ResourceNotFoundException",
        "Requested resource not found",
    )
    assert dynamodb.scan(TableName="music")["Items"] == []


def test_a_write_is_a_put_or_a_delete(dynamodb):
    both = puts(item(pk="a"))[0] | deletes(item(pk="a"))[0]
    assert words(dynamodb.batch_write_item, RequestItems={"music": [both]}) == (
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    )
    assert words(dynamodb.batch_write_item, RequestItems={"music": [{}]}) == (
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    )


def test_a_batch_reads_sixteen_megabytes_and_leaves_the_rest(dynamodb):
    for number in range(45):
        dynamodb.put_item(TableName="music", Item=item(pk=f"{number}", data="x" * 390_000))

    wanted = {"music": {"Keys": [item(pk=f"{number}") for number in range(45)], "ConsistentRead": True}}
    found = []
    calls = 0
    while wanted:
        answer = dynamodb.batch_get_item(RequestItems=wanted)
        found += [each["pk"]["S"] for each in answer["Responses"]["music"]]
        wanted, calls = answer["UnprocessedKeys"], calls + 1
        assert not wanted or wanted["music"]["ConsistentRead"] is True
    assert (sorted(map(int, found)), calls) == (list(range(45)), 2)


def test_parameters_of_a_read_are_checked(dynamodb):
    asked = {"Keys": [item(pk="a")], "ProjectionExpression": "a", "AttributesToGet": ["a"]}
    assert words(dynamodb.batch_get_item, RequestItems={"music": asked}).startswith(
        "Can not use both expression and non-expression parameters in the same request"
    )
    asked = {"Keys": [item(pk="a")], "ProjectionExpression": "a", "ExpressionAttributeNames": {"#x": "x"}}
    assert words(dynamodb.batch_get_item, RequestItems={"music": asked}) == (
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"
    )
