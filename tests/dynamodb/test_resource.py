"""boto3's own objects: tables, batch writers, conditions that are built, and Python's values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from tests.dynamodb.tables import index, key, types


@pytest.fixture
def dynamodb(shared_cloud, account) -> Any:
    session = boto3.session.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name="us-east-1")
    return session.resource("dynamodb", endpoint_url=shared_cloud.url)


@pytest.fixture
def music(dynamodb) -> Any:
    table = dynamodb.create_table(
        TableName="music",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=types(artist="S", n="N", label="S"),
        KeySchema=key("artist", "n"),
        GlobalSecondaryIndexes=[index("labels", "label", "n")],
    )
    table.wait_until_exists()
    return table


def numbers(answer: dict[str, Any]) -> list[int]:
    return [int(item["n"]) for item in answer["Items"]]


@pytest.mark.spec("data:DDB-06", "data:DDB-07", "data:DDB-12")
def test_every_python_value_comes_back_as_it_was(music):
    item = {
        "artist": "Arturus", "n": Decimal("-1.5"), "text": "é", "raw": Binary(b"\0\xff"), "yes": True, "no": False,
        "none": None, "list": [Decimal(1), "a", [None], {"deep": Binary(b"x")}], "map": {"a": {"b": []}},
        "texts": {"a", "b"}, "numbers": {Decimal("1.1"), Decimal(2)}, "raws": {Binary(b"a"), Binary(b"b")},
        "empty": "", "nothing": Binary(b""), "long": Decimal("12345678901234567890123456789012345678"),
        "small": Decimal("1E-130"), "large": Decimal("-1.23E+37"),
    }  # fmt: skip
    music.put_item(Item=item)
    assert music.get_item(Key={"artist": "Arturus", "n": Decimal("-1.5")})["Item"] == item


@pytest.mark.spec("data:DDB-14")
def test_a_batch_writer_writes_everything_and_the_last_of_what_it_was_given_twice(music):
    with music.batch_writer(overwrite_by_pkeys=["artist", "n"]) as batch:
        for n in range(130):
            batch.put_item(Item={"artist": "a", "n": n, "text": "x" * 100})
        for n in range(0, 130, 10):
            batch.delete_item(Key={"artist": "a", "n": n})
        batch.put_item(Item={"artist": "a", "n": 0, "text": "again"})

    found = music.query(KeyConditionExpression=Key("artist").eq("a"))
    assert numbers(found) == [n for n in range(130) if n % 10 or n == 0]
    assert found["Items"][0]["text"] == "again"


@pytest.mark.spec("data:DDB-15")
@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (Key("n").eq(3), [3]),
        (Key("n").lt(0), [-10, -2]),
        (Key("n").lte(-2), [-10, -2]),
        (Key("n").gt(10), [100]),
        (Key("n").gte(10), [10, 100]),
        (Key("n").between(-2, 3), [-2, 0, 3]),
    ],
)
def test_keys_are_compared_as_they_are_built(music, condition, wanted):
    with music.batch_writer() as batch:
        for n in (100, -2, 3, 0, -10, 10):
            batch.put_item(Item={"artist": "a", "n": n, "label": "l"})
    assert numbers(music.query(KeyConditionExpression=Key("artist").eq("a") & condition)) == wanted
    of_label = {"IndexName": "labels", "KeyConditionExpression": Key("label").eq("l") & condition}
    assert numbers(music.query(**of_label, ScanIndexForward=False)) == wanted[::-1]


@pytest.mark.spec("data:DDB-16")
@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (Attr("size").eq(2), {2}),
        (Attr("size").ne(2), {0, 1, 3}),
        (Attr("size").between(1, 2), {1, 2}),
        (Attr("size").is_in([0, 3, 9]), {0, 3}),
        (Attr("name").begins_with("s1"), {1}),
        (Attr("name").contains("3"), {3}),
        (Attr("odd").exists(), {1, 3}),
        (Attr("odd").not_exists() & Attr("size").gt(0), {2}),
        (Attr("tags").contains("t2") | ~Attr("size").lt(3), {2, 3}),
        (Attr("name").size().lt(3) & Attr("deep.list[0].size").gte(1), {1, 2, 3}),
        (Attr("odd").attribute_type("BOOL"), {1, 3}),
    ],
)
def test_filters_are_what_they_are_built_of(music, condition, wanted):
    for n in range(4):
        item = {"artist": f"a{n}", "n": n, "size": n, "name": f"s{n}", "tags": {f"t{n}"}}
        music.put_item(Item=item | {"deep": {"list": [{"size": n}]}} | ({"odd": True} if n % 2 else {}))
    assert set(numbers(music.scan(FilterExpression=condition))) == wanted


@pytest.mark.spec("data:DDB-08", "data:DDB-11")
def test_updates_and_conditions_that_are_built(music):
    of_one = {"artist": "a", "n": 1}
    update = {
        "UpdateExpression": "SET #c = if_not_exists(#c, :none) + :one", "ExpressionAttributeNames": {"#c": "count"},
        "ExpressionAttributeValues": {":none": 0, ":one": Decimal("0.1")},
    }  # fmt: skip
    for _ in range(3):
        shown = music.update_item(Key=of_one, ReturnValues="UPDATED_NEW", **update)
    assert shown["Attributes"] == {"count": Decimal("0.3")}

    with pytest.raises(ClientError) as refused:
        music.delete_item(Key=of_one, ConditionExpression=Attr("count").gt(1) & Attr("artist").exists())
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    with pytest.raises(music.meta.client.exceptions.ConditionalCheckFailedException):
        music.put_item(Item=of_one, ConditionExpression=Attr("artist").not_exists())
    music.delete_item(Key=of_one, ConditionExpression=Attr("count").eq(Decimal("0.3")))
    assert "Item" not in music.get_item(Key=of_one)


@pytest.mark.spec("data:DDB-17")
def test_paginators_follow_every_page(music, dynamodb):
    with music.batch_writer() as batch:
        for n in range(25):
            batch.put_item(Item={"artist": "a", "n": n})
    client = dynamodb.meta.client
    given = {"TableName": "music", "PaginationConfig": {"PageSize": 4}}
    pages = list(client.get_paginator("query").paginate(KeyConditionExpression=Key("artist").eq("a"), **given))

    assert [len(page["Items"]) for page in pages] == [4, 4, 4, 4, 4, 4, 1]
    assert [n for page in pages for n in numbers(page)] == list(range(25))
    scanned = client.get_paginator("scan").paginate(**given).build_full_result()
    assert len(scanned["Items"]) == 25


def test_batches_and_transactions_of_the_resource_speak_python(dynamodb, music):
    client = dynamodb.meta.client
    items = [{"artist": "a", "n": Decimal(n), "tags": {"x"}} for n in range(2)]
    dynamodb.batch_write_item(RequestItems={"music": [{"PutRequest": {"Item": item}} for item in items]})
    keys = [{"artist": "a", "n": n} for n in range(3)]
    found = dynamodb.batch_get_item(RequestItems={"music": {"Keys": keys, "ConsistentRead": True}})
    assert sorted(found["Responses"]["music"], key=lambda item: item["n"]) == items
    assert found["UnprocessedKeys"] == {}

    new = {"artist": "b", "n": Decimal(1)}
    put = {"Put": {"TableName": "music", "Item": new, "ConditionExpression": "attribute_not_exists(artist)"}}
    client.transact_write_items(TransactItems=[put, {"Delete": {"TableName": "music", "Key": keys[0]}}])
    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(TransactItems=[put, {"Delete": {"TableName": "music", "Key": keys[1]}}])
    reasons = refused.value.response["CancellationReasons"]
    assert [each["Code"] for each in reasons] == ["ConditionalCheckFailed", "None"]
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": "music", "Key": key}} for key in (*keys, new)])
    assert [each.get("Item") for each in got["Responses"]] == [None, items[1], None, new]


def test_a_table_tells_of_itself_and_goes(dynamodb, music):
    music.put_item(Item={"artist": "a", "n": 1})
    music.reload()
    assert (music.table_status, music.item_count, music.billing_mode_summary["BillingMode"]) == (
        "ACTIVE", 1, "PAY_PER_REQUEST",
    )  # fmt: skip
    assert [table.name for table in dynamodb.tables.all()] == ["music"]
    music.delete()
    music.wait_until_not_exists()
    assert list(dynamodb.tables.all()) == []
