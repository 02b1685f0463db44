"""Storage class analyses and metrics configurations."""

from __future__ import annotations

import csv
import io

import pytest
from botocore.exceptions import ClientError
from tests.s3.test_inventory import body, keys, refusal, reports

__all__ = ["reports"]
MB = 1024 * 1024


def configuration(**changes):
    where = {"Format": "CSV", "Bucket": "arn:aws:s3:::reports", "Prefix": "seen"}
    export = {"OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": where}}
    return {"Id": "ages", "StorageClassAnalysis": {"DataExport": export}} | changes


def put(s3, wanted, bucket="source"):
    s3.put_bucket_analytics_configuration(Bucket=bucket, Id="ages", AnalyticsConfiguration=wanted)


def lines(s3):
    """The export's lines by storage class and age."""
    (key,) = keys(s3)
    assert key == "seen/source/analytics/ages.csv"
    rows = list(csv.DictReader(io.StringIO(body(s3, key).decode())))
    return {(row["StorageClass"], row["ObjectAge"]): row for row in rows}


@pytest.mark.spec("storage:S3INV-02")
def test_the_export_finds_what_is_seldom_read(own_cloud, reports):
    s3 = reports
    put(s3, configuration(Filter={"Prefix": "logs/"}))
    s3.put_object(Bucket="source", Key="logs/cold", Body=b"x" * MB)
    s3.put_object(Bucket="source", Key="other", Body=b"x" * MB)
    for _ in range(3):
        s3.get_object(Bucket="source", Key="logs/cold")["Body"].read()
    s3.get_object(Bucket="source", Key="logs/cold", Range="bytes=0-0")["Body"].read()
    s3.get_object(Bucket="source", Key="other")["Body"].read()
    own_cloud.advance(days=1)

    young = lines(s3)["STANDARD", "000-014"]
    assert (young["ObjectCount"], young["Storage_MB"], young["GetRequestCount"]) == ("1", "1.00000", "4")
    assert float(young["DataRetrieved_MB"]) == pytest.approx(3, abs=0.001)
    assert (young["ConfigId"], young["Filter"]) == ("ages", "Prefix:logs/")
    assert young["RecommendedObjectAgeForSIATransition"] == ""
    assert lines(s3)["STANDARD_IA", "ALL"]["ObjectCount"] == "0"

    own_cloud.advance(days=40)
    own_cloud.advance(days=1)
    old = lines(s3)["STANDARD", "030-044"]
    assert (old["ObjectCount"], old["GetRequestCount"]) == ("1", "0")
    assert old["RecommendedObjectAgeForSIATransition"] == "030+"
    assert lines(s3)["STANDARD", "ALL"]["ObjectCount"] == "1"


def test_what_is_read_often_is_not_recommended(own_cloud, reports):
    s3 = reports
    put(s3, configuration())
    s3.put_object(Bucket="source", Key="hot", Body=b"x" * MB)
    own_cloud.advance(days=40)
    s3.get_object(Bucket="source", Key="hot")["Body"].read()
    own_cloud.advance(days=1)
    row = lines(s3)["STANDARD", "030-044"]
    assert (row["GetRequestCount"], row["CumulativeAccessRatio"]) == ("1", "1.0000")
    assert row["RecommendedObjectAgeForSIATransition"] == ""


def test_analyses_are_kept_listed_and_removed(s3, bucket):
    plain = {"Id": "ages", "StorageClassAnalysis": {}}
    put(s3, plain, bucket)
    assert s3.get_bucket_analytics_configuration(Bucket=bucket, Id="ages")["AnalyticsConfiguration"]["Id"] == "ages"
    assert len(s3.list_bucket_analytics_configurations(Bucket=bucket)["AnalyticsConfigurationList"]) == 1
    s3.delete_bucket_analytics_configuration(Bucket=bucket, Id="ages")
    error = refusal(s3.delete_bucket_analytics_configuration, Bucket=bucket, Id="ages")
    assert error["Code"] == "NoSuchConfiguration"
    assert refusal(put, s3, configuration(Filter={}), bucket)["Code"] == "MalformedXML"


def test_metrics_configurations_are_kept(s3, bucket):
    def put_metrics(prefix, config_id="m"):
        return s3.put_bucket_metrics_configuration(
            Bucket=bucket, Id=config_id, MetricsConfiguration={"Id": config_id, "Filter": {"Prefix": prefix}}
        )

    put_metrics("logs/")
    assert put_metrics("new/")["ResponseMetadata"]["HTTPStatusCode"] == 204
    put_metrics("logs/", "n")
    found = s3.get_bucket_metrics_configuration(Bucket=bucket, Id="m")["MetricsConfiguration"]
    assert found == {"Id": "m", "Filter": {"Prefix": "new/"}}
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert [each["Id"] for each in listed["MetricsConfigurationList"]] == ["m", "n"] and not listed["IsTruncated"]
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="m")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="m")
