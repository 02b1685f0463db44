"""Transactions. Their rules are in transactions.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import transactions
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.transactions import Done, TransactionToken

Answer = dict[str, Any]


class Transactions(DynamoBase):
    async def transact_write_items(
        self,
        *,
        TransactItems: Sequence[Mapping[str, Any]],
        ReturnConsumedCapacity: str = "NONE",
        ReturnItemCollectionMetrics: str = "NONE",
        ClientRequestToken: str | None = None,
    ) -> Answer:
        wanted = transactions.requests(TransactItems)

        def run(tx: Transaction) -> Answer:
            done = transactions.once(
                tx, self.scope, ClientRequestToken, TransactItems,
                lambda: transactions.run(tx, transactions.prepare(tx, self.scope, wanted)),
            )  # fmt: skip
            return consumed_in_transaction(done, ReturnConsumedCapacity)

        return await self.store.write(run)

    async def transact_get_items(
        self, *, TransactItems: Sequence[Mapping[str, Any]], ReturnConsumedCapacity: str = "NONE"
    ) -> Answer:
        wanted = transactions.gets(TransactItems)
        got = await self.store.read(transactions.fetch, self.scope, wanted)
        shown = [{} if each.shown is None else {"Item": each.shown} for each in got]
        units = transactions.spent_reading([(each.table, each.item) for each in got])
        return {"Responses": shown, **_consumed(ReturnConsumedCapacity, "ReadCapacityUnits", units)}


def consumed_in_transaction(done: list[Done] | TransactionToken, wanted: str) -> Answer:
    """What a transaction of writes consumed; one that was done before has only been read."""
    if isinstance(done, TransactionToken):
        return _consumed(wanted, "ReadCapacityUnits", done.read_units)
    return _consumed(wanted, "WriteCapacityUnits", transactions.spent(done))


def _consumed(wanted: str, kind: str, units: Mapping[str, float]) -> Answer:
    if wanted == "NONE":
        return {}
    told = [{"TableName": name, "CapacityUnits": number, kind: number} for name, number in units.items()]
    by_table = [{**each, "Table": {"CapacityUnits": each[kind], kind: each[kind]}} for each in told]
    return {"ConsumedCapacity": by_table if wanted == "INDEXES" else told}
