"""Imports: log files of trails come into event data stores, each event once."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import lake, query

FOLDER = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/"


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def record(number: int, time: str, **more: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.11", "userIdentity": {"type": "Root"}, "eventTime": time, "eventID": f"old-{number}",
        "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "awsRegion": "us-east-1", "readOnly": False,
        "managementEvent": True, "eventCategory": "Management", **more,
    }  # fmt: skip


@pytest.fixture
def bucket(s3, account) -> str:
    s3.create_bucket(Bucket=f"logs-{account}")
    return f"logs-{account}"


@pytest.fixture
def role(client, account) -> str:
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="importer", AssumeRolePolicyDocument=document)
    may = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName="importer", PolicyName="read", PolicyDocument=text)
    return f"arn:aws:iam::{account}:role/importer"


def source(bucket: str, role: str) -> dict[str, Any]:
    location = f"s3://{bucket}/AWSLogs/"
    return {"S3": {"S3LocationUri": location, "S3BucketRegion": "us-east-1", "S3BucketAccessRoleArn": role}}


def put(s3, bucket: str, name: str, body: Any, folder: str = FOLDER) -> None:
    packed = body if isinstance(body, bytes) else gzip.compress(json.dumps(body).encode())
    s3.put_object(Bucket=bucket, Key=folder + name, Body=packed)


def test_log_files_are_imported(cloudtrail, s3, shared_cloud, bucket, role):
    store = lake(cloudtrail, RetentionPeriod=3653)
    put(s3, bucket, "a.json.gz", {"Records": [record(1, "2026-01-02T00:00:00Z"), record(2, "2026-01-03T00:00:00Z")]})
    put(s3, bucket, "b.json.gz", {"Records": [record(3, "2026-02-02T00:00:00Z"), record(4, "2026-01-01T00:00:00Z")]})
    put(
        s3,
        bucket,
        "c.json.gz",
        {"Records": [record(5, "2026-01-02T00:00:00Z")]},
        FOLDER.replace("Trail/", "Trail-Digest/"),
    )

    started = cloudtrail.start_import(
        Destinations=[store],
        ImportSource=source(bucket, role),
        StartEventTime="2026-01-02T00:00:00Z",
        EndEventTime="2026-01-31T00:00:00Z",
    )
    shared_cloud.settle()
    told = cloudtrail.get_import(ImportId=started["ImportId"])
    found = query(cloudtrail, f"SELECT eventID FROM {store} WHERE eventName = 'RunInstances' ORDER BY 1")

    assert told["ImportStatus"] == "COMPLETED"
    assert told["ImportStatistics"]["FilesCompleted"] == 2
    assert told["ImportStatistics"]["EventsCompleted"] == 2
    assert [row["eventID"] for row in found] == ["old-1", "old-2"]
    assert [each["ImportId"] for each in cloudtrail.list_imports(Destination=store)["Imports"]] == [started["ImportId"]]


def test_files_that_are_none_are_told_of(cloudtrail, s3, shared_cloud, bucket, role):
    store = lake(cloudtrail, RetentionPeriod=3653)
    put(s3, bucket, "a.json.gz", b"no gzip")
    put(s3, bucket, "b.json.gz", {"Records": 5})
    put(
        s3,
        bucket,
        "c.json.gz",
        {"Records": [5, {}, {"eventTime": "never"}, record(1, "2026-01-02T00:00:00Z", resources=5)]},
    )
    put(s3, bucket, "d.json.gz", {"Records": [record(2, "2026-01-02T00:00:00Z", eventName=["x"])]})
    started = cloudtrail.start_import(Destinations=[store], ImportSource=source(bucket, role))
    shared_cloud.settle()

    told = cloudtrail.get_import(ImportId=started["ImportId"])
    first = cloudtrail.list_import_failures(ImportId=started["ImportId"], MaxResults=1)
    second = cloudtrail.list_import_failures(ImportId=started["ImportId"], NextToken=first["NextToken"])

    assert told["ImportStatus"] == "FAILED"
    assert told["ImportStatistics"]["FailedEntries"] == 2
    assert told["ImportStatistics"]["EventsCompleted"] == 1
    assert [each["Location"][-9:] for each in (*first["Failures"], *second["Failures"])] == ["a.json.gz", "b.json.gz"]


def test_a_role_that_may_not_read_fails(cloudtrail, client, shared_cloud, bucket, role):
    client("iam").delete_role_policy(RoleName="importer", PolicyName="read")
    store = lake(cloudtrail)
    started = cloudtrail.start_import(Destinations=[store], ImportSource=source(bucket, role))
    shared_cloud.settle()
    failed = cloudtrail.get_import(ImportId=started["ImportId"])["ImportStatus"]
    again = cloudtrail.start_import(ImportId=started["ImportId"])

    assert failed == "FAILED"
    assert again["ImportId"] == started["ImportId"]


def test_refusals(cloudtrail, bucket, role):
    store = lake(cloudtrail)
    nobody = "11111111-1111-4111-8111-111111111111"
    wrong = source(bucket, role)
    wrong["S3"]["S3LocationUri"] = "http://x"

    assert refusal(cloudtrail.get_import, ImportId=nobody) == "ImportNotFoundException"
    assert refusal(cloudtrail.stop_import, ImportId=nobody) == "ImportNotFoundException"
    assert refusal(cloudtrail.start_import) == "InvalidParameterException"
    refused = refusal(cloudtrail.start_import, Destinations=[store], ImportSource=wrong)
    assert refused == "InvalidImportSourceException"
