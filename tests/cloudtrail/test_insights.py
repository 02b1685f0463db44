"""Insights: the numbers, what is unusual among them, and who is told."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import (
    ACCOUNT,
    BUCKET,
    TRAIL_ARN,
    content,
    events,
    keys,
    lake,
    query,
    selector,
)
from tests.conftest import connect


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


SELECTORS = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]


@pytest.fixture
def watched(trails, own_cloud):
    """A trail that asks for Insights, after eight days of a queue or two now and then."""
    watch(trails, own_cloud)
    return trails


def watch(trails, cloud) -> None:
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    trails.put_insight_selectors(TrailName="everything", InsightSelectors=SELECTORS)
    sqs = connect(cloud, "sqs", account=ACCOUNT)
    for day in range(8):
        sqs.create_queue(QueueName=f"usual-{day}")
        cloud.advance(days=1)
    cloud.advance(seconds=60 - cloud.now().second)


def burst(own_cloud, count: int = 30) -> None:
    sqs = connect(own_cloud, "sqs", account=ACCOUNT)
    for number in range(count):
        sqs.create_queue(QueueName=f"burst-{number}")


def insights(cloudtrail, **wanted):
    """Newest first."""
    answer = cloudtrail.lookup_events(EventCategory="insight", **wanted)
    return [json.loads(event["CloudTrailEvent"]) for event in answer["Events"]]


def test_an_unusual_rate_of_calls_is_told_when_it_begins_and_when_it_ends(watched, own_cloud):
    burst(own_cloud)
    own_cloud.advance(minutes=1, seconds=5)
    [started] = insights(watched)
    own_cloud.advance(minutes=2)
    ended, again = insights(watched)

    details = started["insightDetails"]
    assert again == started
    assert (details["state"], ended["insightDetails"]["state"]) == ("Start", "End")
    assert started["sharedEventID"] == ended["sharedEventID"]
    assert started["eventID"] != ended["eventID"]
    assert (details["eventSource"], details["eventName"]) == ("sqs.amazonaws.com", "CreateQueue")
    assert details["insightType"] == "ApiCallRateInsight"
    assert datetime.fromisoformat(ended["eventTime"]) - datetime.fromisoformat(started["eventTime"]) == timedelta(
        minutes=1
    )
    context = details["insightContext"]
    assert context["statistics"]["insight"] == {"average": 30.0}
    assert context["statistics"]["baselineDuration"] == 7 * 24 * 60
    assert 0 < context["statistics"]["baseline"]["average"] < 0.01
    named = {each["attribute"]: each for each in context["attributions"]}
    assert named["userIdentityArn"]["insight"] == [{"value": f"arn:aws:iam::{ACCOUNT}:root", "average": 30.0}]
    assert named["errorCode"]["baseline"][0]["value"] == "null"
    assert "boto3" in named["userAgent"]["insight"][0]["value"].lower()


def test_an_unusual_rate_of_errors_is_told_with_its_code(watched, own_cloud):
    sqs = connect(own_cloud, "sqs", account=ACCOUNT)
    for number in range(15):
        assert refusal(sqs.get_queue_url, QueueName=f"missing-{number}")
    own_cloud.advance(minutes=1, seconds=5)
    [started] = insights(watched)

    details = started["insightDetails"]
    assert (details["insightType"], details["eventName"]) == ("ApiErrorRateInsight", "GetQueueUrl")
    assert "NonExistentQueue" in details["errorCode"] or "QueueDoesNotExist" in details["errorCode"]
    assert details["insightContext"]["statistics"]["baseline"] == {"average": 0.0}


def test_insights_are_delivered_into_a_folder_of_their_own(watched, own_cloud, files):
    burst(own_cloud)
    own_cloud.advance(minutes=5)
    own_cloud.advance(minutes=5)
    found = keys(files, "CloudTrail-Insight")
    told = [record for key in found for record in content(files, key)["Records"]]

    assert all("_CloudTrail-Insight_us-east-1_" in key for key in found)
    assert [record["insightDetails"]["state"] for record in told] == ["Start", "End"]
    assert told == insights(watched)[::-1]


def test_what_goes_on_is_one_insight_and_the_usual_is_none(watched, own_cloud):
    for _ in range(3):
        burst(own_cloud)
        own_cloud.advance(minutes=1)
    own_cloud.advance(minutes=3)
    ended, _ = insights(watched)
    burst(own_cloud, 2)
    own_cloud.advance(minutes=5)

    assert ended["insightDetails"]["insightContext"]["statistics"]["insightDuration"] == 3
    assert ended["insightDetails"]["insightContext"]["statistics"]["insight"] == {"average": 30.0}
    assert len(insights(watched)) == 2


def test_insights_are_looked_up_in_pages_by_attribute_and_for_90_days(watched, own_cloud):
    burst(own_cloud)
    own_cloud.advance(minutes=5)
    by_name = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]}
    by_other = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateTopic"}]}
    by_user = {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "root"}]}
    first = watched.lookup_events(EventCategory="insight", MaxResults=1, **by_name)
    rest = watched.lookup_events(EventCategory="insight", NextToken=first["NextToken"], **by_name)
    of_trail = watched.list_insights_data(
        InsightSource=TRAIL_ARN, DataType="InsightsEvents", Dimensions={"EventSource": "sqs.amazonaws.com"}
    )

    assert len(first["Events"]) == len(rest["Events"]) == 1
    assert first["Events"] + rest["Events"] == of_trail["Events"]
    assert insights(watched, **by_other) == []
    assert refusal(watched.lookup_events, EventCategory="insight", **by_user) == "InvalidLookupAttributesException"
    own_cloud.advance(days=91)
    assert insights(watched) == []


def test_nothing_is_counted_where_no_trail_asks(trails, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    burst(own_cloud, 12)
    own_cloud.advance(days=2)
    burst(own_cloud, 12)
    own_cloud.advance(minutes=5)

    assert insights(trails) == []
    read = own_cloud.cloud.kernel.store.read
    assert own_cloud.run(read(lambda tx: list(tx.items(("audit", ACCOUNT, "rates"))))) == []


def test_only_what_is_selected_is_told_of_a_trail(watched, own_cloud, files):
    watched.put_insight_selectors(TrailName="everything", InsightSelectors=SELECTORS[1:])
    burst(own_cloud)
    own_cloud.advance(minutes=5)

    assert watched.list_insights_data(InsightSource=TRAIL_ARN, DataType="InsightsEvents")["Events"] == []
    assert keys(files, "CloudTrail-Insight") == []
    twice = [SELECTORS[0], SELECTORS[0]]
    assert refusal(watched.put_insight_selectors, TrailName="everything", InsightSelectors=twice) == (
        "InvalidInsightSelectorsException"
    )


def test_insights_of_a_store_go_into_the_store_that_it_names(trails, own_cloud):
    store, into = lake(trails), lake(trails, AdvancedEventSelectors=selector("Insight"))
    trails.put_insight_selectors(EventDataStore=store, InsightSelectors=SELECTORS, InsightsDestination=into)
    burst(own_cloud, 1)
    own_cloud.advance(days=2)
    own_cloud.advance(seconds=60 - own_cloud.now().second)
    burst(own_cloud)
    own_cloud.advance(minutes=5)

    found = query(trails, f"SELECT eventID, eventCategory FROM {into}")
    assert sorted(row["eventID"] for row in found) == sorted(each["eventID"] for each in insights(trails))
    assert {row["eventCategory"] for row in found} == {"Insight"}
