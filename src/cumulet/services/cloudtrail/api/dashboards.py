"""Dashboards. Their queries run when a refresh is asked for; the schedule is only kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import stored
from cumulet.kernel.store import Transaction
from cumulet.services.cloudtrail import dashboards, queries, tags
from cumulet.services.cloudtrail.api.queries import Queries
from cumulet.services.cloudtrail.dashboards import Dashboard
from cumulet.services.cloudtrail.errors import InvalidParameterException

_LARGEST_PAGE = 1000


class Dashboards(Queries):
    @stored
    async def create_dashboard(
        self, *, Name: str, RefreshSchedule: Mapping[str, Any] | None = None,
        TagsList: Sequence[Mapping[str, str]] = (), TerminationProtectionEnabled: bool | None = None,
        Widgets: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:  # fmt: skip
        now = self.clock.now()
        new = Dashboard(
            scope=self.scope, name=Name, created=now, updated=now, schedule=dict(RefreshSchedule or {}),
            widgets=self._aliased(Widgets), protected=bool(TerminationProtectionEnabled),
        )  # fmt: skip

        def create(tx: Transaction) -> None:
            dashboards.create(tx, new)
            if TagsList:
                tags.put(tx, new.arn, TagsList)

        await self.store.write(create)
        return {**dashboards.as_wire(new), "Name": new.name, "TagsList": list(TagsList)}

    async def get_dashboard(self, *, DashboardId: str) -> dict[str, Any]:
        return dashboards.described(await self.store.read(dashboards.find, self.scope, DashboardId))

    async def list_dashboards(
        self, *, NamePrefix: str | None = None, Type: str | None = None, NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        every = await self.store.read(dashboards.listed, self.scope)
        wanted = [each for each in every if each.name.startswith(NamePrefix or "") and Type != "MANAGED"]
        rest = [each for each in wanted if each.name > (NextToken or "").removeprefix("name:")]
        page = rest[: MaxResults or _LARGEST_PAGE]
        told: dict[str, Any] = {"Dashboards": [{"DashboardArn": each.arn, "Type": "CUSTOM"} for each in page]}
        return told | ({"NextToken": f"name:{page[-1].name}"} if len(rest) > len(page) else {})

    @stored
    async def update_dashboard(
        self, *, DashboardId: str, Widgets: Sequence[Mapping[str, Any]] | None = None,
        RefreshSchedule: Mapping[str, Any] | None = None, TerminationProtectionEnabled: bool | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        changes: dict[str, Any] = {"status": "UPDATED"}
        if Widgets is not None:
            changes["widgets"] = self._aliased(Widgets)
        if RefreshSchedule is not None:
            changes["schedule"] = dict(RefreshSchedule)
        if TerminationProtectionEnabled is not None:
            changes["protected"] = TerminationProtectionEnabled
        new = await self.store.write(dashboards.update, self.scope, DashboardId, changes)
        told = {**dashboards.described(new), "Name": new.name}
        return {name: value for name, value in told.items() if name not in ("Status", "LastRefreshId")}

    async def delete_dashboard(self, *, DashboardId: str) -> dict[str, Any]:
        await self.store.write(dashboards.delete, self.scope, DashboardId)
        return {}

    async def start_dashboard_refresh(
        self, *, DashboardId: str, QueryParameterValues: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        dashboard = await self.store.read(dashboards.find, self.scope, DashboardId)
        refresh = f"{self.clock.now().timestamp():.6f}".replace(".", "")
        failure = ""
        for widget in dashboard.widgets:
            try:
                await self._refresh(widget, QueryParameterValues or {}, refresh)
            except ServiceError as error:
                failure = f"{error.code}: {error.message}"[:1000]
        changes = {"refresh": refresh, "failure": failure}
        await self.store.write(dashboards.update, self.scope, DashboardId, changes)
        return {"RefreshId": refresh}

    async def _refresh(self, widget: Mapping[str, Any], values: Mapping[str, str], refresh: str) -> None:
        """Run a widget's query, as whoever asks for the refresh: only stores of this account."""
        parameters = dashboards.parameters_of(widget, values)
        query = await self._checked_query(
            widget["QueryStatement"], parameters, self.scope.account, alias=widget["QueryAlias"], refresh=refresh
        )
        await self.store.write(queries.start, query)

    def _aliased(self, widgets: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
        return dashboards.with_aliases(widgets, [self.kernel.ids.uuid() for _ in widgets])

    async def _statement_of_widget(self, alias: str) -> str:
        found = await self.store.read(dashboards.statement_of, self.scope, alias)
        if found is None:
            raise InvalidParameterException(f"No widget of a dashboard has the query alias {alias}.")
        return found
