"""Expressions through a real client: what they do to items, and how AWS words its refusals."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

NAME = "things"


@pytest.fixture
def dynamodb(client):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName=NAME,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def put(dynamodb, **attributes):
    dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "one"}, **attributes})


def update(dynamodb, text, **options):
    return dynamodb.update_item(TableName=NAME, Key={"pk": {"S": "one"}}, UpdateExpression=text, **options)


def item(dynamodb, **options):
    return dynamodb.get_item(TableName=NAME, Key={"pk": {"S": "one"}}, **options)["Item"]


def refused(ask, *arguments, **options):
    with pytest.raises(ClientError) as refusal:
        ask(*arguments, **options)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.spec("data:DDB-08", "data:DDB-09")
def test_an_update_changes_only_what_it_names(dynamodb):
    put(dynamodb, count={"N": "9"}, tags={"SS": ["a", "b"]}, log={"L": [{"S": "x"}]}, same={"S": "s"})

    changed = update(
        dynamodb,
        "SET #c = #c + :one, #l = list_append(#l, :more), made = if_not_exists(made, :one) DELETE tags :a",
        ExpressionAttributeNames={"#c": "count", "#l": "log"},
        ExpressionAttributeValues={
            ":one": {"N": "1"},
            ":more": {"L": [{"BOOL": True}]},
            ":a": {"SS": ["a"]},
        },
        ReturnValues="UPDATED_NEW",
    )["Attributes"]

    assert changed == {
        "count": {"N": "10"},
        "log": {"L": [{"S": "x"}, {"BOOL": True}]},
        "made": {"N": "1"},
        "tags": {"SS": ["b"]},
    }
    assert item(dynamodb) == {"pk": {"S": "one"}, "same": {"S": "s"}, **changed}


@pytest.mark.spec("data:DDB-11")
def test_a_condition_that_is_false_changes_nothing(dynamodb):
    put(dynamodb, size={"N": "5"})
    code, message = refused(
        dynamodb.put_item,
        TableName=NAME,
        Item={"pk": {"S": "one"}},
        ConditionExpression="attribute_not_exists(pk) OR #s BETWEEN :low AND :high",
        ExpressionAttributeNames={"#s": "size"},
        ExpressionAttributeValues={":low": {"N": "6"}, ":high": {"N": "9"}},
    )
    assert (code, message) == ("ConditionalCheckFailedException", "The conditional request failed")
    assert item(dynamodb)["size"] == {"N": "5"}


@pytest.mark.spec("data:DDB-12")
def test_a_projection_shows_parts_of_an_item(dynamodb):
    put(dynamodb, info={"M": {"name": {"S": "n"}, "rest": {"S": "r"}}}, l={"L": [{"N": "0"}, {"N": "1"}]})
    shown = item(dynamodb, ProjectionExpression="info.#n, l[1]", ExpressionAttributeNames={"#n": "name"})
    assert shown == {"info": {"M": {"name": {"S": "n"}}}, "l": {"L": [{"N": "1"}]}}


def test_updates_of_one_item_see_it_as_it_was(dynamodb):
    put(dynamodb, a={"S": "a"}, b={"S": "b"})
    update(dynamodb, "SET a = b, b = a")
    assert item(dynamodb) == {"pk": {"S": "one"}, "a": {"S": "b"}, "b": {"S": "a"}}


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("set _id = :v", {":v": {"S": "x"}}, 'Invalid UpdateExpression: Syntax error; token: "_", near: "set _id"'),
        (
            "SET status = :v",
            {":v": {"S": "x"}},
            "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status",
        ),
        (
            "SET a = :w",
            {":v": {"S": "x"}},
            "Invalid UpdateExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :w",
        ),
        (
            "REMOVE a",
            {":v": {"S": "x"}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}",
        ),
        (
            "SET gone.b = :v",
            {":v": {"S": "x"}},
            "The document path provided in the update expression is invalid for update",
        ),
        ("SET a = gone", None, "The provided expression refers to an attribute that does not exist in the item"),
        ("ADD s :v", {":v": {"N": "1"}}, "An operand in the update expression has an incorrect data type"),
        (
            "SET pk = :v",
            {":v": {"S": "x"}},
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
        ("", None, "Invalid UpdateExpression: The expression can not be empty;"),
    ],
)
def test_updates_that_are_refused(dynamodb, text, options, why):
    put(dynamodb, s={"S": "s"})
    values = {} if options is None else {"ExpressionAttributeValues": options}
    assert refused(update, dynamodb, text, **values) == ("ValidationException", why)
    assert item(dynamodb) == {"pk": {"S": "one"}, "s": {"S": "s"}}


def test_the_older_parameters_do_the_same(dynamodb):
    put(dynamodb, n={"N": "1"})
    key = {"pk": {"S": "one"}}
    dynamodb.update_item(
        TableName=NAME,
        Key=key,
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "2"}}},
        Expected={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "10"}]}},
    )
    assert item(dynamodb, AttributesToGet=["n"]) == {"n": {"N": "3"}}
    code, _ = refused(dynamodb.delete_item, TableName=NAME, Key=key, Expected={"n": {"Value": {"N": "1"}}})
    assert code == "ConditionalCheckFailedException"
