"""The gateway as it meets the world: what it refuses and in which words, and what it lets no page do."""

from __future__ import annotations

import http.client
import json
import socket
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from cumulet.testing import LocalCloud

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


@pytest.fixture
def send(shared_cloud):
    """Sends one raw request."""

    def send_one(method, path, body=None, headers=None, host=None):
        at = urlsplit(shared_cloud.url)
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
        sent = {**({"Host": host} if host else {}), **(headers or {})}
        connection.request(method, path, body, sent)
        try:
            return Answer(connection.getresponse())
        finally:
            connection.close()

    return send_one


def signed(cloud, service="sqs", key="test"):
    """Headers of a request signed now by an unknown key: on the loopback its form is checked, not its proof."""
    stamp = cloud.now().strftime("%Y%m%dT%H%M%SZ")
    authorization = AUTHORIZATION.format(key=key, service=service).replace("20260101", stamp[:8])
    return {"Authorization": authorization, "X-Amz-Date": stamp}


def call(cloud, target, body=b"{}", **headers):
    kind = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
    return {"body": body, "headers": {**signed(cloud), **kind, **headers}}


def test_an_unknown_operation_is_named_as_aws_does(send, shared_cloud):
    answer = send("POST", "/", **call(shared_cloud, "AmazonSQS.Levitate"))
    assert (answer.status, answer.json["__type"].rpartition("#")[2]) == (400, "UnknownOperationException")


def test_an_unknown_service_is_a_clear_refusal(send, shared_cloud):
    answer = send("POST", "/", **call(shared_cloud, "Nonsense_2020.Levitate"))
    assert (
        400 <= answer.status < 500 and b"Nonsense" in answer.body + answer.headers.get("x", "").encode()
    ) or answer.body


def test_a_service_that_is_not_here_answers_not_implemented(client):
    with pytest.raises(ClientError) as refused:
        client("polly").describe_voices()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "polly" in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"QueueName": 5}'])
def test_a_malformed_body_is_the_clients_fault(send, shared_cloud, body):
    answer = send("POST", "/", **call(shared_cloud, "AmazonSQS.CreateQueue", body))
    assert answer.status == 400


def test_an_oversized_body_is_refused_before_it_is_read(shared_cloud):
    at = urlsplit(shared_cloud.url)
    with socket.create_connection((at.hostname, at.port), timeout=30) as wire:
        head = "".join(
            f"{name}: {value}\r\n" for name, value in call(shared_cloud, "AmazonSQS.SendMessage")["headers"].items()
        )
        wire.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999\r\n{head}\r\n".encode())
        assert wire.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_endless_headers_are_cut_off(shared_cloud):
    at = urlsplit(shared_cloud.url)
    with socket.create_connection((at.hostname, at.port), timeout=30) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        try:
            for n in range(2000):
                wire.sendall(b"X-%d: %s\r\n" % (n, b"y" * 1000))
            answer = wire.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            return
        assert answer.startswith(b"HTTP/1.1 4") or answer == b""


@pytest.mark.parametrize(
    "head",
    [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n"],
)
def test_a_malformed_head_is_answered_or_dropped(shared_cloud, head):
    at = urlsplit(shared_cloud.url)
    with socket.create_connection((at.hostname, at.port), timeout=30) as wire:
        wire.sendall(head)
        answer = wire.recv(4096)
    assert not answer.startswith(b"HTTP/1.1 5")


def test_a_head_request_is_refused_without_a_body(send, shared_cloud):
    headers = {**signed(shared_cloud, "s3"), "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    answer = send("HEAD", "/no-such-bucket-anywhere/key", headers=headers)
    assert answer.status == 404 and answer.body == b""


def test_a_version_2_signature_is_refused_in_words(send):
    answer = send("GET", "/some-bucket/key", headers={"Authorization": "AWS AKIAEXAMPLE:c2lnbmF0dXJl"})
    assert answer.status == 400
    assert b"Please use AWS4-HMAC-SHA256" in answer.body


def test_a_twelve_digit_key_names_its_account(shared_cloud):
    sts_free = boto3.client(
        "sqs", endpoint_url=shared_cloud.url, region_name="us-east-1", aws_access_key_id="123456789012",
        aws_secret_access_key="x",
    )  # fmt: skip
    assert "/123456789012/" in sts_free.create_queue(QueueName="mine")["QueueUrl"]


class TestForeignPages:
    """On the loopback unknown keys are trusted, but not on behalf of somebody else's web page."""

    def test_a_foreign_origin_has_no_trust(self, send, shared_cloud):
        answer = send("POST", "/", **call(shared_cloud, "AmazonSQS.ListQueues", Origin="https://evil.example"))
        assert answer.status in (400, 403) and "access-control-allow-origin" not in answer.headers

    def test_a_foreign_host_name_has_no_trust(self, send, shared_cloud):
        answer = send("POST", "/", host="rebound.evil.example", **call(shared_cloud, "AmazonSQS.ListQueues"))
        assert answer.status in (400, 403)

    def test_a_page_of_this_machine_may_call_and_read(self, send, shared_cloud):
        origin = "http://localhost:3000"
        answer = send("POST", "/", **call(shared_cloud, "AmazonSQS.ListQueues", Origin=origin))
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, origin)

    def test_preflights_are_answered_for_own_pages_only(self, send):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-target"}
        own = send("OPTIONS", "/", headers={"Origin": "http://localhost:3000", **asked})
        foreign = send("OPTIONS", "/", headers={"Origin": "https://evil.example", **asked})
        assert own.status == 200 and own.headers["access-control-allow-headers"] == "x-amz-target"
        assert foreign.status == 403 and "access-control-allow-origin" not in foreign.headers

    def test_the_admin_endpoints_are_closed_to_foreign_pages(self, send):
        for headers in ({"Origin": "https://evil.example"}, {"Host": "rebound.evil.example"}):
            assert send("POST", "/_cumulet/reset", b"{}", headers).status == 403


class TestIssuedKeys:
    """A key that Cumulet issued is verified, wherever it is used."""

    @pytest.mark.spec("security:IAM-50")
    def test_a_wrong_secret_is_refused(self, own_cloud):
        key = own_cloud.run(_issue(own_cloud))
        wrong = own_cloud.client("sqs", aws_access_key_id=key.id, aws_secret_access_key="wrong")
        right = own_cloud.client("sqs", aws_access_key_id=key.id, aws_secret_access_key=key.secret)
        with pytest.raises(ClientError) as refused:
            wrong.list_queues()
        assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
        assert "/111122223333/" in right.create_queue(QueueName="q")["QueueUrl"]

    def test_elsewhere_than_on_the_loopback_only_issued_keys_count(self, tmp_path, monkeypatch):
        monkeypatch.setattr("cumulet.cloud.is_loopback", lambda host: False)  # it listens on the loopback all the same
        with LocalCloud(tmp_path / "open") as cloud:
            key = cloud.cloud.new_root_key
            at = cloud.url
            stranger = boto3.client("s3", endpoint_url=at, region_name="us-east-1", aws_access_key_id="test",
                                    aws_secret_access_key="test")  # fmt: skip
            owner = boto3.client("s3", endpoint_url=at, region_name="us-east-1", aws_access_key_id=key.id,
                                 aws_secret_access_key=key.secret)  # fmt: skip
            with pytest.raises(ClientError) as refused:
                stranger.list_buckets()
            assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
            assert owner.list_buckets()["Buckets"] == []

    @pytest.mark.spec("security:IAM-51")
    def test_a_request_from_another_time_is_refused_and_tells_ours(self, own_cloud):
        own_cloud.run(_freeze(own_cloud))
        key = own_cloud.run(_issue(own_cloud))
        client = own_cloud.client("s3", aws_access_key_id=key.id, aws_secret_access_key=key.secret)
        client.list_buckets()
        stale = {"Authorization": AUTHORIZATION.format(key=key.id, service="s3"), "X-Amz-Date": "20260101T000000Z",
                 "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}  # fmt: skip
        at = urlsplit(own_cloud.url)
        connection = http.client.HTTPConnection(at.hostname, at.port)
        connection.request("GET", "/", headers=stale)
        answer = Answer(connection.getresponse())
        connection.close()
        assert answer.status == 403 and b"RequestTimeTooSkewed" in answer.body and b"ServerTime" in answer.body


async def _issue(cloud):
    from cumulet.kernel import identity

    return await cloud.cloud.kernel.store.write(identity.issue_root_key, "111122223333")


async def _freeze(cloud):
    cloud.cloud.kernel.clock.set_rate(0)


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        ({"ContentMD5": "XrY7u+Ae7tCTyyK7j1rNww=="}, "BadDigest"),
        ({"ContentMD5": "nonsense"}, "InvalidDigest"),
        ({"ChecksumAlgorithm": "CRC32"}, None),
    ],
)
def test_a_document_is_held_to_the_digest_that_comes_with_it(client, account, digest, code):
    s3 = client("s3")
    bucket = f"digests-{account}"
    s3.create_bucket(Bucket=bucket)
    tagging = {"TagSet": [{"Key": "a", "Value": "b"}]}
    if code is None:
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tagging, **digest)
        return
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tagging, **digest)
    assert refused.value.response["Error"]["Code"] == code
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_a_document_whose_checksum_is_another_ones_changes_nothing(send, shared_cloud, client, account):
    s3 = client("s3")
    bucket = f"checksums-{account}"
    s3.create_bucket(Bucket=bucket)
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    headers = {
        **signed(shared_cloud, "s3", key=account), "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "x-amz-checksum-crc32": "AAAAAA==",
    }  # fmt: skip
    answer = send("POST", f"/{bucket}?delete", body, headers)
    assert answer.status == 400 and b"BadDigest" in answer.body
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1
