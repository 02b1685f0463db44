"""Tags of objects and of buckets."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal


def tag_set(**tags):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags(s3, bucket, **version):
    found = s3.get_object_tagging(Bucket=bucket, Key="k", **version)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_tags_come_with_a_put_and_are_replaced_together(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Tagging="tag1=tag1&tag2=&empty")
    assert tags(s3, bucket) == {"tag1": "tag1", "tag2": "", "empty": ""}
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 3

    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(tag3="tag3"))

    assert tags(s3, bucket) == {"tag3": "tag3"}
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 1
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert tags(s3, bucket) == {}
    assert "TagCount" not in s3.head_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []})
    assert tags(s3, bucket) == {}


@pytest.mark.spec("storage:S3-09")
def test_ten_tags_of_any_letters_and_no_more(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    ten = {f"schlüssel-{n} 鍵 + - = . _ : / @": "wért" * 64 for n in range(10)}

    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(**ten))
    refused = refusal(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tag_set(**ten, eleventh=""))

    assert (refused["Code"], refused["Message"]) == ("BadRequest", "Object tags cannot be greater than 10")
    assert tags(s3, bucket) == ten
    eleven = "&".join(f"k{n}=" for n in range(11))
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Tagging=eleven)["Code"] == "BadRequest"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([("", "v")], "The TagKey you have provided is invalid"),
        ([("k" * 129, "v")], "The TagKey you have provided is invalid"),
        ([("k", "v" * 257)], "The TagValue you have provided is invalid"),
        ([("k", "1"), ("k", "2")], "Cannot provide multiple Tags with the same key"),
        ([("aws:k", "v")], "System tags cannot be added/updated by requester"),
    ],
)
def test_tags_that_are_not_taken(s3, bucket, given, message):
    s3.put_object(Bucket=bucket, Key="k")
    wanted = {"TagSet": [{"Key": key, "Value": value} for key, value in given]}

    for call, where in ((s3.put_object_tagging, {"Key": "k"}), (s3.put_bucket_tagging, {})):
        refused = refusal(call, Bucket=bucket, **where, Tagging=wanted)
        assert (refused["Code"], refused["Message"]) == ("InvalidTag", message)


def test_versions_have_tags_of_their_own(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="k", Tagging="v=old")["VersionId"]
    new = s3.put_object(Bucket=bucket, Key="k", Tagging="v=new")["VersionId"]

    changed = s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=old, Tagging=tag_set(v="older"))

    assert changed["VersionId"] == old
    assert tags(s3, bucket, VersionId=old) == {"v": "older"}
    assert tags(s3, bucket, VersionId=new) == tags(s3, bucket) == {"v": "new"}


def test_tags_of_what_is_not_there(s3, bucket):
    for call, given in (
        (s3.get_object_tagging, {}),
        (s3.put_object_tagging, {"Tagging": tag_set(a="b")}),
        (s3.delete_object_tagging, {}),
    ):
        assert refusal(call, Bucket=bucket, Key="none", **given)["Code"] == "NoSuchKey"


def test_tags_of_a_bucket(s3, bucket, account):
    missing = refusal(s3.get_bucket_tagging, Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(team="blue", empty=""))
    told = plain(s3.get_bucket_tagging(Bucket=bucket))
    s3.delete_bucket_tagging(Bucket=bucket)

    assert missing == {
        "Code": "NoSuchTagSet", "Message": "The TagSet does not exist", "BucketName": bucket, "status": 404,
    }  # fmt: skip
    assert told == tag_set(team="blue", empty="")
    assert refusal(s3.get_bucket_tagging, Bucket=bucket)["Code"] == "NoSuchTagSet"
    fifty_one = tag_set(**{f"k{n}": "" for n in range(51)})
    assert refusal(s3.put_bucket_tagging, Bucket=bucket, Tagging=fifty_one)["Code"] == "BadRequest"
    s3.create_bucket(Bucket=f"empty-{account}", CreateBucketConfiguration={"Tags": []})
    assert refusal(s3.get_bucket_tagging, Bucket=f"empty-{account}")["Code"] == "NoSuchTagSet"
