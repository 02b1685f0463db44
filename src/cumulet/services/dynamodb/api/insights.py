"""CloudWatch contributor insights, as they are switched. What they would show waits for CloudWatch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.service import stored
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import tables
from cumulet.services.dynamodb.api.base import DynamoBase
from cumulet.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from cumulet.services.dynamodb.tables import Table

_PAGE = 100
_USUAL_MODE = "ACCESSED_AND_THROTTLED_KEYS"
_RULES = {"ACCESSED_AND_THROTTLED_KEYS": ("PKC", "PKT", "SKC", "SKT"), "THROTTLED_KEYS": ("PKT", "SKT")}


class Insights(Record):
    """Of a table, or of the index that is named."""

    enabled: bool
    mode: str
    changed: datetime
    index: str = ""


class ContributorInsights(DynamoBase):
    @stored
    async def update_contributor_insights(
        self,
        *,
        TableName: str,
        ContributorInsightsAction: str,
        IndexName: str | None = None,
        ContributorInsightsMode: str | None = None,
    ) -> dict[str, Any]:
        enabled = ContributorInsightsAction == "ENABLE"

        def update(tx: Transaction, table: Table) -> dict[str, Any]:
            old = _find(tx, table, IndexName)
            mode = ContributorInsightsMode or (old.mode if old is not None else _USUAL_MODE)
            new = Insights(enabled=enabled, mode=mode, changed=tx.now, index=IndexName or "")
            tx.put(_key(table, IndexName), new)
            return _named(table, new) | {"ContributorInsightsStatus": "ENABLING" if enabled else "DISABLING"}

        return await self.write_table(TableName, update)

    @stored
    async def describe_contributor_insights(self, *, TableName: str, IndexName: str | None = None) -> dict[str, Any]:
        def describe(tx: ReadTransaction, table: Table) -> dict[str, Any]:
            found = _find(tx, table, IndexName)
            if found is None:
                index = {"IndexName": IndexName} if IndexName else {}
                return {"TableName": table.name, **index, "ContributorInsightsStatus": "DISABLED"}
            shown = _named(table, found) | {"LastUpdateDateTime": found.changed}
            return shown | ({"ContributorInsightsRuleList": _rules(table, found)} if found.enabled else {})

        return await self.read_table(TableName, describe)

    @stored
    async def list_contributor_insights(
        self, *, TableName: str | None = None, NextToken: str | None = None, MaxResults: int = 0
    ) -> dict[str, Any]:
        """By table and index, those that were ever switched. The token names the last one listed."""
        if MaxResults < 0:
            raise ValidationException.of_constraint(
                "maxResults", str(MaxResults), "Member must have value greater than or equal to 0"
            )
        size = min(MaxResults or _PAGE, _PAGE)
        after = tuple(NextToken.split("/", 1)) if NextToken else ("", "")

        def listed(tx: ReadTransaction) -> list[tuple[Table, Insights]]:
            found: list[tuple[Table, Insights]] = []
            for table in self._some(tx, TableName, after[0]):
                kept = tx.range(table.key("insights"))
                found += [(table, each) for each in kept if (table.name, each.index) > after]
                if len(found) > size:
                    break
            return found

        found = await self.store.read(listed)
        more = {"NextToken": f"{found[size - 1][0].name}/{found[size - 1][1].index}"} if len(found) > size else {}
        return {"ContributorInsightsSummaries": [_named(table, each) for table, each in found[:size]], **more}

    def _some(self, tx: ReadTransaction, name: str | None, since: str) -> Any:
        if name is not None:
            return [tables.get(tx, self.scope, name)]
        return tx.range(self.scope.key("dynamodb", "tables"), since=since)


def _key(table: Table, index: str | None) -> Key:
    return table.key("insights", index or "")


def _find(tx: ReadTransaction, table: Table, index: str | None) -> Insights | None:
    if index and all(each.name != index for each in table.indexes):
        raise ResourceNotFoundException
    found: Insights | None = tx.get(_key(table, index))
    return found


def _named(table: Table, insights: Insights) -> dict[str, Any]:
    index = {"IndexName": insights.index} if insights.index else {}
    status = "ENABLED" if insights.enabled else "DISABLED"
    return {
        "TableName": table.name,
        **index,
        "ContributorInsightsStatus": status,
        "ContributorInsightsMode": insights.mode,
    }


def _rules(table: Table, insights: Insights) -> list[str]:
    """The names that CloudWatch's rules have: for partition keys, and for sort keys where there are any."""
    schema = next((index.schema for index in table.indexes if index.name == insights.index), table.schema)
    place = f"{table.name}-{insights.index}" if insights.index else table.name
    stamp = int(insights.changed.timestamp() * 1000)
    kinds = [kind for kind in _RULES[insights.mode] if schema.range or kind.startswith("P")]
    return [f"DynamoDBContributorInsights-{kind}-{place}-{stamp}" for kind in kinds]
