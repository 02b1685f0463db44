"""Transactions: all of it or nothing, reasons in order, and requests that may be repeated."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.conftest import connect
from tests.durability.process import CloudProcess

WRONG_KEY = "The provided key element does not match the schema"


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    make_tables(made)
    return made


def make_tables(dynamodb: Any) -> None:
    for name in ("left", "right"):
        dynamodb.create_table(
            TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip


def put(name: str, number: int = 0, table: str = "left", **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": {"id": {"S": name}, "n": {"N": str(number)}}, **more}}


def add(name: str, number: int, table: str = "left", **more: Any) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table, "Key": {"id": {"S": name}}, "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": {"N": str(number)}}, **more,
        }
    }  # fmt: skip


def delete(name: str, table: str = "left", **more: Any) -> dict[str, Any]:
    return {"Delete": {"TableName": table, "Key": {"id": {"S": name}}, **more}}


def check(name: str, condition: str, table: str = "left", **more: Any) -> dict[str, Any]:
    return {
        "ConditionCheck": {"TableName": table, "Key": {"id": {"S": name}}, "ConditionExpression": condition, **more}
    }


def get(name: str, table: str = "left", **more: Any) -> dict[str, Any]:
    return {"Get": {"TableName": table, "Key": {"id": {"S": name}}, **more}}


def numbers(dynamodb: Any, *names: str, table: str = "left") -> list[int | None]:
    found = dynamodb.transact_get_items(TransactItems=[get(name, table) for name in names])["Responses"]
    return [int(each["Item"]["n"]["N"]) if "Item" in each else None for each in found]


def refusal(call: Any, **given: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call(**given)
    response: dict[str, Any] = refused.value.response
    return response


def reasons(call: Any, **given: Any) -> list[str]:
    response = refusal(call, **given)
    assert response["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason["Code"] for reason in response["CancellationReasons"]]
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [" + ", ".join(codes) + "]"
    )
    return codes


def test_actions_of_all_kinds_happen_together_across_tables(dynamodb):
    dynamodb.transact_write_items(TransactItems=[put("a", 1), put("b", 2), put("c", 3, "right")])

    done = dynamodb.transact_write_items(
        TransactItems=[
            add("a", 10), delete("b"), put("d", 4, "right"), add("new", 7),
            check("c", "n = :n", "right", ExpressionAttributeValues={":n": {"N": "3"}}),
        ]
    )  # fmt: skip

    assert done.keys() == {"ResponseMetadata"}
    assert numbers(dynamodb, "a", "b", "new") == [11, None, 7]
    assert numbers(dynamodb, "c", "d", table="right") == [3, 4]


def test_one_condition_that_fails_stops_everything_and_says_which(dynamodb):
    dynamodb.transact_write_items(TransactItems=[put("a", 1)])
    actions = [
        put("new", 1),
        put("a", 2, ConditionExpression="attribute_not_exists(id)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        check("a", "attribute_not_exists(id)"),
        delete("b", ConditionExpression="attribute_exists(id)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
    ]
    actions[2]["ConditionCheck"]["Key"] = {"id": {"S": "c"}}

    response = refusal(dynamodb.transact_write_items, TransactItems=actions)

    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert response["Error"] == {
        "Code": "TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, None, ConditionalCheckFailed]",
    }
    assert response["CancellationReasons"] == [
        {"Code": "None"}, {**failed, "Item": {"id": {"S": "a"}, "n": {"N": "1"}}}, {"Code": "None"}, failed,
    ]  # fmt: skip
    assert numbers(dynamodb, "a", "new") == [1, None]


def test_updates_that_do_not_fit_their_items_cancel_too(dynamodb):
    dynamodb.transact_write_items(TransactItems=[put("a", 1)])
    wrong = add("a", 1)
    wrong["Update"]["UpdateExpression"] = "SET n = absent + :n"
    response = refusal(dynamodb.transact_write_items, TransactItems=[put("b"), wrong])

    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ValidationError"]
    assert response["CancellationReasons"][1]["Message"] == (
        "The provided expression refers to an attribute that does not exist in the item"
    )
    assert numbers(dynamodb, "b") == [None]


def test_an_item_that_grows_too_large_cancels(dynamodb):
    large = put("a", big=None)
    del large["Put"]["big"]
    large["Put"]["Item"]["text"] = {"S": "x" * 410_000}
    assert reasons(dynamodb.transact_write_items, TransactItems=[put("b"), large]) == ["None", "ValidationError"]
    assert numbers(dynamodb, "b") == [None]


def test_keys_of_updates_stay_as_they_are(dynamodb):
    moved = add("a", 1)
    moved["Update"] |= {"UpdateExpression": "SET id = :n", "ExpressionAttributeValues": {":n": {"S": "b"}}}
    response = refusal(dynamodb.transact_write_items, TransactItems=[moved])
    assert response["CancellationReasons"] == [
        {
            "Code": "ValidationError",
            "Message": "One or more parameter values were invalid: "
            "Cannot update attribute id. This attribute is part of the key",
        }
    ]


def test_the_first_key_that_does_not_fit_its_table_cancels(dynamodb):
    wrong = delete("a")
    wrong["Delete"]["Key"] = {"id": {"N": "1"}}
    other = check("b", "attribute_exists(id)")
    other["ConditionCheck"]["Key"] = {"other": {"S": "1"}}

    response = refusal(dynamodb.transact_write_items, TransactItems=[put("c"), wrong, other])

    assert response["CancellationReasons"] == [
        {"Code": "None"}, {"Code": "ValidationError", "Message": WRONG_KEY}, {"Code": "None"}
    ]  # fmt: skip
    incomplete = put("a")
    del incomplete["Put"]["Item"]["id"]
    assert reasons(dynamodb.transact_write_items, TransactItems=[incomplete]) == ["ValidationError"]


def test_an_empty_key_fails_the_request_itself(dynamodb):
    response = refusal(dynamodb.transact_write_items, TransactItems=[put("a"), put("")])
    assert response["Error"]["Code"] == "ValidationException"
    assert "cannot contain an empty string value. Key: id" in response["Error"]["Message"]


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([put("a"), delete("a")], "Transaction request cannot include multiple operations on one item"),
        ([put("a") | delete("b")], "TransactItems can only contain one of Check, Put, Update or Delete"),
        ([{}], "TransactItems can only contain one of Check, Put, Update or Delete"),
        (
            [put("a", ConditionExpression="n =")],
            'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="',
        ),
        (
            [put("a", ConditionExpression="n = :x")],
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :x",
        ),
    ],
)
def test_requests_that_cannot_be_are_refused_whole(dynamodb, actions, message):
    error = refusal(dynamodb.transact_write_items, TransactItems=actions)["Error"]
    assert error == {"Code": "ValidationException", "Message": message}


def test_a_transaction_has_one_to_a_hundred_actions(dynamodb):
    dynamodb.transact_write_items(TransactItems=[put(str(n), n) for n in range(100)])
    assert numbers(dynamodb, *map(str, range(100))) == list(range(100))
    for actions, bound in (([put(str(n)) for n in range(101)], "less than or equal to 100"), ([], "greater than or")):
        error = refusal(dynamodb.transact_write_items, TransactItems=actions)["Error"]
        assert error["Code"] == "ValidationException"
        assert f"'transactItems' failed to satisfy constraint: Member must have length {bound}" in error["Message"]
    error = refusal(dynamodb.transact_get_items, TransactItems=[get(str(n)) for n in range(101)])["Error"]
    assert "Member must have length less than or equal to 100" in error["Message"]


def test_a_transaction_holds_four_megabytes(dynamodb):
    def large(name: str) -> dict[str, Any]:
        made = put(name)
        made["Put"]["Item"]["text"] = {"S": "x" * 399_900}
        return made

    dynamodb.transact_write_items(TransactItems=[large(str(n)) for n in range(10)])
    error = refusal(dynamodb.transact_write_items, TransactItems=[large(f"more {n}") for n in range(11)])["Error"]
    assert error["Code"] == "ValidationException"
    assert numbers(dynamodb, "9", "more 0") == [0, None]


def test_a_table_that_does_not_exist_fails_the_request(dynamodb):
    error = refusal(dynamodb.transact_write_items, TransactItems=[put("a"), put("a", table="none")])["Error"]
    assert error == {"Code": "ResourceNotFoundException", "Message": "Requested resource not found"}
    error = refusal(dynamodb.transact_get_items, TransactItems=[get("a", "none")])["Error"]
    assert error == {"Code": "ResourceNotFoundException", "Message": "Requested resource not found"}


def test_a_repeated_token_does_nothing_again(dynamodb):
    request = {"TransactItems": [add("a", 1)], "ClientRequestToken": "once", "ReturnConsumedCapacity": "TOTAL"}

    first = dynamodb.transact_write_items(**request)
    second = dynamodb.transact_write_items(**request)

    assert numbers(dynamodb, "a") == [1]
    assert first["ConsumedCapacity"] == [{"TableName": "left", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}]
    assert second["ConsumedCapacity"] == [{"TableName": "left", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
    error = refusal(dynamodb.transact_write_items, TransactItems=[add("a", 2)], ClientRequestToken="once")["Error"]
    assert error["Code"] == "IdempotentParameterMismatchException"


def test_a_token_is_forgotten_after_ten_minutes(own_cloud, account):
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    make_tables(dynamodb)
    request = {"TransactItems": [add("a", 1)], "ClientRequestToken": "once"}
    dynamodb.transact_write_items(**request)

    own_cloud.advance(seconds=599)
    dynamodb.transact_write_items(**request)
    assert numbers(dynamodb, "a") == [1]
    own_cloud.advance(seconds=2)
    dynamodb.transact_write_items(**request)
    assert numbers(dynamodb, "a") == [2]
    dynamodb.transact_write_items(**request)
    assert numbers(dynamodb, "a") == [2], "the time begins again"


def test_a_token_of_a_cancelled_transaction_may_be_used_again(dynamodb):
    request = {
        "TransactItems": [add("a", 1, ConditionExpression="attribute_exists(id)")], "ClientRequestToken": "again"
    }  # fmt: skip
    assert reasons(dynamodb.transact_write_items, **request) == ["ConditionalCheckFailed"]
    dynamodb.transact_write_items(TransactItems=[put("a", 1)])
    dynamodb.transact_write_items(**request)
    assert numbers(dynamodb, "a") == [2]


def test_reads_come_in_order_projected_and_with_gaps(dynamodb):
    dynamodb.transact_write_items(TransactItems=[put("a", 1), put("b", 2, "right")])
    found = dynamodb.transact_get_items(
        TransactItems=[
            get("b", "right"), get("none"),
            get("a", ProjectionExpression="#n", ExpressionAttributeNames={"#n": "n"}),
        ],
        ReturnConsumedCapacity="TOTAL",
    )  # fmt: skip
    assert found["Responses"] == [{"Item": {"id": {"S": "b"}, "n": {"N": "2"}}}, {}, {"Item": {"n": {"N": "1"}}}]
    assert found["ConsumedCapacity"] == [
        {"TableName": "right", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0},
        {"TableName": "left", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0},
    ]


def test_reads_refuse_what_writes_refuse(dynamodb):
    error = refusal(dynamodb.transact_get_items, TransactItems=[get("a"), get("a")])["Error"]
    assert error["Message"] == "Transaction request cannot include multiple operations on one item"
    wrong = get("a")
    wrong["Get"]["Key"] = {"id": {"N": "1"}}
    response = refusal(dynamodb.transact_get_items, TransactItems=[get("a"), wrong])
    assert response["CancellationReasons"] == [{"Code": "None"}, {"Code": "ValidationError", "Message": WRONG_KEY}]


def test_tables_are_called_by_their_arns_too(dynamodb, account):
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/left"
    dynamodb.transact_write_items(TransactItems=[put("a", 1, arn), put("b", 2, "right")])
    assert numbers(dynamodb, "a", table=arn) == [1]
    error = refusal(dynamodb.transact_write_items, TransactItems=[put("a", 1, arn), delete("a")])["Error"]
    assert error["Message"] == "Transaction request cannot include multiple operations on one item"


# Nobody ever sees half of a transaction

NAMES = [f"account {number}" for number in range(6)]
MONEY = 100


class Bank:
    """Moves money between items of two tables, and remembers what was acknowledged."""

    def __init__(self, dynamodb: Any, seed: str) -> None:
        self.dynamodb = dynamodb
        self.chance = random.Random(seed)
        self.receipts: list[str] = []
        self.sums: set[int] = set()

    def transfer(self) -> None:
        giver, taker = self.chance.sample(range(len(NAMES)), 2)
        amount, receipt = self.chance.randint(1, 60), f"receipt {self.chance.random()}"
        enough = {"ConditionExpression": "n >= :least"}
        taken = add(NAMES[giver], -amount, table_of(giver), **enough)
        taken["Update"]["ExpressionAttributeValues"][":least"] = {"N": str(amount)}
        try:
            self.dynamodb.transact_write_items(
                TransactItems=[taken, add(NAMES[taker], amount, table_of(taker)), put(receipt, 0, "right")]
            )
            self.receipts.append(receipt)
        except self.dynamodb.exceptions.TransactionCanceledException:
            pass

    def count(self) -> None:
        self.sums.add(total(self.dynamodb))


def table_of(number: int) -> str:
    return ("left", "right")[number % 2]


def total(dynamodb: Any) -> int:
    wanted = [get(name, table_of(number)) for number, name in enumerate(NAMES)]
    found = dynamodb.transact_get_items(TransactItems=wanted)["Responses"]
    return sum(int(each["Item"]["n"]["N"]) for each in found)


def until_it_is_gone(process: CloudProcess, step: Callable[[], None], failures: list[Exception]) -> None:
    try:
        while True:
            step()
    except (BotoCoreError, OSError):
        return
    except Exception as error:  # an answer cut off by the kill says nothing; any other should never be given
        if process.is_alive:
            failures.append(error)


@pytest.mark.spec("data:DDB-09")
def test_no_half_of_a_transaction_is_seen_or_kept_when_the_cloud_is_killed(tmp_path):
    with CloudProcess(tmp_path / "data") as process:
        make_tables(process.client("dynamodb"))
        process.client("dynamodb").transact_write_items(
            TransactItems=[put(name, MONEY, table_of(number)) for number, name in enumerate(NAMES)]
        )
        banks = [Bank(process.client("dynamodb"), f"bank {number}") for number in range(3)]
        failures: list[Exception] = []
        steps = [bank.transfer for bank in banks] + [banks[0].count]
        threads = [threading.Thread(target=until_it_is_gone, args=(process, step, failures)) for step in steps]
        for thread in threads:
            thread.start()
        threading.Event().wait(1.0)
        process.kill()
        for thread in threads:
            thread.join(30)
        process.start()

        dynamodb = process.client("dynamodb")
        assert not failures
        assert banks[0].sums == {total(dynamodb)} == {MONEY * len(NAMES)}
        receipts = [receipt for bank in banks for receipt in bank.receipts]
        assert len(receipts) > 10, "they were under way when the cloud was killed"
        for begin in range(0, len(receipts), 100):
            assert None not in numbers(dynamodb, *receipts[begin : begin + 100], table="right")


# What it costs


def make_indexed(dynamodb: Any, **more: Any) -> None:
    """A table by pk and sk, with a local index by kind and a global one by mark."""

    def index(name: str, *names: str) -> dict[str, Any]:
        schema = [
            {"AttributeName": each, "KeyType": kind} for each, kind in zip(names, ("HASH", "RANGE"), strict=False)
        ]
        return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}

    dynamodb.create_table(
        TableName="indexed", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "kind", "mark")
        ],
        LocalSecondaryIndexes=[index("local", "pk", "kind")], GlobalSecondaryIndexes=[index("global", "mark")],
    )  # fmt: skip


def put_indexed(**attributes: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "indexed", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, **attributes}}}


@pytest.mark.spec("data:DDB-18")
def test_a_transaction_costs_double_in_indexes_too(dynamodb):
    make_indexed(dynamodb)
    wanted = put_indexed(kind={"S": "x"}, mark={"S": "y"}, text={"S": "x" * 1500})
    done = dynamodb.transact_write_items(
        TransactItems=[wanted, put("a", 1), check("none", "attribute_not_exists(id)")],
        ReturnConsumedCapacity="INDEXES", ReturnItemCollectionMetrics="SIZE",
    )  # fmt: skip
    four = {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}
    assert done["ConsumedCapacity"] == [
        {
            "TableName": "indexed", "CapacityUnits": 12.0, "WriteCapacityUnits": 12.0, "Table": four,
            "LocalSecondaryIndexes": {"local": four}, "GlobalSecondaryIndexes": {"global": four},
        },
        {"TableName": "left", "Table": four, **four},
    ]  # fmt: skip
    assert done["ItemCollectionMetrics"] == {
        "indexed": [{"ItemCollectionKey": {"pk": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]}]
    }


def test_keys_of_indexes_are_held_to_their_types(dynamodb):
    make_indexed(dynamodb)
    wrong = put_indexed(mark={"N": "1"})
    response = refusal(dynamodb.transact_write_items, TransactItems=[put("a"), wrong])
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ValidationError",
            "Message": "One or more parameter values were invalid: Type mismatch for Index Key mark Expected: S "
            "Actual: N IndexName: global",
        },
    ]
    empty = refusal(dynamodb.transact_write_items, TransactItems=[put("a"), put_indexed(mark={"S": ""})])["Error"]
    assert empty["Code"] == "ValidationException"
    update = {
        "Update": {
            "TableName": "indexed", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}, "UpdateExpression": "SET mark = :n",
            "ExpressionAttributeValues": {":n": {"N": "1"}},
        }
    }  # fmt: skip
    assert reasons(dynamodb.transact_write_items, TransactItems=[put("a"), update]) == ["None", "ValidationError"]
    assert numbers(dynamodb, "a") == [None]


def test_an_update_that_makes_an_item_too_large_cancels(dynamodb):
    grown = add("a", 1)
    grown["Update"] |= {
        "UpdateExpression": "SET txt = :t", "ExpressionAttributeValues": {":t": {"S": "x" * 410_000}}
    }  # fmt: skip
    response = refusal(dynamodb.transact_write_items, TransactItems=[grown])
    assert response["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": "Item size to update has exceeded the maximum allowed size"}
    ]


@pytest.mark.spec("data:DDB-19")
def test_what_exceeds_the_throughput_of_a_table_cancels(tmp_path):
    with CloudProcess(tmp_path / "data", "--enforce-throughput") as process:
        dynamodb = process.client("dynamodb")
        make_tables(dynamodb)
        dynamodb.create_table(
            TableName="slow", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )  # fmt: skip
        dynamodb.transact_write_items(TransactItems=[put(str(n), table="slow") for n in range(50)])
        dynamodb.transact_get_items(TransactItems=[get(str(n), "slow") for n in range(50)])

        wanted = [put("a"), put("new", table="slow")]
        assert reasons(dynamodb.transact_write_items, TransactItems=wanted) == ["None", "ProvisionedThroughputExceeded"]
        wanted = [get("a"), get("1", "slow")]
        assert reasons(dynamodb.transact_get_items, TransactItems=wanted) == ["None", "ProvisionedThroughputExceeded"]
        statement = "INSERT INTO slow VALUE {'id': 'new'}"
        error = refusal(dynamodb.execute_statement, Statement=statement)["Error"]
        assert error["Code"] == "ProvisionedThroughputExceededException"
        batch = dynamodb.batch_execute_statement(Statements=[{"Statement": statement}])["Responses"]
        assert batch[0]["Error"]["Code"] == "ProvisionedThroughputExceeded"
        assert numbers(dynamodb, "a") == [None]


def test_tables_of_one_other_account_may_be_used_with_its_leave(dynamodb, client, account):
    other = account[::-1]
    guest = client("dynamodb", account=other)
    make_tables(guest)
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/left"
    assert refusal(guest.transact_write_items, TransactItems=[put("a", 1, arn)])["Error"]["Code"] == (
        "AccessDeniedException"
    )
    statement = {
        "Effect": "Allow", "Principal": {"AWS": other}, "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
        "Resource": arn,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy)

    guest.transact_write_items(TransactItems=[put("a", 1, arn), add("b", 2, arn)])

    assert numbers(dynamodb, "a", "b") == [1, 2]
    error = refusal(guest.transact_write_items, TransactItems=[delete("a", arn)])["Error"]
    assert error["Code"] == "AccessDeniedException"
    error = refusal(guest.transact_write_items, TransactItems=[put("a", 1, arn), put("a", 1)])["Error"]
    assert error["Code"] == "ValidationException"
