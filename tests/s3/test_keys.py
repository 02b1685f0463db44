"""Keys: any text of up to 1024 bytes, and no directories."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from tests.s3.answers import refusal

ODD = [
    "a/%F0%9F%98%80/", "file%2Fname", "test key//", "test key/", "test%123/", "test%123", "test%percent", "test@key/",
    "test+key", "a//b", "//", "/leading", "trailing/", "..", "../up", "a/../b", "./a", ".", "~tilde", "ключ/日本語",
    "😀", "back\\slash", "q?uery=1&x", "#hash", "semi;colon,comma", "'quotes\"", "*!()", "new\nline", "tab\t",
    "null", "<xml>&amp;", "{}[]|^`", "e\u0301",
]  # fmt: skip


@pytest.mark.spec("storage:S3-08", "storage:S3-11")
@pytest.mark.parametrize("key", ODD)
def test_any_text_is_a_key(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key=key + ".copy", CopySource={"Bucket": bucket, "Key": key})

    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == [key, key + ".copy"]
    for each in listed:
        assert s3.get_object(Bucket=bucket, Key=each)["Body"].read() == key.encode()
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": each} for each in listed]})
    assert [each["Key"] for each in deleted["Deleted"]] == listed
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.spec("storage:S3-08")
def test_keys_end_at_1024_bytes_not_characters(s3, bucket):
    s3.put_object(Bucket=bucket, Key="é" * 512)
    s3.put_object(Bucket=bucket, Key="/" * 1024)

    for key in ("é" * 512 + "x", "a" * 1025):
        refused = refusal(s3.put_object, Bucket=bucket, Key=key)
        assert (refused["Code"], refused["status"]) == ("KeyTooLongError", 400)
        assert (refused["MaxSizeAllowed"], refused["Size"]) == ("1024", "1025")
    assert refusal(s3.create_multipart_upload, Bucket=bucket, Key="a" * 1025)["Code"] == "KeyTooLongError"


@pytest.mark.spec("storage:S3-08")
def test_a_second_put_replaces_the_first(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old", Metadata={"a": "1"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")

    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["Body"].read(), found["Metadata"]) == (b"new", {})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.spec("storage:S3-04", "storage:S3-10")
def test_folders_are_an_illusion_of_listings(s3, bucket):
    for key in ("a/b/c.txt", "a/b/d.txt", "a/e.txt", "f.txt"):
        s3.put_object(Bucket=bucket, Key=key)

    top = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    inside = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="a/")

    assert [p["Prefix"] for p in top["CommonPrefixes"]] == ["a/"]
    assert [o["Key"] for o in top["Contents"]] == ["f.txt"]
    assert [p["Prefix"] for p in inside["CommonPrefixes"]] == ["a/b/"]
    assert [o["Key"] for o in inside["Contents"]] == ["a/e.txt"]
    assert refusal(s3.get_object, Bucket=bucket, Key="a/")["Code"] == "NoSuchKey"


def test_dots_in_a_path_are_not_resolved(s3, bucket, shared_cloud, account):
    s3.put_object(Bucket=bucket, Key="b", Body=b"b")
    s3.put_object(Bucket=bucket, Key="a/../b", Body=b"dots")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/../b"})

    connection = http.client.HTTPConnection(urlsplit(shared_cloud.url).netloc)
    connection.request("GET", url.removeprefix(shared_cloud.url))

    assert connection.getresponse().read() == b"dots"
    connection.close()
