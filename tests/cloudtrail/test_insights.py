"""The numbers for Insights, and selectors that are kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import events, lake, selector


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_calls_and_errors_are_counted(cloudtrail, client):
    sqs = client("sqs")
    for name in ("a", "b", "c"):
        sqs.create_queue(QueueName=name)
    with suppress(ClientError):
        sqs.create_queue(QueueName="no good name")
    asked = {"EventSource": "sqs.amazonaws.com", "EventName": "CreateQueue"}
    calls = cloudtrail.list_insights_metric_data(**asked, InsightType="ApiCallRateInsight")
    code = next(each["errorCode"] for each in events(cloudtrail) if "errorCode" in each)
    errors = cloudtrail.list_insights_metric_data(**asked, InsightType="ApiErrorRateInsight", ErrorCode=code)

    assert sum(calls["Values"]) == 4
    assert sum(errors["Values"]) == 1
    assert refusal(cloudtrail.list_insights_metric_data, **asked, InsightType="ApiErrorRateInsight") == (
        "InvalidParameterException"
    )


def test_periods_without_calls_are_told_when_wanted(cloudtrail, client):
    client("sqs").create_queue(QueueName="a")
    now = datetime.now().astimezone()
    asked = {
        "EventSource": "sqs.amazonaws.com", "EventName": "CreateQueue", "InsightType": "ApiCallRateInsight",
        "StartTime": now - timedelta(hours=3), "EndTime": now + timedelta(hours=1), "DataType": "FillWithZeros",
    }  # fmt: skip
    whole = cloudtrail.list_insights_metric_data(**asked, Period=3600)
    first = cloudtrail.list_insights_metric_data(**asked, Period=3600, MaxResults=2)
    rest = cloudtrail.list_insights_metric_data(**asked, Period=3600, NextToken=first["NextToken"])

    assert len(whole["Values"]) == 5
    assert sum(whole["Values"]) == 1
    assert first["Values"] + rest["Values"] == whole["Values"]


def test_selectors_of_a_store_are_kept(cloudtrail):
    store, into = lake(cloudtrail), lake(cloudtrail, AdvancedEventSelectors=selector("Insight"))
    chosen = [{"InsightType": "ApiCallRateInsight"}]
    before = refusal(cloudtrail.get_insight_selectors, EventDataStore=store)
    without = refusal(cloudtrail.put_insight_selectors, EventDataStore=store, InsightSelectors=chosen)
    wrong = refusal(
        cloudtrail.put_insight_selectors, EventDataStore=store, InsightSelectors=chosen, InsightsDestination=store
    )
    cloudtrail.put_insight_selectors(EventDataStore=store, InsightSelectors=chosen, InsightsDestination=into)
    told = cloudtrail.get_insight_selectors(EventDataStore=store)

    assert before == "InsightNotEnabledException"
    assert without == "InvalidParameterException"
    assert wrong == "InvalidEventDataStoreCategoryException"
    assert told["InsightSelectors"] == chosen
    assert told["InsightsDestination"].endswith(into)


def test_event_configurations_of_a_store_are_kept(cloudtrail):
    store = lake(cloudtrail)
    cloudtrail.put_event_configuration(EventDataStore=store, MaxEventSize="Large")
    assert cloudtrail.get_event_configuration(EventDataStore=store)["MaxEventSize"] == "Large"
    assert refusal(cloudtrail.get_event_configuration) == "InvalidParameterCombinationException"
