"""Work on one DynamoDB table, in the JSON protocol. Items have a partition key `pk`, a sort key `sk`, and about 400
bytes in all."""

from __future__ import annotations

import json
import random
from typing import Any

from bench.work import Answer, Ask, Refused, Work

PARTITION = 100
"""Items of one partition, as Query finds them."""
_TEXT = random.Random(400).randbytes(140).hex()


def key(index: int) -> dict[str, Any]:
    return {"pk": {"S": f"customer-{index // PARTITION:08d}"}, "sk": {"N": str(index % PARTITION)}}


def item(index: int) -> dict[str, Any]:
    """Some 400 bytes as DynamoDB counts them."""
    return {
        **key(index),
        "name": {"S": f"item number {index}"},
        "price": {"N": "129.95"},
        "count": {"N": "0"},
        "tags": {"SS": ["green", "large", "new"]},
        "sent": {"BOOL": False},
        "text": {"S": _TEXT},
    }


class _Table(Work):
    service = "dynamodb"
    operation = ""

    def __init__(self, url, keys, table: str, present: int = 0, **options) -> None:
        super().__init__(url, keys, **options)
        self.table, self.present = table, present
        self.random = random.Random(7)  # the same items in the same order for every server

    def call(self, **parameters) -> Ask:
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{self.operation}"}
        return Ask(self.signer.request("POST", "/", headers, json.dumps(parameters).encode()), self.operation)

    def some(self) -> int:
        return self.random.randrange(self.present)


class PutItems(_Table):
    """PutItem, ever new items."""

    operation = "PutItem"

    def ask(self, index: int) -> Ask:
        return self.call(TableName=self.table, Item=item(index))


class GetItems(_Table):
    operation = "GetItem"

    def ask(self, index: int) -> Ask:
        return self.call(TableName=self.table, Key=key(self.some()))

    def check(self, ask: Ask, answer: Answer) -> None:
        if _TEXT.encode() not in answer.body:
            raise Refused(f"GetItem answered no item: {answer.body[:200]!r}")


class UpdateItems(_Table):
    """A counter, if the item is as it was."""

    operation = "UpdateItem"

    def ask(self, index: int) -> Ask:
        return self.call(
            TableName=self.table,
            Key=key(self.some()),
            UpdateExpression="SET #c = #c + :one",
            ConditionExpression="attribute_exists(pk) AND sent = :no",
            ExpressionAttributeNames={"#c": "count"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":no": {"BOOL": False}},
            ReturnValues="UPDATED_NEW",
        )

    def check(self, ask: Ask, answer: Answer) -> None:
        if b'"Attributes"' not in answer.body:
            raise Refused("UpdateItem answered without Attributes")


class Queries(_Table):
    """A whole partition: a hundred items."""

    operation = "Query"

    def ask(self, index: int) -> Ask:
        whole = self.random.randrange(self.present // PARTITION)
        return self.call(
            TableName=self.table,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": f"customer-{whole:08d}"}},
        )

    def check(self, ask: Ask, answer: Answer) -> None:
        if f'"Count":{PARTITION}'.encode() not in answer.body.replace(b" ", b""):
            raise Refused(f"Query did not answer {PARTITION} items: {answer.body[-200:]!r}")


class BatchWrites(_Table):
    """BatchWriteItem of 25 new items."""

    operation = "BatchWriteItem"

    def ask(self, index: int) -> Ask:
        asked = [{"PutRequest": {"Item": item(index * 25 + number)}} for number in range(25)]
        return self.call(RequestItems={self.table: asked})

    def check(self, ask: Ask, answer: Answer) -> None:
        if json.loads(answer.body).get("UnprocessedItems"):
            raise Refused("BatchWriteItem left items unprocessed")


class TransactWrites(_Table):
    """TransactWriteItems of four: two new items, a counter, and a check."""

    operation = "TransactWriteItems"

    def ask(self, index: int) -> Ask:
        first = self.some()
        second = (first + 1) % self.present
        counted = {
            "TableName": self.table, "Key": key(first), "UpdateExpression": "SET #c = #c + :one",
            "ExpressionAttributeNames": {"#c": "count"}, "ExpressionAttributeValues": {":one": {"N": "1"}},
        }  # fmt: skip
        checked = {"TableName": self.table, "Key": key(second), "ConditionExpression": "attribute_exists(pk)"}
        new = [{"Put": {"TableName": self.table, "Item": item(index * 2 + number)}} for number in range(2)]
        return self.call(TransactItems=[*new, {"Update": counted}, {"ConditionCheck": checked}])


class Scans(_Table):
    """One page of a Scan, wherever it ends."""

    operation = "Scan"

    def ask(self, index: int) -> Ask:
        return self.call(TableName=self.table, Segment=index, TotalSegments=self.present)


KINDS: dict[str, type[Work]] = {
    kind.__name__: kind for kind in (PutItems, GetItems, UpdateItems, Queries, BatchWrites, TransactWrites, Scans)
}
