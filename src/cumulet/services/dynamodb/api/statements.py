"""PartiQL: statements alone, in batches and in transactions. The rules are in statements.py and partiql/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import statements, transactions
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.api.transactions import consumed
from cumulet.services.dynamodb.capacity import READ, WRITE
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.statements import Asked

Answer = dict[str, Any]


class Statements(DynamoBase):
    async def execute_statement(
        self,
        *,
        Statement: str,
        Parameters: Sequence[Any] = (),
        ConsistentRead: bool = False,
        NextToken: str | None = None,
        ReturnConsumedCapacity: str = "NONE",
        Limit: int | None = None,
        ReturnValuesOnConditionCheckFailure: str = "NONE",
    ) -> Answer:
        asked = statements.read(
            {
                "Statement": Statement, "Parameters": Parameters, "ConsistentRead": ConsistentRead,
                "ReturnValuesOnConditionCheckFailure": ReturnValuesOnConditionCheckFailure,
            }
        )  # fmt: skip

        def select(tx: ReadTransaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, READ)
            found = statements.select(tx, self.scope, asked, Limit, NextToken, meter)
            token = {} if found.token is None else {"NextToken": found.token}
            last = {} if found.last is None else {"LastEvaluatedKey": found.last}
            return {"Items": found.shown, **token, **last, **meter.answer_of_one()}

        def write(tx: Transaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, WRITE)
            shown = statements.run(tx, self.scope, asked, meter)
            return {"Items": [] if shown is None else [shown], **meter.answer_of_one()}

        return await (self.look(select) if statements.is_read(asked) else self.store.write(write))

    async def batch_execute_statement(
        self, *, Statements: Sequence[Mapping[str, Any]], ReturnConsumedCapacity: str = "NONE"
    ) -> Answer:
        """Each statement has a transaction of its own; so those that work take effect whatever becomes of others."""
        batch = [_tried(each) for each in Statements]
        statements.check_batch(batch)
        done = [await self._in_batch(asked, ReturnConsumedCapacity) for asked in batch]
        spent = [capacity for _, capacities in done for capacity in capacities]
        return {"Responses": [told for told, _ in done], **({"ConsumedCapacity": spent} if spent else {})}

    async def _in_batch(self, asked: Asked | ServiceError, wanted: str) -> tuple[Answer, Sequence[Answer]]:
        """What came of a statement, and what it consumed."""
        if isinstance(asked, ServiceError):
            return statements.failed(asked, ""), ()

        name = asked.statement.table.rpartition("/")[2]  # of an ARN too

        def run(tx: Any) -> tuple[Answer, Sequence[Answer]]:
            meter = self.meter(wanted, READ if statements.is_read(asked) else WRITE)
            shown = (statements.run_read if statements.is_read(asked) else statements.run)(tx, self.scope, asked, meter)
            item = {} if shown is None else {"Item": shown}
            return {"TableName": name, **item}, meter.answer().get("ConsumedCapacity", ())

        try:
            return await (self.look(run) if statements.is_read(asked) else self.store.write(run))
        except ServiceError as error:
            return statements.failed(error, name), ()

    async def execute_transaction(
        self,
        *,
        TransactStatements: Sequence[Mapping[str, Any]],
        ClientRequestToken: str | None = None,
        ReturnConsumedCapacity: str = "NONE",
    ) -> Answer:
        wanted = [statements.read(each) for each in TransactStatements]
        statements.check_transaction(wanted)

        def fetch(tx: ReadTransaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, READ)
            got = statements.fetch_all(tx, self.scope, wanted, meter)
            return {"Responses": [{"Item": e.shown} if e.shown is not None else {} for e in got], **meter.answer(READ)}

        def write(tx: Transaction) -> Answer:
            meter = self.meter(ReturnConsumedCapacity, WRITE)
            done = transactions.once(
                tx, self.scope, ClientRequestToken, TransactStatements,
                lambda: transactions.run(tx, statements.prepare(tx, self.scope, wanted), meter),
            )  # fmt: skip
            return {"Responses": [], **consumed(done, meter, ReturnConsumedCapacity)}

        return await (self.look(fetch) if statements.is_read(wanted[0]) else self.store.write(write))


def _tried(given: Mapping[str, Any]) -> Asked | ServiceError:
    try:
        return statements.read(given)
    except ValidationException as error:
        return error
