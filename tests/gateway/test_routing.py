"""Requests that the models alone do not explain: hosts, S3's look-alikes, forms, refusals."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import make_service_index

from cumulet.gateway import hosts, routing, service_index
from cumulet.gateway.hosts import Host
from cumulet.gateway.http import Request

FORM = "application/x-www-form-urlencoded"


def request(method: str, url: str, scope: str | None = None, body: bytes = b"", **headers: str) -> Request:
    path, _, query = url.partition("?")
    sent = {"host": "127.0.0.1:4566"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if scope:
        credential = f"AKIDEXAMPLE/20260101/us-east-1/{scope}/aws4_request"
        sent["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
    return Request(method, path, query, sent, body)


def called(*args: str, **named: str) -> str:
    route = routing.route(request(*args, **named))
    return f"{route.service}:{route.operation}"


# The index


def test_the_index_is_the_one_that_the_models_make():
    assert make_service_index.TARGET.read_bytes() == make_service_index.render(make_service_index.index())


def test_the_index_is_small_and_start_up_loads_no_model():
    assert make_service_index.TARGET.stat().st_size < 100_000
    program = (
        "import sys; from cumulet.gateway import routing; from cumulet.kernel import models\n"
        "assert models.load.cache_info().currsize == 0 and 'botocore' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


# Hosts


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("s3.us-east-1.amazonaws.com", Host("s3", "us-east-1")),
        ("s3.amazonaws.com", Host("s3")),
        ("pictures.s3.eu-west-1.amazonaws.com", Host("s3", "eu-west-1", "pictures")),
        ("pictures.s3-eu-west-1.amazonaws.com", Host("s3", "eu-west-1", "pictures")),
        ("pictures.s3.dualstack.eu-west-1.amazonaws.com", Host("s3", "eu-west-1", "pictures")),
        ("a.b.s3.c.s3.amazonaws.com:443", Host("s3", None, "a.b.s3.c")),
        ("pictures.s3.cn-north-1.amazonaws.com.cn", Host("s3", "cn-north-1", "pictures")),
        ("pictures.s3.localhost.localstack.cloud:4566", Host("s3", None, "pictures")),
        ("PICTURES.s3.local.localhost", Host("s3", "local", "pictures")),
        ("s3.local.localhost:4566", Host("s3", "local")),
        ("pictures.localhost", Host("s3", None, "pictures")),
        ("s3-pictures.localhost", Host("s3", None, "s3-pictures")),
        ("b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com", Host("s3", "us-west-2", "b--usw2-az1--x-s3")),
        ("s3express-control.us-west-2.amazonaws.com", Host("s3express-control", "us-west-2")),
        ("s3tables.us-west-2.amazonaws.com", Host("s3tables", "us-west-2")),
        ("my.dotted.pictures.localhost:4566", Host("s3", None, "my.dotted.pictures")),
        ("site.s3-website.localhost:4566", Host("s3-website", None, "site")),
        ("site.s3-website-us-east-1.amazonaws.com", Host("s3-website", "us-east-1", "site")),
        ("site.s3-website.eu-central-1.amazonaws.com", Host("s3-website", "eu-central-1", "site")),
        ("pictures.s3-accelerate.amazonaws.com", Host("s3-accelerate", None, "pictures")),
        ("123456789012.s3-control.us-east-1.amazonaws.com", Host("s3-control", "us-east-1", None, "123456789012")),
        (
            "my-ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
            Host(
                "s3-accesspoint",
                "eu-west-1",
                "arn:aws:s3:eu-west-1:123456789012:accesspoint/my-ap",
                "123456789012",
                "my-ap",
            ),
        ),
        ("sqs.eu-west-1.amazonaws.com", Host("sqs", "eu-west-1")),
        ("queue.amazonaws.com", Host("sqs")),
        ("us-west-2.queue.amazonaws.com", Host("sqs", "us-west-2")),
        ("sqs.local.localhost.localstack.cloud:4566", Host("sqs", "local")),
        ("streams.dynamodb.us-east-1.amazonaws.com", Host("streams.dynamodb", "us-east-1")),
        ("lambda.eu-west-1.api.aws", Host("lambda", "eu-west-1")),
        ("sts.amazonaws.com", Host("sts")),
        ("ec2-fips.us-east-1.amazonaws.com", Host("ec2", "us-east-1")),
        ("abc123.execute-api.us-east-1.amazonaws.com", Host("execute-api", "us-east-1", resource="abc123")),
        (
            "123456789012.ddb.us-east-1.amazonaws.com",
            Host("dynamodb", "us-east-1", None, "123456789012", "123456789012"),
        ),
        ("127.0.0.1:4566", hosts.NOTHING),
        ("[::1]:4566", hosts.NOTHING),
        ("localhost:4566", hosts.NOTHING),
        ("example.com", hosts.NOTHING),
        ("", hosts.NOTHING),
    ],
)
def test_a_host_names_what_it_names(name, means):
    assert hosts.parse(name) == means


def test_a_domain_of_the_owner_works_like_aws_own():
    assert hosts.parse("pictures.s3.eu-west-1.cloud.example", ("cloud.example",)) == Host("s3", "eu-west-1", "pictures")
    assert hosts.parse("pictures.s3.eu-west-1.cloud.example") == hosts.NOTHING


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_a_host_that_may_name_nothing(text):
    assert isinstance(hosts.parse(text), Host)


# S3


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("GET", "/", "ListBuckets"),
        ("GET", "/b", "ListObjects"),
        ("GET", "/b/", "ListObjects"),
        ("GET", "/b?list-type=2&prefix=acl", "ListObjectsV2"),
        ("GET", "/b?list-type=1", "ListObjects"),
        ("HEAD", "/b", "HeadBucket"),
        ("PUT", "/b", "CreateBucket"),
        ("DELETE", "/b", "DeleteBucket"),
        ("DELETE", "/b?policy", "DeleteBucketPolicy"),
        ("GET", "/b?versions&prefix=x", "ListObjectVersions"),
        ("GET", "/b?uploads", "ListMultipartUploads"),
        ("POST", "/b?delete", "DeleteObjects"),
        ("GET", "/b?analytics", "ListBucketAnalyticsConfigurations"),
        ("GET", "/b?analytics&id=1", "GetBucketAnalyticsConfiguration"),
        ("GET", "/b?session", "CreateSession"),
        ("GET", "/b/k?versionId=1", "GetObject"),
        ("GET", "/b/k?response-content-type=a&session=mine", "GetObject"),
        ("GET", "/b/k?uploadId=1", "ListParts"),
        ("GET", "/b/k?acl&versionId=1", "GetObjectAcl"),
        ("HEAD", "/b/k?partNumber=1", "HeadObject"),
        ("PUT", "/b/k?x-id=PutObject", "PutObject"),
        ("PUT", "/b/k?uploadId=1&partNumber=1", "UploadPart"),
        ("POST", "/b/k?uploads", "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=1", "CompleteMultipartUpload"),
        ("DELETE", "/b/k?uploadId=1", "AbortMultipartUpload"),
        ("DELETE", "/b/k?versionId=1", "DeleteObject"),
        ("POST", "/b/k?select&select-type=2", "SelectObjectContent"),
        ("POST", "/b/k?restore", "RestoreObject"),
        ("OPTIONS", "/b/k", "Preflight"),
        ("GET", "/service/x/operation/y", "GetObject"),
        ("GET", "/v20180820/bucket/x", "GetObject"),
    ],
)
@pytest.mark.parametrize("scope", ["s3", None])
def test_s3_operations_are_told_apart(method, url, operation, scope):
    assert called(method, url, scope) == f"s3:{operation}"


def test_s3_operations_are_told_apart_by_headers():
    assert called("PUT", "/b/k", "s3", x_amz_copy_source="/b/other") == "s3:CopyObject"
    assert called("PUT", "/b/k?uploadId=1&partNumber=1", "s3", x_amz_copy_source="/b/o") == "s3:UploadPartCopy"
    assert called("POST", "/b", content_type="multipart/form-data; boundary=x") == "s3:PostObject"
    assert called("POST", "/", content_type="multipart/form-data; boundary=x", host="b.localhost") == "s3:PostObject"
    assert called("GET", "/v20180820/accesspoint/x", "s3", x_amz_account_id="1") == "s3control:GetAccessPoint"
    assert called("GET", "/page.html", host="site.s3-website.localhost") == "s3:Website"
    assert (
        called("GET", "/", "s3express", host="s3express-control.us-east-1.amazonaws.com") == "s3:ListDirectoryBuckets"
    )


def test_the_bucket_may_stand_in_the_host_or_in_the_path():
    by_path = routing.route(request("GET", "/pictures/a%20b/%C3%A9+c", "s3"))
    by_host = routing.route(request("GET", "/a%20b/%C3%A9+c", "s3", host="pictures.s3.localhost:4566"))
    assert by_path.labels == by_host.labels == {"Bucket": "pictures", "Key": "a b/é+c"}
    assert (by_path.bucket_host, by_host.bucket_host) == (None, "pictures")


def test_a_key_may_begin_with_a_slash():
    assert routing.route(request("GET", "/b//k", "s3")).labels == {"Bucket": "b", "Key": "/k"}


@pytest.mark.parametrize(
    ("method", "url", "code", "status"),
    [
        ("DELETE", "/b?acl", "MethodNotAllowed", 405),
        ("DELETE", "/b/k?policy", "MethodNotAllowed", 405),
        ("PUT", "/b?uploads", "MethodNotAllowed", 405),
        ("PATCH", "/b/k", "MethodNotAllowed", 405),
        ("POST", "/b/k", "MethodNotAllowed", 405),
        ("POST", "/b", "PreconditionFailed", 412),
        ("GET", "/b/%ff", "InvalidURI", 400),
    ],
)
def test_s3_refuses_what_is_no_operation(method, url, code, status):
    with pytest.raises(routing.Unroutable) as no:
        routing.route(request(method, url, "s3"))
    assert (no.value.code, no.value.status, no.value.protocol) == (code, status, "rest-xml")


# Forms


def test_a_form_names_action_and_version():
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert called("POST", "/", "sts", body=body, content_type=FORM) == "sts:GetCallerIdentity"
    assert called("POST", "/", body=body, content_type=FORM + "; charset=utf-8") == "sts:GetCallerIdentity"
    assert called("GET", "/?Action=GetCallerIdentity&Version=2011-06-15") == "sts:GetCallerIdentity"


def test_load_balancers_of_two_generations_differ_by_version():
    for version, service in (("2012-06-01", "elb"), ("2015-12-01", "elbv2")):
        body = f"Version={version}&Action=DescribeLoadBalancers".encode()
        assert (
            called("POST", "/", "elasticloadbalancing", body=body, content_type=FORM)
            == f"{service}:DescribeLoadBalancers"
        )


def test_the_old_form_of_sqs_posts_to_the_queue():
    route = routing.route(
        request(
            "POST", "/000000000000/jobs", body=b"Action=SendMessage&MessageBody=x&Version=2012-11-05", content_type=FORM
        )
    )
    assert (route.service, route.operation, route.protocol) == ("sqs", "SendMessage", "query")
    assert route.labels == {"QueueUrl": "http://127.0.0.1:4566/000000000000/jobs"}
    assert called("GET", "/000000000000/jobs?Action=ReceiveMessage") == "sqs:ReceiveMessage"


def test_a_link_in_a_message_of_sns_needs_no_signature():
    assert called("GET", "/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns&Token=1") == "sns:ConfirmSubscription"
    assert called("GET", "/?Action=Nothing") == "s3:ListBuckets"


def test_only_forms_need_the_body():
    assert routing.needs_body(request("POST", "/", "sts", content_type=FORM))
    assert routing.needs_body(request("POST", "/", content_type=FORM))
    assert not routing.needs_body(request("POST", "/", "lambda", content_type=FORM))
    assert not routing.needs_body(request("PUT", "/b/k", "s3", content_type=FORM))
    assert not routing.needs_body(request("POST", "/?Action=X", "sts", content_type=FORM))


# The rest of the evidence


def test_rpc_path_names_service_and_operation():
    url = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    assert called("POST", url, "monitoring", smithy_protocol="rpc-v2-cbor") == "cloudwatch:PutMetricData"


def test_the_user_agent_decides_between_look_alikes():
    agent = "aws-sdk-js/3.500.0 ua/2.0 os/linux lang/js api/ivs-realtime#3.500.0"
    assert called("GET", "/tags/arn", "ivs") == "ivs:ListTagsForResource"
    assert called("GET", "/tags/arn", "ivs", user_agent=agent) == "ivs-realtime:ListTagsForResource"


def test_unsigned_calls_of_open_operations():
    assert called("POST", "/token") == "sso-oidc:CreateToken"
    accounts = request("GET", "/assignment/accounts")
    assert routing.route(accounts).service == "s3"
    accounts.headers["x-amz-sso_bearer_token"] = "t"
    assert routing.route(accounts).operation == "ListAccounts"
    assert called("POST", "/model/m/invoke", authorization="Bearer abc") == "bedrock-runtime:InvokeModel"


def test_a_websocket_connection_is_posted_to_below_its_stage():
    route = routing.route(request("POST", "/prod/@connections/abc%3D", "execute-api"))
    assert (route.operation, route.labels) == ("PostToConnection", {"connectionId": "abc="})


def test_labels_are_decoded_one_segment_at_a_time():
    route = routing.route(request("GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%2Fx/configuration", "lambda"))
    assert route.labels == {"FunctionName": "arn:aws:lambda/x"}


def test_a_greedy_label_may_stand_before_a_literal():
    found = routing.route(request("GET", "/portals/arn:aws:x/y/identityProviders", "workspaces-web"))
    assert (found.operation, found.labels) == ("ListIdentityProviders", {"portalArn": "arn:aws:x/y"})


def form(scope: str, body: bytes) -> Request:
    return request("POST", "/", scope, body, content_type=FORM)


@pytest.mark.parametrize(
    ("sent", "code", "status"),
    [
        (request("POST", "/", "sqs", x_amz_target="AmazonSQS.Nope"), "UnknownOperationException", 400),
        (request("POST", "/", None, x_amz_target="Nothing.Nope"), "UnknownService", 404),
        (form("ec2", b"Action=Nope&Version=2016-11-15"), "InvalidAction", 400),
        (form("iam", b"Action=Nope&Version=2010-05-08"), "InvalidAction", 400),
        (form("iam", b""), "MissingAction", 400),
        (request("GET", "/nowhere", "lambda"), "UnknownOperationException", 404),
        (request("GET", "/", "nosuchservice"), "UnknownService", 404),
        (request("POST", "/", "dynamodb"), "UnknownOperationException", 400),
    ],
)
def test_what_has_no_operation_is_refused_in_the_protocol_of_its_service(sent, code, status):
    with pytest.raises(routing.Unroutable) as no:
        routing.route(sent)
    assert (no.value.code, no.value.status) == (code, status)


segments = st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?"), max_size=8))


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "BREW"]),
    segments,
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    st.sampled_from([None, "s3", "lambda", "sqs", "ec2", "iam", "apigateway", "s3-outposts", "execute-api", "x"]),
    st.dictionaries(
        st.sampled_from(
            ["x-amz-target", "smithy-protocol", "x-amz-account-id", "content-type", "host", "authorization"]
        ),
        st.one_of(st.text(max_size=20), st.just(FORM), st.just("/Credential=a/b/c/s3")),
    ),
    st.binary(max_size=50),
)
@settings(deadline=None)
def test_any_request_is_routed_or_refused(method, path, query, scope, headers, body):
    sent = request(method, "/" + "/".join(path), scope, body)
    sent.query = query
    sent.headers |= headers
    routing.needs_body(sent)
    try:
        assert routing.route(sent).service in service_index.entries()
    except routing.Unroutable as no:
        assert 400 <= no.status < 500
        msgspec.json.encode([no.code, no.message, no.extra])
