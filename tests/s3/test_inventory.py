"""Inventories: what may be configured, and that the reports are really written."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json

import pytest
from botocore.exceptions import ClientError
from tests.conftest import connect

from cumulet.kernel import events

ACCOUNT = "111111111111"


def configuration(destination="reports", **changes):
    where = {"Bucket": f"arn:aws:s3:::{destination}", "Format": "CSV"} | changes.pop("where", {})
    return {
        "Id": "all",
        "IsEnabled": True,
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": where},
    } | changes


def put(s3, bucket, wanted, config_id="all"):
    return s3.put_bucket_inventory_configuration(Bucket=bucket, Id=config_id, InventoryConfiguration=wanted)


def refusal(call, *args, **given):
    with pytest.raises(ClientError) as raised:
        call(*args, **given)
    return raised.value.response["Error"]


def let_s3_in(s3, destination, source):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{destination}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT, "s3:x-amz-acl": "bucket-owner-full-control"},
        },
    }
    s3.put_bucket_policy(Bucket=destination, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


@pytest.fixture
def reports(own_cloud):
    """A client with a bucket "source", and a bucket "reports" that lets S3 write reports of it."""
    s3 = connect(own_cloud, "s3", account=ACCOUNT)
    for name in ("source", "reports"):
        s3.create_bucket(Bucket=name)
    let_s3_in(s3, "reports", "source")
    return s3


def keys(s3, bucket="reports"):
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def body(s3, key, bucket="reports"):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def report(s3, prefix="source/all"):
    """The manifest and the rows of the newest report."""
    manifest = json.loads(body(s3, [key for key in keys(s3) if key.endswith("manifest.json")][-1]))
    assert all(each["key"].startswith(prefix + "/data/") for each in manifest["files"])
    rows = []
    for each in manifest["files"]:
        packed = body(s3, each["key"])
        assert (len(packed), hashlib.md5(packed).hexdigest()) == (each["size"], each["MD5checksum"])
        names = manifest["fileSchema"].split(", ")
        for cells in csv.reader(io.StringIO(gzip.decompress(packed).decode())):
            rows.append(dict(zip(names, cells, strict=True)))
    return manifest, rows


@pytest.mark.spec("storage:S3INV-01")
def test_a_report_is_written_every_day(own_cloud, reports):
    s3 = reports
    etag = s3.put_object(Bucket="source", Key="a b/ü", Body=b"12345")["ETag"].strip('"')
    s3.put_object(Bucket="source", Key="second", Body=b"1", StorageClass="STANDARD_IA")
    fields = ["ETag", "StorageClass", "Size", "EncryptionStatus", "IsMultipartUploaded", "ChecksumAlgorithm"]
    put(s3, "source", configuration(OptionalFields=fields))
    assert keys(s3) == []
    own_cloud.advance(days=1)

    manifest, rows = report(s3)
    assert manifest["fileSchema"] == (
        "Bucket, Key, Size, ETag, StorageClass, IsMultipartUploaded, EncryptionStatus, ChecksumAlgorithm"
    )
    assert (manifest["sourceBucket"], manifest["destinationBucket"]) == ("source", "arn:aws:s3:::reports")
    assert (manifest["fileFormat"], manifest["version"]) == ("CSV", "2016-11-30")
    assert [row["Key"] for row in rows] == ["a+b/%C3%BC", "second"]
    assert rows[0] | {"Key": ""} == {
        "Bucket": "source", "Key": "", "Size": "5", "ETag": etag, "StorageClass": "STANDARD",
        "IsMultipartUploaded": "false", "EncryptionStatus": "SSE-S3", "ChecksumAlgorithm": "CRC32",
    }  # fmt: skip
    assert rows[1]["StorageClass"] == "STANDARD_IA"

    stamp = next(key for key in keys(s3) if key.endswith("manifest.checksum"))
    whole = body(s3, stamp.replace("manifest.checksum", "manifest.json"))
    assert body(s3, stamp).decode() == hashlib.md5(whole).hexdigest()
    day = own_cloud.now()
    assert stamp == f"source/all/{day:%Y-%m-%d}T00-00Z/manifest.checksum"
    symlink = body(s3, f"source/all/hive/dt={day:%Y-%m-%d}-00-00/symlink.txt").decode()
    assert symlink.strip() == f"s3://reports/{manifest['files'][0]['key']}"

    s3.delete_object(Bucket="source", Key="second")
    own_cloud.advance(days=1)
    assert len([key for key in keys(s3) if key.endswith("manifest.json")]) == 2
    assert len(report(s3)[1]) == 1


def test_all_versions_can_be_listed_below_a_prefix(own_cloud, reports):
    s3 = reports
    s3.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="source", Key="in/k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket="source", Key="in/k", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket="source", Key="in/k")["VersionId"]
    s3.put_object(Bucket="source", Key="out", Body=b"1")
    wanted = configuration(
        IncludedObjectVersions="All", Filter={"Prefix": "in/"}, OptionalFields=["Size"], where={"Prefix": "deep/er"}
    )
    put(s3, "source", wanted)
    own_cloud.advance(days=1)
    manifest, rows = report(s3, "deep/er/source/all")
    assert manifest["fileSchema"] == "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size"
    assert [(row["VersionId"], row["IsLatest"], row["IsDeleteMarker"], row["Size"]) for row in rows] == [
        (marker, "true", "true", ""),
        (second, "false", "false", "1"),
        (first, "false", "false", "1"),
    ]


def test_a_weekly_report_comes_on_sunday_and_a_disabled_one_never(own_cloud, reports):
    s3 = reports
    put(s3, "source", configuration(Schedule={"Frequency": "Weekly"}))
    put(s3, "source", configuration(Id="off", IsEnabled=False), "off")
    for _ in range(7):
        own_cloud.advance(days=1)
        if own_cloud.now().weekday() == 6:
            break
        assert keys(s3) == []
    assert len([key for key in keys(s3) if key.endswith("manifest.json")]) == 1
    assert not [key for key in keys(s3) if "/off/" in key]
    s3.delete_bucket_inventory_configuration(Bucket="source", Id="all")
    own_cloud.advance(days=8)
    assert len([key for key in keys(s3) if key.endswith("manifest.json")]) == 1


def test_a_destination_that_lets_nobody_in_gets_nothing_and_the_log_tells(own_cloud, reports):
    s3 = reports
    s3.create_bucket(Bucket="closed")
    put(s3, "source", configuration("closed"))
    own_cloud.advance(days=1)
    assert keys(s3, "closed") == []
    logged = own_cloud.run(own_cloud.cloud.kernel.store.read(events.logged))
    (event,) = [each for each in logged if each.type == "s3.ReportUndelivered"]
    assert event.detail["destination"] == "arn:aws:s3:::closed" and "AccessDenied" in event.detail["reason"]


def test_a_long_report_has_every_object(own_cloud, reports):
    s3 = reports
    names = [f"{number:05}" for number in range(1005)]
    for name in names:
        s3.put_object(Bucket="source", Key=name)
    put(s3, "source", configuration())
    own_cloud.advance(days=1)
    assert [row["Key"] for row in report(s3)[1]] == names


def test_configurations_are_kept_listed_and_removed(s3, bucket):
    wanted = configuration(bucket, OptionalFields=["Size", "ETag"])
    put(s3, bucket, wanted)
    assert s3.get_bucket_inventory_configuration(Bucket=bucket, Id="all")["InventoryConfiguration"] == wanted
    listed = s3.list_bucket_inventory_configurations(Bucket=bucket)
    assert (listed["InventoryConfigurationList"], listed["IsTruncated"]) == ([wanted], False)
    removed = s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="all")
    assert removed["ResponseMetadata"]["HTTPStatusCode"] == 204
    error = refusal(s3.get_bucket_inventory_configuration, Bucket=bucket, Id="all")
    assert (error["Code"], error["Message"]) == ("NoSuchConfiguration", "The specified configuration does not exist.")
    assert "InventoryConfigurationList" not in s3.list_bucket_inventory_configurations(Bucket=bucket)


def test_many_configurations_come_in_pages(s3, bucket):
    for number in range(103):
        put(s3, bucket, configuration(bucket, Id=f"c{number:03}"), f"c{number:03}")
    first = s3.list_bucket_inventory_configurations(Bucket=bucket)
    rest = s3.list_bucket_inventory_configurations(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    found = first["InventoryConfigurationList"] + rest["InventoryConfigurationList"]
    assert [each["Id"] for each in found] == [f"c{number:03}" for number in range(103)] and first["IsTruncated"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"where": {"Bucket": "no-arn"}}, "InvalidS3DestinationBucket"),
        ({"where": {"Format": "WRONG"}}, "MalformedXML"),
        ({"Id": "another"}, "IdMismatch"),
        ({"IncludedObjectVersions": "Some"}, "MalformedXML"),
        ({"OptionalFields": ["Colour"]}, "MalformedXML"),
        ({"Schedule": {"Frequency": "Hourly"}}, "MalformedXML"),
        ({"where": {"Format": "Parquet"}}, "NotImplemented"),
        ({"OptionalFields": ["LifecycleExpirationDate"]}, "NotImplemented"),
    ],
)
def test_what_cannot_be_reported_is_refused(s3, bucket, changes, code):
    assert refusal(put, s3, bucket, configuration(bucket, **changes))["Code"] == code
