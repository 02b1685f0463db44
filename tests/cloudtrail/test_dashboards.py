"""Dashboards are kept; a refresh runs their queries."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel.service import Fidelity, fidelity
from cumulet.services.cloudtrail import CloudTrail
from tests.cloudtrail.conftest import ended, lake, rows


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_a_refresh_runs_the_queries(cloudtrail, client):
    store = lake(cloudtrail)
    client("sqs").create_queue(QueueName="shown")
    statement = f"SELECT count(*) AS n FROM {store} WHERE eventName = 'CreateQueue' AND eventTime > ?"
    widget = {"QueryStatement": statement, "QueryParameters": ["$StartTime$"], "ViewProperties": {"View": "Table"}}
    made = cloudtrail.create_dashboard(Name="calls", Widgets=[widget])
    alias = made["Widgets"][0]["QueryAlias"]
    values = {"$StartTime$": "2020-01-01"}
    refresh = cloudtrail.start_dashboard_refresh(DashboardId="calls", QueryParameterValues=values)["RefreshId"]
    told = cloudtrail.describe_query(QueryAlias=alias, RefreshId=refresh)

    assert rows(cloudtrail, ended(cloudtrail, told["QueryId"])) == [{"n": "1"}]
    assert cloudtrail.get_dashboard(DashboardId=made["DashboardArn"])["LastRefreshId"] == refresh


def test_dashboards_are_kept(cloudtrail):
    made = cloudtrail.create_dashboard(Name="calls", TerminationProtectionEnabled=True)
    again = refusal(cloudtrail.create_dashboard, Name="calls")
    protected = refusal(cloudtrail.delete_dashboard, DashboardId="calls")
    cloudtrail.update_dashboard(DashboardId="calls", TerminationProtectionEnabled=False)
    listed = cloudtrail.list_dashboards(NamePrefix="cal")["Dashboards"]
    cloudtrail.delete_dashboard(DashboardId="calls")

    assert again == protected == "ConflictException"
    assert listed == [{"DashboardArn": made["DashboardArn"], "Type": "CUSTOM"}]
    assert refusal(cloudtrail.get_dashboard, DashboardId="calls") == "ResourceNotFoundException"
    assert fidelity(CloudTrail.create_dashboard) is Fidelity.STORED
