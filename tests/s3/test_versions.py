"""Versioning: every write keeps what was there, and a delete hides it."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def body(s3, bucket, version=None):
    named = {} if version is None else {"VersionId": version}
    return s3.get_object(Bucket=bucket, Key="k", **named)["Body"].read()


def ids(s3, bucket):
    """The ids of all versions and delete markers, newest first, with `*` at the latest."""
    page = s3.list_object_versions(Bucket=bucket)
    found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return {each["VersionId"]: each["IsLatest"] for each in found}


@pytest.mark.spec("storage:S3-42")
def test_every_put_is_a_version_that_stays_readable(s3, versioned):
    made = [s3.put_object(Bucket=versioned, Key="k", Body=b"%d" % n)["VersionId"] for n in range(3)]

    assert len(set(made)) == 3
    assert [body(s3, versioned, version) for version in made] == [b"0", b"1", b"2"]
    found = s3.get_object(Bucket=versioned, Key="k")
    assert (found["Body"].read(), found["VersionId"]) == (b"2", made[2])
    assert ids(s3, versioned) == {made[0]: False, made[1]: False, made[2]: True}
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=made[0])["ContentLength"] == 1


@pytest.mark.spec("storage:S3-43")
def test_what_was_there_before_is_the_version_null(s3, bucket):
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    assert ids(s3, bucket) == {"null": True}
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k", VersionId="null")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    after = s3.put_object(Bucket=bucket, Key="k", Body=b"after")["VersionId"]

    assert ids(s3, bucket) == {after: True, "null": False}
    assert body(s3, bucket, "null") == b"before"


@pytest.mark.spec("storage:S3-44", "storage:S3-45")
def test_a_delete_marker_hides_a_key_until_it_is_deleted_itself(s3, versioned):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]

    deleted = plain(s3.delete_object(Bucket=versioned, Key="k"))

    marker = deleted["VersionId"]
    assert deleted == {"DeleteMarker": True, "VersionId": marker}
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    assert ids(s3, versioned) == {version: False, marker: True}
    assert body(s3, versioned, version) == b"x"
    with pytest.raises(s3.exceptions.NoSuchKey) as caught:
        s3.get_object(Bucket=versioned, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker)
    by_id = refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=marker)
    assert (by_id["Code"], by_id["ResourceType"], by_id["status"]) == ("MethodNotAllowed", "DeleteMarker", 405)

    assert plain(s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)) == deleted
    assert body(s3, versioned) == b"x"
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 1


@pytest.mark.spec("storage:S3-46")
def test_deleting_a_version_brings_back_the_one_before(s3, versioned):
    made = [s3.put_object(Bucket=versioned, Key="k", Body=b"%d" % n)["VersionId"] for n in range(3)]

    assert plain(s3.delete_object(Bucket=versioned, Key="k", VersionId=made[2])) == {"VersionId": made[2]}
    assert body(s3, versioned) == b"1"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=made[0])
    assert ids(s3, versioned) == {made[1]: True}
    gone = refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=made[2])
    assert (gone["Code"], gone["VersionId"], gone["status"]) == ("NoSuchVersion", made[2], 404)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=made[1])
    assert ids(s3, versioned) == {}
    assert refusal(s3.get_object, Bucket=versioned, Key="k")["Code"] == "NoSuchKey"


@pytest.mark.spec("storage:S3-47")
def test_versioning_is_suspended_but_never_removed(s3, versioned):
    made = [s3.put_object(Bucket=versioned, Key="k", Body=b"%d" % n)["VersionId"] for n in range(2)]

    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})

    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Suspended"
    for odd in ({}, {"Status": "Off"}):
        refused = refusal(s3.put_bucket_versioning, Bucket=versioned, VersioningConfiguration=odd)
        assert refused["Code"] in ("MalformedXML", "IllegalVersioningConfigurationException")
    assert ids(s3, versioned) == {made[0]: False, made[1]: True}
    assert [body(s3, versioned, version) for version in made] == [b"0", b"1"]


def test_a_bucket_that_was_never_versioned_says_nothing(s3, bucket):
    assert plain(s3.get_bucket_versioning(Bucket=bucket)) == {}


def test_while_suspended_only_the_version_null_is_replaced(s3, versioned):
    kept = s3.put_object(Bucket=versioned, Key="k", Body=b"kept")["VersionId"]
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})

    for content in (b"1", b"2"):
        assert "VersionId" not in s3.put_object(Bucket=versioned, Key="k", Body=content)

    assert ids(s3, versioned) == {"null": True, kept: False}
    found = s3.get_object(Bucket=versioned, Key="k")
    assert (found["Body"].read(), found["VersionId"]) == (b"2", "null")
    deleted = s3.delete_object(Bucket=versioned, Key="k")
    assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, "null")
    assert ids(s3, versioned) == {"null": True, kept: False}
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    s3.put_object(Bucket=versioned, Key="k", Body=b"3")
    assert ids(s3, versioned) == {"null": True, kept: False}
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Enabled"})
    newest = s3.put_object(Bucket=versioned, Key="k", Body=b"4")["VersionId"]
    assert ids(s3, versioned) == {newest: True, "null": False, kept: False}
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=versioned, Key="k", Body=b"5")
    assert ids(s3, versioned) == {"null": True, newest: False, kept: False}


def test_many_versions_are_deleted_at_once(s3, versioned):
    made = [s3.put_object(Bucket=versioned, Key="k", Body=b"%d" % n)["VersionId"] for n in range(2)]

    marked = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})["Deleted"][0]
    marker = marked["DeleteMarkerVersionId"]
    versions = [{"Key": "k", "VersionId": version} for version in made]
    gone = s3.delete_objects(Bucket=versioned, Delete={"Objects": versions})["Deleted"]
    unmarked = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": marker}]})

    assert marked == {"Key": "k", "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    assert gone == versions
    assert unmarked["Deleted"] == [{**marked, "VersionId": marker}]
    assert ids(s3, versioned) == {}


@pytest.mark.parametrize("version", ["HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", "x", "", "é", "a" * 5000])
def test_an_id_that_was_never_given_is_no_id(s3, versioned, version):
    s3.put_object(Bucket=versioned, Key="k")

    for call in (s3.get_object, s3.delete_object):
        refused = refusal(call, Bucket=versioned, Key="k", VersionId=version)
        assert (refused["Code"], refused["status"]) == ("InvalidArgument", 400)
        if version:
            assert (refused["ArgumentName"], refused["ArgumentValue"]) == ("versionId", version)


def test_the_id_of_another_key_is_not_found(s3, versioned):
    other = s3.put_object(Bucket=versioned, Key="other")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k")

    assert refusal(s3.get_object, Bucket=versioned, Key="k", VersionId=other)["Code"] == "NoSuchVersion"
    assert plain(s3.delete_object(Bucket=versioned, Key="k", VersionId=other)) == {"VersionId": other}
    assert s3.head_object(Bucket=versioned, Key="other")["VersionId"] == other
