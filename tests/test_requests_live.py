"""One cloud under all the names and in all the styles by which clients have addressed AWS, as raw requests."""

from __future__ import annotations

import http.client
import json
from urllib.parse import quote, urlencode, urlsplit

import pytest

from cumulet.testing import LocalCloud

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/x-amz-json-1.0"


class Raw:
    """Sends requests with whatever Host; signed in form by the test's account, unless told otherwise."""

    def __init__(self, cloud: LocalCloud, account: str) -> None:
        self._at = urlsplit(cloud.url)
        self._now = cloud.now
        self.account = account
        self.port = self._at.port

    def __call__(self, method, target, body=None, *, host=None, service="s3", region="us-east-1", **headers):
        connection = http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Host": host or self._at.netloc} | (self._signature(service, region) if service else {})
        try:
            connection.request(method, target, body, sent)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def _signature(self, service, region):
        stamp = self._now().strftime("%Y%m%dT%H%M%SZ")
        scope = f"{self.account}/{stamp[:8]}/{region}/{service}/aws4_request"
        proof = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
        return {"Authorization": proof, "X-Amz-Date": stamp, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}


@pytest.fixture
def raw(shared_cloud, account) -> Raw:
    return Raw(shared_cloud, account)


@pytest.fixture
def bucket(s3, account) -> str:
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b c.txt", Body=b"here")
    return name


@pytest.fixture
def queue(sqs) -> str:
    """The path of its URL."""
    return urlsplit(sqs.create_queue(QueueName="jobs")["QueueUrl"]).path


BUCKET_HOSTS = [
    "{bucket}.s3.localhost",
    "{bucket}.s3.localhost:{port}",
    "{bucket}.localhost:{port}",
    "{bucket}.S3.LocalHost:{port}",
    "{bucket}.s3.amazonaws.com",
    "{bucket}.s3.amazonaws.com.",
    "{bucket}.s3.us-east-1.amazonaws.com",
    "{bucket}.s3-us-west-2.amazonaws.com",
    "{bucket}.s3.dualstack.us-east-1.amazonaws.com",
    "{bucket}.s3.localhost.localstack.cloud:{port}",
    "{bucket}.s3.us-east-1.localhost.localstack.cloud:{port}",
]
SERVICE_HOSTS = [
    "127.0.0.1:{port}",
    "localhost:{port}",
    "localhost",
    "s3.localhost:{port}",
    "s3.amazonaws.com",
    "s3.us-east-1.amazonaws.com",
    "s3-eu-west-1.amazonaws.com",
    "s3.dualstack.us-east-1.amazonaws.com",
    "s3.localhost.localstack.cloud:{port}",
    "s3.us-east-1.localhost.localstack.cloud:{port}",
    "localhost.localstack.cloud:{port}",
]


@pytest.mark.spec("storage:S3-11")
@pytest.mark.parametrize("host", BUCKET_HOSTS)
def test_a_bucket_is_found_in_the_host(raw, bucket, host):
    named = host.format(bucket=bucket, port=raw.port)
    assert raw("GET", "/a/b%20c.txt", host=named)[:2] == (200, b"here")
    status, listing, _ = raw("GET", "/?list-type=2", host=named)
    assert status == 200 and b"<Key>a/b c.txt</Key>" in listing


@pytest.mark.spec("storage:S3-11")
@pytest.mark.parametrize("host", SERVICE_HOSTS)
def test_a_bucket_is_found_in_the_path(raw, bucket, host):
    named = host.format(port=raw.port)
    assert raw("GET", f"/{bucket}/a/b%20c.txt", host=named)[:2] == (200, b"here")
    assert raw("GET", f"/{bucket}/a/b+c.txt", host=named)[0] == 404, "a plus in a path is a plus"
    status, buckets, _ = raw("GET", "/", host=named)
    assert status == 200 and bucket.encode() in buckets


def test_a_bucket_may_have_dots_in_its_name(raw, s3, account):
    name = f"my.s3.files.{account}"
    s3.create_bucket(Bucket=name)
    assert raw("PUT", "/k", b"dotted", host=f"{name}.s3.us-east-1.amazonaws.com")[0] == 200
    assert raw("GET", f"/{name}/k")[:2] == (200, b"dotted")


def test_what_is_made_under_one_name_is_there_under_all(raw, bucket):
    assert raw("PUT", "/" + quote("snö ☃"), b"virtual", host=f"{bucket}.s3.localhost:{raw.port}")[0] == 200
    assert raw("GET", f"/{bucket}/" + quote("snö ☃"), host="s3.amazonaws.com")[:2] == (200, b"virtual")


def test_a_stranger_gets_what_is_public_and_nothing_else(raw, s3, bucket):
    assert raw("GET", f"/{bucket}/a/b%20c.txt", service=None)[0] == 403
    s3.delete_public_access_block(Bucket=bucket)
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert raw("GET", f"/{bucket}/a/b%20c.txt", service=None)[:2] == (200, b"here")
    assert raw("GET", f"/{bucket}", service=None)[0] == 403
    assert raw("PUT", f"/{bucket}/new", b"x", service=None)[0] == 403


def test_a_name_of_somebody_else_gives_no_trust(raw, bucket):
    """A page may make its own name resolve to this machine; an unknown key counts for nothing there."""
    assert raw("GET", f"/{bucket}/a/b%20c.txt", host="rebound.example.org")[0] == 403


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1:{port}", "/"),
        ("127.0.0.1:{port}", "{queue}"),
        ("localhost:{port}", "{queue}"),
        ("sqs.us-east-1.localhost:{port}", "{queue}"),
        ("sqs.us-east-1.amazonaws.com", "/"),
        ("sqs.us-east-1.amazonaws.com", "{queue}"),
        ("us-east-1.queue.amazonaws.com", "{queue}"),
        ("queue.amazonaws.com", "{queue}"),
        ("sqs.us-east-1.localhost.localstack.cloud:{port}", "{queue}"),
        ("sqs.localhost.localstack.cloud:{port}", "{queue}"),
    ],
)
def test_a_queue_answers_under_every_form_of_its_url(raw, queue, host, path):
    named, target = host.format(port=raw.port), path.format(queue=queue)
    url = f"http://{named}{queue}"
    fields = {"Action": "SendMessage", "Version": "2012-11-05", "MessageBody": "hi"}
    fields |= {"QueueUrl": url} if path == "/" else {}
    status, answer, _ = raw("POST", target, urlencode(fields), host=named, service="sqs", Content_Type=FORM)
    assert status == 200 and b"<MD5OfMessageBody>49f68a5c8493ec2c0bf489821c21fc3b<" in answer
    call = {"X_Amz_Target": "AmazonSQS.ReceiveMessage", "Content_Type": JSON}
    status, answer, _ = raw("POST", "/", json.dumps({"QueueUrl": url}), host=named, service="sqs", **call)
    assert status == 200 and json.loads(answer)["Messages"][0]["Body"] == "hi"


def test_a_form_may_stand_in_the_query_string(raw, queue):
    query = urlencode({"Action": "GetQueueAttributes", "Version": "2012-11-05", "AttributeName.1": "QueueArn"})
    status, answer, _ = raw("GET", f"{queue}?{query}", service="sqs")
    assert status == 200 and f"arn:aws:sqs:us-east-1:{raw.account}:jobs".encode() in answer


def test_the_region_is_the_one_that_was_signed_for(raw):
    fields = urlencode({"Action": "CreateQueue", "Version": "2012-11-05", "QueueName": "far"})
    call = {"service": "sqs", "Content_Type": FORM}
    assert raw("POST", "/", fields, region="eu-west-1", **call)[0] == 200
    listing = urlencode({"Action": "ListQueues", "Version": "2012-11-05"})
    assert b"/far<" in raw("POST", "/", listing, region="eu-west-1", **call)[1]
    assert b"/far<" not in raw("POST", "/", listing, **call)[1]


def test_a_service_that_is_not_here_says_so(raw):
    call = {"X_Amz_Target": "WorkMailService.ListUsers", "Content_Type": "application/x-amz-json-1.1"}
    status, answer, _ = raw("POST", "/", b"{}", service="workmail", **call)
    assert status == 501 and b"workmail" in answer


def test_a_service_that_nobody_knows_is_refused(raw):
    status, answer, _ = raw("GET", "/things", service="no-such-service")
    assert 400 <= status < 500 and b"no-such-service" in answer


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/", "//", "/%", "/?", "/..", "/a%2Fb", "/?x-id=Nothing", "/favicon.ico"])
def test_any_method_on_any_path_gets_an_answer(raw, method, path):
    status, _, headers = raw(method, path, service=None)
    assert 200 <= status < 500
    assert "Date" in headers
