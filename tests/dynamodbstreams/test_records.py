"""What the records of a stream tell."""

from __future__ import annotations

import pytest

from tests.dynamodbstreams.conftest import BOTH, NAME, delete, everything, iterator, put, told


@pytest.mark.spec("data:DDBS-02")
def test_every_change_yields_one_record_in_order(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "a", colour="red")
    put(dynamodb, "b")
    put(dynamodb, "a", colour="blue")
    delete(dynamodb, "a")

    found = everything(streams, arn)

    assert told(found) == [("INSERT", "a"), ("INSERT", "b"), ("MODIFY", "a"), ("REMOVE", "a")]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in found]
    assert numbers == sorted(set(numbers)) and all(21 <= len(number) <= 40 for number in numbers)
    assert len({each["eventID"] for each in found}) == 4


def test_a_record_has_the_members_that_consumers_read(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "NewKey")
    put(dynamodb, "NewKey", attr1="value1", attr2="value2")

    first, second = everything(streams, arn)

    assert (first["eventSource"], first["eventVersion"], first["awsRegion"]) == ("aws:dynamodb", "1.1", "us-east-1")
    assert first["dynamodb"]["ApproximateCreationDateTime"].microsecond == 0
    assert first["dynamodb"]["StreamViewType"] == BOTH
    assert "OldImage" not in first["dynamodb"] and "userIdentity" not in first
    # Keys, and each image, are counted: 8 + 8 bytes, then 8 + 30 + 8.
    assert [each["dynamodb"]["SizeBytes"] for each in (first, second)] == [16, 46]
    assert second["dynamodb"]["OldImage"] == {"pk": {"S": "NewKey"}} | {}


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", [(), (), ()]),
        ("NEW_IMAGE", [("NewImage",), ("NewImage",), ()]),
        ("OLD_IMAGE", [(), ("OldImage",), ("OldImage",)]),
        (BOTH, [("NewImage",), ("NewImage", "OldImage"), ("OldImage",)]),
    ],
)
def test_the_view_type_says_which_images_a_record_has(dynamodb, streams, make_table, view, images):
    arn = make_table(view)
    put(dynamodb, "a", colour="red")
    put(dynamodb, "a", colour="blue")
    delete(dynamodb, "a")

    found = [each["dynamodb"] for each in everything(streams, arn)]

    assert [tuple(sorted({"NewImage", "OldImage"} & each.keys())) for each in found] == images
    assert [each["Keys"] for each in found] == [{"pk": {"S": "a"}}] * 3
    for each in found:
        assert each.get("NewImage", {"colour": {"S": "?"}})["colour"]["S"] in ("red", "blue", "?")


def test_a_write_that_changes_nothing_is_not_told(dynamodb, streams, make_table):
    arn = make_table()
    item = {"pk": {"S": "a"}, "tags": {"SS": ["x", "y"]}, "size": {"N": "1.50"}}
    dynamodb.put_item(TableName=NAME, Item=item)
    dynamodb.put_item(TableName=NAME, Item=item | {"tags": {"SS": ["y", "x"]}, "size": {"N": "1.5"}})
    delete(dynamodb, "nobody")

    assert told(everything(streams, arn)) == [("INSERT", "a")]


def test_images_hold_every_kind_of_value(dynamodb, streams, make_table):
    arn = make_table()
    item = {
        "pk": {"S": "é"}, "b": {"B": b"\x00\xff"}, "bs": {"BS": [b"1", b"2"]}, "n": {"N": "-1.5"}, "t": {"BOOL": True},
        "nothing": {"NULL": True}, "m": {"M": {"l": {"L": [{"N": "1"}, {"S": ""}]}}}, "ns": {"NS": ["1", "2"]},
    }  # fmt: skip
    dynamodb.put_item(TableName=NAME, Item=item)

    (record,) = everything(streams, arn)

    assert record["dynamodb"]["NewImage"] == item


def test_update_and_batches_and_transactions_are_told(dynamodb, streams, make_table):
    arn = make_table()
    dynamodb.batch_write_item(RequestItems={NAME: [{"PutRequest": {"Item": {"pk": {"S": key}}}} for key in "ab"]})
    dynamodb.update_item(
        TableName=NAME,
        Key={"pk": {"S": "a"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": NAME, "Item": {"pk": {"S": "c"}}}},
            {"Delete": {"TableName": NAME, "Key": {"pk": {"S": "b"}}}},
        ]
    )

    found = told(everything(streams, arn))

    assert sorted(found[:2]) == [("INSERT", "a"), ("INSERT", "b")]
    assert found[2] == ("MODIFY", "a")
    assert sorted(found[3:]) == [("INSERT", "c"), ("REMOVE", "b")]


def test_a_refused_write_is_not_told(dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "a")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)")

    assert told(everything(streams, arn)) == [("INSERT", "a")]


def test_a_page_ends_after_the_limit_and_after_a_megabyte(dynamodb, streams, make_table):
    arn = make_table("NEW_IMAGE")
    for number in range(6):
        put(dynamodb, f"k{number}", text="x" * 300_000)

    first = streams.get_records(ShardIterator=iterator(streams, arn))
    second = streams.get_records(ShardIterator=first["NextShardIterator"], Limit=2)
    third = streams.get_records(ShardIterator=second["NextShardIterator"])

    assert [len(page["Records"]) for page in (first, second, third)] == [3, 2, 1]
    keys = [key for page in (first, second, third) for _, key in told(page["Records"])]
    assert keys == [f"k{number}" for number in range(6)]
