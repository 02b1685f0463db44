"""S3 Metadata and ABAC: what is configured is kept and told, and nothing pretends that there are tables."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal

from cumulet.kernel import models
from cumulet.kernel.service import Fidelity, fidelity
from cumulet.services.s3 import S3

JOURNAL = {"RecordExpiration": {"Expiration": "ENABLED", "Days": 30}}


def configuration(s3, bucket):
    answer = s3.get_bucket_metadata_configuration(Bucket=bucket)
    return answer["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"]


def test_a_configuration_is_kept_and_says_that_there_is_no_table(s3, bucket, account):
    wanted = {"JournalTableConfiguration": JOURNAL, "InventoryTableConfiguration": {"ConfigurationState": "ENABLED"}}
    s3.create_bucket_metadata_configuration(Bucket=bucket, MetadataConfiguration=wanted)
    told = configuration(s3, bucket)
    assert told["DestinationResult"] == {
        "TableBucketType": "aws",
        "TableBucketArn": f"arn:aws:s3tables:us-east-1:{account}:bucket/aws-s3",
        "TableNamespace": f"b_{bucket}",
    }
    journal, inventory = told["JournalTableConfigurationResult"], told["InventoryTableConfigurationResult"]
    assert journal["RecordExpiration"] == JOURNAL["RecordExpiration"]
    for table in (journal, inventory):
        assert table["TableStatus"] == "FAILED" and "S3 Tables" in table["Error"]["ErrorMessage"]
    assert "AnnotationTableConfigurationResult" not in told
    again = {"Bucket": bucket, "MetadataConfiguration": wanted}
    assert refusal(s3.create_bucket_metadata_configuration, **again)["status"] == 409


def test_each_table_is_changed_by_itself(s3, bucket):
    never = {"RecordExpiration": {"Expiration": "DISABLED"}}
    update = {"Bucket": bucket, "JournalTableConfiguration": never}
    missing = refusal(s3.update_bucket_metadata_journal_table_configuration, **update)
    assert (missing["Code"], missing["status"]) == ("MetadataConfigurationNotFound", 404)
    wanted = {"JournalTableConfiguration": JOURNAL}
    s3.create_bucket_metadata_configuration(Bucket=bucket, MetadataConfiguration=wanted)
    s3.update_bucket_metadata_journal_table_configuration(**update)
    s3.update_bucket_metadata_inventory_table_configuration(
        Bucket=bucket, InventoryTableConfiguration={"ConfigurationState": "DISABLED"}
    )
    role = "arn:aws:iam::123456789012:role/reader"
    s3.update_bucket_metadata_annotation_table_configuration(
        Bucket=bucket, AnnotationTableConfiguration={"ConfigurationState": "ENABLED", "Role": role}
    )
    told = configuration(s3, bucket)
    assert told["JournalTableConfigurationResult"]["RecordExpiration"] == {"Expiration": "DISABLED"}
    assert told["InventoryTableConfigurationResult"] == {"ConfigurationState": "DISABLED"}
    assert told["AnnotationTableConfigurationResult"]["Role"] == role
    s3.delete_bucket_metadata_configuration(Bucket=bucket)
    for call in (s3.get_bucket_metadata_configuration, s3.delete_bucket_metadata_configuration):
        assert refusal(call, Bucket=bucket)["Code"] == "MetadataConfigurationNotFound"


@pytest.mark.parametrize(
    ("journal", "code"),
    [
        ({"RecordExpiration": {"Expiration": "ENABLED", "Days": 6}}, "InvalidArgument"),
        ({"RecordExpiration": {"Expiration": "ENABLED"}}, "MalformedXML"),
        ({"RecordExpiration": {"Expiration": "DISABLED", "Days": 30}}, "MalformedXML"),
        ({**JOURNAL, "EncryptionConfiguration": {"SseAlgorithm": "aws:kms"}}, "InvalidRequest"),
    ],
)
def test_what_cannot_be_is_refused(s3, bucket, journal, code):
    wanted = {"JournalTableConfiguration": journal}
    error = refusal(s3.create_bucket_metadata_configuration, Bucket=bucket, MetadataConfiguration=wanted)
    assert error["Code"] == code


def test_the_older_configuration(s3, bucket, account):
    arn = f"arn:aws:s3tables:us-east-1:{account}:bucket/tables"
    wanted = {"S3TablesDestination": {"TableBucketArn": arn, "TableName": "objects"}}
    s3.create_bucket_metadata_table_configuration(Bucket=bucket, MetadataTableConfiguration=wanted)
    told = s3.get_bucket_metadata_table_configuration(Bucket=bucket)["GetBucketMetadataTableConfigurationResult"]
    destination = told["MetadataTableConfigurationResult"]["S3TablesDestinationResult"]
    assert destination["TableArn"].startswith(f"{arn}/table/")
    assert destination["TableNamespace"] == "aws_s3_metadata" and told["Status"] == "FAILED"
    s3.delete_bucket_metadata_table_configuration(Bucket=bucket)
    elsewhere = {"S3TablesDestination": {"TableBucketArn": arn.replace("us-east-1", "eu-west-1"), "TableName": "t"}}
    create = {"Bucket": bucket, "MetadataTableConfiguration": elsewhere}
    assert refusal(s3.create_bucket_metadata_table_configuration, **create)["Code"] == "InvalidRequest"


def test_abac_is_off_until_it_is_put_on(s3, bucket):
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Disabled"}
    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Enabled"})
    assert plain(s3.get_bucket_abac(Bucket=bucket)) == {"AbacStatus": {"Status": "Enabled"}}
    wrong = {"Bucket": bucket, "AbacStatus": {"Status": "Perhaps"}}
    assert refusal(s3.put_bucket_abac, **wrong)["Code"] == "MalformedXML"


def test_all_of_this_is_told_to_be_only_stored():
    names = [name for name in dir(S3) if "bucket_metadata" in name or name.endswith("_abac")]
    assert len(names) == 11
    assert {fidelity(getattr(S3, name)) for name in names} == {Fidelity.STORED}


@pytest.mark.parametrize(
    ("method", "given", "named"),
    [
        ("rename_object", {"Key": "new", "RenameSource": "/old"}, "directory buckets"),
        ("create_session", {}, "directory buckets"),
        ("get_object_torrent", {"Key": "k"}, "BitTorrent"),
    ],
)
def test_what_is_missing_says_why(s3, bucket, method, given, named):
    error = refusal(getattr(s3, method), Bucket=bucket, **given)
    assert (error["Code"], error["status"]) == ("NotImplemented", 501) and named in error["Message"]


def test_directory_buckets_are_not_listed_as_if_there_could_be_any(s3):
    assert "directory buckets" in refusal(s3.list_directory_buckets, MaxDirectoryBuckets=10)["Message"]


def test_reasons_are_given_for_what_is_missing_only():
    missing = {operation.method for operation in models.load("s3").operations.values()} - set(dir(S3))
    assert set(S3.absent) == missing
