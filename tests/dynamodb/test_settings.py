"""What is kept of a table beside its definition: insights, Kinesis destinations, auto scaling; and the limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.tables import define, index, refusal, units

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    songs = index("songs", "song", ProvisionedThroughput=units(1, 1))
    given = {"BillingMode": None, "ProvisionedThroughput": units(5, 5), "GlobalSecondaryIndexes": [songs]}
    made.create_table(**define(**given))
    return made


def test_contributor_insights_are_switched_for_tables_and_indexes(dynamodb):
    off = dynamodb.describe_contributor_insights(TableName="music")
    assert off["ContributorInsightsStatus"] == "DISABLED"
    on = {"TableName": "music", "ContributorInsightsAction": "ENABLE"}
    assert dynamodb.update_contributor_insights(**on)["ContributorInsightsStatus"] == "ENABLING"
    throttled = {"IndexName": "songs", "ContributorInsightsMode": "THROTTLED_KEYS"}
    dynamodb.update_contributor_insights(**on, **throttled)

    table = dynamodb.describe_contributor_insights(TableName="music")
    assert (table["ContributorInsightsStatus"], len(table["ContributorInsightsRuleList"])) == ("ENABLED", 4)
    of_index = dynamodb.describe_contributor_insights(TableName="music", IndexName="songs")
    assert (of_index["ContributorInsightsMode"], len(of_index["ContributorInsightsRuleList"])) == ("THROTTLED_KEYS", 1)

    first = dynamodb.list_contributor_insights(MaxResults=1)
    second = dynamodb.list_contributor_insights(MaxResults=1, NextToken=first["NextToken"])
    found = [*first["ContributorInsightsSummaries"], *second["ContributorInsightsSummaries"]]
    assert [each.get("IndexName") for each in found] == [None, "songs"]
    assert "NextToken" not in second
    assert refusal(dynamodb.list_contributor_insights, MaxResults=-1)[0] == "ValidationException"
    missing = refusal(dynamodb.describe_contributor_insights, TableName="music", IndexName="none")
    assert missing[0] == "ResourceNotFoundException"


def test_kinesis_destinations_are_kept(dynamodb):
    given = {"TableName": "music", "StreamArn": STREAM}
    precise = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    assert refusal(dynamodb.disable_kinesis_streaming_destination, **given)[0] == "ResourceNotFoundException"
    made = dynamodb.enable_kinesis_streaming_destination(**given, EnableKinesisStreamingConfiguration=precise)
    assert made["DestinationStatus"] == "ENABLING"
    assert refusal(dynamodb.enable_kinesis_streaming_destination, **given)[1].startswith(
        "Table is not in a valid state to enable Kinesis Streaming Destination"
    )
    found = dynamodb.describe_kinesis_streaming_destination(TableName="music")["KinesisDataStreamDestinations"]
    assert found == [{"StreamArn": STREAM, "DestinationStatus": "ACTIVE", **precise}]

    same = {**given, "UpdateKinesisStreamingConfiguration": precise}
    assert refusal(dynamodb.update_kinesis_streaming_destination, **same)[0] == "ValidationException"
    coarse = {"ApproximateCreationDateTimePrecision": "MILLISECOND"}
    dynamodb.update_kinesis_streaming_destination(**given, UpdateKinesisStreamingConfiguration=coarse)
    assert dynamodb.disable_kinesis_streaming_destination(**given)["DestinationStatus"] == "DISABLING"
    assert refusal(dynamodb.disable_kinesis_streaming_destination, **given)[0] == "ValidationException"
    found = dynamodb.describe_kinesis_streaming_destination(TableName="music")["KinesisDataStreamDestinations"]
    assert found == [{"StreamArn": STREAM, "DestinationStatus": "DISABLED", **coarse}]


@pytest.mark.spec("data:DDB-21")
def test_auto_scaling_of_replicas_is_kept(dynamodb):
    def replica() -> dict[str, Any]:
        described = dynamodb.describe_table_replica_auto_scaling(TableName="music")["TableAutoScalingDescription"]
        shown: dict[str, Any] = described["Replicas"][0]
        return shown

    assert replica()["ReplicaProvisionedReadCapacityAutoScalingSettings"] == {"AutoScalingDisabled": True}
    target = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}}
    writes = {"MinimumUnits": 5, "MaximumUnits": 50, "ScalingPolicyUpdate": target}
    reads = {"RegionName": "us-east-1", "ReplicaProvisionedReadCapacityAutoScalingUpdate": {"MaximumUnits": 9}}
    of_index = [{"IndexName": "songs", "ProvisionedWriteCapacityAutoScalingUpdate": {"MinimumUnits": 2}}]
    dynamodb.update_table_replica_auto_scaling(
        TableName="music", ProvisionedWriteCapacityAutoScalingUpdate=writes, ReplicaUpdates=[reads],
        GlobalSecondaryIndexUpdates=of_index,
    )  # fmt: skip
    found = replica()
    shown = found["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert shown == {"MinimumUnits": 5, "MaximumUnits": 50, "ScalingPolicies": [target]}
    assert found["ReplicaProvisionedReadCapacityAutoScalingSettings"] == {"MaximumUnits": 9}
    songs = found["GlobalSecondaryIndexes"][0]
    assert songs["ProvisionedWriteCapacityAutoScalingSettings"] == {"MinimumUnits": 2}
    elsewhere = {"TableName": "music", "ReplicaUpdates": [{"RegionName": "eu-west-1"}]}
    assert refusal(dynamodb.update_table_replica_auto_scaling, **elsewhere)[0] == "ResourceNotFoundException"


def test_settings_go_with_their_table(dynamodb):
    dynamodb.enable_kinesis_streaming_destination(TableName="music", StreamArn=STREAM)
    dynamodb.delete_table(TableName="music")
    dynamodb.create_table(**define())
    assert dynamodb.describe_kinesis_streaming_destination(TableName="music")["KinesisDataStreamDestinations"] == []


def test_limits_and_endpoints(dynamodb, shared_cloud):
    limits = dynamodb.describe_limits()
    assert (limits["AccountMaxReadCapacityUnits"], limits["TableMaxWriteCapacityUnits"]) == (80000, 40000)
    endpoint = dynamodb.describe_endpoints()["Endpoints"][0]
    assert (endpoint["CachePeriodInMinutes"], f"http://{endpoint['Address']}") == (1440, shared_cloud.url)
