"""CORS: rules, preflights and the headers of answers to pages of other origins; and whom local trust believes then."""

from __future__ import annotations

import pytest
from tests.s3.answers import plain, refusal
from tests.s3.strangers import fetch, open_up, policy

PAGE = "https://app.example.com"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def _rules(s3, bucket, *rules):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})


def _cors(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.fixture
def ask(s3, bucket):
    """Send a preflight: `ask("PUT", "x-amz-acl", origin=..., key=...)`."""

    def send(method, *headers, origin=PAGE, path=f"/{bucket}/k"):
        more = {"Access_Control_Request_Headers": ", ".join(headers)} if headers else {}
        return fetch(s3.meta.endpoint_url, path, method="OPTIONS", Origin=origin,
                     Access_Control_Request_Method=method, **more)  # fmt: skip

    return send


@pytest.mark.spec("storage:S3-91")
def test_rules_are_kept_and_deleted(s3, bucket):
    rule = {
        "ID": "r1", "AllowedOrigins": [PAGE, "http://*.example.com"], "AllowedMethods": ["GET", "PUT", "HEAD"],
        "AllowedHeaders": ["x-AMZ-expected-bucket-owner"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3000,
    }  # fmt: skip
    missing = refusal(s3.get_bucket_cors, Bucket=bucket)
    _rules(s3, bucket, rule)
    shown = plain(s3.get_bucket_cors(Bucket=bucket))
    s3.delete_bucket_cors(Bucket=bucket)

    assert (missing["Code"], missing["BucketName"], missing["status"]) == ("NoSuchCORSConfiguration", bucket, 404)
    assert shown == {"CORSRules": [rule]}
    assert refusal(s3.get_bucket_cors, Bucket=bucket)["Code"] == "NoSuchCORSConfiguration"


@pytest.mark.parametrize(
    ("rules", "code", "words"),
    [
        ([], "MalformedXML", None),
        ([{"AllowedMethods": ["GET"]}], "MalformedXML", None),
        ([{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}] * 101, "MalformedXML", None),
        ([{"AllowedOrigins": ["*"], "AllowedMethods": ["MYMETHOD"]}], "InvalidRequest",
         "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD"),
        ([{"AllowedOrigins": ["http://*.*.com"], "AllowedMethods": ["GET"]}], "InvalidRequest",
         'AllowedOrigin "http://*.*.com" can not have more than one wildcard.'),
        ([{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ExposeHeaders": ["x-*"]}], "InvalidRequest", None),
    ],
)  # fmt: skip
def test_rules_that_s3_does_not_take(s3, bucket, rules, code, words):
    refused = refusal(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert refused["Code"] == code
    assert words is None or refused["Message"] == words


@pytest.mark.spec("storage:S3-92")
def test_a_preflight_is_allowed_by_a_rule(s3, bucket, ask):
    _rules(
        s3, bucket,
        {"AllowedOrigins": ["https://else.example"], "AllowedMethods": ["GET"]},
        {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["x-amz-*", "Content-Type"],
         "MaxAgeSeconds": 60, "ExposeHeaders": ["ETag", "x-amz-id-2"]},
    )  # fmt: skip
    answer = ask("PUT", "X-Amz-Acl", "content-type")

    assert (answer.status, answer.body) == (200, "")
    assert _cors(answer) == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-acl, content-type",
        "access-control-expose-headers": "ETag, x-amz-id-2",
        "access-control-max-age": "60",
        "access-control-allow-credentials": "true",
    }
    assert answer.headers["vary"] == VARY
    assert answer.headers["x-amz-request-id"]


@pytest.mark.spec("storage:S3-92")
def test_a_preflight_that_no_rule_allows_is_refused(s3, bucket, ask):
    _rules(s3, bucket, {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET"]})

    for answer in (ask("DELETE"), ask("GET", "x-amz-acl"), ask("GET", origin="https://app.example.com.evil.example")):
        assert answer.status == 403
        assert "<Code>AccessForbidden</Code>" in answer.body
        assert "<ResourceType>OBJECT</ResourceType>" in answer.body
        assert "not whitelisted by the resource's CORS spec." in answer.body.replace("&apos;", "'")
        assert _cors(answer) == {}
    assert ask("GET", path=f"/{bucket}").status == 200
    assert "<ResourceType>BUCKET</ResourceType>" in ask("PUT", path=f"/{bucket}").body


@pytest.mark.spec("storage:S3-92")
def test_preflights_without_rules_bucket_or_origin(s3, bucket, ask):
    assert "CORSResponse: CORS is not enabled for this bucket." in ask("GET").body
    nowhere = ask("GET", path="/no-such-bucket-anywhere/k")
    assert (nowhere.status, "CORSResponse: Bucket not found" in nowhere.body) == (403, True)
    assert "<Method>OPTIONS</Method><ResourceType>BUCKET</ResourceType>" in nowhere.body
    silent = fetch(s3.meta.endpoint_url, f"/{bucket}/k", method="OPTIONS")
    assert (silent.status, "Insufficient information. Origin request header needed." in silent.body) == (400, True)
    assert ask("").status == 400


@pytest.mark.spec("storage:S3-93")
def test_answers_to_allowed_pages_carry_the_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    open_up(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {}))
    _rules(s3, bucket, {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ExposeHeaders": ["ETag"]})
    url = s3.meta.endpoint_url

    allowed = fetch(url, f"/{bucket}/k", Origin=PAGE)
    missing = fetch(url, f"/{bucket}/missing", Origin=PAGE)
    other_method = fetch(url, f"/{bucket}/k", method="HEAD", Origin=PAGE)
    same_origin = fetch(url, f"/{bucket}/k")

    assert (allowed.status, allowed.body) == (200, "x")
    assert _cors(allowed) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET",
        "access-control-expose-headers": "ETag",
    }
    assert allowed.headers["vary"] == VARY
    assert missing.status == 403
    assert _cors(missing) == _cors(allowed)  # the page may read the refusal too
    assert _cors(other_method) == _cors(same_origin) == {}


def test_a_bucket_speaks_for_itself_to_local_pages_too(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    _rules(s3, bucket, {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET"]})

    assert _cors(fetch(s3.meta.endpoint_url, f"/{bucket}/k", Origin="http://localhost:3000")) == {}


def test_trust_in_unknown_keys_reaches_as_far_as_the_rules(s3, bucket):
    """A page from elsewhere signs with a key that Cumulet did not issue: nobody, unless the bucket lets the page in."""
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    path = signed.removeprefix(s3.meta.endpoint_url)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    before = fetch(s3.meta.endpoint_url, path, Origin=PAGE)
    _rules(s3, bucket, {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "PUT", "DELETE"]})
    after = fetch(s3.meta.endpoint_url, path, Origin=PAGE)
    elsewhere = fetch(s3.meta.endpoint_url, path, Origin="https://evil.example")

    assert (before.status, after.status, after.body, elsewhere.status) == (403, 200, "x", 403)

    for operation, more in (("delete_bucket", {}), ("put_bucket_policy", {"Policy": "{}"})):  # no setting is a page's
        url = s3.generate_presigned_url(operation, Params={"Bucket": bucket, **more})
        method = "PUT" if more else "DELETE"
        path = url.removeprefix(s3.meta.endpoint_url)
        assert fetch(s3.meta.endpoint_url, path, method=method, body=b"{}", Origin=PAGE).status == 403

    upload = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "up"})
    put = fetch(s3.meta.endpoint_url, upload.removeprefix(s3.meta.endpoint_url), method="PUT", body=b"y", Origin=PAGE)
    assert put.status == 200
    assert s3.get_object(Bucket=bucket, Key="up")["Body"].read() == b"y"


def test_a_page_cannot_copy_out_of_a_bucket_that_does_not_know_it(s3, bucket, account):
    private = f"private-{account}"
    s3.create_bucket(Bucket=private)
    for name in (private, bucket):
        s3.put_object(Bucket=name, Key="k", Body=b"x")
    _rules(s3, bucket, {"AllowedOrigins": [PAGE], "AllowedMethods": ["PUT"]})

    def copy(source):
        params = {"Bucket": bucket, "Key": "copy", "CopySource": f"{source}/k"}
        path = s3.generate_presigned_url("copy_object", Params=params).removeprefix(s3.meta.endpoint_url)
        source_header = {"x_amz_copy_source": f"{source}/k"}
        return fetch(s3.meta.endpoint_url, path, method="PUT", Origin=PAGE, **source_header).status

    assert (copy(private), copy(bucket)) == (403, 200)


def test_what_is_stored_as_one_header_is_sent_as_one(s3, bucket, ask):
    exposed = {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET"], "ExposeHeaders": ["ETag\nset-cookie: evil=1"]}
    _rules(s3, bucket, exposed)
    answer = ask("GET")

    assert "set-cookie" not in answer.headers
    assert answer.headers["access-control-expose-headers"] == "ETag set-cookie: evil=1"
