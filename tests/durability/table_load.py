"""Clients that put load on tables and remember what was acknowledged, as those of load.py do."""

from __future__ import annotations

from typing import Any

from tests.durability.load import Cells, Client, Worker
from tests.dynamodb.shapes import item, make

_SIZES = (0, 100, 5000, 40_000)


class TableWorker(Worker):
    """Has a table of its own, with indexes, named as it is."""

    def begin(self, client: Client) -> None:
        make(client("dynamodb"), self.name, key="pk:S sk:N", indexes="by-n:n:N/ALL local-n:pk,n/KEYS_ONLY")
        self.cells = Cells()

    def connect(self, client: Client) -> None:
        self.dynamodb = client("dynamodb")

    def check(self, client: Client) -> None:
        """Item by item, and the table and each of its indexes tell the same."""
        self.dynamodb = client("dynamodb")
        there = {name_of(each): int(each["n"]["N"]) for each in self.everything()}
        self.cells.check(there.get)
        for index in ("by-n", "local-n"):
            found = self.everything(IndexName=index)
            assert {name_of(each): int(each["n"]["N"]) for each in found} == there, f"{self.name} {index}"
        assert self.dynamodb.describe_table(TableName=self.name)["Table"]["ItemCount"] == len(there), self.name

    def everything(self, **more: Any) -> list[dict[str, Any]]:
        given = {"ConsistentRead": True} if "IndexName" not in more else {}
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name, **given, **more)
        return [each for page in pages for each in page["Items"]]

    def some_name(self) -> str:
        return f"{self.chance.choice('abc')}/{self.chance.randrange(6)}"

    def whole(self, name: str) -> dict[str, Any]:
        return key_of(name) | item(n=self.steps, text="x" * self.chance.choice(_SIZES))


class Items(TableWorker):
    """Puts, updates and deletes, each of an item. A deleted item is None."""

    def work(self) -> None:
        name, chosen = self.some_name(), self.chance.random()
        if chosen < 0.2:
            given = {"TableName": self.name, "Key": key_of(name)}
            self.cells.change(name, None, lambda: self.dynamodb.delete_item(**given))
        elif chosen < 0.6:
            put = {"TableName": self.name, "Item": self.whole(name)}
            self.cells.change(name, self.steps, lambda: self.dynamodb.put_item(**put))
        else:
            update = {
                "TableName": self.name, "Key": key_of(name), "UpdateExpression": "SET n = :n",
                "ExpressionAttributeValues": item(**{":n": self.steps}),
            }  # fmt: skip
            self.cells.change(name, self.steps, lambda: self.dynamodb.update_item(**update))


class Batches(TableWorker):
    """Puts and deletes of many items at once: of the batch that is open, each may have happened or not."""

    def work(self) -> None:
        names = {self.some_name() for _ in range(self.chance.randint(1, 10))}
        wanted = {name: self.steps if self.chance.random() < 0.7 else None for name in names}
        requests = [
            {"DeleteRequest": {"Key": key_of(name)}} if number is None else {"PutRequest": {"Item": self.whole(name)}}
            for name, number in wanted.items()
        ]
        self.change_all(wanted, lambda: self.dynamodb.batch_write_item(RequestItems={self.name: requests}))

    def change_all(self, wanted: dict[str, int | None], call: Any) -> None:
        self.cells._open |= wanted
        call()
        for name in wanted:
            self.cells._known[name] = self.cells._open.pop(name)


class Transactions(Batches):
    """Puts and deletes of many items of which all happen or none; each transaction leaves its number on a receipt."""

    def begin(self, client: Client) -> None:
        super().begin(client)
        self.wanted: dict[str, int | None] = {}

    def work(self) -> None:
        names = {self.some_name() for _ in range(self.chance.randint(1, 10))}
        self.wanted = {name: self.steps if self.chance.random() < 0.7 else None for name in sorted(names)}
        self.wanted["receipt/0"] = self.steps
        actions = [self._action(name, number) for name, number in self.wanted.items()]
        # A step that the kill cut short is done again with other items: it must not pass for the same request.
        token = f"{self.name}-{self.steps}-{self.chance.getrandbits(32)}"
        self.change_all(
            self.wanted, lambda: self.dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken=token)
        )

    def _action(self, name: str, number: int | None) -> dict[str, Any]:
        if number is None:
            return {"Delete": {"TableName": self.name, "Key": key_of(name)}}
        return {"Put": {"TableName": self.name, "Item": self.whole(name)}}

    def check(self, client: Client) -> None:
        """Where the receipt of the open transaction is, all of it is; where it is not, nothing is."""
        open_now, before = dict(self.cells._open), dict(self.cells._known)
        super().check(client)
        if open_now:
            there = {name: self.cells._known[name] for name in open_now}
            assert there in (open_now, {name: before.get(name) for name in open_now}), f"{self.name}: a half"


class Counters(TableWorker):
    """Adds to counters. One that is added to twice, or not at all, shows."""

    def work(self) -> None:
        name = self.some_name()
        total = (self.cells._known.get(name) or 0) + 1
        update = {
            "TableName": self.name, "Key": key_of(name), "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": item(**{":one": 1}),
        }  # fmt: skip
        self.cells.change(name, total, lambda: self.dynamodb.update_item(**update))


def key_of(name: str) -> dict[str, Any]:
    hashed, _, ranged = name.partition("/")
    return item(pk=hashed, sk=int(ranged))


def name_of(found: dict[str, Any]) -> str:
    return f"{found['pk']['S']}/{found['sk']['N']}"
