"""Uploads that a browser posts as a form."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.s3.answers import refusal
from tests.s3.strangers import Answer, fetch, open_up, policy


def post(s3, bucket, fields, file=b"content", path=None, **headers) -> Answer:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    head = "".join(parts) + '--b\r\nContent-Disposition: form-data; name="file"; filename="cat.png"\r\n\r\n'
    body = head.encode() + file + b"\r\n--b--\r\n"
    return fetch(
        s3.meta.endpoint_url,
        path or f"/{bucket}",
        method="POST",
        body=body,
        Content_Type="multipart/form-data; boundary=b",
        **headers,
    )


def signed(s3, bucket, key, fields=None, conditions=None):
    fields = fields or {}
    default = [{name: value} for name, value in fields.items()]
    made = s3.generate_presigned_post(bucket, key, Fields=fields, Conditions=conditions or default, ExpiresIn=60)
    return made["fields"]


def test_a_signed_form_is_an_upload(s3, bucket):
    answer = post(s3, bucket, signed(s3, bucket, "up/${filename}", {}, [["starts-with", "$key", "up/"]]))
    found = s3.get_object(Bucket=bucket, Key="up/cat.png")

    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["etag"] == found["ETag"]
    assert answer.headers["location"] == f"{s3.meta.endpoint_url}/{bucket}/up/cat.png"
    assert (found["Body"].read(), found["ContentType"]) == (b"content", "binary/octet-stream")


def test_the_fields_describe_the_object(s3, bucket):
    tagging = (
        "<Tagging><TagSet><Tag><Key>TagName</Key><Value>TagValue</Value></Tag>"
        "<Tag><Key>b c</Key><Value>d&amp;e</Value></Tag></TagSet></Tagging>"
    )
    fields = {
        "Content-Type": "text/plain",
        "Cache-Control": "no-cache",
        "x-amz-meta-test-1": "one",
        "tagging": tagging,
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-server-side-encryption": "AES256",
        "Expires": "Wed, 21 Oct 2026 07:28:00 GMT",
    }
    assert post(s3, bucket, signed(s3, bucket, "k", fields)).status == 204
    head = s3.head_object(Bucket=bucket, Key="k")

    assert (head["ContentType"], head["CacheControl"], head["StorageClass"]) == (
        "text/plain",
        "no-cache",
        "STANDARD_IA",
    )
    assert head["Metadata"] == {"test-1": "one"}
    assert head["ExpiresString"] == fields["Expires"]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [
        {"Key": "TagName", "Value": "TagValue"},
        {"Key": "b c", "Value": "d&e"},
    ]


@pytest.mark.parametrize(
    ("tagging", "tags"),
    [("<InvalidXml></InvalidXml>", []), ("not-xml", None), ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", None)],
)
def test_tags_that_are_none(s3, bucket, tagging, tags):
    answer = post(s3, bucket, signed(s3, bucket, "k", {"tagging": tagging}))
    if tags is None:
        assert (answer.status, "<Code>MalformedXML</Code>" in answer.body) == (400, True)
    else:
        assert answer.status == 204
        assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags


@pytest.mark.parametrize(("wanted", "status"), [("200", 200), ("204", 204), ("201", 201), ("302", 204), ("x", 204)])
def test_the_form_chooses_the_status(s3, bucket, wanted, status):
    answer = post(s3, bucket, signed(s3, bucket, "a b", {"success_action_status": wanted}))
    assert answer.status == status
    if status == 201:
        assert answer.headers["content-type"] == "application/xml"
        location, name, key, etag = re.findall(r"<(?:Location|Bucket|Key|ETag)>([^<]*)</", answer.body)
        assert (location, name, key) == (f"{s3.meta.endpoint_url}/{bucket}/a%20b", bucket, "a b")
        assert etag.replace("&quot;", '"') == answer.headers["etag"]


def test_a_form_can_send_the_browser_on(s3, bucket):
    answer = post(s3, bucket, signed(s3, bucket, "k", {"success_action_redirect": "http://e.example/done?a=1"}))
    target = urlsplit(answer.headers["location"])

    assert (answer.status, target.netloc, target.path) == (303, "e.example", "/done")
    assert parse_qs(target.query) == {"a": ["1"], "bucket": [bucket], "key": ["k"], "etag": [answer.headers["etag"]]}
    odd = post(s3, bucket, signed(s3, bucket, "k", {"success_action_redirect": "javascript:alert(1)"}))
    assert odd.status == 204


def test_a_form_that_breaks_its_policy_is_refused(s3, bucket):
    fields = signed(s3, bucket, "k", {"success_action_redirect": "http://a.example"})
    answer = post(s3, bucket, {**fields, "success_action_redirect": "http://b.example"})

    assert answer.status == 403
    assert "Invalid according to Policy: Policy Condition failed:" in answer.body
    assert refusal(s3.head_object, Bucket=bucket, Key="k")["status"] == 404


@pytest.mark.spec("storage:S3-23")
def test_an_unsigned_form_needs_public_write_permission(s3, bucket):
    refused = post(s3, bucket, {"key": "k"})
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Action": "s3:PutObject"}))
    taken = post(s3, bucket, {"key": "k"})

    assert (refused.status, taken.status) == (403, 204)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_a_form_without_a_key_is_refused(s3, bucket):
    answer = post(s3, bucket, {"acl": "private"})
    assert (answer.status, "<ArgumentName>key</ArgumentName>" in answer.body) == (400, True)


def test_values_of_several_lines_do_not_become_headers(s3, bucket):
    fields = {"key": "k", "x-amz-meta-a": "one\r\nset-cookie: evil=1"}
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Action": "s3:*"}))
    assert post(s3, bucket, fields).status == 204

    answer = fetch(s3.meta.endpoint_url, f"/{bucket}/k")
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-amz-meta-a"] == "one set-cookie: evil=1"


def test_a_name_that_is_no_headers_name_is_refused(s3, bucket):
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Action": "s3:*"}))
    assert post(s3, bucket, {"key": "k", "x-amz-meta-a b": "c"}).status == 400


def test_pages_elsewhere_post_only_where_the_rules_let_them(s3, bucket):
    fields = signed(s3, bucket, "k")
    before = post(s3, bucket, fields, Origin="https://app.example.com")
    rule = {"AllowedOrigins": ["https://app.example.com"], "AllowedMethods": ["POST"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    after = post(s3, bucket, fields, Origin="https://app.example.com")

    assert (before.status, after.status) == (403, 204)
    assert after.headers["access-control-allow-origin"] == "https://app.example.com"


def test_large_files_stream(s3, bucket):
    content = b"0123456789abcdef" * 65536 * 4
    fields = signed(s3, bucket, "k", {}, [["content-length-range", 1, 10_000_000]])
    assert post(s3, bucket, fields, content).status == 204
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    tight = signed(s3, bucket, "k2", {}, [["content-length-range", 1, 1000]])
    assert "<Code>EntityTooLarge</Code>" in post(s3, bucket, tight, content).body
