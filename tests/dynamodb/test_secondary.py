"""Secondary indexes as queries see them, and what they ask of items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.shapes import item, make, refusal, words

INVALID = "One or more parameter values were invalid: "
INDEXES = "by-g:g:S,n:N/INCLUDE=shown local-n:pk,n:N/KEYS_ONLY whole:g:S/ALL"


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    make(made, indexes=INDEXES)
    return made


def fill(dynamodb: Any, count: int = 5) -> list[dict[str, Any]]:
    made = [
        item(pk="p", sk=f"s{number}", g="one" if number % 2 else "two", n=10 - number, shown=f"v{number}", extra="x")
        for number in range(count)
    ]
    for each in made:
        dynamodb.put_item(TableName="music", Item=each)
    return made


def query(dynamodb: Any, index: str, hash_value: str, **more: Any) -> dict[str, Any]:
    name = "pk" if index.startswith("local") else "g"
    return dynamodb.query(
        TableName="music", IndexName=index, KeyConditionExpression=f"{name} = :v",
        ExpressionAttributeValues=item(**{":v": hash_value}), **more,
    )  # fmt: skip


def sort_keys(answer: dict[str, Any]) -> list[str]:
    return [each["sk"]["S"] for each in answer["Items"]]


@pytest.mark.spec("data:DDB-25")
@pytest.mark.spec("data:DDB-27")
def test_a_global_index_follows_every_change(dynamodb):
    fill(dynamodb)
    assert sort_keys(query(dynamodb, "by-g", "one")) == ["s3", "s1"]

    key = item(pk="p", sk="s3")
    values = item(**{":n": 100})
    dynamodb.update_item(
        TableName="music", Key=key, UpdateExpression="SET n = :n", ExpressionAttributeValues=values
    )  # fmt: skip
    assert sort_keys(query(dynamodb, "by-g", "one")) == ["s1", "s3"]
    dynamodb.update_item(TableName="music", Key=key, UpdateExpression="REMOVE g")
    assert sort_keys(query(dynamodb, "by-g", "one")) == ["s1"]
    dynamodb.delete_item(TableName="music", Key=item(pk="p", sk="s1"))
    assert sort_keys(query(dynamodb, "by-g", "one")) == []
    assert sort_keys(query(dynamodb, "by-g", "two")) == ["s4", "s2", "s0"]


def test_an_index_is_sparse(dynamodb):
    dynamodb.put_item(TableName="music", Item=item(pk="p", sk="s", g="one"))
    assert query(dynamodb, "by-g", "one")["Count"] == 0
    assert query(dynamodb, "whole", "one")["Count"] == 1
    assert dynamodb.scan(TableName="music", IndexName="local-n")["Count"] == 0


def test_an_index_shows_what_it_projects(dynamodb):
    first = fill(dynamodb, 1)[0]
    shown = {name: value for name, value in first.items() if name != "extra"}

    assert query(dynamodb, "by-g", "two")["Items"] == [shown]
    assert query(dynamodb, "whole", "two")["Items"] == [first]
    assert query(dynamodb, "local-n", "p")["Items"] == [{name: first[name] for name in ("pk", "sk", "n")}]
    assert dynamodb.scan(TableName="music", IndexName="by-g")["Items"] == [shown]
    assert query(dynamodb, "by-g", "two", Select="ALL_PROJECTED_ATTRIBUTES")["Items"] == [shown]


@pytest.mark.spec("data:DDB-26")
def test_a_local_index_fetches_what_it_does_not_project(dynamodb):
    first = fill(dynamodb, 1)[0]

    assert query(dynamodb, "local-n", "p", Select="ALL_ATTRIBUTES")["Items"] == [first]
    assert query(dynamodb, "local-n", "p", ProjectionExpression="extra, g")["Items"] == [item(extra="x", g="two")]
    names = {"FilterExpression": "attribute_exists(extra)"}
    assert query(dynamodb, "local-n", "p", **names)["Items"] == [{name: first[name] for name in ("pk", "sk", "n")}]
    assert query(dynamodb, "local-n", "p", ConsistentRead=True)["Count"] == 1


def test_a_global_index_has_what_it_projects_and_no_more(dynamodb):
    fill(dynamodb, 1)
    assert query(dynamodb, "by-g", "two", FilterExpression="attribute_not_exists(extra)")["Count"] == 1
    with pytest.raises(Exception, match=r"Global secondary index by-g does not project \[extra\]"):
        query(dynamodb, "by-g", "two", ProjectionExpression="extra, shown")
    with pytest.raises(Exception, match="Select type ALL_ATTRIBUTES is not supported for global secondary index by-g"):
        query(dynamodb, "by-g", "two", Select="ALL_ATTRIBUTES")
    with pytest.raises(Exception, match="Consistent reads are not supported on global secondary indexes"):
        query(dynamodb, "by-g", "two", ConsistentRead=True)
    with pytest.raises(Exception, match="The table does not have the specified index: nothing"):
        query(dynamodb, "nothing", "two")


def test_pages_of_an_index_tell_apart_items_with_the_same_key(dynamodb):
    for number in range(12):
        dynamodb.put_item(TableName="music", Item=item(pk=f"p{number}", sk="s", g="same", n=1))
    for forward in (True, False):
        found, more = [], {}
        while True:
            page = query(dynamodb, "by-g", "same", Limit=5, ScanIndexForward=forward, **more)
            found += [each["pk"]["S"] for each in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            assert page["LastEvaluatedKey"].keys() == {"pk", "sk", "g", "n"}
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert len(found) == len(set(found)) == 12


def test_attributes_of_index_keys_must_fit(dynamodb):
    wrong = item(pk="p", sk="s", g=5)
    said = f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g"
    assert words(dynamodb.put_item, TableName="music", Item=wrong) == said
    batch = {"music": [{"PutRequest": {"Item": wrong}}]}
    assert words(dynamodb.batch_write_item, RequestItems=batch) == said

    key = item(pk="p", sk="s")
    values = {"ExpressionAttributeValues": item(**{":v": 5})}
    assert words(dynamodb.update_item, TableName="music", Key=key, UpdateExpression="SET g = :v", **values) == said
    dynamodb.put_item(TableName="music", Item=key | item(extra=5))
    assert words(dynamodb.update_item, TableName="music", Key=key, UpdateExpression="SET g = extra") == (
        "The update expression attempted to update the secondary index key to unsupported type"
    )


def test_index_keys_are_not_empty_and_not_too_long(dynamodb):
    assert words(dynamodb.put_item, TableName="music", Item=item(pk="p", sk="s", g="")) == (
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
        "AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-g, IndexKey: g"
    )
    assert refusal(dynamodb.put_item, TableName="music", Item=item(pk="p", sk="s", g="x" * 2049))[0] == (
        "ValidationException"
    )


def test_a_wrong_attribute_that_an_update_leaves_alone_does_no_harm(client):
    dynamodb = client("dynamodb")
    make(dynamodb, "later")
    dynamodb.put_item(TableName="later", Item=item(pk="p", sk="s", g=5))
    dynamodb.update_table(
        TableName="later", AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }}],
    )  # fmt: skip
    dynamodb.update_item(
        TableName="later", Key=item(pk="p", sk="s"), UpdateExpression="SET x = :x",
        ExpressionAttributeValues=item(**{":x": 1}),
    )  # fmt: skip
    assert dynamodb.scan(TableName="later", IndexName="by-g")["Count"] == 0
