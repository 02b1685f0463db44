"""Replication: which versions go where, what arrives with them, and what does not."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from tests.roles import role_for
from tests.s3.refusals import code, refused
from tests.sts.people import allow, policy

from cumulet.kernel.identity import service_principal

ROLE = "arn:aws:iam::000000000000:role/replicator"
OTHER = "222222222222"


@pytest.fixture
def s3(own_cloud):
    role_for(own_cloud.client("iam"), "s3", "replicator", actions="s3:*")
    client = own_cloud.client("s3")
    for name in ("source", "target"):
        versioned(client, name)
    return client


def versioned(client, name: str, **given) -> None:
    client.create_bucket(Bucket=name, **given)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def rule(target: str = "target", *, markers: str = "Disabled", priority: int = 1, **parts) -> dict:
    destination = {"Bucket": f"arn:aws:s3:::{target}", **parts.pop("Destination", {})}
    return {
        "ID": f"to-{target}-{priority}",
        "Status": "Enabled",
        "Priority": priority,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": markers},
        "Destination": destination,
        **parts,
    }


def replicate(client, *rules: dict, source: str = "source", role: str = ROLE) -> None:
    client.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": role, "Rules": list(rules)})


def refusal(client, configured: dict, source: str = "source") -> tuple[str, str]:
    return refused(client.put_bucket_replication, Bucket=source, ReplicationConfiguration=configured)


def keys(client, bucket: str) -> list[str]:
    return [each["Key"] for each in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def status(client, key: str, bucket: str = "source") -> str | None:
    return client.head_object(Bucket=bucket, Key=key).get("ReplicationStatus")


# What S3 takes


def test_a_configuration_is_kept_as_given(s3):
    missing = refused(s3.get_bucket_replication, Bucket="source")
    given = {"Role": ROLE, "Rules": [rule()]}
    s3.put_bucket_replication(Bucket="source", ReplicationConfiguration=given)
    kept = s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]
    s3.delete_bucket_replication(Bucket="source")

    assert kept == given
    assert missing == ("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
    assert code(s3.get_bucket_replication, Bucket="source") == "ReplicationConfigurationNotFoundError"


@pytest.mark.spec("storage:S3-50")
def test_both_buckets_need_versioning(s3):
    s3.create_bucket(Bucket="plain")
    there = refusal(s3, {"Role": ROLE, "Rules": [rule("plain")]})
    here = refusal(s3, {"Role": ROLE, "Rules": [rule()]}, source="plain")
    replicate(s3, rule())
    off = {"Status": "Suspended"}

    assert there == ("InvalidRequest", "Destination bucket must have versioning enabled.")
    assert here[0] == "InvalidRequest"
    assert code(s3.put_bucket_versioning, Bucket="source", VersioningConfiguration=off) == "InvalidBucketState"


WRONG = {
    "no such bucket": rule("nowhere"),
    "no bucket's name": rule(Destination={"Bucket": "target"}),
    "itself": rule("source"),
    "no priority": {k: v for k, v in rule().items() if k != "Priority"},
    "no word on markers": {k: v for k, v in rule().items() if k != "DeleteMarkerReplication"},
    "markers by tag": rule(markers="Enabled", Filter={"Tag": {"Key": "a", "Value": "b"}}),
    "no key for KMS": rule(SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}}),
    "an owner without a name": rule(Destination={"AccessControlTranslation": {"Owner": "Destination"}}),
    "another owner": rule(Destination={"Account": OTHER}),
    "time without metrics": rule(Destination={"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_rules_are_refused(s3, wrong):
    assert refusal(s3, {"Role": ROLE, "Rules": [wrong]})[0] in ("InvalidRequest", "InvalidArgument")


def test_a_role_of_the_account_and_unique_rules_are_needed(s3):
    assert refusal(s3, {"Role": "replicator", "Rules": [rule()]})[0] == "InvalidArgument"
    assert refusal(s3, {"Role": ROLE.replace("0" * 12, OTHER), "Rules": [rule()]})[0] == "InvalidRequest"
    assert refusal(s3, {"Role": ROLE, "Rules": [rule(), rule()]})[0] == "InvalidArgument"
    assert refusal(s3, {"Role": ROLE, "Rules": [rule(), {**rule(), "ID": "again"}]})[0] == "InvalidRequest"
    assert refusal(s3, {"Role": ROLE, "Rules": []})[0] == "MalformedXML"


# What arrives


@pytest.mark.spec("storage:S3-52")
def test_a_new_version_arrives_with_all_that_is_its_own(own_cloud, s3):
    s3.put_object(Bucket="source", Key="before", Body=b"1")
    replicate(s3, rule())
    large = os.urandom(100_000)
    made = s3.put_object(
        Bucket="source", Key="k", Body=large, Metadata={"colour": "red"}, ContentType="image/png", Tagging="a=b"
    )
    own_cloud.settle()
    there = s3.get_object(Bucket="target", Key="k")
    here = s3.head_object(Bucket="source", Key="k")

    assert keys(s3, "target") == ["k"]
    assert there["Body"].read() == large
    assert (there["VersionId"], there["ETag"]) == (made["VersionId"], made["ETag"])
    assert (there["Metadata"], there["ContentType"]) == ({"colour": "red"}, "image/png")
    assert there["LastModified"] == here["LastModified"]
    assert (here["ReplicationStatus"], there["ReplicationStatus"]) == ("COMPLETED", "REPLICA")
    tags = s3.get_object_tagging(Bucket="target", Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_copies_and_multipart_objects_arrive_too(own_cloud, s3):
    replicate(s3, rule())
    pieces = [os.urandom(5 * 1024 * 1024), b"end"]
    upload = s3.create_multipart_upload(Bucket="source", Key="parts")["UploadId"]
    parts = []
    for number, piece in enumerate(pieces, 1):
        part = s3.upload_part(Bucket="source", Key="parts", UploadId=upload, PartNumber=number, Body=piece)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    s3.complete_multipart_upload(Bucket="source", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.copy_object(Bucket="source", Key="copy", CopySource="source/parts")
    own_cloud.settle()
    version = s3.head_object(Bucket="source", Key="parts")["VersionId"]
    s3.delete_object(Bucket="source", Key="parts", VersionId=version)  # the replica's bytes are its own

    assert s3.get_object(Bucket="target", Key="parts")["Body"].read() == b"".join(pieces)
    assert s3.get_object(Bucket="target", Key="parts", PartNumber=2)["Body"].read() == b"end"
    assert s3.get_object(Bucket="target", Key="copy")["Body"].read() == b"".join(pieces)


def test_versions_keep_their_order(own_cloud, s3):
    replicate(s3, rule())
    for number in range(5):
        s3.put_object(Bucket="source", Key="k", Body=b"%d" % number)
    own_cloud.settle()

    def ids(bucket):
        return [(v["VersionId"], v["IsLatest"]) for v in s3.list_object_versions(Bucket=bucket)["Versions"]]

    assert ids("target") == ids("source")
    assert s3.get_object(Bucket="target", Key="k")["Body"].read() == b"4"


@pytest.mark.spec("storage:S3-51")
def test_it_goes_to_other_regions_and_to_other_accounts_that_let_it(own_cloud, s3):
    far = own_cloud.client("s3", region="eu-west-1")
    versioned(far, "far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    stranger = own_cloud.client("s3", account=OTHER)
    versioned(stranger, "foreign")
    policy = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "%s"},
        "Action": ["s3:ReplicateObject", "s3:ReplicateDelete"], "Resource": "arn:aws:s3:::foreign/*"}]}"""
    stranger.put_bucket_policy(Bucket="foreign", Policy=policy % ROLE)
    replicate(s3, rule(), rule("far", priority=2), rule("foreign", priority=3))
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.settle()

    assert keys(s3, "target") == keys(far, "far") == keys(stranger, "foreign") == ["k"]
    assert stranger.get_object(Bucket="foreign", Key="k")["Body"].read() == b"1"
    assert status(s3, "k") == "COMPLETED"


@pytest.mark.spec("storage:S3-54")
def test_without_permission_nothing_arrives(own_cloud, s3):
    stranger = own_cloud.client("s3", account=OTHER)
    versioned(stranger, "foreign")
    replicate(s3, rule("foreign"))
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.settle()

    assert keys(stranger, "foreign") == []
    assert status(s3, "k") == "FAILED"


@pytest.mark.spec("storage:S3-57")
def test_rules_choose_by_prefix_and_tag(own_cloud, s3):
    versioned(s3, "second")
    tag = {"Key": "to", "Value": "second"}
    replicate(s3, rule(Filter={"Prefix": "a/"}), rule("second", priority=2, Filter={"Tag": tag}))
    s3.put_object(Bucket="source", Key="a/1", Body=b"")
    s3.put_object(Bucket="source", Key="a/2", Body=b"", Tagging="to=second")
    s3.put_object(Bucket="source", Key="b/1", Body=b"", Tagging="to=second")
    s3.put_object(Bucket="source", Key="b/2", Body=b"")
    own_cloud.settle()

    assert keys(s3, "target") == ["a/1", "a/2"]
    assert keys(s3, "second") == ["a/2", "b/1"]
    assert status(s3, "b/2") is None


def test_of_rules_for_one_destination_the_highest_priority_decides(own_cloud, s3):
    low = rule(priority=1, Destination={"StorageClass": "STANDARD_IA"})
    replicate(s3, rule(priority=7, Destination={"StorageClass": "GLACIER"}), low)
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.settle()

    assert s3.head_object(Bucket="target", Key="k")["StorageClass"] == "GLACIER"


@pytest.mark.spec("storage:S3-55")
def test_delete_markers_go_where_a_rule_says_so_and_deletions_of_versions_never(own_cloud, s3):
    versioned(s3, "with-markers")
    replicate(s3, rule(), rule("with-markers", priority=2, markers="Enabled"))
    version = s3.put_object(Bucket="source", Key="k", Body=b"1")["VersionId"]
    own_cloud.settle()
    marker = s3.delete_object(Bucket="source", Key="k")
    own_cloud.settle()
    markers = s3.list_object_versions(Bucket="with-markers")["DeleteMarkers"]
    s3.delete_object(Bucket="source", Key="k", VersionId=marker["VersionId"])
    s3.delete_object(Bucket="source", Key="k", VersionId=version)
    own_cloud.settle()

    assert keys(s3, "target") == ["k"]
    assert [each["VersionId"] for each in markers] == [marker["VersionId"]]
    assert keys(s3, "with-markers") == []
    assert s3.get_object(Bucket="with-markers", Key="k", VersionId=version)["Body"].read() == b"1"


def test_the_first_schema_replicates_delete_markers(own_cloud, s3):
    first = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::target"}}
    replicate(s3, first)
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    s3.delete_object(Bucket="source", Key="k")
    own_cloud.settle()

    assert len(s3.list_object_versions(Bucket="target")["DeleteMarkers"]) == 1


def test_markers_of_lifecycle_rules_stay_where_they_are(own_cloud, s3):
    replicate(s3, rule(markers="Enabled"))
    expire = {"ID": "r", "Filter": {}, "Status": "Enabled", "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="source", LifecycleConfiguration={"Rules": [expire]})
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.advance(days=2)

    assert (keys(s3, "source"), keys(s3, "target")) == ([], ["k"])


@pytest.mark.spec("storage:S3-56")
def test_replicas_are_not_replicated_on(own_cloud, s3):
    versioned(s3, "third")
    replicate(s3, rule())
    replicate(s3, rule("third"), source="target")
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    s3.put_object(Bucket="target", Key="own", Body=b"1")
    own_cloud.settle()

    assert keys(s3, "target") == ["k", "own"]
    assert keys(s3, "third") == ["own"]


def test_two_buckets_can_replicate_to_each_other(own_cloud, s3):
    replicate(s3, rule())
    replicate(s3, rule("source"), source="target")
    s3.put_object(Bucket="source", Key="a", Body=b"1")
    s3.put_object(Bucket="target", Key="b", Body=b"1")
    own_cloud.settle()

    assert keys(s3, "source") == keys(s3, "target") == ["a", "b"]


@pytest.mark.spec("storage:S3-58")
def test_objects_under_a_customers_key_arrive_and_open_with_it(own_cloud, s3):
    replicate(s3, rule())
    key = os.urandom(32)
    sealed = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    s3.put_object(Bucket="source", Key="plain", Body=b"1", ServerSideEncryption="AES256")
    s3.put_object(Bucket="source", Key="sealed", Body=b"s" * 50_000, **sealed)
    own_cloud.settle()

    assert s3.get_object(Bucket="target", Key="plain")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket="target", Key="sealed", **sealed)["Body"].read() == b"s" * 50_000
    assert code(s3.get_object, Bucket="target", Key="sealed") == "InvalidRequest"


@pytest.mark.spec("storage:S3-59")
def test_kms_objects_go_only_where_the_rule_opts_in(own_cloud, s3):
    versioned(s3, "with-kms")
    own_cloud.client("iam").put_role_policy(
        RoleName="replicator", PolicyName="keys", PolicyDocument=policy(allow(["kms:Decrypt", "kms:Encrypt"]))
    )
    kms = own_cloud.client("kms")
    source_key, key = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    opted_in = rule(
        "with-kms",
        priority=2,
        SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        Destination={"EncryptionConfiguration": {"ReplicaKmsKeyID": key}},
    )
    replicate(s3, rule(), opted_in)
    s3.put_object(Bucket="source", Key="k", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=source_key)
    s3.put_object(Bucket="source", Key="plain", Body=b"2")
    own_cloud.settle()

    assert keys(s3, "target") == ["plain"]
    assert s3.head_object(Bucket="with-kms", Key="k")["SSEKMSKeyId"] == key
    assert s3.head_object(Bucket="with-kms", Key="plain")["ServerSideEncryption"] == "AES256"
    kms.disable_key(KeyId=source_key)
    assert s3.get_object(Bucket="with-kms", Key="k")["Body"].read() == b"1"


@pytest.mark.spec("storage:S3-59", "security:SINT-29")
@pytest.mark.parametrize("missing", ["kms:Decrypt", "kms:Encrypt"])
def test_the_role_needs_leave_of_both_keys(own_cloud, s3, missing):
    kms = own_cloud.client("kms")
    source_key, key = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    leave = [allow("kms:Decrypt", source_key), allow("kms:Encrypt", key)]
    given = policy(*(each for each in leave if each["Action"] != missing))
    own_cloud.client("iam").put_role_policy(RoleName="replicator", PolicyName="keys", PolicyDocument=given)
    opted_in = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    destination = {"EncryptionConfiguration": {"ReplicaKmsKeyID": key}}
    replicate(s3, rule(SourceSelectionCriteria=opted_in, Destination=destination))

    s3.put_object(Bucket="source", Key="k", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=source_key)
    own_cloud.settle()

    assert status(s3, "k") == "FAILED"
    assert keys(s3, "target") == []


def test_what_is_changed_afterwards_follows(own_cloud, s3):
    replicate(s3, rule())
    s3.put_object(Bucket="source", Key="k", Body=b"1", Tagging="a=1")
    own_cloud.settle()
    tags = [{"Key": "b", "Value": "2"}]
    s3.put_object_tagging(Bucket="source", Key="k", Tagging={"TagSet": tags})
    own_cloud.settle()

    assert s3.get_object_tagging(Bucket="target", Key="k")["TagSet"] == tags
    assert (status(s3, "k"), status(s3, "k", "target")) == ("COMPLETED", "REPLICA")


def test_what_is_changed_on_a_replica_stays_there(own_cloud, s3):
    replicate(s3, rule())
    replicate(s3, rule("source"), source="target")
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.settle()
    s3.put_object_tagging(Bucket="target", Key="k", Tagging={"TagSet": [{"Key": "b", "Value": "2"}]})
    own_cloud.settle()

    assert s3.get_object_tagging(Bucket="source", Key="k")["TagSet"] == []


def test_with_modification_sync_it_goes_back(own_cloud, s3):
    back = {"ReplicaModifications": {"Status": "Enabled"}}
    replicate(s3, rule(SourceSelectionCriteria=back))
    replicate(s3, rule("source", SourceSelectionCriteria=back), source="target")
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.settle()
    tags = [{"Key": "b", "Value": "2"}]
    s3.put_object_tagging(Bucket="target", Key="k", Tagging={"TagSet": tags})
    own_cloud.settle()

    assert s3.get_object_tagging(Bucket="source", Key="k")["TagSet"] == tags


def test_locks_go_along(own_cloud):
    s3 = own_cloud.client("s3")
    role_for(own_cloud.client("iam"), "s3", "replicator", actions="s3:*")
    for name in ("vault", "mirror"):
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    replicate(s3, rule("mirror"), source="vault")
    until = own_cloud.now().replace(microsecond=0) + timedelta(days=9)
    version = s3.put_object(
        Bucket="vault", Key="k", Body=b"1", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )["VersionId"]
    own_cloud.settle()
    s3.put_object_legal_hold(Bucket="vault", Key="k", LegalHold={"Status": "ON"})
    own_cloud.settle()
    there = s3.head_object(Bucket="mirror", Key="k")

    assert (there["ObjectLockMode"], there["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)
    assert there["ObjectLockLegalHoldStatus"] == "ON"
    assert code(s3.delete_object, Bucket="mirror", Key="k", VersionId=version) == "AccessDenied"


@pytest.mark.spec("storage:S3-53")
def test_what_was_there_before_is_brought_over_by_batch_replication_only(own_cloud, s3):
    made = s3.put_object(Bucket="source", Key="old", Body=b"1")
    replicate(s3, rule())
    own_cloud.settle()
    before = keys(s3, "target")
    control = service_principal("batchoperations.s3", "000000000000")
    inside = own_cloud.cloud.kernel.client(control, "s3", "us-east-1")
    own_cloud.run(_replicate_existing(inside))

    assert before == []
    assert s3.get_object(Bucket="target", Key="old")["VersionId"] == made["VersionId"]
    assert status(s3, "old") == "COMPLETED"


async def _replicate_existing(inside) -> None:
    await inside.replicate_existing(Bucket="source", Key="old")


def test_a_replica_and_a_version_of_the_same_instant_do_not_collide(own_cloud, s3):
    replicate(s3, rule())
    own_cloud.run(_freeze(own_cloud))
    there = s3.put_object(Bucket="target", Key="k", Body=b"there")["VersionId"]
    here = s3.put_object(Bucket="source", Key="k", Body=b"here")["VersionId"]
    own_cloud.settle()
    newest = s3.put_object(Bucket="target", Key="k", Body=b"newest")["VersionId"]

    def body(version):
        return s3.get_object(Bucket="target", Key="k", VersionId=version)["Body"].read()

    assert [body(version) for version in (there, here, newest)] == [b"there", b"here", b"newest"]


async def _freeze(cloud) -> None:
    cloud.cloud.kernel.clock.set_rate(0)


def test_access_control_lists_go_along(own_cloud, s3):
    for name in ("source", "target"):
        rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=rules)
        s3.delete_public_access_block(Bucket=name)
    replicate(s3, rule())
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    own_cloud.settle()
    s3.put_object_acl(Bucket="source", Key="k", ACL="public-read")
    own_cloud.settle()

    grants = s3.get_object_acl(Bucket="target", Key="k")["Grants"]
    assert grants == s3.get_object_acl(Bucket="source", Key="k")["Grants"]
    assert len(grants) == 2


def test_a_version_is_pending_until_it_has_arrived(own_cloud, s3):
    replicate(s3, rule())
    jobs = own_cloud.cloud.kernel.jobs
    own_cloud.run(jobs.stop())
    s3.put_object(Bucket="source", Key="k", Body=b"1")
    before = status(s3, "k"), keys(s3, "target")
    own_cloud.run(_start(jobs))
    own_cloud.settle()

    assert before == ("PENDING", [])
    assert (status(s3, "k"), keys(s3, "target")) == ("COMPLETED", ["k"])


async def _start(jobs) -> None:
    jobs.start()
