"""Dashboards: widgets, each with a query. A refresh runs the queries; nobody draws them.

Source: CloudTrail API Reference, CreateDashboard and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import policies, tags
from cumulet.services.cloudtrail.errors import (
    ConflictException,
    InvalidQueryStatementException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)

_MOST, _MOST_WIDGETS = 100, 10


class Dashboard(Record):
    scope: Scope
    name: str
    created: datetime
    updated: datetime
    widgets: tuple[dict[str, Any], ...] = ()
    """As the API has them, with their QueryAlias."""
    schedule: dict[str, Any] = {}  # noqa: RUF012 - records are frozen
    protected: bool = False
    status: str = "CREATED"
    refresh: str = ""
    failure: str = ""

    @property
    def arn(self) -> str:
        return self.scope.arn("cloudtrail", f"dashboard/{self.name}")


def with_aliases(widgets: Sequence[Mapping[str, Any]], ids: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Widgets with names for their queries. Raises ServiceQuotaExceededException, InvalidQueryStatementException."""
    if len(widgets) > _MOST_WIDGETS:
        raise ServiceQuotaExceededException(f"A dashboard can have at most {_MOST_WIDGETS} widgets.")
    if any(not each["QueryStatement"].strip() for each in widgets):
        raise InvalidQueryStatementException("The query statement is empty.")
    return tuple(
        {"QueryAlias": f"cumulet-{name}", **each} for each, name in zip(widgets, ids, strict=False)
    )  # fmt: skip


def create(tx: Transaction, new: Dashboard) -> None:
    others = listed(tx, new.scope)
    if any(other.name == new.name for other in others):
        raise ConflictException(f"A dashboard with the name {new.name} already exists.")
    if len(others) >= _MOST:
        raise ServiceQuotaExceededException(f"An account can have {_MOST} dashboards in a Region.")
    put(tx, new)


def put(tx: Transaction, dashboard: Dashboard) -> None:
    tx.put(dashboard.scope.key("cloudtrail", "dashboard", dashboard.name), dashboard)


def find(tx: ReadTransaction, scope: Scope, name: str) -> Dashboard:
    """By ARN or name. Raises ResourceNotFoundException."""
    own = scope.arn("cloudtrail", "dashboard/")
    found: Dashboard | None = tx.get(scope.key("cloudtrail", "dashboard", name.removeprefix(own)))
    if found is None:
        raise ResourceNotFoundException(f"The dashboard {name[:256]} was not found.")
    return found


def listed(tx: ReadTransaction, scope: Scope) -> list[Dashboard]:
    return list(tx.range(scope.key("cloudtrail", "dashboard")))


def update(tx: Transaction, scope: Scope, name: str, changes: Mapping[str, Any]) -> Dashboard:
    new = replace(find(tx, scope, name), **changes, updated=tx.now)
    put(tx, new)
    return new


def delete(tx: Transaction, scope: Scope, name: str) -> None:
    found = find(tx, scope, name)
    if found.protected:
        raise ConflictException("Termination protection is enabled for the dashboard; disable it first.")
    tx.delete(scope.key("cloudtrail", "dashboard", found.name))
    tags.forget(tx, found.arn)
    policies.forget(tx, found.arn)


def statement_of(tx: ReadTransaction, scope: Scope, alias: str) -> str | None:
    """The query of the widget with this alias."""
    widgets = (widget for dashboard in listed(tx, scope) for widget in dashboard.widgets)
    return next((str(widget["QueryStatement"]) for widget in widgets if widget["QueryAlias"] == alias), None)


def parameters_of(widget: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """The parameters of a widget's query, with the values of a refresh for `$StartTime$` and the like."""
    return [values.get(name, name) for name in widget.get("QueryParameters", ())]


def as_wire(dashboard: Dashboard) -> dict[str, Any]:
    told: dict[str, Any] = {
        "DashboardArn": dashboard.arn,
        "Type": "CUSTOM",
        "Widgets": list(dashboard.widgets),
        "TerminationProtectionEnabled": dashboard.protected,
    }
    return told | ({"RefreshSchedule": dashboard.schedule} if dashboard.schedule else {})


def described(dashboard: Dashboard) -> dict[str, Any]:
    told = {
        **as_wire(dashboard),
        "Status": dashboard.status,
        "CreatedTimestamp": dashboard.created,
        "UpdatedTimestamp": dashboard.updated,
    }
    if dashboard.refresh:
        told["LastRefreshId"] = dashboard.refresh
    return told | ({"LastRefreshFailureReason": dashboard.failure} if dashboard.failure else {})
