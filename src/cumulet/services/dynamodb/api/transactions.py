"""Transactions. Their rules are in transactions.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import transactions
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.capacity import NONE, READ, WRITE
from cumulet.services.dynamodb.meter import Meter
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
            meter = self.meter(ReturnConsumedCapacity, WRITE)
            done = transactions.once(
                tx, self.scope, ClientRequestToken, TransactItems,
                lambda: transactions.run(tx, transactions.prepare(tx, self.scope, wanted), meter),
            )  # fmt: skip
            answer = consumed(done, meter, ReturnConsumedCapacity)
            if ReturnItemCollectionMetrics != "NONE" and isinstance(done, list):
                found = transactions.metrics(tx, done)
                answer |= {"ItemCollectionMetrics": found} if found else {}
            return answer

        return await self.store.write(run)

    async def transact_get_items(
        self, *, TransactItems: Sequence[Mapping[str, Any]], ReturnConsumedCapacity: str = "NONE"
    ) -> Answer:
        wanted = transactions.gets(TransactItems)

        def fetch(tx: ReadTransaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, READ)
            got = transactions.fetch(tx, self.scope, wanted, meter)
            shown = [{} if each.shown is None else {"Item": each.shown} for each in got]
            return {"Responses": shown, **meter.answer(READ)}

        return await self.look(fetch)


def consumed(done: list[Done] | TransactionToken, meter: Meter, wanted: str) -> Answer:
    """What a transaction of writes consumed; one that was done before is only read again."""
    if not isinstance(done, TransactionToken):
        return meter.answer(WRITE)
    told = [{"TableName": name, "CapacityUnits": u, "ReadCapacityUnits": u} for name, u in done.read_units.items()]
    return {} if wanted == NONE else {"ConsumedCapacity": told}
