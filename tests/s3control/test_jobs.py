"""S3 Batch Operations: one action on many objects, and what is told of it."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json

import pytest
from botocore.exceptions import ClientError
from tests.conftest import connect
from tests.roles import role_for
from tests.s3control.conftest import at_aws

from cumulet.testing import LocalCloud

ACCOUNT = "111111111111"
_tokens = itertools.count(1)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/batch"
REPLICATOR = f"arn:aws:iam::{ACCOUNT}:role/replicator"
REPORT = {
    "Bucket": "arn:aws:s3:::reports", "Format": "Report_CSV_20180820", "Enabled": True, "Prefix": "done",
    "ReportScope": "AllTasks",
}  # fmt: skip


class Batch:
    """A cloud with the buckets "things" and "reports", and clients of both services."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.s3 = connect(cloud, "s3", account=ACCOUNT)
        iam = connect(cloud, "iam", account=ACCOUNT)
        if not iam.list_roles()["Roles"]:  # as in a cloud that is started again
            role_for(iam, "batchoperations.s3", "batch", actions=["s3:*", "kms:*"])
            role_for(iam, "s3", "replicator", actions="s3:*")
        self.control = at_aws(cloud, "s3control", ACCOUNT)

    def manifest(self, lines, fields=("Bucket", "Key"), key="manifest.csv"):
        body = "".join(",".join(line) + "\n" for line in lines).encode()
        etag = self.s3.put_object(Bucket="reports", Key=key, Body=body)["ETag"]
        return {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
            "Location": {"ObjectArn": f"arn:aws:s3:::reports/{key}", "ETag": etag},
        }

    def create(self, operation, manifest=None, **changes):
        given = {
            "AccountId": ACCOUNT, "Operation": operation, "Report": REPORT, "Priority": 10, "RoleArn": ROLE,
            "ConfirmationRequired": False, "ClientRequestToken": f"token-{next(_tokens)}",
        } | changes  # fmt: skip
        if manifest is not None:
            given["Manifest"] = manifest
        return self.control.create_job(**given)["JobId"]

    def job(self, job_id, settle=True):
        if settle:
            self.cloud.settle()
        return self.control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]

    def progress(self, job_id):
        told = self.job(job_id)
        summary = told["ProgressSummary"]
        names = ("TotalNumberOfTasks", "NumberOfTasksSucceeded", "NumberOfTasksFailed")
        return (told["Status"], *(summary[name] for name in names))

    def rows(self, job_id):
        """The lines of the report by status."""
        home = f"done/job-{job_id}"
        body = self.s3.get_object(Bucket="reports", Key=f"{home}/manifest.json")["Body"].read()
        checksum = self.s3.get_object(Bucket="reports", Key=f"{home}/manifest.json.md5")["Body"].read().decode()
        assert checksum == hashlib.md5(body).hexdigest()
        found = {}
        for each in json.loads(body)["Results"]:
            text = self.s3.get_object(Bucket=each["Bucket"], Key=each["Key"])["Body"].read()
            assert hashlib.md5(text).hexdigest() == each["MD5Checksum"]
            found[each["TaskExecutionStatus"]] = list(csv.reader(io.StringIO(text.decode())))
        return found

    def tags(self, key):
        return self.s3.get_object_tagging(Bucket="things", Key=key)["TagSet"]


@pytest.fixture
def batch(own_cloud):
    made = Batch(own_cloud)
    for name in ("things", "reports"):
        made.s3.create_bucket(Bucket=name)
    return made


TAGGED = [{"Key": "seen", "Value": "yes"}]
TAG = {"S3PutObjectTagging": {"TagSet": TAGGED}}


@pytest.mark.spec("storage:S3BO-01")
def test_a_job_does_one_thing_to_many_objects(batch):
    keys = [f"k{number:03}" for number in range(450)]
    for key in keys:
        batch.s3.put_object(Bucket="things", Key=key)
    manifest = batch.manifest([("things", key) for key in [*keys, "absent"]])
    job_id = batch.create(TAG, manifest, Description="tag them all", Tags=[{"Key": "t", "Value": "1"}])

    assert batch.progress(job_id) == ("Complete", 451, 450, 1)
    assert all(batch.tags(key) == TAGGED for key in (keys[0], keys[199], keys[200], keys[-1]))
    rows = batch.rows(job_id)
    assert [row[1] for row in rows["succeeded"]] == keys and rows["succeeded"][0][3:6] == ["succeeded", "200", ""]
    assert rows["failed"] == [
        ["things", "absent", "", "failed", "404", "NoSuchKey", "The specified key does not exist."]
    ]
    told = batch.job(job_id)
    assert (told["Description"], told["Priority"], told["RoleArn"]) == ("tag them all", 10, ROLE)
    assert told["JobArn"] == f"arn:aws:s3:us-east-1:{ACCOUNT}:job/{job_id}" and told["TerminationDate"]
    assert told["Operation"] == TAG and told["Manifest"] == manifest
    assert batch.control.get_job_tagging(AccountId=ACCOUNT, JobId=job_id)["Tags"] == [{"Key": "t", "Value": "1"}]
    listed = batch.control.list_jobs(AccountId=ACCOUNT, JobStatuses=["Complete"])["Jobs"]
    assert [(each["JobId"], each["Operation"]) for each in listed] == [(job_id, "S3PutObjectTagging")]


def test_a_job_waits_to_be_confirmed_and_can_be_cancelled(batch):
    batch.s3.put_object(Bucket="things", Key="k")
    manifest = batch.manifest([("things", "k")])
    job_id = batch.create(TAG, manifest, ConfirmationRequired=True)
    assert batch.job(job_id)["Status"] == "Suspended" and batch.tags("k") == []
    batch.control.update_job_priority(AccountId=ACCOUNT, JobId=job_id, Priority=42)
    batch.control.update_job_status(AccountId=ACCOUNT, JobId=job_id, RequestedJobStatus="Ready")
    assert batch.job(job_id)["Status"] == "Complete" and batch.tags("k") == TAGGED
    assert batch.job(job_id)["Priority"] == 42

    other = batch.create({"S3DeleteObjectTagging": {}}, manifest, ConfirmationRequired=True)
    batch.cloud.settle()
    batch.control.update_job_status(AccountId=ACCOUNT, JobId=other, RequestedJobStatus="Cancelled")
    assert batch.job(other)["Status"] == "Cancelled" and batch.tags("k") == TAGGED
    for job in (job_id, other):
        with pytest.raises(ClientError, match="JobStatusException"):
            batch.control.update_job_status(AccountId=ACCOUNT, JobId=job, RequestedJobStatus="Ready")


@pytest.mark.spec("storage:S3BO-02")
@pytest.mark.spec("storage:S3-83")
def test_existing_objects_are_encrypted_anew_by_a_copy(batch):
    batch.s3.put_object(Bucket="things", Key="a b", Body=b"1")
    key = connect(batch.cloud, "kms", account=ACCOUNT).create_key()["KeyMetadata"]["KeyId"]
    operation = {
        "S3PutObjectCopy": {
            "TargetResource": "arn:aws:s3:::things", "SSEAwsKmsKeyId": key,
            "NewObjectTagging": TAGGED, "StorageClass": "STANDARD_IA",
            "NewObjectMetadata": {"ContentType": "text/plain", "UserMetadata": {"who": "batch"}},
        }
    }  # fmt: skip
    job_id = batch.create(operation, batch.manifest([("things", "a%20b")]))
    assert batch.progress(job_id) == ("Complete", 1, 1, 0)
    head = batch.s3.head_object(Bucket="things", Key="a b")
    assert (head["ServerSideEncryption"], head["StorageClass"]) == ("aws:kms", "STANDARD_IA")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"who": "batch"})
    assert batch.tags("a b") == TAGGED


@pytest.mark.spec("storage:S3BO-02")
def test_copies_go_below_a_prefix_and_archives_are_restored(batch):
    batch.s3.put_object(Bucket="things", Key="cold", Body=b"1", StorageClass="GLACIER")
    batch.s3.put_object(Bucket="things", Key="warm", Body=b"2")
    copy = {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::reports", "TargetKeyPrefix": "copied"}}
    assert batch.progress(batch.create(copy, batch.manifest([("things", "warm")]))) == ("Complete", 1, 1, 0)
    assert batch.s3.get_object(Bucket="reports", Key="copied/warm")["Body"].read() == b"2"
    restore = {"S3InitiateRestoreObject": {"ExpirationInDays": 2, "GlacierJobTier": "BULK"}}
    job_id = batch.create(restore, batch.manifest([("things", "cold"), ("things", "warm")]))
    assert batch.progress(job_id) == ("Complete", 2, 1, 1)
    assert batch.rows(job_id)["failed"][0][5] == "InvalidObjectState"
    batch.cloud.advance(days=1)
    assert batch.s3.get_object(Bucket="things", Key="cold")["Body"].read() == b"1"


def test_objects_get_another_key_in_their_place(batch):
    batch.s3.put_object(Bucket="things", Key="k", Body=b"1")
    before = batch.s3.head_object(Bucket="things", Key="k")
    arn = connect(batch.cloud, "kms", account=ACCOUNT).create_key()["KeyMetadata"]["Arn"]
    operation = {"S3UpdateObjectEncryption": {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": arn}}}}
    assert batch.progress(batch.create(operation, batch.manifest([("things", "k")]))) == ("Complete", 1, 1, 0)
    after = batch.s3.head_object(Bucket="things", Key="k")
    assert (after["SSEKMSKeyId"], after["LastModified"]) == (arn, before["LastModified"])


def test_versions_are_held_and_retained(batch):
    batch.s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    first = batch.s3.put_object(Bucket="locked", Key="k", Body=b"1")["VersionId"]
    batch.s3.put_object(Bucket="locked", Key="k", Body=b"2")
    manifest = batch.manifest([("locked", "k", first)], ("Bucket", "Key", "VersionId"))
    hold = {"S3PutObjectLegalHold": {"LegalHold": {"Status": "ON"}}}
    assert batch.progress(batch.create(hold, manifest)) == ("Complete", 1, 1, 0)
    until = batch.cloud.now().replace(microsecond=0, year=batch.cloud.now().year + 1)
    retain = {"S3PutObjectRetention": {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until}}}
    assert batch.progress(batch.create(retain, manifest)) == ("Complete", 1, 1, 0)
    head = batch.s3.head_object(Bucket="locked", Key="k", VersionId=first)
    assert (head["ObjectLockLegalHoldStatus"], head["ObjectLockMode"]) == ("ON", "GOVERNANCE")
    assert "ObjectLockMode" not in batch.s3.head_object(Bucket="locked", Key="k")


@pytest.mark.spec("storage:S3BO-03")
def test_an_inventory_is_a_manifest(batch):
    for key in ("x/1", "x/2 ü", "y"):
        batch.s3.put_object(Bucket="things", Key=key)
    statement = {
        "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::reports/*",
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    batch.s3.put_bucket_policy(Bucket="reports", Policy=json.dumps(policy))
    configuration = {
        "Id": "all", "IsEnabled": True, "IncludedObjectVersions": "Current", "Schedule": {"Frequency": "Daily"},
        "Filter": {"Prefix": "x/"}, "OptionalFields": ["Size"],
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}},
    }  # fmt: skip
    batch.s3.put_bucket_inventory_configuration(Bucket="things", Id="all", InventoryConfiguration=configuration)
    batch.cloud.advance(days=1)
    found = batch.s3.list_objects_v2(Bucket="reports")["Contents"]
    listed = next(each for each in found if each["Key"].endswith("manifest.json"))
    manifest = {
        "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
        "Location": {"ObjectArn": f"arn:aws:s3:::reports/{listed['Key']}", "ETag": listed["ETag"]},
    }
    assert batch.progress(batch.create(TAG, manifest)) == ("Complete", 2, 2, 0)
    assert (batch.tags("x/1"), batch.tags("x/2 ü"), batch.tags("y")) == (TAGGED, TAGGED, [])


@pytest.mark.spec("storage:S3BO-04")
def test_objects_from_before_a_replication_rule_are_brought_over(batch):
    batch.s3.create_bucket(Bucket="replicas")
    for name in ("things", "replicas"):
        batch.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    versions = [batch.s3.put_object(Bucket="things", Key="old", Body=body)["VersionId"] for body in (b"1", b"2")]
    rule = {
        "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::replicas"},
    }  # fmt: skip
    batch.s3.put_bucket_replication(Bucket="things", ReplicationConfiguration={"Role": REPLICATOR, "Rules": [rule]})
    batch.cloud.settle()
    assert "Versions" not in batch.s3.list_object_versions(Bucket="replicas")
    generator = {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::things", "EnableManifestOutput": False,
            "Filter": {"EligibleForReplication": True, "ObjectReplicationStatuses": ["NONE", "FAILED"]},
        }
    }  # fmt: skip
    job_id = batch.create({"S3ReplicateObject": {}}, ManifestGenerator=generator)
    assert batch.progress(job_id) == ("Complete", 2, 2, 0)
    found = batch.s3.list_object_versions(Bucket="replicas")["Versions"]
    assert {each["VersionId"] for each in found} == set(versions)


def test_a_search_finds_objects_by_name_size_and_class(batch):
    for key, size in (("a/1.jpg", 10), ("a/2.png", 10), ("b/3.jpg", 10), ("a/4.jpg", 99)):
        batch.s3.put_object(Bucket="things", Key=key, Body=b"x" * size)
    names = {"MatchAnyPrefix": ["a/"], "MatchAnySuffix": [".jpg"]}
    wanted = {"KeyNameConstraint": names, "ObjectSizeLessThanBytes": 50, "MatchAnyStorageClass": ["STANDARD"]}
    search = {"SourceBucket": "arn:aws:s3:::things", "EnableManifestOutput": False, "Filter": wanted}
    job_id = batch.create(TAG, ManifestGenerator={"S3JobManifestGenerator": search})
    assert batch.progress(job_id) == ("Complete", 1, 1, 0)
    assert (batch.tags("a/1.jpg"), batch.tags("a/4.jpg")) == (TAGGED, [])


def test_a_manifest_that_cannot_be_read_ends_the_job(batch):
    manifest = batch.manifest([("things", "k")])
    wrong_etag = {**manifest, "Location": {**manifest["Location"], "ETag": '"0"'}}
    told = batch.job(batch.create(TAG, wrong_etag))
    assert (told["Status"], told["FailureReasons"][0]["FailureCode"]) == ("Failed", "ManifestInvalid")
    batch.s3.put_object(Bucket="reports", Key="manifest.csv", Body=b"\xff\xfe\n")
    etag = batch.s3.head_object(Bucket="reports", Key="manifest.csv")["ETag"]
    garbage = {**manifest, "Location": {**manifest["Location"], "ETag": etag}}
    assert batch.job(batch.create(TAG, garbage, Description="g"))["Status"] == "Failed"
    absent = {**manifest, "Location": {"ObjectArn": "arn:aws:s3:::reports/absent", "ETag": "x"}}
    told = batch.job(batch.create(TAG, absent, Description="a"))
    assert (told["Status"], told["FailureReasons"][0]["FailureCode"]) == ("Failed", "NoSuchKey")


def test_only_failures_are_reported_where_only_they_are_wanted(batch):
    batch.s3.put_object(Bucket="things", Key="k")
    report = {**REPORT, "ReportScope": "FailedTasksOnly"}
    job_id = batch.create(TAG, batch.manifest([("things", "k"), ("nowhere-at-all", "k")]), Report=report)
    assert batch.progress(job_id) == ("Complete", 2, 1, 1)
    assert {status: [row[5] for row in rows] for status, rows in batch.rows(job_id).items()} == {
        "failed": ["NoSuchBucket"]
    }


def test_a_function_that_cannot_be_called_fails_its_tasks(batch):
    if "lambda" in batch.cloud.cloud.kernel.registry.names:
        pytest.skip("Lambda is here")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    job_id = batch.create({"LambdaInvoke": {"FunctionArn": arn}}, batch.manifest([("things", "k")]))
    assert batch.progress(job_id) == ("Complete", 1, 0, 1)
    assert batch.rows(job_id)["failed"][0][4:6] == ["501", "NotImplemented"]


def test_the_same_request_makes_one_job(batch):
    manifest = batch.manifest([("things", "k")])
    first, again = (batch.create(TAG, manifest, ClientRequestToken="once") for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Operation": {}}, "MalformedXML"),
        ({"Operation": {**TAG, "S3DeleteObjectTagging": {}}}, "MalformedXML"),
        ({"Operation": {"S3ComputeObjectChecksum": {}}}, "NotImplemented"),
        ({"Operation": {"S3InitiateRestoreObject": {"GlacierJobTier": "SOON"}}}, "MalformedXML"),
        ({"RoleArn": "arn:aws:iam::222222222222:role/other"}, "InvalidRequest"),
        ({"Priority": -1}, "InvalidRequest"),
        ({"Manifest": None}, "InvalidRequest"),
        ({"Report": {"Enabled": True}}, "InvalidRequest"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(s3control, account, changes, code):
    location = {"ObjectArn": "arn:aws:s3:::reports/manifest.csv", "ETag": "x"}
    manifest = {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}, "Location": location,
    }  # fmt: skip
    given = {
        "AccountId": account, "Operation": TAG, "Report": REPORT, "Priority": 1, "ClientRequestToken": "t",
        "RoleArn": f"arn:aws:iam::{account}:role/batch", "Manifest": manifest,
    } | changes  # fmt: skip
    with pytest.raises(ClientError) as raised:
        s3control.create_job(**{name: value for name, value in given.items() if value is not None})
    assert raised.value.response["Error"]["Code"] == code


def test_a_job_goes_on_after_a_restart(tmp_path):
    with LocalCloud(tmp_path / "home") as cloud:
        batch = Batch(cloud)
        for name in ("things", "reports"):
            batch.s3.create_bucket(Bucket=name)
        keys = [f"k{number:03}" for number in range(250)]
        for key in keys:
            batch.s3.put_object(Bucket="things", Key=key)
        job_id = batch.create(TAG, batch.manifest([("things", key) for key in keys]))
    with LocalCloud(tmp_path / "home") as cloud:
        batch = Batch(cloud)
        assert batch.progress(job_id) == ("Complete", 250, 250, 0)
        assert batch.tags(keys[-1]) == TAGGED and len(batch.rows(job_id)["succeeded"]) == 250
