"""A bucket that lets CloudTrail in, and a trail into it."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from typing import Any

import pytest

from tests.conftest import connect

ACCOUNT = "111122223333"
BUCKET = "audit-files"
TRAIL_ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/everything"


def bucket_policy(bucket: str, account: str, trail_arn: str) -> str:
    """What the user guide has people write."""
    cloudtrail, from_trail = {"Service": "cloudtrail.amazonaws.com"}, {"aws:SourceArn": trail_arn}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": cloudtrail,
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{bucket}",
                    "Condition": {"StringEquals": from_trail},
                },
                {
                    "Effect": "Allow",
                    "Principal": cloudtrail,
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account}/*",
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **from_trail}},
                },
            ],
        }
    )


def make_bucket(s3: Any, bucket: str, account: str, trail_arn: str) -> None:
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, account, trail_arn))


def keys(s3: Any, kind: str = "CloudTrail", bucket: str = BUCKET) -> list[str]:
    """The names of the files delivered, without the empty folders."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"AWSLogs/{ACCOUNT}/{kind}/").get("Contents", [])
    return [each["Key"] for each in listed if each["Size"]]


def content(s3: Any, key: str, bucket: str = BUCKET) -> Any:
    return json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


def delivered(s3: Any) -> list[dict[str, Any]]:
    """All events in the log files, in the order of the files."""
    return [record for key in keys(s3) for record in content(s3, key)["Records"]]


def events(cloudtrail: Any, **wanted: Any) -> list[dict[str, Any]]:
    """The records that LookupEvents finds, newest first."""
    pages = cloudtrail.get_paginator("lookup_events").paginate(**wanted)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def find(cloudtrail: Any, name: str) -> dict[str, Any]:
    """The newest event of this name."""
    return events(cloudtrail, LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])[0]


@pytest.fixture
def cloudtrail(client) -> Any:
    return client("cloudtrail")


@pytest.fixture
def trails(own_cloud) -> Any:
    """CloudTrail in a cloud of its own, with a bucket for the trail `everything`."""
    make_bucket(connect(own_cloud, "s3", account=ACCOUNT), BUCKET, ACCOUNT, TRAIL_ARN)
    return connect(own_cloud, "cloudtrail", account=ACCOUNT)


@pytest.fixture
def files(own_cloud) -> Any:
    """S3 in the same cloud."""
    return connect(own_cloud, "s3", account=ACCOUNT)


def query(cloudtrail: Any, statement: str, **more: Any) -> list[dict[str, str]]:
    """The rows that a query finds."""
    return rows(cloudtrail, ended(cloudtrail, cloudtrail.start_query(QueryStatement=statement, **more)["QueryId"]))


def ended(cloudtrail: Any, query_id: str) -> str:
    """Wait until a query has ended, well or not."""
    limit = time.monotonic() + 60
    while cloudtrail.describe_query(QueryId=query_id)["QueryStatus"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < limit
        time.sleep(0.05)
    return query_id


def rows(cloudtrail: Any, query_id: str) -> list[dict[str, str]]:
    answer = cloudtrail.get_query_results(QueryId=query_id)
    assert answer["QueryStatus"] == "FINISHED", answer.get("ErrorMessage")
    return [{name: value for cell in row for name, value in cell.items()} for row in answer["QueryResultRows"]]


def lake(cloudtrail: Any, **more: Any) -> str:
    """A new event data store; its id."""
    name = f"lake-{uuid.uuid4()}"
    made = cloudtrail.create_event_data_store(Name=name, TerminationProtectionEnabled=False, **more)
    return str(made["EventDataStoreArn"].rpartition("/")[2])


def selector(category: str, **equals: str) -> list[dict[str, Any]]:
    """An advanced selector; the fields are spelled with _ for the dot."""
    fields = {"eventCategory": category, **{name.replace("_", "."): value for name, value in equals.items()}}
    return [{"FieldSelectors": [{"Field": name, "Equals": [value]} for name, value in fields.items()]}]
