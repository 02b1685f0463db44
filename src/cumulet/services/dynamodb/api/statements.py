"""PartiQL: statements alone, in batches and in transactions. The rules are in statements.py and partiql/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.store import Transaction
from cumulet.services.dynamodb import statements, transactions
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.api.transactions import consumed_in_transaction
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.statements import Asked, Outcome

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
        if statements.is_read(asked):
            table, page = await self.store.read(statements.select, self.scope, asked, Limit, NextToken)
            more = {} if page.token is None else {"NextToken": page.token, "LastEvaluatedKey": page.last}
            return {"Items": page.shown, **more}
        outcome = await self.store.write(statements.run, self.scope, asked)
        return {"Items": [] if outcome.item is None else [outcome.item]}

    async def batch_execute_statement(
        self, *, Statements: Sequence[Mapping[str, Any]], ReturnConsumedCapacity: str = "NONE"
    ) -> Answer:
        """Each statement has a transaction of its own; so those that work take effect whatever becomes of others."""
        batch = [_tried(each) for each in Statements]
        statements.check_batch(batch)
        responses = [await self._in_batch(asked) for asked in batch]
        return {"Responses": responses}

    async def _in_batch(self, asked: Asked | ServiceError) -> Answer:
        if isinstance(asked, ServiceError):
            return statements.failed(asked, "")
        try:
            outcome = await self._run_in_batch(asked)
        except ServiceError as error:
            return statements.failed(error, asked.statement.table)
        shown = {} if outcome.item is None else {"Item": outcome.item}
        return {"TableName": outcome.table.name, **shown}

    async def _run_in_batch(self, asked: Asked) -> Outcome:
        if statements.is_read(asked):
            return await self.store.read(statements.run_read, self.scope, asked)
        return await self.store.write(statements.run, self.scope, asked)

    async def execute_transaction(
        self,
        *,
        TransactStatements: Sequence[Mapping[str, Any]],
        ClientRequestToken: str | None = None,
        ReturnConsumedCapacity: str = "NONE",
    ) -> Answer:
        wanted = [statements.read(each) for each in TransactStatements]
        statements.check_transaction(wanted)
        if statements.is_read(wanted[0]):
            return await self._read_in_transaction(wanted, ReturnConsumedCapacity)

        def run(tx: Transaction) -> Answer:
            done = transactions.once(
                tx, self.scope, ClientRequestToken, TransactStatements,
                lambda: transactions.run(tx, statements.prepare(tx, self.scope, wanted)),
            )  # fmt: skip
            return consumed_in_transaction(done, ReturnConsumedCapacity)

        return {"Responses": [], **await self.store.write(run)}

    async def _read_in_transaction(self, wanted: Sequence[Asked], ReturnConsumedCapacity: str) -> Answer:
        outcomes = await self.store.read(statements.fetch_all, self.scope, wanted)
        shown = [{} if each.item is None else {"Item": each.item} for each in outcomes]
        return {"Responses": shown}


def _tried(given: Mapping[str, Any]) -> Asked | ServiceError:
    try:
        return statements.read(given)
    except ValidationException as error:
        return error
