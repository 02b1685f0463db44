"""Single items: put, read, updated, deleted, under conditions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.dynamodb.shapes import item, make, refusal, refused, words

INVALID = "One or more parameter values were invalid: "
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: pk"
)


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    make(made)
    return made


KEY = item(pk="Arturus", sk="Halo")


def put(dynamodb: Any, **attributes: Any) -> dict[str, Any]:
    whole = KEY | item(**attributes)
    dynamodb.put_item(TableName="music", Item=whole)
    return whole


def get(dynamodb: Any, key: dict[str, Any] | None = None, **more: Any) -> dict[str, Any] | None:
    return dynamodb.get_item(TableName="music", Key=key or KEY, **more).get("Item")


@pytest.mark.spec("data:DDB-03")
@pytest.mark.spec("data:DDB-04")
@pytest.mark.spec("data:DDB-07")
def test_an_item_replaces_the_one_with_its_key_and_no_other(dynamodb):
    put(dynamodb, year=1999, label={"NULL": True})
    other = item(pk="Arturus", sk="Other", tags={"SS": ["a", "b"]}, raw=b"\0\xff")
    dynamodb.put_item(TableName="music", Item=other)
    replaced = put(dynamodb, rating=5)

    assert get(dynamodb) == replaced
    assert get(dynamodb, item(pk="Arturus", sk="Other")) == other


@pytest.mark.spec("data:DDB-12")
def test_reading_wants_the_whole_key_and_shows_what_is_asked_for(dynamodb):
    put(dynamodb, year=1999, notes={"M": {"a": {"L": [{"N": "1"}, {"N": "2"}]}}})

    assert get(dynamodb, ProjectionExpression="notes.a[1], #y", ExpressionAttributeNames={"#y": "year"}) == {
        "notes": {"M": {"a": {"L": [{"N": "2"}]}}},
        "year": {"N": "1999"},
    }
    assert get(dynamodb, AttributesToGet=["year", "missing"]) == item(year=1999)
    assert get(dynamodb, item(pk="Arturus", sk="nothing")) is None
    assert words(dynamodb.get_item, TableName="music", Key=item(pk="Arturus")) == (
        "The provided key element does not match the schema"
    )


def test_keys_that_are_none(dynamodb):
    mismatch = "The provided key element does not match the schema"
    for key in (item(pk="a"), item(pk="a", sk=1), item(pk="a", sk="b", x="c"), item(pk="a", other="b")):
        assert words(dynamodb.get_item, TableName="music", Key=key) == mismatch
        assert words(dynamodb.delete_item, TableName="music", Key=key) == mismatch
        assert words(dynamodb.update_item, TableName="music", Key=key) == mismatch
    assert words(dynamodb.get_item, TableName="music", Key=item(pk="", sk="b")) == EMPTY_KEY
    assert words(dynamodb.put_item, TableName="music", Item=item(pk="", sk="b")) == EMPTY_KEY
    assert words(dynamodb.put_item, TableName="music", Item=item(pk="a")) == f"{INVALID}Missing the key sk in the item"
    assert words(dynamodb.put_item, TableName="music", Item=item(pk="a", sk=1)) == (
        f"{INVALID}Type mismatch for key sk expected: S actual: N"
    )
    assert words(dynamodb.put_item, TableName="music", Item=item(pk="a" * 2049, sk="b")) == (
        f"{INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes"
    )
    assert words(dynamodb.put_item, TableName="music", Item=item(pk="a", sk="b" * 1025)) == (
        f"{INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
    )


def test_a_table_that_is_not_there(client):
    dynamodb = client("dynamodb")
    for call in (dynamodb.get_item, dynamodb.delete_item, dynamodb.update_item):
        assert refusal(call, TableName="nowhere", Key=item(pk="a")) == (
            "ResourceNotFoundException",
            "Requested resource not found",
        )


@pytest.mark.spec("data:DDB-05")
def test_an_item_holds_400_kilobytes_names_and_all(dynamodb):
    overhead = len("pk" + "Arturus" + "sk" + "Halo" + "text")
    fits = 400 * 1024 - overhead
    put(dynamodb, text="x" * fits)

    assert words(dynamodb.put_item, TableName="music", Item=KEY | item(text="x" * (fits + 1))) == (
        "Item size has exceeded the maximum allowed size"
    )
    given = {"ExpressionAttributeValues": item(**{":t": "y"})}
    assert words(dynamodb.update_item, TableName="music", Key=KEY, UpdateExpression="SET t = :t", **given) == (
        "Item size to update has exceeded the maximum allowed size"
    )
    assert len(get(dynamodb)["text"]["S"]) == fits


@pytest.mark.spec("data:DDB-08")
def test_an_update_changes_what_it_names_and_makes_what_is_missing(dynamodb):
    update = {"UpdateExpression": "SET plays = :one", "ExpressionAttributeValues": item(**{":one": 1})}
    dynamodb.update_item(TableName="music", Key=KEY, **update)
    assert get(dynamodb) == KEY | item(plays=1)

    put(dynamodb, year=1999, gone="x")
    dynamodb.update_item(TableName="music", Key=KEY, **update | {"UpdateExpression": "SET plays = :one REMOVE gone"})
    assert get(dynamodb) == KEY | item(plays=1, year=1999)


def test_an_update_without_changes_makes_the_item_but_one_that_only_takes_away_does_not(dynamodb):
    dynamodb.update_item(TableName="music", Key=KEY)
    other = item(pk="Arturus", sk="other")
    dynamodb.update_item(TableName="music", Key=other, UpdateExpression="REMOVE a")
    dynamodb.update_item(TableName="music", Key=other, AttributeUpdates={"a": {"Action": "DELETE"}})

    assert get(dynamodb) == KEY
    assert get(dynamodb, other) is None


def test_a_key_cannot_be_updated(dynamodb):
    wanted = f"{INVALID}Cannot update attribute pk. This attribute is part of the key"
    given = {"UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": item(**{":v": "x"})}

    assert words(dynamodb.update_item, TableName="music", Key=KEY, **given) == wanted
    assert words(dynamodb.update_item, TableName="music", Key=KEY, UpdateExpression="REMOVE pk") == wanted
    older = {"AttributeUpdates": {"pk": {"Action": "PUT", "Value": {"S": "x"}}}}
    assert words(dynamodb.update_item, TableName="music", Key=KEY, **older) == wanted


@pytest.mark.spec("data:DDB-09")
def test_counters_lose_nothing_when_many_count(dynamodb):
    def count(_: int) -> None:
        dynamodb.update_item(
            TableName="music", Key=KEY, UpdateExpression="ADD plays :one",
            ExpressionAttributeValues=item(**{":one": 1}),
        )  # fmt: skip

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(80)))
    assert get(dynamodb) == KEY | item(plays=80)


@pytest.mark.spec("data:DDB-10")
def test_what_is_deleted_is_gone_and_may_be_deleted_again(dynamodb):
    whole = put(dynamodb, year=1)

    assert dynamodb.delete_item(TableName="music", Key=KEY, ReturnValues="ALL_OLD")["Attributes"] == whole
    assert "Attributes" not in dynamodb.delete_item(TableName="music", Key=KEY, ReturnValues="ALL_OLD")
    assert get(dynamodb) is None


@pytest.mark.spec("data:DDB-11")
def test_a_condition_that_does_not_hold_changes_nothing(dynamodb):
    whole = put(dynamodb, year=1999)
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}

    assert refusal(dynamodb.put_item, TableName="music", Item=KEY, **absent) == failed
    assert refusal(dynamodb.delete_item, TableName="music", Key=KEY, **absent) == failed
    assert refusal(dynamodb.update_item, TableName="music", Key=KEY, UpdateExpression="REMOVE #y",
                   ExpressionAttributeNames={"#y": "year"}, **absent) == failed  # fmt: skip
    assert get(dynamodb) == whole

    shown = refused(
        dynamodb.put_item, TableName="music", Item=KEY, ReturnValuesOnConditionCheckFailure="ALL_OLD", **absent
    )
    assert shown["Item"] == whole
    older = {"Expected": {"year": {"Value": {"N": "1999.0"}}}}
    dynamodb.delete_item(TableName="music", Key=KEY, **older)
    assert get(dynamodb) is None
    assert refusal(dynamodb.delete_item, TableName="music", Key=KEY, **older) == failed


def test_a_condition_on_an_item_that_is_not_there_shows_none(dynamodb):
    shown = refused(
        dynamodb.update_item, TableName="music", Key=KEY, ConditionExpression="attribute_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )  # fmt: skip
    assert shown["Error"]["Code"] == "ConditionalCheckFailedException"
    assert "Item" not in shown


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("NONE", None),
        ("ALL_OLD", KEY | item(a=1, b=2)),
        ("UPDATED_OLD", item(a=1)),
        ("ALL_NEW", KEY | item(a=10, b=2, c="new")),
        ("UPDATED_NEW", item(a=10, c="new")),
    ],
)
def test_what_an_update_returns(dynamodb, wanted, shown):
    put(dynamodb, a=1, b=2)
    answer = dynamodb.update_item(
        TableName="music", Key=KEY, UpdateExpression="SET a = :ten, c = :c", ReturnValues=wanted,
        ExpressionAttributeValues=item(**{":ten": 10, ":c": "new"}),
    )  # fmt: skip
    assert answer.get("Attributes") == shown


def test_an_update_that_makes_an_item_has_nothing_old_to_return(dynamodb):
    for wanted in ("ALL_OLD", "UPDATED_OLD"):
        answer = dynamodb.update_item(
            TableName="music", Key=item(pk=wanted, sk="s"), UpdateExpression="SET a = :v", ReturnValues=wanted,
            ExpressionAttributeValues=item(**{":v": 1}),
        )  # fmt: skip
        assert "Attributes" not in answer


def test_puts_and_deletes_return_the_old_item_only(dynamodb):
    assert "Attributes" not in dynamodb.put_item(TableName="music", Item=KEY, ReturnValues="ALL_OLD")
    assert dynamodb.put_item(TableName="music", Item=KEY, ReturnValues="ALL_OLD")["Attributes"] == KEY
    for wanted in ("ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"):
        for call, given in ((dynamodb.put_item, {"Item": KEY}), (dynamodb.delete_item, {"Key": KEY})):
            assert words(call, TableName="music", ReturnValues=wanted, **given) == (
                "ReturnValues can only be ALL_OLD or NONE"
            )


def test_numbers_of_keys_are_the_same_however_they_are_written(client):
    dynamodb = client("dynamodb")
    make(dynamodb, key="pk:N")
    dynamodb.put_item(TableName="music", Item={"pk": {"N": "1.50"}, "n": {"N": "0012"}})

    found = dynamodb.get_item(TableName="music", Key={"pk": {"N": "15e-1"}})["Item"]
    assert found == {"pk": {"N": "1.5"}, "n": {"N": "12"}}


def test_older_parameters_work_and_do_not_mix_with_expressions(dynamodb):
    dynamodb.update_item(
        TableName="music", Key=KEY,
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "5"}}, "t": {"Value": {"S": "x"}}},
    )  # fmt: skip
    assert get(dynamodb) == KEY | item(n=5, t="x")
    message = words(
        dynamodb.put_item, TableName="music", Item=KEY, Expected={"pk": {"Exists": False}},
        ConditionExpression="attribute_exists(pk)",
    )  # fmt: skip
    assert message == (
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{Expected} Expression parameters: {ConditionExpression}"
    )


def test_names_and_values_that_no_expression_uses_are_refused(dynamodb):
    assert words(
        dynamodb.put_item, TableName="music", Item=KEY, ConditionExpression="attribute_not_exists(pk)",
        ExpressionAttributeNames={"#x": "x"},
    ) == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"  # fmt: skip
    unasked = {"ExpressionAttributeValues": item(**{":x": 1})}
    assert words(dynamodb.put_item, TableName="music", Item=KEY, **unasked) == (
        "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
    )


def test_values_that_are_none(dynamodb):
    for bad, said in (
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
        ({"SS": []}, f"{INVALID}An string set  may not be empty"),
        ({"SS": ["a", "a"]}, f"{INVALID}Input collection [a, a] contains duplicates."),
    ):
        assert words(dynamodb.put_item, TableName="music", Item=KEY | {"bad": bad}) == said
    assert get(dynamodb) is None


def test_nothing_is_lost_when_the_cloud_stops(own_cloud):
    dynamodb = own_cloud.client("dynamodb")
    make(dynamodb, indexes="by-year:year:N/ALL")
    dynamodb.put_item(TableName="music", Item=KEY | item(year=1))
    own_cloud.run(own_cloud.cloud.exchange())

    assert dynamodb.get_item(TableName="music", Key=KEY)["Item"] == KEY | item(year=1)
    described = dynamodb.describe_table(TableName="music")["Table"]
    assert (described["ItemCount"], described["TableSizeBytes"]) == (1, 2 + 7 + 2 + 4 + 4 + 2)
