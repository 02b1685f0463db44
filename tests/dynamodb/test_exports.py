"""Exports: what is written to the bucket, for which instant, by whose leave."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from cumulet.services.dynamodb import ion, recovery
from cumulet.services.dynamodb.api import exports as api
from tests.conftest import connect
from tests.dynamodb.tables import define, refusal
from tests.dynamodb.test_backups import fill, put

BUCKET = "exports"


class Place:
    """A table with recovery, a bucket, and what is written there."""

    def __init__(self, cloud: Any, account: str) -> None:
        self.cloud = cloud
        self.dynamodb = connect(cloud, "dynamodb", account=account)
        self.s3 = connect(cloud, "s3", account=account)
        self.bucket = f"{BUCKET}-{account}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.arn = self.dynamodb.create_table(**define())["TableDescription"]["TableArn"]
        self.recover()

    def recover(self, enabled: bool = True) -> None:
        wanted = {"PointInTimeRecoveryEnabled": enabled}
        self.dynamodb.update_continuous_backups(TableName="music", PointInTimeRecoverySpecification=wanted)

    def export(self, **more: Any) -> dict[str, Any]:
        """What becomes of a request."""
        given = {"TableArn": self.arn, "S3Bucket": self.bucket, **more}
        begun = self.dynamodb.export_table_to_point_in_time(**given)["ExportDescription"]
        assert begun["ExportStatus"] == "IN_PROGRESS"
        self.cloud.settle()
        return self.describe(begun["ExportArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        return self.dynamodb.describe_export(ExportArn=arn)["ExportDescription"]

    def listed(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())]

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def files(self, export: dict[str, Any]) -> list[dict[str, Any]]:
        """What the manifest tells of the data files."""
        summary = json.loads(self.read(export["ExportManifest"]))
        return [json.loads(line) for line in self.read(summary["manifestFilesS3Key"]).splitlines()]

    def lines(self, export: dict[str, Any]) -> list[str]:
        keys = [file["dataFileS3Key"] for file in self.files(export)]
        return [line for key in keys for line in gzip.decompress(self.read(key)).decode().splitlines()]

    def records(self, export: dict[str, Any]) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines(export)]

    def songs(self, export: dict[str, Any]) -> dict[str, str]:
        items = [record["Item"] for record in self.records(export)]
        return {item["song"]["S"]: item["plays"]["N"] for item in items}


@pytest.fixture
def place(own_cloud, account) -> Place:
    return Place(own_cloud, account)


@pytest.mark.spec("data:DDB-32")
def test_a_table_is_exported_as_lines_of_json_with_manifests(place):
    fill(place.dynamodb, 4)
    export = place.export(S3Prefix="backups/music")

    folder = f"backups/music/AWSDynamoDB/{export['ExportArn'].rpartition('/')[2]}/"
    assert (export["ExportStatus"], export["ExportType"], export["ItemCount"]) == ("COMPLETED", "FULL_EXPORT", 4)
    assert export["ExportManifest"] == folder + "manifest-summary.json"
    names = [key.removeprefix(folder) for key in place.listed()]
    assert [name for name in names if not name.startswith("data/")] == [
        "_started", "manifest-files.checksum", "manifest-files.json", "manifest-summary.checksum",
        "manifest-summary.json",
    ]  # fmt: skip
    assert place.songs(export) == {f"s{number}": str(number) for number in range(4)}


@pytest.mark.spec("data:DDB-32")
def test_manifests_tell_sizes_and_checksums(place):
    fill(place.dynamodb, 2)
    export = place.export(ClientToken="mine")
    summary = json.loads(place.read(export["ExportManifest"]))
    table = place.dynamodb.describe_table(TableName="music")["Table"]

    for name in ("files", "summary"):
        content = place.read(export["ExportManifest"].replace("summary", name))
        checksum = place.read(export["ExportManifest"].replace("summary.json", f"{name}.checksum"))
        assert base64.b64decode(checksum) == hashlib.md5(content).digest()
    assert summary["exportArn"] == export["ExportArn"]
    assert (summary["tableArn"], summary["tableId"]) == (place.arn, table["TableId"])
    assert (summary["itemCount"], summary["outputFormat"], summary["s3Bucket"]) == (2, "DYNAMODB_JSON", place.bucket)
    assert summary["billedSizeBytes"] == table["TableSizeBytes"] == export["BilledSizeBytes"]
    assert (summary["s3SseAlgorithm"], summary["s3SseKmsKeyId"]) == ("AES256", None)
    (file,) = place.files(export)
    content = place.read(file["dataFileS3Key"])
    assert base64.b64decode(file["md5Checksum"]) == hashlib.md5(content).digest()
    assert file["itemCount"] == 2
    assert file["etag"] == place.s3.head_object(Bucket=place.bucket, Key=file["dataFileS3Key"])["ETag"].strip('"')


@pytest.mark.spec("data:DDB-32")
def test_an_export_shows_the_table_as_it_was(place):
    fill(place.dynamodb, 3)
    when = place.cloud.now()
    place.cloud.advance(minutes=1)
    put(place.dynamodb, "a0", "s0", plays=100)
    put(place.dynamodb, "b", "new", plays=1)
    assert place.songs(place.export(ExportTime=when)) == {"s0": "0", "s1": "1", "s2": "2"}
    assert place.songs(place.export()) == {"s0": "100", "s1": "1", "s2": "2", "new": "1"}


@pytest.mark.spec("data:DDB-32")
def test_ion_keeps_types(place):
    item = {
        "artist": {"S": 'a "quoted" \U0001f3b5'},
        "song": {"S": "s"},
        "n": {"N": "-1.5"},
        "big": {"N": "6" + "0" * 40},
        "b": {"B": b"\0\xff"},
        "set": {"NS": ["1", "20"]},
        "odd name": {"M": {"null": {"NULL": True}, "list": {"L": [{"BOOL": False}, {"SS": ["x"]}]}}},
    }
    place.dynamodb.put_item(TableName="music", Item=item)
    (line,) = place.lines(place.export(ExportFormat="ION"))

    assert line.startswith("$ion_1_0 {Item:{")
    assert "$dynamodb_NS::[1.,2d1]" in line
    assert "n:-1.5" in line
    assert "{{AP8=}}" in line
    assert "'odd name':{'null':null,list:[false,$dynamodb_SS::[\"x\"]]}" in line
    assert ion.read(line)["M"]["Item"]["M"].keys() == item.keys()


@pytest.mark.spec("data:DDB-32")
def test_changes_of_a_span_of_time(place):
    fill(place.dynamodb, 3)
    since = place.cloud.now()
    place.cloud.advance(minutes=5)
    put(place.dynamodb, "a0", "s0", plays=50)
    place.cloud.advance(minutes=5)
    changed = place.cloud.now()
    put(place.dynamodb, "a0", "s0", plays=60)
    place.dynamodb.delete_item(TableName="music", Key={"artist": {"S": "a1"}, "song": {"S": "s1"}})
    put(place.dynamodb, "b", "new", plays=1)
    put(place.dynamodb, "b", "short-lived", plays=1)
    place.dynamodb.delete_item(TableName="music", Key={"artist": {"S": "b"}, "song": {"S": "short-lived"}})
    place.cloud.advance(minutes=20)
    put(place.dynamodb, "a2", "s2", plays=1000)
    span = {"ExportFromTime": since, "ExportToTime": since + timedelta(minutes=20)}
    export = place.export(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=span)

    records = {record["Keys"]["song"]["S"]: record for record in place.records(export)}
    assert records.keys() == {"s0", "s1", "new"}
    assert (records["s0"]["OldImage"]["plays"]["N"], records["s0"]["NewImage"]["plays"]["N"]) == ("0", "60")
    assert records["s1"]["OldImage"]["plays"]["N"] == "1"
    assert "NewImage" not in records["s1"]
    assert "OldImage" not in records["new"]
    written = int(records["s0"]["Metadata"]["WriteTimestampMicros"]["N"]) / 1e6
    assert 0 <= written - changed.timestamp() < 5
    assert all(file["dataFileS3Key"].startswith("AWSDynamoDB/data/") for file in place.files(export))
    summary = json.loads(place.read(export["ExportManifest"]))
    assert (summary["exportType"], summary["outputView"]) == ("INCREMENTAL_EXPORT", "NEW_AND_OLD_IMAGES")

    span["ExportViewType"] = "NEW_IMAGE"
    export = place.export(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=span, ExportFormat="ION")
    lines = place.lines(export)
    assert len(lines) == 3
    assert all(line.startswith("$ion_1_0 {Record:{") and "OldImage" not in line for line in lines)


def test_a_filter_chooses_items_and_attributes(place):
    fill(place.dynamodb, 6)
    wanted = {
        "FilterExpression": "plays > :least", "ProjectionExpression": "song, #p",
        "ExpressionAttributeNames": {"#p": "plays"}, "ExpressionAttributeValues": {":least": {"N": "3"}},
    }  # fmt: skip
    export = place.export(FilterSpecification=wanted)
    assert sorted(record["Item"]["song"]["S"] for record in place.records(export)) == ["s4", "s5"]
    assert all(record["Item"].keys() == {"song", "plays"} for record in place.records(export))
    assert export["ItemCount"] == 2

    bad = {"FilterExpression": "plays >"}
    given = {"TableArn": place.arn, "S3Bucket": place.bucket, "FilterSpecification": bad}
    assert refusal(place.dynamodb.export_table_to_point_in_time, **given)[0] == "ValidationException"


@pytest.mark.spec("data:DDB-32")
def test_recovery_has_to_be_on_and_reach_back(place):
    export = place.dynamodb.export_table_to_point_in_time
    given = {"TableArn": place.arn, "S3Bucket": place.bucket}
    before = place.cloud.now() - timedelta(days=1)
    assert refusal(export, **given, ExportTime=before)[0] == "InvalidExportTimeException"
    span = {"ExportFromTime": before, "ExportToTime": before + timedelta(minutes=5)}
    incremental = {**given, "ExportType": "INCREMENTAL_EXPORT"}
    assert refusal(export, **incremental, IncrementalExportSpecification=span)[0] == "ValidationException"
    span["ExportToTime"] = before + timedelta(hours=1)
    assert refusal(export, **incremental, IncrementalExportSpecification=span)[0] == "InvalidExportTimeException"
    span["ExportToTime"] = before
    assert refusal(export, **incremental, IncrementalExportSpecification=span) == (
        "ValidationException",
        "Incremental export period from time should not be greater or equal to incremental export period to time",
    )
    place.recover(enabled=False)
    assert refusal(export, **given) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'music'",
    )
    gone = place.arn + "s"
    words = f"Table not found: {gone}"
    assert refusal(export, TableArn=gone, S3Bucket=place.bucket) == ("TableNotFoundException", words)
    assert place.listed() == []


def test_an_export_without_a_bucket_fails(place):
    export = place.export(S3Bucket="no-such-bucket-anywhere")
    assert export["ExportStatus"] == "FAILED"
    assert (export["FailureCode"], export["FailureMessage"]) == (
        "S3NoSuchBucket",
        "The specified bucket does not exist",
    )
    assert "ExportManifest" not in export


def test_a_bucket_is_written_with_the_permissions_of_the_caller(place, account):
    fill(place.dynamodb, 1)
    iam = connect(place.cloud, "iam", account=account)
    iam.create_user(UserName="exporter")
    made = iam.create_access_key(UserName="exporter")["AccessKey"]
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}

    def allow(*statements: dict[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="exporter", PolicyName="allowed", PolicyDocument=document)

    allow(statement)
    place.dynamodb = place.cloud.client(
        "dynamodb", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
    )
    refused = place.export()
    assert (refused["ExportStatus"], refused["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert place.listed() == []
    allow(statement, {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{place.bucket}/*"})
    assert place.export()["ExportStatus"] == "COMPLETED"


def test_a_token_makes_a_repeated_request_the_same_export(place):
    first = place.export(ClientToken="once")
    again = place.dynamodb.export_table_to_point_in_time(
        TableArn=place.arn, S3Bucket=place.bucket, ClientToken="once"
    )["ExportDescription"]  # fmt: skip
    assert again["ExportArn"] == first["ExportArn"]
    other = {"TableArn": place.arn, "S3Bucket": place.bucket, "ClientToken": "once", "ExportFormat": "ION"}
    assert refusal(place.dynamodb.export_table_to_point_in_time, **other)[0] == "ExportConflictException"
    place.cloud.advance(hours=9)
    assert place.export(ClientToken="once")["ExportArn"] != first["ExportArn"]


def test_exports_are_listed_in_pages_and_for_90_days(place):
    arns = [place.export()["ExportArn"] for _ in range(3)]
    page = place.dynamodb.list_exports(MaxResults=2)
    rest = place.dynamodb.list_exports(MaxResults=2, NextToken=page["NextToken"])
    assert [each["ExportArn"] for each in page["ExportSummaries"] + rest["ExportSummaries"]] == arns
    assert "NextToken" not in rest
    assert place.dynamodb.list_exports(TableArn=place.arn + "s")["ExportSummaries"] == []
    place.cloud.advance(days=91)
    assert place.dynamodb.list_exports()["ExportSummaries"] == []
    words = f"Export not found: {arns[0]}"
    assert refusal(place.dynamodb.describe_export, ExportArn=arns[0]) == ("ExportNotFoundException", words)


def test_an_export_of_many_files_shows_one_instant(place, monkeypatch):
    """Files are made small; the table changes, loses its recovery and goes while they are written."""
    monkeypatch.setattr(api, "_FILE_BYTES", 300)
    monkeypatch.setattr(recovery, "_PLACES_AT_ONCE", 2)
    fill(place.dynamodb, 40)
    given = {"TableArn": place.arn, "S3Bucket": place.bucket}
    begun = place.dynamodb.export_table_to_point_in_time(**given)["ExportDescription"]
    fill(place.dynamodb, 60)
    for number in range(40):
        put(place.dynamodb, f"a{number % 3}", f"s{number}", plays=1000)
    place.recover(enabled=False)
    place.dynamodb.delete_table(TableName="music")
    place.cloud.settle()

    export = place.describe(begun["ExportArn"])
    assert place.songs(export) == {f"s{number}": str(number) for number in range(40)}
    assert len(place.files(export)) > 5
    assert sum(file["itemCount"] for file in place.files(export)) == export["ItemCount"] == 40
