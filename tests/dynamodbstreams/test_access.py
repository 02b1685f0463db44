"""Who may read a stream."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.dynamodbstreams.conftest import everything, iterator, put, shards, told

STRANGER = "999999999998"


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**given)
    assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"
    return refusal.value.response["Error"]["Message"]


def user(cloud: Any, iam: Any, *actions: str, resource: str) -> Any:
    """A client of DynamoDB Streams, of a user who may do this and no more."""
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return boto3.client(
        "dynamodbstreams", endpoint_url=cloud.url, region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip


def test_reading_is_permitted_by_stream(shared_cloud, client, dynamodb, streams, make_table):
    arn, other = make_table(), make_table(name="invoices")
    put(dynamodb, "a")
    reader = user(
        shared_cloud, client("iam"), "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream",
        resource=arn,
    )  # fmt: skip

    assert told(everything(reader, arn)) == [("INSERT", "a")]
    assert "dynamodb:DescribeStream" in refused(reader.describe_stream, StreamArn=other)
    assert other in refused(reader.get_records, ShardIterator=iterator(streams, other))
    assert "dynamodb:ListStreams" in refused(reader.list_streams)


def test_each_action_is_needed(shared_cloud, client, streams, make_table):
    arn = make_table()
    reader = user(shared_cloud, client("iam"), "dynamodb:GetShardIterator", resource=arn)
    shard = shards(streams, arn)[0]

    held = iterator(reader, arn, shard)

    assert "dynamodb:GetRecords" in refused(reader.get_records, ShardIterator=held)


def test_another_account_needs_the_policy_of_the_stream(client, dynamodb, streams, make_table):
    arn = make_table()
    put(dynamodb, "a")
    stranger = client("dynamodbstreams", account=STRANGER)
    refused(stranger.describe_stream, StreamArn=arn)
    refused(stranger.get_records, ShardIterator=iterator(streams, arn))
    statement = {
        "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Resource": arn,
        "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"],
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy)

    assert told(everything(stranger, arn)) == [("INSERT", "a")]


def test_a_stream_is_read_in_its_own_region(client, make_table):
    arn = make_table()
    elsewhere = client("dynamodbstreams", region="eu-west-1")
    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        elsewhere.describe_stream(StreamArn=arn)
    assert elsewhere.list_streams()["Streams"] == []


@pytest.mark.parametrize(
    "text", ["\0" * 40, "x" * 40, "arn:aws:dynamodb:us-east-1:0:table/../stream/" + "é" * 20, "\ud800" * 40]
)
def test_nonsense_names_no_stream(streams, text):
    with pytest.raises(ClientError) as refusal:
        streams.describe_stream(StreamArn=text)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
