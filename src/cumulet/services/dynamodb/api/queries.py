"""Query and Scan: a page of a table or of an index. What is read is in spans.py and pages.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cumulet.kernel.store import ReadTransaction
from cumulet.services.dynamodb import pages, selections, spans, values
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.capacity import READ, Spent, read_units
from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.expressions import Condition, Given, Projection, legacy
from cumulet.services.dynamodb.pages import Page
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.selections import Selection
from cumulet.services.dynamodb.spans import Span
from cumulet.services.dynamodb.tables import Index, Table
from cumulet.services.dynamodb.values import Item, Value

Answer = dict[str, Any]
Names = Mapping[str, str] | None
Values = Mapping[str, Value] | None
Older = Mapping[str, Mapping[str, Any]] | None


class Asked(NamedTuple):
    """What Query and Scan have in common."""

    table_name: str
    index_name: str | None
    select: str | None
    limit: int | None
    condition: Condition | None
    projection: Projection | None
    consistent: bool
    capacity: str


class Queries(DynamoBase):
    async def query(
        self,
        *,
        TableName: str,
        IndexName: str | None = None,
        Select: str | None = None,
        AttributesToGet: list[str] | None = None,
        Limit: int | None = None,
        ConsistentRead: bool = False,
        KeyConditions: Older = None,
        QueryFilter: Older = None,
        ConditionalOperator: str | None = None,
        ScanIndexForward: bool = True,
        ExclusiveStartKey: Item | None = None,
        ReturnConsumedCapacity: str = "NONE",
        ProjectionExpression: str | None = None,
        FilterExpression: str | None = None,
        KeyConditionExpression: str | None = None,
        ExpressionAttributeNames: Names = None,
        ExpressionAttributeValues: Values = None,
    ) -> Answer:
        legacy.refuse_both(
            {"AttributesToGet": AttributesToGet, "QueryFilter": QueryFilter, "KeyConditions": KeyConditions,
             "ConditionalOperator": ConditionalOperator},
            {"ProjectionExpression": ProjectionExpression, "FilterExpression": FilterExpression,
             "KeyConditionExpression": KeyConditionExpression},
        )  # fmt: skip
        start = None if ExclusiveStartKey is None else values.checked_item(ExclusiveStartKey)
        given = Given(ExpressionAttributeNames, ExpressionAttributeValues)
        condition = given.condition(FilterExpression, "FilterExpression")
        projection = given.projection(ProjectionExpression) or legacy.projection(AttributesToGet)
        condition = condition or legacy.filters(QueryFilter, ConditionalOperator)
        selections.check(Select, IndexName, projection, _named(ProjectionExpression))
        key_condition = given.open_key_condition(KeyConditionExpression)
        given.check_all_used()
        if KeyConditionExpression is None and KeyConditions is None:
            raise ValidationException(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        filtering = "QueryFilter" if FilterExpression is None else "Filter Expression"

        def span(table: Table, index: Index | None) -> Span:
            schema = table.schema if index is None else index.schema
            found = key_condition(schema) if key_condition is not None else legacy.key_condition(KeyConditions, schema)
            assert found is not None, "one of the two is there"
            _check_filter(condition, schema, filtering)
            return spans.of_query(table, index, found, start, is_reverse=not ScanIndexForward)

        asked = Asked(
            TableName, IndexName, Select, Limit, condition, projection, ConsistentRead, ReturnConsumedCapacity
        )
        return await self._page(asked, span)

    async def scan(
        self,
        *,
        TableName: str,
        IndexName: str | None = None,
        AttributesToGet: list[str] | None = None,
        Limit: int | None = None,
        Select: str | None = None,
        ScanFilter: Older = None,
        ConditionalOperator: str | None = None,
        ExclusiveStartKey: Item | None = None,
        ReturnConsumedCapacity: str = "NONE",
        TotalSegments: int | None = None,
        Segment: int | None = None,
        ProjectionExpression: str | None = None,
        FilterExpression: str | None = None,
        ExpressionAttributeNames: Names = None,
        ExpressionAttributeValues: Values = None,
        ConsistentRead: bool = False,
    ) -> Answer:
        legacy.refuse_both(
            {"AttributesToGet": AttributesToGet, "ScanFilter": ScanFilter, "ConditionalOperator": ConditionalOperator},
            {"ProjectionExpression": ProjectionExpression, "FilterExpression": FilterExpression},
        )
        start = None if ExclusiveStartKey is None else values.checked_item(ExclusiveStartKey)
        given = Given(ExpressionAttributeNames, ExpressionAttributeValues)
        condition = given.condition(FilterExpression, "FilterExpression")
        condition = condition or legacy.filters(ScanFilter, ConditionalOperator)
        projection = given.projection(ProjectionExpression) or legacy.projection(AttributesToGet)
        selections.check(Select, IndexName, projection, _named(ProjectionExpression))
        spans.check_segments(Segment, TotalSegments)
        given.check_all_used()

        def span(table: Table, index: Index | None) -> Span:
            return spans.of_scan(table, index, start, Segment or 0, TotalSegments or 1)

        asked = Asked(
            TableName, IndexName, Select, Limit, condition, projection, ConsistentRead, ReturnConsumedCapacity
        )
        return await self._page(asked, span)

    async def _page(self, asked: Asked, span: Callable[[Table, Index | None], Span]) -> Answer:
        def read(tx: ReadTransaction) -> Answer:
            table = self._table(tx, asked.table_name)
            index = None if asked.index_name is None else table.index(asked.index_name)
            if asked.consistent and index is not None and index.is_global:
                raise ValidationException("Consistent reads are not supported on global secondary indexes")
            selection = selections.of(table, index, asked.select, asked.projection, asked.condition)
            within = span(table, index)
            meter = self.meter(asked.capacity, READ)
            hashed = within.prefix[-2] if within.fixed and (index is None or not index.is_global) else None
            meter.admit(tx, table, hashed, index)
            page = pages.read(tx, table, index, within, _wanted(asked, selection, is_weighing=meter.is_on))
            if meter.is_on:
                _charge(meter.of(table), index, page, asked, selection, hashed)
                meter.settle(tx)
            return {**_told(table, index, page, selection), **meter.answer_of_one()}

        return await self.look(read)


def _named(expression: str | None) -> str:
    return "AttributesToGet" if expression is None else "ProjectionExpression"


def _check_filter(condition: Condition | None, schema: Schema, filtering: str) -> None:
    if condition is None:
        return
    for name in schema.names:
        if name in condition.attributes:
            raise ValidationException(
                f"{filtering} can only contain non-primary key attributes: Primary key attribute: {name}"
            )


def _wanted(asked: Asked, selection: Selection, *, is_weighing: bool) -> pages.Wanted:
    return pages.Wanted(
        asked.limit, pages.filtering(asked.condition), selection.see, selection.show, selection.weigh,
        selection.is_counting, is_weighing,
    )  # fmt: skip


def _charge(
    spent: Spent, index: Index | None, page: Page, asked: Asked, selection: Selection, hashed: int | None
) -> None:
    """All that was read counts, whatever the filter left of it; items that are fetched one by one count so."""
    units = read_units(sum(page.sizes), consistent=asked.consistent)
    if index is None:
        spent.on_table(units, hashed)
        return
    spent.on_index(index, units)
    if selection.fetches:
        spent.on_table(sum(read_units(size, consistent=asked.consistent) for size in page.whole_sizes), hashed)


def _told(table: Table, index: Index | None, page: Page, selection: Selection) -> Answer:
    told: Answer = {"Count": page.matched, "ScannedCount": page.scanned}
    if not selection.is_counting:
        told["Items"] = page.shown
    if page.last is not None:
        told["LastEvaluatedKey"] = spans.key_of(table, index, page.last)
    return told
