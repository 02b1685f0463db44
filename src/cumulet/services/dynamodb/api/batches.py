"""Batches of reads and of writes. Their rules are in batches.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import batches
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.capacity import READ, WRITE

Answer = dict[str, Any]


class Batches(DynamoBase):
    async def batch_get_item(
        self, *, RequestItems: Mapping[str, Mapping[str, Any]], ReturnConsumedCapacity: str = "NONE"
    ) -> Answer:
        wanted = batches.reads(RequestItems)

        def get(tx: ReadTransaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, READ)
            got = batches.get(tx, lambda name: self._table(tx, name), wanted, meter)
            meter.settle(tx)
            return {"Responses": got.found, "UnprocessedKeys": got.left, **meter.answer()}

        return await self.look(get)

    async def batch_write_item(
        self,
        *,
        RequestItems: Mapping[str, Sequence[Mapping[str, Any]]],
        ReturnConsumedCapacity: str = "NONE",
        ReturnItemCollectionMetrics: str = "NONE",
    ) -> Answer:
        wanted = batches.writes(RequestItems)
        is_measuring = ReturnItemCollectionMetrics != "NONE"

        def write(tx: Transaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, WRITE)
            written = batches.write(
                tx, lambda name: self._table(tx, name), wanted, meter, is_measuring=is_measuring
            )  # fmt: skip
            meter.settle(tx)
            metrics = {"ItemCollectionMetrics": written.metrics} if written.metrics else {}
            return {"UnprocessedItems": written.left, **metrics, **meter.answer()}

        return await self.store.write(write)
