"""What an object carries beside its bytes, and how headers carry it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.s3.answers import refusal


@pytest.mark.spec("storage:S3-07")
def test_all_metadata_comes_back(s3, bucket):
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    given = {
        "CacheControl": "no-cache", "ContentDisposition": 'attachment; filename="foo.jpg"', "ContentLanguage": "de",
        "ContentType": "image/jpeg", "ContentEncoding": "identity", "Metadata": {"test_meta_1": "foo", "__meta_2": "b"},
        "WebsiteRedirectLocation": "/elsewhere",
    }  # fmt: skip

    s3.put_object(Bucket=bucket, Key="k", Body=b"123", Expires=expires, Tagging="a=1&b=", **given)

    for found in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: found[name] for name in given} == given
        assert found["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"
        assert found["TagCount"] == 2
        assert abs((found["LastModified"] - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("plain", "plain"),
        ("=?UTF-8?B?YWJj?=", "abc"),
        ("=?UTF-8?Q?actually-ascii?=", "actually-ascii"),
        ("=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
        ("=?UTF-8?B?w4RNw4Rad8OVw5E=?=", "=?UTF-8?B?w4RNw4Rad8OVw5E=?="),
        ("=?UTF-8?B?AAECAw==?=", "=?UTF-8?B?AAECAw==?="),
        ("=?UTF-8?B?/2H/?=", "=?UTF-8?B?77+9Ye+/vQ==?="),
        ("=?UTF-8?B?not base64?=", "=?UTF-8?B?not base64?="),
        ("=?no-such-charset?B?YWJj?=", "=?no-such-charset?B?YWJj?="),
        ("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ],
)
def test_encoded_words_are_read_and_only_written_where_needed(s3, bucket, sent, told):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"m": sent})

    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"m": told}


def test_user_metadata_ends_at_two_kilobytes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"n": "v" * 2047})

    refused = refusal(s3.put_object, Bucket=bucket, Key="k", Metadata={"n": "v" * 2048})

    assert (refused["Code"], refused["MaxSizeAllowed"], refused["Size"]) == ("MetadataTooLarge", "2048", "2049")


def test_a_signed_read_may_ask_for_other_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", ContentType="text/plain", CacheControl="private")

    found = s3.get_object(
        Bucket=bucket, Key="k", ResponseCacheControl="max-age=74", ResponseContentType="image/jpeg",
        ResponseContentDisposition='attachment; filename="foo.jpg"', ResponseContentEncoding="identity",
        ResponseContentLanguage="de-DE", ResponseExpires=datetime(2015, 10, 21, 7, 28, tzinfo=UTC),
    )  # fmt: skip

    assert found["CacheControl"] == "max-age=74"
    assert found["ContentDisposition"] == 'attachment; filename="foo.jpg"'
    assert (found["ContentEncoding"], found["ContentLanguage"]) == ("identity", "de-DE")
    assert (found["ContentType"], found["ExpiresString"]) == ("image/jpeg", "Wed, 21 Oct 2015 07:28:00 GMT")
    assert s3.head_object(Bucket=bucket, Key="k")["CacheControl"] == "private"


def test_headers_hold_latin_letters_only(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")

    refused = refusal(s3.get_object, Bucket=bucket, Key="k", ResponseCacheControl="a—b")

    assert refused["Message"] == "Header value cannot be represented using ISO-8859-1."
    assert (refused["ArgumentName"], refused["ArgumentValue"]) == ("response-cache-control", "a—b")
