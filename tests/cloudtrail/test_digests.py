"""Digests: that log files are as they were delivered can be proved, and that they are not, too."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from tests.cloudtrail.conftest import ACCOUNT, BUCKET, TRAIL_ARN, content, keys

DIGESTS = "CloudTrail-Digest"


@pytest.fixture
def three_hours(trails, files, own_cloud):
    """A trail that validates, and three hours with an event in each."""
    trails.create_trail(Name="everything", S3BucketName=BUCKET, EnableLogFileValidation=True)
    trails.start_logging(Name="everything")
    for hour in range(3):
        files.create_bucket(Bucket=f"bucket-of-hour-{hour}")
        own_cloud.advance(minutes=30)
        own_cloud.advance(minutes=31)


def is_signed(trails, files, key: str) -> bool:
    answer = files.get_object(Bucket=BUCKET, Key=key)
    text = gzip.decompress(answer["Body"].read())
    told = json.loads(text)
    previous = told["previousDigestSignature"] or "null"
    signed = f"{told['digestEndTime']}\n{BUCKET}/{key}\n{hashlib.sha256(text).hexdigest()}\n{previous}"
    found = trails.list_public_keys(StartTime=told["digestStartTime"], EndTime=told["digestEndTime"])["PublicKeyList"]
    [value] = [each["Value"] for each in found if each["Fingerprint"] == told["digestPublicKeyFingerprint"]]
    public = serialization.load_der_public_key(value)
    try:
        signature = bytes.fromhex(answer["Metadata"]["signature"])
        public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@pytest.mark.spec("integration:CTR-09")
def test_digests_are_signed_and_make_a_chain(three_hours, trails, files):
    digests = keys(files, DIGESTS)
    contents = [content(files, key) for key in digests]

    assert len(digests) == 3
    assert all(is_signed(trails, files, key) for key in digests)
    assert [each["previousDigestS3Object"] for each in contents] == [None, *digests[:-1]]
    assert [each["digestStartTime"] for each in contents[1:]] == [each["digestEndTime"] for each in contents[:-1]]


@pytest.mark.spec("integration:CTR-09")
def test_digests_hold_the_hash_of_every_log_file_once(three_hours, files):
    listed = [each for key in keys(files, DIGESTS) for each in content(files, key)["logFiles"]]

    assert [each["s3Object"] for each in listed] == keys(files)
    for each in listed:
        text = gzip.decompress(files.get_object(Bucket=each["s3Bucket"], Key=each["s3Object"])["Body"].read())
        assert hashlib.sha256(text).hexdigest() == each["hashValue"]


def test_a_changed_digest_loses_its_signature(three_hours, trails, files):
    key = keys(files, DIGESTS)[1]
    answer = files.get_object(Bucket=BUCKET, Key=key)
    changed = {**json.loads(gzip.decompress(answer["Body"].read())), "logFiles": []}
    body = gzip.compress(json.dumps(changed).encode())
    files.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=answer["Metadata"])

    assert not is_signed(trails, files, key)


def test_a_trail_without_validation_has_no_digests(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    own_cloud.advance(hours=3)

    assert keys(files, DIGESTS) == []
    assert trails.list_public_keys()["PublicKeyList"] == []


def test_validation_can_be_switched_on_later(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET)
    trails.start_logging(Name="everything")
    own_cloud.advance(hours=2)
    trails.update_trail(Name="everything", EnableLogFileValidation=True)
    own_cloud.advance(minutes=61)

    [key] = keys(files, DIGESTS)
    assert is_signed(trails, files, key)


def test_signing_keys_change_with_time_and_old_ones_stay_known(trails, files, own_cloud):
    trails.create_trail(Name="everything", S3BucketName=BUCKET, EnableLogFileValidation=True)
    trails.start_logging(Name="everything")
    own_cloud.advance(minutes=61)
    own_cloud.advance(days=400)
    first, last = keys(files, DIGESTS)

    assert is_signed(trails, files, last)
    fingerprints = {content(files, key)["digestPublicKeyFingerprint"] for key in (first, last)}
    assert len(fingerprints) == 2
    since = content(files, first)["digestStartTime"]
    known = trails.list_public_keys(StartTime=since, EndTime=own_cloud.now())["PublicKeyList"]
    assert {each["Fingerprint"] for each in known} == fingerprints


@pytest.mark.skipif(shutil.which("aws") is None, reason="needs the aws command")
@pytest.mark.spec("integration:CTR-09")
def test_the_aws_command_validates_the_files_and_sees_what_was_changed(three_hours, files, own_cloud):
    before = validate(own_cloud)
    changed, gone, _ = keys(files)
    files.put_object(Bucket=BUCKET, Key=changed, Body=gzip.compress(b'{"Records":[]}'))
    files.delete_object(Bucket=BUCKET, Key=gone)
    after = validate(own_cloud)

    assert before.returncode == 0, before.stderr
    assert "3/3 digest files valid" in before.stdout
    assert "3/3 log files valid" in before.stdout
    assert after.returncode == 1
    assert f"{changed}\tINVALID: hash value doesn't match" in after.stderr
    assert f"{gone}\tINVALID: not found" in after.stderr


def validate(cloud) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": cloud.url,
    }
    command = ["aws", "cloudtrail", "validate-logs", "--trail-arn", TRAIL_ARN, "--start-time", "2020-01-01T00:00:00Z"]
    command += ["--end-time", cloud.now().isoformat()]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
